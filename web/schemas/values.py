"""Field types that take a JSON number where one is meant, and nothing that looks like one."""

import math
from collections.abc import Callable, Sized
from typing import Any

from marshmallow import ValidationError, fields, validate

from core.wording import many


def _finite(value: Any, what: str) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValidationError(f"{_shown(value)} is no {what}.")
    try:
        finite = math.isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        raise ValidationError(f"{_shown(value)} is no {what}.")
    return value


def _shown(value: Any) -> str:
    """Give a value as a refusal shows it: not all of a book that was sent for a number."""
    try:
        text = repr(value)
    except ValueError:  # a whole number of thousands of digits
        text = "a number too long to show"
    return text if len(text) <= 60 else text[:57] + ".."


class Whole(fields.Integer):
    """A whole JSON number; no text, no true or false, no fraction."""

    def _validated(self, value: Any) -> int:
        number = _finite(value, "whole number")
        if number != int(number):
            raise ValidationError(f"{_shown(value)} is no whole number.")
        return int(number)


class Number(fields.Float):
    """A finite JSON number; no text, no true or false."""

    def _validated(self, value: Any) -> float:
        return float(_finite(value, "finite number"))


class Flag(fields.Boolean):
    """True or false; no text or number that stands for them."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        del attr, data, kwargs
        if not isinstance(value, bool):
            raise ValidationError(f"{_shown(value)} is neither true nor false.")
        return value


class Text(fields.String):
    """A text of 1 to 80 characters that any file or store can hold."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs))
        if not 1 <= len(text) <= 80:
            raise ValidationError(f"{len(text)} characters; give 1 to 80.")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValidationError("holds half a character; send whole Unicode.") from None
        return text


def between(low: float, high: float | None = None) -> validate.Range:
    """Give the validator of ``low <= value <= high``, saying both and the value that is neither."""
    if high is None:
        return validate.Range(min=low, error="{input} is below {min}.")
    return validate.Range(min=low, max=high, error="{input}; give {min} to {max}.")


def above(low: float, high: float) -> validate.Range:
    """Give the validator of ``low < value <= high``."""
    return validate.Range(
        min=low,
        max=high,
        min_inclusive=False,
        error="{input}; give a number above {min}, {max} at most.",
    )


def inside(low: float, high: float) -> validate.Range:
    """Give the validator of ``low < value < high``."""
    return validate.Range(
        min=low,
        max=high,
        min_inclusive=False,
        max_inclusive=False,
        error="{input}; give a number between {min} and {max}, both excluded.",
    )


def counted(low: int, high: int, noun: str) -> Callable[[Sized], None]:
    """Give the validator of a list's length, saying how many there are and how many would do."""

    def check(values: Sized) -> None:
        if not low <= len(values) <= high:
            raise ValidationError(f"{many(len(values), noun)}; give {low} to {high}.")

    return check
