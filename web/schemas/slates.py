"""Drivers as a request gives them, and stored slates as the API shows them."""

from marshmallow import Schema, fields

from core.sites import SITES
from core.slate import MAX_DRIVERS, Veto
from web.schemas.request import RequestSchema
from web.schemas.values import Counted, Flag, Number, OneOf, Text, Whole, above, between

DRIVERS = Counted(6, MAX_DRIVERS, "driver")

_VETO_RULES = [veto.value for veto in Veto]

DESCRIPTIONS = {
    "driver_id": "The site's id of the driver; no two drivers share one.",
    "name": "The driver's name",
    "salary": "What the driver costs, in USD.",
    "average_points": "The site's average of the driver before this race, in points",
    "team": "The driver's team, for limits by team and for the luck that a team's cars share",
    "manufacturer": "The car's manufacturer, for stacks and for the luck that its cars share",
    "start_position": "Official grid position, 1 is the pole; positions gained count from it",
    "starts_from_rear": "Whether the driver is sent to the rear: races from the back and still "
    "scores from `start_position`.",
    "projected_points": "Your projection of the driver, in points",
    "ownership_percent": "Ownership that you know already, in percent of entries",
    "win_odds": "Decimal odds of a win, such as 7.5; the bookmaker's margin is taken out",
    "top5_odds": "Decimal odds of a finish in the first five; the bookmaker's margin is taken out",
    "finish_median": "Finishing position that half of the driver's races end before, half after",
    "skill": "Skill from 0 to 1, 0.5 is the average driver of the race",
    "aggression": "Aggression from 0 to 1, 0.5 is average: more of it makes the driver's finishes "
    "vary more and accidents likelier",
    "shadow_risk": "Chance 0 to 1 that the car is slow for a whole race",
    "min_laps_led": "Laps that the driver leads at least in every simulated race",
    "max_laps_led": "Laps that the driver leads at most in every simulated race",
    "veto_rules": "Hard rules that every simulated race obeys: `out` (does not race), "
    "`may_not_win`, `rear_start` (races from the back).",
}
"""Descriptions of a driver's keys, in requests and on stored slates alike."""


def _driver(name: str, absent: str, null: str = "not known") -> dict[str, str]:
    """The description of a driver's key that may be left out or null."""
    return {"description": f"{DESCRIPTIONS[name]}. {absent} Null means {null}."}


SITE = fields.String(
    validate=OneOf(list(SITES)),
    metadata={
        "description": "The contest site; by default the slate's, which it may not contradict, "
        "and draftkings for drivers given without one."
    },
)


class DriverSchema(RequestSchema):
    """One driver given inline."""

    driver_id = Text(required=True, metadata={"description": DESCRIPTIONS["driver_id"]})
    name = Text(metadata={"description": f"{DESCRIPTIONS['name']}; the id by default."})
    salary = Whole(
        required=True,
        validate=between(1, 1_000_000),
        metadata={"description": DESCRIPTIONS["salary"]},
    )
    average_points = Number(
        allow_none=True,
        validate=between(-1_000, 1_000),
        metadata=_driver("average_points", "The ownership model looks at it."),
    )
    team = Text(
        allow_none=True,
        metadata=_driver("team", "By default that of the last race of a driver known by name."),
    )
    manufacturer = Text(
        allow_none=True,
        metadata=_driver(
            "manufacturer", "By default that of the last race of a driver known by name."
        ),
    )
    start_position = Whole(
        allow_none=True,
        validate=between(1, 60),
        metadata=_driver(
            "start_position", "Without it the position is drawn anew in every simulated race."
        ),
    )
    starts_from_rear = Flag(metadata={"description": DESCRIPTIONS["starts_from_rear"]})
    projected_points = Number(
        allow_none=True,
        validate=between(-1_000, 1_000),
        metadata=_driver("projected_points", "The simulated races are tilted to it."),
    )
    ownership_percent = Number(
        allow_none=True,
        validate=between(0, 100),
        metadata=_driver(
            "ownership_percent", "Where only some drivers' is known, the others share the rest."
        ),
    )
    win_odds = Number(
        allow_none=True,
        validate=above(1, 100_000),
        metadata=_driver("win_odds", "The simulated races are tilted to them."),
    )
    top5_odds = Number(
        allow_none=True,
        validate=above(1, 100_000),
        metadata=_driver("top5_odds", "The simulated races are tilted to them."),
    )
    finish_median = Number(
        allow_none=True,
        validate=between(1, 60),
        metadata=_driver("finish_median", "The simulated races are tilted to it."),
    )
    skill = Number(
        allow_none=True,
        validate=between(0, 1),
        metadata=_driver("skill", "By default it follows from past races and the salary."),
    )
    aggression = Number(
        allow_none=True, validate=between(0, 1), metadata=_driver("aggression", "0.5 by default.")
    )
    shadow_risk = Number(
        allow_none=True,
        validate=between(0, 1),
        metadata=_driver("shadow_risk", "0 by default."),
    )
    min_laps_led = Whole(
        allow_none=True,
        validate=between(0, 600),
        metadata=_driver("min_laps_led", "Races that break this are rejected.", "no such rule"),
    )
    max_laps_led = Whole(
        allow_none=True,
        validate=between(0, 600),
        metadata=_driver("max_laps_led", "Races that break this are rejected.", "no such rule"),
    )
    veto_rules = fields.List(
        fields.String(validate=OneOf(_VETO_RULES)),
        metadata={"description": DESCRIPTIONS["veto_rules"]},
    )


def _shown(name: str) -> dict[str, str]:
    """The description of a stored driver's number that may not be known."""
    return {"description": f"{DESCRIPTIONS[name]}. Null where not known."}


class SlateDriverSchema(Schema):
    """One driver of a stored slate, the car as its jobs will have it."""

    driver_id = fields.String(required=True, metadata={"description": DESCRIPTIONS["driver_id"]})
    name = fields.String(
        required=True,
        metadata={"description": f"{DESCRIPTIONS['name']}, as the salary file spells it."},
    )
    salary = Whole(
        required=True, validate=between(1), metadata={"description": DESCRIPTIONS["salary"]}
    )
    average_points = Number(required=True, allow_none=True, metadata=_shown("average_points"))
    team = fields.String(required=True, allow_none=True, metadata=_shown("team"))
    manufacturer = fields.String(required=True, allow_none=True, metadata=_shown("manufacturer"))
    start_position = Whole(
        required=True, allow_none=True, validate=between(1, 60), metadata=_shown("start_position")
    )
    starts_from_rear = Flag(
        required=True, metadata={"description": DESCRIPTIONS["starts_from_rear"]}
    )
    projected_points = Number(required=True, allow_none=True, metadata=_shown("projected_points"))
    ownership_percent = Number(
        required=True,
        allow_none=True,
        validate=between(0, 100),
        metadata=_shown("ownership_percent"),
    )
    win_odds = Number(required=True, allow_none=True, metadata=_shown("win_odds"))
    top5_odds = Number(required=True, allow_none=True, metadata=_shown("top5_odds"))
    finish_median = Number(
        required=True, allow_none=True, validate=between(1, 60), metadata=_shown("finish_median")
    )
    skill = Number(required=True, allow_none=True, validate=between(0, 1), metadata=_shown("skill"))
    aggression = Number(
        required=True, allow_none=True, validate=between(0, 1), metadata=_shown("aggression")
    )
    shadow_risk = Number(
        required=True, allow_none=True, validate=between(0, 1), metadata=_shown("shadow_risk")
    )
    min_laps_led = Whole(
        required=True, allow_none=True, validate=between(0), metadata=_shown("min_laps_led")
    )
    max_laps_led = Whole(
        required=True, allow_none=True, validate=between(0), metadata=_shown("max_laps_led")
    )
    veto_rules = fields.List(
        fields.String(validate=OneOf(_VETO_RULES)),
        required=True,
        metadata={"description": f"{DESCRIPTIONS['veto_rules']} Empty without any."},
    )


class SlateSummarySchema(Schema):
    """A stored slate without its drivers."""

    slate_id = fields.String(
        required=True,
        metadata={"description": "Names the slate in requests; the same slate has the same id."},
    )
    race_name = fields.String(
        required=True,
        metadata={"description": "The race as the salary file names it; empty if it does not."},
    )
    track_id = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The track's id, such as `las_vegas`. Null until it is known."},
    )


class SlateSchema(SlateSummarySchema):
    """A stored slate."""

    site = fields.String(
        required=True,
        validate=OneOf(list(SITES)),
        metadata={"description": "The contest site."},
    )
    drivers = fields.List(
        fields.Nested(SlateDriverSchema),
        required=True,
        metadata={"description": "The drivers, in the order of the salary file."},
    )
    warnings = fields.List(
        fields.String(),
        required=True,
        metadata={
            "description": "What to know before betting on it, a sentence each: a withdrawn "
            "driver, a name that nobody has, a missing grid."
        },
    )


class SlatesSchema(Schema):
    """The caller's slates."""

    slates = fields.List(
        fields.Nested(SlateSummarySchema),
        required=True,
        metadata={"description": "Newest first."},
    )
