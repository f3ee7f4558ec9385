"""What a benchmark measured, and how it is printed."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

Given = TypeVar("Given")


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


def read_arguments(
    name: str, doc: str | None, benchmarks: Iterable[str], slate: str | None = None
) -> argparse.Namespace:
    """Read the command line of a page of benchmarks: ``names``, ``json`` and, if wanted, ``slate``.

    Parameters
    ----------
    name, doc
        Of the module.
    benchmarks
        Names to choose from; all if none is given.
    slate
        What the folder that ``--slate`` names holds; no such option if ``None``.
    """
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=doc)
    parser.add_argument("names", nargs="*", choices=[[], *benchmarks], metavar="NAME")
    if slate is not None:
        parser.add_argument("--slate", type=Path, metavar="DIR", help=f"a folder with {slate}")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    return parser.parse_args()


def run_named(
    asked: argparse.Namespace,
    benchmarks: Mapping[str, Callable[[Given], Iterable[Figure]]],
    given: Given,
) -> None:
    """Run the benchmarks that are named, or all, and print each figure as it comes."""
    results: list[Figure] = []
    for name in asked.names or benchmarks:
        for figure in benchmarks[name](given):
            results.append(figure)
            figure.say(as_json=asked.json)
    if asked.json:
        print_object(results)
