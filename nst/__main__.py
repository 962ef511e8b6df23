"""`python -m nst`."""

import signal

from nst.cli.cli import main
from nst.errors import terminate

# A polite request to end is treated as Ctrl-C is: the picture so far is saved.
signal.signal(signal.SIGTERM, terminate)

raise SystemExit(main())
