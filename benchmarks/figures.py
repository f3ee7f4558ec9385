"""A benchmark's figures, how they are printed, and its command line."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

Case = TypeVar("Case")


@dataclass(frozen=True, slots=True)
class Reference:
    """Something that a figure is compared with."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement, as ``--json`` prints it.

    Parameters
    ----------
    name, work
        The figure's name, and a description of the work and its result.
    seconds, per_second
        Time of all the work, and units of it a second.
    reference, ratio
        What the figure is compared with, and the ratio of the two; ``work`` says of what.
    bar
        What the figure should reach.
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
        line = (
            f"{self.name:36s} {self.seconds:10.4f} s {self.per_second:12,.1f}/s{bar}   {self.work}"
        )
        print(line, file=sys.stderr if as_json else sys.stdout, flush=True)


def print_object(figures: Sequence[Figure]) -> None:
    """Print all figures as one object on standard output."""
    cores = len(os.sched_getaffinity(0))
    print(json.dumps({"cores": cores, "results": [asdict(figure) for figure in figures]}))


def read_arguments(
    name: str, doc: str | None, benchmarks: Iterable[str], slate: str | None = None
) -> argparse.Namespace:
    """Options of a module of benchmarks: ``names``, ``json`` and, if it has slates, ``slate``.

    Parameters
    ----------
    name, doc
        The module's name and docstring.
    benchmarks
        Names that a user can choose; without any all are run.
    slate
        Description of the files in the folder of ``--slate``; ``None`` = there is no such option.
    """
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=doc)
    parser.add_argument("names", nargs="*", choices=[[], *benchmarks], metavar="NAME")
    if slate is not None:
        parser.add_argument("--slate", type=Path, metavar="DIR", help=f"a folder with {slate}")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    return parser.parse_args()


def run_named(
    options: argparse.Namespace,
    benchmarks: Mapping[str, Callable[[Case], Iterable[Figure]]],
    case: Case,
) -> None:
    """Run the benchmarks that are named, or all, and print each figure once it is measured."""
    results: list[Figure] = []
    for name in options.names or benchmarks:
        for figure in benchmarks[name](case):
            results.append(figure)
            figure.say(as_json=options.json)
    if options.json:
        print_object(results)
