"""Field types that take a JSON number where one is meant, and nothing that looks like one."""

import math
from collections.abc import Sized
from typing import TYPE_CHECKING, Any

from marshmallow import ValidationError, fields, validate

from core.slate.prices import read_price
from core.text import flaw
from core.wording import many

if TYPE_CHECKING:
    _List = fields.List[Any]
else:  # generic only lately
    _List = fields.List


def _finite(value: Any, what: str) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValidationError(f"{shown(value)} is no {what}.")
    try:
        finite = math.isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        raise ValidationError(f"{shown(value)} is no {what}.")
    return value


def shown(value: Any) -> str:
    """A value as a refusal shows it: not all of a book that was sent for a number."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, str):
        value = value[:60]
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
            raise ValidationError(f"{shown(value)} is no whole number.")
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
            raise ValidationError(f"{shown(value)} is neither true nor false.")
        return value


class Text(fields.String):
    """A text of 1 to 80 characters that any file, store or terminal can hold."""

    SHORTEST, LONGEST = 1, 80

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs))
        if not self.SHORTEST <= len(text) <= self.LONGEST:
            raise ValidationError(
                f"{len(text)} characters; give {self.SHORTEST} to {self.LONGEST}."
            )
        if unsound := flaw(text):
            raise ValidationError(unsound)
        return text


class DriverId(Text):
    """A driver's id; the command line takes a name in its place."""


class Price(fields.Field[float]):
    """A bookmaker's price, decimal or American, read as decimal odds."""

    LONGEST = 20

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> float:
        del attr, data, kwargs
        known = isinstance(value, int | float) or (
            isinstance(value, str) and len(value) <= self.LONGEST
        )
        odds = read_price(value) if known and not isinstance(value, bool) else None
        if odds is None:
            raise ValidationError(
                f"{shown(value)} is no price; give decimal odds above 1, such as 1.85, or "
                'American ones, such as -120 or "+150".'
            )
        return odds


class DriverIds(_List):
    """A list of driver ids; the command line takes names in their place."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Text(), **kwargs)


class Fractions(fields.Field[Any]):
    """One fraction for all, or an object of fractions by name, ``default`` being the others'."""

    FRACTION = Number(validate=validate.Range(0, 1, error="{input}; give {min} to {max}."))

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, dict):
            by_name = fields.Dict(keys=Text(), values=self.FRACTION)
            return by_name.deserialize(value, attr, data, **kwargs)
        return self.FRACTION.deserialize(value, attr, data, **kwargs)


class DriverFractions(Fractions):
    """One fraction for every driver, or fractions by driver id."""


class TeamFractions(Fractions):
    """One fraction for every team, or fractions by team."""


class DriverPercents(fields.Dict):
    """Percents by driver id."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(keys=Text(), values=Number(validate=between(0, 100)), **kwargs)


class ScoreMatrix(_List):
    """Rows of numbers within 1,000, read as one: a field for each of millions takes a minute."""

    LARGEST = 1_000

    def __init__(self, **kwargs: Any) -> None:
        cell = Number(validate=between(-self.LARGEST, self.LARGEST))
        super().__init__(fields.List(cell), **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[Any]:
        del attr, data, kwargs
        if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
            raise ValidationError("give a list of lists of numbers.")
        most = self.LARGEST
        for number, row in enumerate(value):
            if not row or self._sound(row):
                continue
            for index, cell in enumerate(row):
                # an exact type: true is no score, and a long text is not echoed
                if type(cell) not in (int, float) or not -most <= cell <= most:
                    raise ValidationError(
                        f"row {number}, driver {index}: {shown(cell)}; give -1000 to 1000."
                    )
        return value

    @classmethod
    def _sound(cls, row: list[Any]) -> bool:
        """Whether all of a row are numbers within bounds, found without a step for each."""
        return (
            {int, float}.issuperset(map(type, row))
            and min(row) >= -cls.LARGEST
            and max(row) <= cls.LARGEST
            # not a number: it is neither least nor greatest
            and not math.isnan(sum(row))
        )


class Counted(validate.Length):
    """The validator of a list's length: how many there are, and how many would do.

    Parameters
    ----------
    low, high
        The fewest and the most.
    noun
        What the list holds, in the singular.
    """

    def __init__(self, low: int, high: int, noun: str) -> None:
        super().__init__(min=low, max=high)
        self._message = f"give {low} to {high}."
        self._noun, self._allowed = noun, range(low, high + 1)

    def __call__(self, value: Sized) -> Any:
        """The list itself, where its length will do."""
        if len(value) not in self._allowed:
            raise ValidationError(f"{many(len(value), self._noun)}; {self._message}")
        return value


class OneOf(validate.OneOf):
    """The validator of one of some words; its message names the value and all of them."""

    def __call__(self, value: Any) -> Any:
        """The value itself, where it is one of them."""
        if value not in self.choices:
            raise ValidationError(f"{shown(value)}; give {self.choices_text}.")
        return value


def between(low: float, high: float | None = None) -> validate.Range:
    """The validator of ``low <= value <= high``; its message names the value and both bounds."""
    if high is None:
        return validate.Range(min=low, error="{input} is below {min}.")
    return validate.Range(min=low, max=high, error="{input}; give {min} to {max}.")


def above(low: float, high: float) -> validate.Range:
    """The validator of ``low < value <= high``."""
    return validate.Range(
        min=low,
        max=high,
        min_inclusive=False,
        error="{input}; give a number above {min}, {max} at most.",
    )


def inside(low: float, high: float) -> validate.Range:
    """The validator of ``low < value < high``."""
    return validate.Range(
        min=low,
        max=high,
        min_inclusive=False,
        max_inclusive=False,
        error="{input}; give a number between {min} and {max}, both excluded.",
    )
