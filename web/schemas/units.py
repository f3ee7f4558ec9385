"""Fields of answers: what one means goes in, a field with its unit and its bounds comes out.

Every field is always there unless ``only`` says when, and never null unless ``null`` says when;
both are clauses that end the description: ``null="for a single contest"``.
"""

from collections.abc import Iterable
from typing import Any

from marshmallow import Schema, fields

from web.schemas.values import Flag, Number, OneOf, Whole, between


def _options(meaning: str, unit: str, null: str, only: str, **options: Any) -> dict[str, Any]:
    sentences = [f"{meaning}{unit}."]
    if only:
        sentences.append(f"Only {only}.")
    if null:
        sentences.append(f"Null {null}.")
    return {
        "required": not only,
        "allow_none": bool(null),
        "metadata": {"description": " ".join(sentences)},
        **options,
    }


def points(meaning: str, *, null: str = "", only: str = "") -> Number:
    """Fantasy points."""
    return Number(**_options(meaning, ", in points", null, only))


def spread(meaning: str, *, null: str = "", only: str = "") -> Number:
    """A standard deviation or error in points, not below 0."""
    return Number(**_options(meaning, ", in points", null, only, validate=between(0)))


def usd(meaning: str, *, null: str = "", only: str = "") -> Number:
    """US dollars."""
    return Number(**_options(meaning, ", in USD", null, only))


def share(meaning: str, *, null: str = "", only: str = "", data_key: str | None = None) -> Number:
    """A share from 0 to 1."""
    options = _options(meaning, ", 0 to 1", null, only, validate=between(0, 1))
    return Number(**options, data_key=data_key)


def ratio(meaning: str, *, null: str = "", only: str = "") -> Number:
    """A fraction that may be below 0 or above 1, such as a return of -0.2."""
    return Number(**_options(meaning, ", a fraction", null, only))


def percent(meaning: str, *, null: str = "", only: str = "") -> Number:
    """Percent, 0 to 100."""
    return Number(
        **_options(meaning, ", in percent 0 to 100", null, only, validate=between(0, 100))
    )


def number(meaning: str, *, low: float | None = None, null: str = "", only: str = "") -> Number:
    """A number whose unit its meaning says."""
    bounds = {} if low is None else {"validate": between(low)}
    return Number(**_options(meaning, "", null, only, **bounds))


def count(meaning: str, *, low: int = 0, null: str = "", only: str = "") -> Whole:
    """A whole number of things, not below ``low``."""
    return Whole(**_options(meaning, "", null, only, validate=between(low)))


def whole(meaning: str, *, null: str = "", only: str = "") -> Whole:
    """A whole number that counts nothing."""
    return Whole(**_options(meaning, "", null, only))


def flag(meaning: str, *, null: str = "", only: str = "") -> Flag:
    """True or false."""
    return Flag(**_options(meaning, "", null, only))


def text(meaning: str, *, null: str = "", only: str = "") -> fields.String:
    """A text."""
    return fields.String(**_options(meaning, "", null, only))


def moment(meaning: str, *, null: str = "", only: str = "") -> fields.String:
    """A moment, ISO 8601 in UTC."""
    options = _options(meaning, ", ISO 8601 in UTC", null, only)
    options["metadata"]["format"] = "date-time"
    return fields.String(**options)


def day(meaning: str, *, data_key: str) -> fields.String:
    """A date, YYYY-MM-DD."""
    options = _options(meaning, ", YYYY-MM-DD", "", "")
    options["metadata"]["format"] = "date"
    return fields.String(**options, data_key=data_key)


def choice(meaning: str, of: Iterable[str], *, null: str = "", only: str = "") -> fields.String:
    """One of some words."""
    return fields.String(**_options(meaning, "", null, only, validate=OneOf(list(of))))


def part(schema: type[Schema], meaning: str, *, null: str = "", only: str = "") -> fields.Nested:
    """An object of its own schema."""
    return fields.Nested(schema, **_options(meaning, "", null, only))


def parts(schema: type[Schema], meaning: str, *, only: str = "") -> fields.Field[Any]:
    """A list of objects of one schema."""
    return fields.List(fields.Nested(schema), **_options(meaning, "", "", only))


def listed(values: fields.Field[Any], meaning: str, *, only: str = "") -> fields.Field[Any]:
    """A list of single values."""
    return fields.List(values, **_options(meaning, "", "", only))


def texts(meaning: str, *, only: str = "") -> fields.Field[Any]:
    """A list of texts."""
    return listed(fields.String(), meaning, only=only)


def by_key(
    key: str, values: fields.Field[Any], meaning: str, *, null: str = "", only: str = ""
) -> fields.Dict:
    """An object whose keys are not known beforehand, driver ids say."""
    options = _options(f"{meaning}, by {key}", "", null, only)
    return fields.Dict(keys=fields.String(), values=values, **options)


def by_choice(
    choices: Iterable[str], values: fields.Field[Any], meaning: str, *, only: str = ""
) -> fields.Dict:
    """An object whose keys are among some words."""
    keys = fields.String(validate=OneOf(list(choices)))
    return fields.Dict(keys=keys, values=values, **_options(meaning, "", "", only))
