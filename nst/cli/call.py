"""One call of the command line: what its parts need of one another."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from nst.cli.interrupts import Interrupts
from nst.cli.report import Report


@dataclass(frozen=True)
class Call:
    """What was asked for, what tells of it, and what may interrupt it."""

    options: argparse.Namespace
    report: Report
    interrupts: Interrupts
