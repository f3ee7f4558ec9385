"""The ownership request and its result."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from core.field.estimators import ARCHETYPES, MEMBERS, METHODS
from core.slate import MAX_DRIVERS
from web.schemas.contests import ScenarioConfigSchema
from web.schemas.parts import Part
from web.schemas.slates import DRIVERS, SITE, DriverSchema
from web.schemas.values import Flag, Number, Text, Whole, between, counted

NORMALIZATIONS = ("field", "share")


class Weights(fields.Field[dict[str, float]]):
    """What each estimator counts: by name (0 for who is not named), or one each in order."""

    def __init__(self) -> None:
        number = {"type": "number", "minimum": 0, "maximum": 1}
        super().__init__(
            metadata={
                "oneOf": [
                    {
                        "type": "object",
                        "properties": dict.fromkeys(MEMBERS, number),
                        "additionalProperties": False,
                    },
                    {
                        "type": "array",
                        "items": number,
                        "minItems": len(MEMBERS),
                        "maxItems": len(MEMBERS),
                    },
                ],
                "description": f"Of 'weighted': by estimator, or one each of {', '.join(MEMBERS)}; "
                "they sum to 1.",
            }
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, float]:
        del attr, data, kwargs
        named = dict(zip(MEMBERS, value, strict=False)) if isinstance(value, list) else value
        if not isinstance(named, dict) or (isinstance(value, list) and len(value) != len(MEMBERS)):
            raise ValidationError(f"give a number for each of {', '.join(MEMBERS)}.")
        problems = {}
        for name, weight in named.items():
            if name not in MEMBERS:
                problems[name] = [f"no estimator; give any of {', '.join(MEMBERS)}."]
            elif type(weight) not in (int, float) or not 0 <= weight <= 1:
                problems[name] = [f"{repr(weight)[:40]}; give 0 to 1."]
        if problems:
            raise ValidationError(problems)
        return {name: float(weight) for name, weight in named.items()}


class DriverDataSchema(Schema):
    """One driver of whom the field sees this much."""

    driver_id = Text(required=True)
    name = Text(metadata={"description": "By default the id."})
    salary = Whole(required=True, validate=between(1, 1_000_000), metadata={"description": "USD."})
    projected_points = Number(required=True, validate=between(-1_000, 1_000))
    skill = Number(
        allow_none=True,
        validate=between(0, 1),
        metadata={"description": "The same scale for all, higher is better."},
    )
    start_position = Whole(allow_none=True, validate=between(1, 60))
    average_points = Number(
        allow_none=True,
        validate=between(-1_000, 1_000),
        metadata={"description": "The site's average points."},
    )
    ownership_percent = Number(
        allow_none=True,
        validate=between(0, 100),
        metadata={"description": "Where it is known already: it stays, the others share the rest."},
    )


class RaceDataSchema(Schema):
    """The race that ownership is asked for."""

    race_id = Text(metadata={"description": "Yours; it is given back."})
    track_archetype = fields.String(
        validate=validate.OneOf(list(ARCHETYPES)),
        metadata={"description": "By default that of the slate's track."},
    )
    race_date = fields.Date(metadata={"description": "YYYY-MM-DD."})


class OwnershipSchema(Schema):
    """An ownership request: a slate whose races are simulated, or drivers with projections."""

    slate_id = Text()
    drivers = fields.List(fields.Nested(DriverSchema), validate=DRIVERS)
    site = SITE
    driver_data = fields.List(
        fields.Nested(DriverDataSchema), validate=counted(6, MAX_DRIVERS, "driver")
    )
    race_data = fields.Nested(RaceDataSchema)
    scenario_config = fields.Nested(ScenarioConfigSchema)
    ensemble_method = fields.String(load_default="voting", validate=validate.OneOf(METHODS))
    custom_weights = Weights()
    include_uncertainty = Flag(load_default=True)
    n_recent_races = Whole(
        validate=between(1, 36),
        metadata={
            "description": "Of how many of the races learnt from drivers' own weights speak. The "
            "shipped model has none, so there it changes nothing, and a note says so; another "
            "number than an own model's is refused."
        },
    )
    normalize_to = fields.String(load_default="field", validate=validate.OneOf(NORMALIZATIONS))
    field_size = Whole(
        validate=between(2, 500_000), metadata={"description": "Entries of the contest, if known."}
    )
    random_seed = Whole(load_default=42, validate=between(0, 2**63 - 1))


class PredictionSchema(Part):
    """One driver's ownership."""

    driver_id = fields.String()
    name = fields.String()
    salary = Whole()
    projected_points = Number(allow_none=True, metadata={"description": "That it rests on."})
    ownership_percent = Number(
        metadata={"description": "Of entries, or of roster spots with normalize_to 'share'."}
    )
    uncertainty_lower = Number(metadata={"description": "The truth is below it in 5% of cases."})
    uncertainty_upper = Number(metadata={"description": "The truth is above it in 5% of cases."})
    std = Number(metadata={"description": "Standard deviation of what the truth may be."})


class FittedOnSchema(Part):
    """Between which races the model learnt."""

    first_date = fields.String(data_key="from")
    last_date = fields.String(data_key="to")


class OwnershipModelSchema(Part):
    """The model that was asked."""

    fitted_on = fields.Nested(FittedOnSchema, allow_none=True)
    n_contests = Whole()
    n_slates = Whole()
    mae = Number(
        metadata={
            "description": "Mean absolute error in percent of entries, of slates left out of the "
            "fit, over drivers whose ownership is known."
        }
    )
    members = fields.Dict(
        keys=fields.String(),
        values=Number(),
        metadata={"description": "By estimator: how much it counts; they sum to 1."},
    )
    mae_by_scheme = fields.Dict(
        keys=fields.String(),
        values=fields.Dict(keys=fields.String(), values=Number()),
        metadata={
            "description": "By what was left out of the fit, by estimator, method or baseline: "
            "mean absolute error. Empty for a model that nobody graded so."
        },
    )
    coverage = fields.Dict(
        keys=fields.String(),
        values=fields.Dict(keys=fields.String(), values=Number()),
        metadata={"description": "Likewise: share 0..1 of the truth within the intervals."},
    )
