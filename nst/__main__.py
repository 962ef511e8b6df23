"""`python -m nst`."""

import signal

from nst.cli import main

# A polite request to end is treated as Ctrl-C is: the picture so far is saved.
signal.signal(signal.SIGTERM, signal.default_int_handler)

raise SystemExit(main())
