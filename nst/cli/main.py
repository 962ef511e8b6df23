"""The command line: `nst`, or `python -m nst`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from nst import __version__, errors
from nst.cli import batch, paint, sheet, video
from nst.cli.call import Call
from nst.cli.flags import BAD_INPUT, FAILED, Parser
from nst.cli.interrupts import Interrupts
from nst.cli.report import Report
from nst.errors import UserError

PAINT = "paint"  # the command that need not be named
COMMANDS = {PAINT: paint, "batch": batch, "sheet": sheet, "video": video}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line, by default that of this process, and return its exit code.

    0: painted; 1: a painting failed, what there is of it is saved; 2: bad input, told in one
    sentence; 130: interrupted, 143: asked to end (SIGTERM), the picture so far is saved.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    interrupts = Interrupts()
    with interrupts.handled():
        return _run(given, interrupts)


def _run(given: Sequence[str], interrupts: Interrupts) -> int:
    report = Report(json_lines="--json" in given)
    try:
        options = parse(given)
        report = Report(quiet=options.quiet, json_lines=options.json)
        run: Callable[[Call], int] = options.run
        return run(Call(options, report, interrupts))
    except errors.NoMemoryError as error:
        report.error(str(error))
        return FAILED
    except UserError as error:
        report.error(str(error))
        return BAD_INPUT
    except KeyboardInterrupt as interrupt:
        report.error("Interrupted before the first iteration; nothing was saved.")
        return errors.exit_code(interrupt)
    except Exception as error:
        if not errors.is_out_of_memory(error):
            raise
        report.error(str(errors.NoMemoryError()))
        return FAILED
    finally:
        report.close()


def parse(given: Sequence[str]) -> argparse.Namespace:
    """What a command line asks for; `run` of it is the function that does it.

    Raises `UsageError` for one that is not understood; `--help` and `--version` end the program.
    """
    named = bool(given) and given[0] in COMMANDS
    return parsers()[0].parse_args([*([] if named else [PAINT]), *given])


def parsers() -> tuple[Parser, dict[str, Parser]]:
    """The parser of all commands, and those of each."""
    folder, file = os.path.split(sys.argv[0])
    program = "nst" if folder and os.path.splitext(file)[0] == "nst" else "python -m nst"
    whole = Parser(prog=program)
    commands = whole.add_subparsers(dest="command", required=True, parser_class=Parser)
    found = {}
    for name, module in COMMANDS.items():
        found[name] = parser = commands.add_parser(
            name,
            prog=program if name == PAINT else f"{program} {name}",
            description=module.DESCRIPTION,
            epilog=module.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_flags(parser)
        parser.set_defaults(run=module.run)
    found[PAINT].add_argument("--version", action="version", version=f"nst {__version__}")
    return whole, found
