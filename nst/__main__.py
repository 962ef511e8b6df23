"""`python -m nst`, and what the command `nst` starts."""

from nst.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
