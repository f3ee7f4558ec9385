"""The options of ``axiomatic run``, in groups; a rule's parameter bears the API's name for it."""

import math
from collections.abc import Callable, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import click
import httpx

from core.sites import SITES
from web.cli.request import DEFAULT_FEE_USD, DEFAULT_FIELD_SIZE
from workers.plans.objectives import DEFAULT_OBJECTIVE, OBJECTIVES

Decorator = Callable[[Any], Any]


class Finite(click.FloatRange):
    """A number that JSON can carry."""

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """Refuse what is not finite."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


class Address(click.ParamType):  # type: ignore[type-arg]  # generic only lately
    """A server's address."""

    name = "url"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """Refuse what is no address of a web server."""
        try:
            url = httpx.URL(str(value))
        except httpx.InvalidURL:
            url = httpx.URL("")
        if url.scheme not in {"http", "https"} or not url.host:
            self.fail(f"{value!r}; give an address such as http://127.0.0.1:8000.", param, ctx)
        return str(value)


FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FRACTION = Finite(0, 1)


def in_order(options: Sequence[Decorator]) -> Decorator:
    """Give the decorator that adds options as they are shown, the first on top."""
    return lambda command: reduce(lambda so_far, add: add(so_far), reversed(options), command)


slate_options = in_order(
    [
        click.option(
            "--drivers", type=FILE, help="CSV: grid, teams, projections, ownership, rules."
        ),
        click.option(
            "--track", help="Track id or name, such as las_vegas; else taken from the file name."
        ),
        click.option(
            "--site",
            type=click.Choice(list(SITES), case_sensitive=False),
            help="Contest site; else read off the salary file.",
        ),
        click.option("--lineups", default=20, show_default=True, help="Lineups, 1 to 150."),
        click.option("--scenarios", default=10_000, show_default=True, help="Races to simulate."),
        click.option(
            "--objective",
            type=click.Choice(list(OBJECTIVES)),
            default=DEFAULT_OBJECTIVE,
            show_default=True,
        ),
        click.option("--seed", default=42, show_default=True),
    ]
)
contest_options = in_order(
    [
        click.option(
            "--contest",
            type=FILE,
            help="Prizes: CSV (Place,Payout,Field Size,Entry Fee), JSON tiers, or a contest's "
            "detail saved from DraftKings.",
        ),
        click.option(
            "--contest-id", metavar="ID", help="Which contest, where the file has several."
        ),
        click.option(
            *("--ticket", "tickets"),
            multiple=True,
            metavar="NAME=USD",
            help="What a ticket among the prizes is worth; may be given again.",
        ),
        click.option(
            "--field-size",
            type=int,
            help=f"Entries, without --contest ({DEFAULT_FIELD_SIZE}).",
        ),
        click.option(
            "--fee",
            type=Finite(),
            help=f"Entry fee in USD, without --contest ({DEFAULT_FEE_USD:g}).",
        ),
        click.option(
            "--ownership",
            type=FILE,
            help="CSV: driver,ownership_percent, a tool's Name and Own%, or a contest's standings.",
        ),
    ]
)
rule_options = in_order(
    [
        click.option(
            *("--rules", "rules_file"),
            type=FILE,
            help="JSON: any rules of the API, drivers by name; options here win over it.",
        ),
        click.option(
            *("--lock", "locks"),
            multiple=True,
            metavar="NAME",
            help="A driver in every lineup; may be given again.",
        ),
        click.option(
            *("--exclude", "excludes"),
            multiple=True,
            metavar="NAME",
            help="A driver in no lineup; may be given again.",
        ),
        click.option(
            *("--max-exposure", "max_driver_exposure"),
            type=_FRACTION,
            help="Most of the lineups one driver may be in, 0 to 1 (0.5).",
        ),
        click.option(
            *("--min-exposure", "min_driver_exposure"),
            type=_FRACTION,
            help="Least of the lineups every driver must be in, 0 to 1 (0).",
        ),
        click.option(
            *("--max-team-exposure", "max_team_exposure"),
            type=_FRACTION,
            help="Most of the lineups one team may be in, 0 to 1 (0.7).",
        ),
        click.option(
            "--min-unique",
            type=click.IntRange(1, 8),
            help="Drivers in which any two lineups differ (1).",
        ),
        click.option("--min-salary", type=click.IntRange(0, 100_000), help="USD a lineup (0)."),
        click.option(
            "--salary-cap", type=click.IntRange(10_000, 100_000), help="USD a lineup (50000)."
        ),
        click.option(
            "--min-stack",
            type=click.IntRange(1, 8),
            help="Drivers of any team that a lineup has one of.",
        ),
        click.option(
            "--max-stack", type=click.IntRange(1, 8), help="Most drivers of one team in a lineup."
        ),
        click.option(
            "--randomness",
            type=_FRACTION,
            help="Share by which each lineup sees projections moved (objective mean).",
        ),
        click.option(
            "--correlation-weight", type=_FRACTION, help="What likeness costs, 0 to 1 (0.1)."
        ),
    ]
)
leverage_options = in_order(
    [
        click.option(
            *("--leverage", "leverage_penalty"),
            type=_FRACTION,
            metavar="PENALTY",
            help="Look for lineups that few others play; 0 to 1, what ownership costs.",
        ),
        click.option(
            *("--max-ownership", "max_ownership_per_driver"),
            type=_FRACTION,
            help="Of any driver of a lineup, 0 to 1 (0.3).",
        ),
        click.option(
            *("--min-low-owned", "min_low_ownership_drivers"),
            type=click.IntRange(0, 8),
            help="Drivers of a lineup owned by less than 10% (2).",
        ),
        click.option(
            *("--max-total-ownership", "max_total_ownership"),
            type=Finite(0, 8),
            help="Of a lineup's drivers together, a fraction (3.0).",
        ),
        click.option(
            *("--by-regime", "use_regime_allocation"),
            is_flag=True,
            help="Choose lineups for each kind of race, by its share of the races.",
        ),
    ]
)
