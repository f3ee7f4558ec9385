"""What a benchmark measured, and how it is printed."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Reference:
    """What a figure stands beside."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement, as ``--json`` prints it.

    Parameters
    ----------
    name, work
        What was measured and what was done, with what came out of it.
    seconds, per_second
        How long all of it took, and pieces of the work a second.
    reference, ratio
        What it stands beside and how the two compare, as the work says.
    bar
        What it ought to reach.
    """

    name: str
    work: str
    seconds: float
    per_second: float
    reference: Reference | None = None
    ratio: float | None = None
    bar: str | None = None

    def say(self, *, as_json: bool) -> None:
        """Print one line, on standard error where standard output is for the object."""
        bar = f"   {self.bar:24s}" if self.bar else ""
        said = (
            f"{self.name:36s} {self.seconds:10.4f} s {self.per_second:12,.1f}/s{bar}   {self.work}"
        )
        print(said, file=sys.stderr if as_json else sys.stdout, flush=True)


def print_object(figures: Sequence[Figure]) -> None:
    """Print all figures as one object on standard output."""
    cores = len(os.sched_getaffinity(0))
    print(json.dumps({"cores": cores, "results": [asdict(figure) for figure in figures]}))
