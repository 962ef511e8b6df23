"""`python -m nst`."""

from nst.cli import main

raise SystemExit(main())
