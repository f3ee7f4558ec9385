"""A bookmaker's prices in a request."""

from typing import Any

from marshmallow import fields

from core.slate.prices import Taken
from web.schemas.request import RequestSchema
from web.schemas.values import Counted, DriverId, OneOf, Price

TIMES = [each.value for each in Taken]
"""When prices may have been taken."""

_MOST = 500


class MatchupSchema(RequestSchema):
    """The prices of two drivers, of whom one finishes ahead of the other."""

    driver_a = DriverId(required=True, metadata={"description": "Id of the first driver."})
    driver_b = DriverId(required=True, metadata={"description": "Id of the second driver."})
    odds_a = Price(
        allow_none=True,
        metadata={
            "description": "Price that the first driver finishes ahead: decimal, 1.85, or "
            'American, -120 or "+150". Null where only the other side\'s is known.'
        },
    )
    odds_b = Price(
        allow_none=True,
        metadata={
            "description": "Price that the second driver finishes ahead, written as `odds_a` is. "
            "Null where only the other side's is known: a margin as in real pairs is then taken "
            "out of the one price."
        },
    )
    taken = fields.String(
        validate=OneOf(TIMES),
        metadata={
            "description": "When the prices were taken, `early` or `closing`; that of `odds_taken` "
            "by default."
        },
    )


def matchups() -> fields.Field[Any]:
    """The field of a request that holds prices of pairs."""
    return fields.List(
        fields.Nested(MatchupSchema),
        load_default=list,
        validate=Counted(0, _MOST, "matchup"),
        metadata={
            "description": "Prices of pairs of drivers, towards which the simulated races go part "
            "of the way; how far was fitted to real prices. A pair stands here once, and both "
            "of its drivers race."
        },
    )


def odds_taken() -> fields.String:
    """The field of a request that says when the drivers' odds were taken."""
    return fields.String(
        load_default=Taken.EARLY.value,
        validate=OneOf(TIMES),
        metadata={
            "description": "When your odds were taken: `early` in race week, or `closing`, on race "
            "day after qualifying. It is that of the drivers' `win_odds` and `top5_odds`, and of "
            "`matchups` that do not have their own. Each time has a weight of its own; without a "
            "grid, `win_odds` and `top5_odds` count as early ones do."
        },
    )
