"""The rules of a run: a rules file's, with drivers by name, and the command line's over them."""

import difflib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import InvalidInput
from core.tables import decode
from web.cli.driver_names import DriverNames
from web.client import Json

LEVERAGE_RULES = frozenset(
    {
        "leverage_penalty",
        "max_ownership_per_driver",
        "max_total_ownership",
        "min_low_ownership_drivers",
        "regime_weights",
        "use_regime_allocation",
    }
)
RULES = LEVERAGE_RULES | {
    "correlation_weight",
    "cvar_alphas",
    "cvar_weights",
    "excludes",
    "groups",
    "locks",
    "max_driver_exposure",
    "max_stack",
    "max_team_exposure",
    "min_driver_exposure",
    "min_salary",
    "min_stack",
    "min_unique",
    "n_drivers",
    "randomness",
    "salary_cap",
    "stacks",
}
"""The fields of the API that a rules file may hold, each as the API takes it."""

_LISTS = ("locks", "excludes")
_BY_DRIVER = ("max_driver_exposure", "min_driver_exposure", "randomness")
_BY_TEAM = ("max_team_exposure",)
_OF_GROUPS = ("drivers", "if_any")
_EVERYONE = "default"


def rules_of(path: Path | None, given: Mapping[str, Any], names: DriverNames) -> Json:
    """Give the rules of a request, drivers by id.

    Where both say something the command line wins: a number for all takes the place of the file's
    number for all, and of no driver's or team's own; who is locked there is no longer excluded, and
    the other way round.

    Parameters
    ----------
    path
        The rules file, if there is one.
    given
        What the command line says, by the API's field.
    names
        The slate's drivers.

    Raises
    ------
    InvalidInput
        A file that is no JSON object or holds what is no rule, a driver who is not on the slate.
    """
    rules = {} if path is None else _with_ids(_read(path), names)
    said = _with_ids(given, names)
    for one, other in (_LISTS, _LISTS[::-1]):
        taken = said.get(one, [])
        if other in rules and other not in said:
            rules[other] = [driver for driver in rules[other] if driver not in taken]
    for field, value in said.items():
        before = rules.get(field)
        if field in _LISTS:
            rules[field] = list(dict.fromkeys([*(before or []), *value]))
        elif field in (*_BY_DRIVER, *_BY_TEAM) and isinstance(before, dict):
            rules[field] = {**before, _EVERYONE: value}
        else:
            rules[field] = value
    return rules


def _read(path: Path) -> Json:
    where = f"rules file {path.name}"
    try:
        rules = json.loads(
            decode(path.read_bytes(), where),
            parse_constant=_number,
            parse_float=_number,
            object_pairs_hook=_once,
        )
    except (ValueError, RecursionError) as error:
        raise InvalidInput({where: f"no JSON: {error}."}) from None
    if not isinstance(rules, dict):
        raise InvalidInput({where: 'give a JSON object, such as {"min_unique": 2}.'})
    unknown = sorted(set(rules) - RULES)
    if unknown:
        raise InvalidInput({where: [_no_rule(field) for field in unknown]})
    return rules


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no finite number")
    return number


def _once(pairs: list[tuple[str, Any]]) -> Json:
    given = dict(pairs)
    if len(given) < len(pairs):
        fields = [field for field, _ in pairs]
        twice = sorted({field for field in fields if fields.count(field) > 1})
        raise ValueError(f"{', '.join(twice)} stands there twice")
    return given


def _no_rule(field: str) -> str:
    near = difflib.get_close_matches(field, sorted(RULES), 1)
    return f"{field!r} is no rule; {f'nearest: {near[0]}' if near else 'see docs/lineups.md'}."


def _with_ids(rules: Mapping[str, Any], names: DriverNames) -> Json:
    """Give rules with drivers by id; what else is wrong with them the API says."""
    given = dict(rules)
    for field in _LISTS:
        if field in given:
            given[field] = names.ids(field, given[field])
    for field in _BY_DRIVER:
        if isinstance(given.get(field), dict):
            given[field] = _keyed(field, given[field], names)
    if isinstance(given.get("groups"), list):
        given["groups"] = [
            _group(f"groups.{number}", group, names) for number, group in enumerate(given["groups"])
        ]
    return given


def _keyed(field: str, by_name: Json, names: DriverNames) -> Json:
    single = [name for name in by_name if name != _EVERYONE]
    ids = names.ids(field, single)
    every = {_EVERYONE: by_name[_EVERYONE]} if _EVERYONE in by_name else {}
    return every | dict(zip(ids, (by_name[name] for name in single), strict=True))


def _group(field: str, group: object, names: DriverNames) -> object:
    if not isinstance(group, dict):
        return group
    return group | {
        part: names.ids(f"{field}.{part}", group[part]) for part in _OF_GROUPS if part in group
    }
