"""A request's field as an option of the command line: one declaration for both.

The schema's field gives the option its name, type, range, default and help, which is the first
sentence of the field's description. The option has no default of its own: where it is absent the
request leaves the field out, and the API's default counts.
"""

import math
from collections.abc import Callable
from typing import Any

import click
from marshmallow import ValidationError, fields, missing, validate

from web.schemas.values import DriverIds, Flag, Fractions, Number, Text, Whole

Decorator = Callable[[Any], Any]

_MANY = 10**9


class Finite(click.ParamType):  # type: ignore[type-arg]  # generic only lately
    """A number that JSON can carry."""

    name = "float"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """Refuse what is not finite."""
        number = float(click.FLOAT.convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


class FieldType(click.ParamType):  # type: ignore[type-arg]
    """The values of a request's field, refused in the API's own words.

    Parameters
    ----------
    field
        The schema's field.
    plain
        What reads the text.
    """

    def __init__(
        self,
        field: fields.Field[Any],
        plain: click.ParamType,  # type: ignore[type-arg]
    ) -> None:
        self.name = plain.name
        self._field, self._plain = field, plain

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Refuse what the field refuses."""
        read = self._plain.convert(value, param, ctx)
        try:
            return self._field.deserialize(read)
        except ValidationError as error:
            self.fail(" ".join(error.messages), param, ctx)


def has_option(field: fields.Field[Any]) -> bool:
    """Whether a field's values fit an option: one number, word or switch, or a list of drivers."""
    kinds = (Whole, Number, Flag, Text, Fractions, DriverIds)
    return isinstance(field, kinds) or bool(_choices(field))


def _choices(field: fields.Field[Any]) -> list[str]:
    of_field = [each.choices for each in field.validators if isinstance(each, validate.OneOf)]
    return [str(choice) for choices in of_field for choice in choices]


def request_option(
    name: str,
    field: fields.Field[Any],
    spelling: str | None = None,
    *,
    help_text: str | None = None,
    metavar: str | None = None,
) -> Decorator:
    """The decorator that adds the option of a request's field.

    Parameters
    ----------
    name, field
        The field's name in a request, which the command's parameter bears, and the schema's field.
    spelling
        What the option is called; ``--field-name`` by default.
    help_text
        In place of :func:`help_of` the field.
    metavar
        What the value is called in the help.
    """
    names = (spelling or f"--{name.replace('_', '-')}", name)
    help_text = help_of(field) if help_text is None else help_text
    if isinstance(field, Flag):
        return click.option(*names, is_flag=True, help=help_text)
    if isinstance(field, DriverIds):
        return click.option(*names, multiple=True, metavar="NAME", help=help_text)
    return click.option(*names, type=_type_of(field), metavar=metavar, help=help_text)


def _type_of(field: fields.Field[Any]) -> click.ParamType:  # type: ignore[type-arg]
    if choices := _choices(field):
        return click.Choice(choices, case_sensitive=False)
    if isinstance(field, Whole):
        return FieldType(field, click.INT)
    if isinstance(field, Number | Fractions):
        return FieldType(field, Finite())
    return FieldType(field, click.STRING)


def sentence_of(field: fields.Field[Any]) -> str:
    """The first sentence of a field's description, without its full stop."""
    first, _, _ = f"{field.metadata['description']} ".partition(". ")
    return first.removesuffix(".")


def default_of(field: fields.Field[Any]) -> Any:
    """A field's default as its description has it; ``None`` where it depends."""
    default = field.metadata.get("default", field.load_default)
    return None if default is missing or callable(default) else default


def help_of(field: fields.Field[Any], default: Any = None, when: str = "") -> str:
    """A field's help: its first sentence, its range and its default.

    Parameters
    ----------
    field
        The schema's field.
    default
        In place of the field's own.
    when
        A clause that says where the default counts.
    """
    parts = [sentence_of(field)]
    if bounds := _range(field):
        parts.append(f", {bounds}")
    default = default_of(field) if default is None else default
    if isinstance(field, DriverIds):
        parts.append("; may be given again")
    elif default is not None and default is not False:
        shown = default if isinstance(default, str) else f"{default:,g}"
        parts.append(f" ({' '.join([shown, when]).strip()})")
    return "".join(parts) + "."


def _range(field: fields.Field[Any]) -> str:
    checked = field.FRACTION if isinstance(field, Fractions) else field
    for each in checked.validators:
        if isinstance(each, validate.Range):
            if each.max is None or each.max > _MANY:
                return f"{each.min:,g} or more"
            return f"{each.min:,g} to {each.max:,g}"
    return ""
