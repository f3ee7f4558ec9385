"""The rules of a run: a rules file's, with drivers by name, and the command line's over them."""

import difflib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from marshmallow import fields

from core.errors import InvalidInput
from core.tables import decode
from web.cli.driver_names import DriverNames
from web.client import Json
from web.schemas.optimize import LeverageSchema, OptimizeSchema
from web.schemas.values import DriverFractions, DriverId, DriverIds, Fractions

FIELDS: Mapping[str, fields.Field[Any]] = LeverageSchema().fields
"""Every field of a request for lineups, by its name."""

OF_THE_RUN = frozenset(
    {
        "slate_id",
        "drivers",
        "site",
        "scenario_config",
        "n_lineups",
        "objective",
        "contest",
        "ownership_estimates",
        "random_seed",
        "include_calibration",
        "validate_tail_objective",
    }
)
"""The fields that a run fills itself, from files and options of their own; all others are rules."""

RULES = frozenset(FIELDS) - OF_THE_RUN
"""The fields of the API that a rules file may hold, each as the API takes it."""

LEVERAGE_RULES = RULES - set(OptimizeSchema().fields)
"""Those that a request for leverage alone has."""

_OPPOSITES = ("locks", "excludes")
_EVERYONE = "default"


def rules_of(path: Path | None, options: Mapping[str, Any], names: DriverNames) -> Json:
    """The rules of a request, and whatever other field has an option, drivers by id.

    Where both say something the command line wins: a number for all takes the place of the file's
    number for all, and of no driver's or team's own; who is locked there is no longer excluded, and
    the other way round.

    Parameters
    ----------
    path
        The rules file, if there is one.
    options
        What the command line says, by the API's field.
    names
        The slate's drivers.

    Raises
    ------
    InvalidInput
        A file that is no JSON object or holds what is no rule, a driver who is not on the slate.
    """
    rules = {} if path is None else _with_ids(_read(path), FIELDS, names)
    chosen = _with_ids(options, FIELDS, names)
    for one, other in (_OPPOSITES, _OPPOSITES[::-1]):
        taken = chosen.get(one, [])
        if other in rules and other not in chosen:
            rules[other] = [driver for driver in rules[other] if driver not in taken]
    for name, value in chosen.items():
        before = rules.get(name)
        if isinstance(FIELDS[name], DriverIds):
            rules[name] = list(dict.fromkeys([*(before or []), *value]))
        elif isinstance(FIELDS[name], Fractions) and isinstance(before, dict):
            rules[name] = {**before, _EVERYONE: value}
        else:
            rules[name] = value
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
        raise InvalidInput({where: [_no_rule(name) for name in unknown]})
    return rules


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no finite number")
    return number


def _once(pairs: list[tuple[str, Any]]) -> Json:
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        raise ValueError(f"{', '.join(twice)} stands there twice")
    return values


def _no_rule(name: str) -> str:
    near = difflib.get_close_matches(name, sorted(RULES), 1)
    return f"{name!r} is no rule; {f'nearest: {near[0]}' if near else 'see docs/lineups.md'}."


def _with_ids(
    values: Mapping[str, Any],
    known: Mapping[str, fields.Field[Any]],
    names: DriverNames,
    path: str = "",
) -> Json:
    """Fields of a schema with drivers by id; what else is wrong with them the API refuses."""
    result = dict(values)
    for name, value in values.items():
        field, where = known.get(name), f"{path}{name}"
        if isinstance(field, DriverIds):
            result[name] = names.ids(where, value)
        elif isinstance(field, DriverId) and isinstance(value, str):
            (result[name],) = names.ids(where, [value])
        elif isinstance(field, DriverFractions) and isinstance(value, dict):
            result[name] = _keyed(where, value, names)
        elif isinstance(field, fields.List) and isinstance(value, list):
            result[name] = [
                _part(each, field.inner, names, f"{where}.{number}.")
                for number, each in enumerate(value)
            ]
    return result


def _part(value: object, field: fields.Field[Any], names: DriverNames, path: str) -> object:
    """One value of a list, with drivers by id where it is an object of a schema's."""
    if not isinstance(field, fields.Nested) or not isinstance(value, dict):
        return value
    return _with_ids(value, field.schema.fields, names, path)


def _keyed(where: str, by_name: Json, names: DriverNames) -> Json:
    single = [name for name in by_name if name != _EVERYONE]
    ids = names.ids(where, single)
    every = {_EVERYONE: by_name[_EVERYONE]} if _EVERYONE in by_name else {}
    return every | dict(zip(ids, (by_name[name] for name in single), strict=True))
