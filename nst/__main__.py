"""The command `nst`, and `python -m nst`."""

import signal

from nst.errors import terminate


def main() -> int:
    """Run the command line with what the process was started with; returns its exit code."""
    # A polite request to end is treated as Ctrl-C is: the picture so far is saved.
    signal.signal(signal.SIGTERM, terminate)
    from nst.cli import cli

    return cli.main()


if __name__ == "__main__":
    raise SystemExit(main())
