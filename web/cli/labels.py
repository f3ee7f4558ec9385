"""What the command line calls the arguments of core and the fields of the API: its options."""

from collections.abc import Mapping
from dataclasses import replace

from core.errors import BrokenRule, InvalidInput
from web.cli.run import run

OPTIONS: Mapping[str, str] = {
    "before": "--before",
    "contest_id": "--contest-id",
    "first_date": "--from",
    "last_date": "--to",
    "tickets": "--ticket",
    "track_id": "--track",
}
"""Options by argument of core; one that is not named here keeps core's name, as files do."""

_PARAMETERS = {"ownership_estimates": "ownership"}
"""Parameters of ``axiomatic run`` by field of the API, where they bear another name."""


def option_of(field: str) -> str | None:
    """The option of ``axiomatic run`` that sets a field of the API; ``None`` where none does."""
    name = _PARAMETERS.get(field, field)
    options = [option for each in run.params if each.name == name for option in each.opts]
    return next((option for option in options if option.startswith("--")), None)


def rule_name(rule: BrokenRule) -> str:
    """A rule of the API by its field, as a rules file has it, with bound, subject and option.

    For example ``max_driver_exposure 0.4 of Chase Elliott (--max-exposure)``.
    """
    bound = "" if rule.limit is None else f" {rule.limit:.12g}"
    subject = "" if rule.subject is None else f" of {rule.subject}"
    option = option_of(rule.key)
    return f"{rule.key}{bound}{subject}" + ("" if option is None else f" ({option})")


def problems_of(error: InvalidInput) -> dict[str, list[str]]:
    """What is wrong by option, or by core's or the API's name for what no option sets."""
    own = [replace(each, key=OPTIONS.get(each.key, each.key)) for each in error.problems]
    return InvalidInput(own).messages
