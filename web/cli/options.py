"""The options of ``axiomatic run``, in groups.

What is a field of the request is declared in its schema; here stands how an option is spelt where
it is not spelt like the field, and what the command line has beside the request.
"""

from collections.abc import Sequence
from functools import reduce
from typing import Any

import click
import httpx

from web.cli.input_file import InputFile
from web.cli.request import DEFAULT_FEE_USD, DEFAULT_FIELD_SIZE
from web.cli.request_options import (
    Decorator,
    has_option,
    help_of,
    request_option,
    sentence_of,
)
from web.cli.rules import FIELDS, LEVERAGE_RULES, RULES
from web.schemas.contests import ChoiceConfigSchema, ContestSchema

FILE = InputFile()

_SPELT = {
    "n_lineups": "--lineups",
    "random_seed": "--seed",
    "locks": "--lock",
    "excludes": "--exclude",
    "max_driver_exposure": "--max-exposure",
    "min_driver_exposure": "--min-exposure",
    "leverage_penalty": "--leverage",
    "max_ownership_per_driver": "--max-ownership",
    "min_low_ownership_drivers": "--min-low-owned",
    "use_regime_allocation": "--by-regime",
}
_IN_THE_RULES_FILE_ONLY = {"n_drivers"}


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


def in_order(options: Sequence[Decorator]) -> Decorator:
    """The decorator that adds options as they are shown, the first on top."""
    return lambda command: reduce(lambda so_far, add: add(so_far), reversed(options), command)


def _of_request(name: str) -> Decorator:
    return request_option(name, FIELDS[name], _SPELT.get(name))


def _of_rules(names: frozenset[str]) -> list[Decorator]:
    """The options of those rules that fit one, in the order of the schema."""
    return [
        _of_request(name)
        for name, field in FIELDS.items()
        if name in names and has_option(field) and name not in _IN_THE_RULES_FILE_ONLY
    ]


_SCENARIOS = ChoiceConfigSchema().fields["n_scenarios"]
_CONTEST = ContestSchema().fields
_PENALTY = FIELDS["leverage_penalty"]

slate_options = in_order(
    [
        click.option(
            "--drivers", type=FILE, help="CSV: grid, teams, projections, ownership, rules."
        ),
        click.option(
            "--track", help="Track id or name, such as las_vegas; else taken from the file name."
        ),
        _of_request("site"),
        _of_request("n_lineups"),
        request_option("n_scenarios", _SCENARIOS, "--scenarios"),
        _of_request("objective"),
        _of_request("random_seed"),
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
        request_option(
            "field_size",
            _CONTEST["field_size"],
            help_text=help_of(_CONTEST["field_size"], DEFAULT_FIELD_SIZE, "without --contest"),
        ),
        request_option(
            "contest_buyin",
            _CONTEST["contest_buyin"],
            "--fee",
            help_text=help_of(_CONTEST["contest_buyin"], DEFAULT_FEE_USD, "without --contest"),
        ),
        request_option("entry_limit", _CONTEST["entry_limit"]),
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
            "--matchups",
            type=FILE,
            help="Prices of pairs: CSV (driver_a,driver_b,odds_a,odds_b,taken), or pasted lines "
            "such as 'Kyle Larson -125 vs Denny Hamlin +105'.",
        ),
        *_of_rules(RULES - LEVERAGE_RULES),
    ]
)
leverage_options = in_order(
    [
        request_option(
            "leverage_penalty",
            _PENALTY,
            _SPELT["leverage_penalty"],
            metavar="PENALTY",
            # its default is that of a request for leverage, which only this option makes
            help_text="Look for lineups that few others play; "
            f"{sentence_of(_PENALTY)[0].lower()}{sentence_of(_PENALTY)[1:]}, 0 to 1.",
        ),
        *_of_rules(LEVERAGE_RULES - {"leverage_penalty"}),
    ]
)
