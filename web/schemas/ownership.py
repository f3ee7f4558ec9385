"""The ownership request."""

from typing import Any, ClassVar

from marshmallow import ValidationError, fields

from core.slate import MAX_DRIVERS
from web.schemas.choices import ARCHETYPES, ENSEMBLE_METHODS, ESTIMATORS, NORMALIZATIONS
from web.schemas.contests import INLINE_DRIVERS, MOST_SEED, SLATE_ID, ScenarioConfigSchema
from web.schemas.request import RequestSchema
from web.schemas.slates import DESCRIPTIONS, DRIVERS, SITE, DriverSchema
from web.schemas.values import Counted, Flag, Number, OneOf, Text, Whole, between, shown


class Weights(fields.Field[dict[str, float]]):
    """What each estimator counts: by name, 0 for one that is not named, or one each in order."""

    def __init__(self) -> None:
        number = {"type": "number", "minimum": 0, "maximum": 1}
        super().__init__(
            metadata={
                "oneOf": [
                    {
                        "type": "object",
                        "properties": dict.fromkeys(ESTIMATORS, number),
                        "additionalProperties": False,
                    },
                    {
                        "type": "array",
                        "items": number,
                        "minItems": len(ESTIMATORS),
                        "maxItems": len(ESTIMATORS),
                    },
                ],
                "description": "What each estimator counts, for the method `weighted` only: by "
                f"name, or one each of {', '.join(ESTIMATORS)}. They sum to 1.",
            }
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, float]:
        del attr, data, kwargs
        named = dict(zip(ESTIMATORS, value, strict=False)) if isinstance(value, list) else value
        short = isinstance(value, list) and len(value) != len(ESTIMATORS)
        if not isinstance(named, dict) or short:
            raise ValidationError(f"give a number for each of {', '.join(ESTIMATORS)}.")
        problems = {}
        for name, weight in named.items():
            if name not in ESTIMATORS:
                problems[name] = [f"no estimator; give any of {', '.join(ESTIMATORS)}."]
            elif type(weight) not in (int, float) or not 0 <= weight <= 1:
                problems[name] = [f"{shown(weight)}; give 0 to 1."]
        if problems:
            raise ValidationError(problems)
        return {name: float(weight) for name, weight in named.items()}


class DriverDataSchema(RequestSchema):
    """One driver, as much as the ownership model looks at."""

    driver_id = Text(required=True, metadata={"description": DESCRIPTIONS["driver_id"]})
    name = Text(metadata={"description": f"{DESCRIPTIONS['name']}; the id by default."})
    salary = Whole(
        required=True,
        validate=between(1, 1_000_000),
        metadata={"description": DESCRIPTIONS["salary"]},
    )
    projected_points = Number(
        required=True,
        validate=between(-1_000, 1_000),
        metadata={"description": f"{DESCRIPTIONS['projected_points']}."},
    )
    skill = Number(
        allow_none=True,
        validate=between(0, 1),
        metadata={
            "description": "Skill from 0 to 1, on one scale for all drivers; higher is better. "
            "Null means not known."
        },
    )
    start_position = Whole(
        allow_none=True,
        validate=between(1, 60),
        metadata={
            "description": "Official grid position, 1 is the pole. Null means not known.",
        },
    )
    average_points = Number(
        allow_none=True,
        validate=between(-1_000, 1_000),
        metadata={
            "description": "The site's average of the driver before this race, in points. Null "
            "means not known.",
        },
    )
    ownership_percent = Number(
        allow_none=True,
        validate=between(0, 100),
        metadata={
            "description": "Ownership that you know already, in percent of entries: it stays, and "
            "the other drivers share the rest. Null means not known."
        },
    )


class RaceDataSchema(RequestSchema):
    """The race that ownership is estimated for."""

    race_id = Text(metadata={"description": "Your own name of the race; the result repeats it."})
    track_archetype = fields.String(
        validate=OneOf(ARCHETYPES),
        metadata={"description": "Kind of track. By default that of the slate's track."},
    )
    race_date = fields.Date(metadata={"description": "Date of the race, YYYY-MM-DD."})


class OwnershipSchema(RequestSchema):
    """An ownership request: a slate whose races are simulated, or drivers with projections."""

    exactly_one: ClassVar = ("slate_id", "drivers", "driver_data")

    slate_id = Text(metadata=SLATE_ID)
    drivers = fields.List(fields.Nested(DriverSchema), validate=DRIVERS, metadata=INLINE_DRIVERS)
    site = SITE
    driver_data = fields.List(
        fields.Nested(DriverDataSchema),
        validate=Counted(6, MAX_DRIVERS, "driver"),
        metadata={
            "description": "Drivers with projections, in place of `slate_id` and `drivers`; "
            "nothing is simulated for them."
        },
    )
    race_data = fields.Nested(
        RaceDataSchema,
        metadata={"description": "The race. `driver_data` needs its `track_archetype`."},
    )
    scenario_config = fields.Nested(
        ScenarioConfigSchema,
        metadata={
            "description": "The races that projections are the means of. Leave it out with "
            "`driver_data`."
        },
    )
    ensemble_method = fields.String(
        load_default="voting",
        validate=OneOf(ENSEMBLE_METHODS),
        metadata={
            "description": "How the four estimators are combined. `voting`: their mean. "
            "`weighted`: by `custom_weights`, else in inverse proportion to each one's squared "
            "error. `stacking`: the weights of the smallest squared error."
        },
    )
    custom_weights = Weights()
    include_uncertainty = Flag(
        load_default=True,
        metadata={
            "description": "Whether predictions hold `uncertainty_lower`, `uncertainty_upper` and "
            "`std`."
        },
    )
    n_recent_races = Whole(
        validate=between(1, 36),
        metadata={
            "description": "Number of recent races that a driver's own weight was fitted to. The "
            "shipped model has no such weights, so it changes nothing there and a note says so; "
            "of an own model's another number than its own is refused."
        },
    )
    normalize_to = fields.String(
        load_default="field",
        validate=OneOf(NORMALIZATIONS),
        metadata={
            "description": "What predictions sum to. `field`: 100 x the roster's size, in percent "
            "of entries. `share`: 100, in percent of roster spots."
        },
    )
    field_size = Whole(
        validate=between(2, 500_000),
        metadata={"description": "Entries of the contest, if known."},
    )
    random_seed = Whole(
        load_default=42,
        validate=between(0, MOST_SEED),
        metadata={"description": "Seed of the simulated races."},
    )
