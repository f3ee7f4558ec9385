"""Field types that take a JSON number where one is meant, and nothing that looks like one."""

import math
from collections.abc import Callable, Sized
from typing import Any

from marshmallow import ValidationError, fields, validate


class Whole(fields.Integer):
    """A whole JSON number; no text, no true or false, no fraction."""

    def _validated(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValidationError(f"{value!r} is no whole number.")
        if not math.isfinite(value) or value != int(value):
            raise ValidationError(f"{value!r} is no whole number.")
        return int(value)


class Number(fields.Float):
    """A finite JSON number; no text, no true or false."""

    def _validated(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValidationError(f"{value!r} is no number.")
        if not math.isfinite(value):
            raise ValidationError(f"{value!r} is no finite number.")
        return float(value)


def between(low: float, high: float | None = None) -> validate.Range:
    """Give the validator of ``low <= value <= high``, saying both and the value that is neither."""
    if high is None:
        return validate.Range(min=low, error="{input} is below {min}.")
    return validate.Range(min=low, max=high, error="{input}; give {min} to {max}.")


def inside(low: float, high: float) -> validate.Range:
    """Give the validator of ``low < value < high``."""
    return validate.Range(
        min=low,
        max=high,
        min_inclusive=False,
        max_inclusive=False,
        error="{input}; give a number between {min} and {max}, both excluded.",
    )


def counted(low: int, high: int, what: str) -> Callable[[Sized], None]:
    """Give the validator of a list's length, saying how many there are and how many would do."""

    def check(values: Sized) -> None:
        if not low <= len(values) <= high:
            raise ValidationError(f"{len(values)} {what}; give {low} to {high}.")

    return check
