"""The command line's options for core's arguments and the API's keys."""

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
"""Options by argument of core. An argument without one here, such as a file, keeps core's name."""

_FILES = {"drivers"}
"""Keys of what is read from several files, of which only one has an option of the key's name."""

_PARAMETERS = {"ownership_estimates": "ownership", "payouts": "contest"}
"""Parameters of ``axiomatic run`` by key of the API, where their names differ."""


def option_of(key: str) -> str | None:
    """The option of ``axiomatic run`` that sets a key of the API; ``None`` where none does."""
    name = _PARAMETERS.get(key, key)
    options = [option for each in run.params if each.name == name for option in each.opts]
    return next((option for option in options if option.startswith("--")), None)


def rule_name(rule: BrokenRule) -> str:
    """A rule of the API by its key, as a rules file has it, with limit, subject and option.

    For example ``max_driver_exposure 0.4 of Chase Elliott (--max-exposure)``.
    """
    bound = "" if rule.limit is None else f" {rule.limit:.12g}"
    subject = "" if rule.subject is None else f" of {rule.subject}"
    option = option_of(rule.key)
    return f"{rule.key}{bound}{subject}" + ("" if option is None else f" ({option})")


def problems_of(error: InvalidInput) -> dict[str, list[str]]:
    """Messages by option, or by core's or the API's name for what no option sets."""
    return InvalidInput([replace(each, key=_label(each.key)) for each in error.problems]).messages


def _label(key: str) -> str:
    """An argument of core by its option; a key of the API with its option, where it has one."""
    if key in OPTIONS:
        return OPTIONS[key]
    if key in _FILES:
        return key
    option = option_of(key.rpartition(".")[2])
    if option in {None, f"--{key.replace('_', '-')}"}:
        return option or key
    return f"{key} ({option})"
