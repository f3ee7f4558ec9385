"""Contests and the contest-sim request."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from core.contest import SizeTier
from web.schemas.slates import DRIVERS, SITE, DriverSchema
from web.schemas.values import Flag, Number, Text, Whole, between, counted

OWNERSHIP = {
    "description": "Percent of entries by driver id, summing to 100 x the roster's size (or to "
    "100, as shares of roster spots); a driver left out is at 0. What no mix of legal lineups has "
    "is moved to the nearest that one has, and `ownership_source` says so. Estimated where absent, "
    "but for drivers whose own `ownership_percent` is known."
}


class ScoreMatrix(fields.Field[list[list[float]]]):
    """Rows of numbers within 1,000, read as one: a schema for each of millions takes a minute."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[list[float]]:
        del attr, data, kwargs
        if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
            raise ValidationError("give a list of lists of numbers.")
        for number, row in enumerate(value):
            for place, cell in enumerate(row):
                # an exact type: true is no score, and a long text is not echoed
                if type(cell) not in (int, float) or not -1_000 <= cell <= 1_000:
                    raise ValidationError(
                        f"row {number}, driver {place}: {repr(cell)[:40]}; give -1000 to 1000."
                    )
        return value


class PrizeTierSchema(Schema):
    """Places that win the same prize."""

    first = Whole(data_key="from", required=True, validate=between(1, 10_000_000))
    last = Whole(data_key="to", required=True, validate=between(1, 10_000_000))
    prize = Number(
        required=True, validate=between(0, 100_000_000), metadata={"description": "USD."}
    )


class ContestSchema(Schema):
    """The contest that lineups are put into."""

    field_size = Whole(load_default=1_000, validate=between(2, 500_000))
    contest_buyin = Number(load_default=20.0, validate=between(0, 100_000))
    payouts = fields.List(fields.Nested(PrizeTierSchema), validate=counted(1, 1_000, "tier"))
    contest_size_tier = fields.String(validate=validate.OneOf([tier.value for tier in SizeTier]))
    ownership_estimates = fields.Dict(
        keys=Text(),
        values=Number(validate=between(0, 100)),
        metadata=OWNERSHIP,
    )
    ownership_uncertainty = Flag(
        metadata={
            "description": "Whether each contest's ownership is drawn around the field's, as "
            "real contests of one slate differ. By default only where ownership is estimated."
        },
    )
    n_contest_sims = Whole(
        load_default=1,
        validate=between(1, 1_000),
        metadata={"description": "Fields drawn for every block of 500 scenarios."},
    )


class RaceConfigSchema(Schema):
    """Which race is simulated."""

    track_id = Text()
    race_length = Whole(validate=between(20, 600), metadata={"description": "Laps."})
    calibration_enabled = Flag(
        load_default=True,
        metadata={
            "description": "Whether races are tilted to the drivers' projected points, odds and "
            "finish medians; false simulates the fitted model as it is."
        },
    )


class ScenarioConfigSchema(RaceConfigSchema):
    """Which race is simulated, and how often."""

    n_scenarios = Whole(load_default=10_000, validate=between(1_000, 100_000))


class ContestSimSchema(ContestSchema):
    """A contest-sim request."""

    slate_id = Text()
    drivers = fields.List(fields.Nested(DriverSchema), validate=DRIVERS)
    site = SITE
    scenario_config = fields.Nested(RaceConfigSchema)
    lineups = fields.List(
        fields.List(Text()),
        required=True,
        validate=counted(1, 150, "lineup"),
        metadata={"description": "Driver ids; a lineup given twice is two entries."},
    )
    scenario_driver_scores = ScoreMatrix(
        validate=counted(1, 100_000, "scenario"),
        metadata={
            "type": "array",
            "items": {"type": "array", "items": {"type": "number"}},
            "description": "Your own simulated points, scenarios x drivers in slate order; rounded "
            "to the nearest 0.05.",
        },
    )
    n_scenarios = Whole(
        validate=between(1, 100_000),
        metadata={
            "description": "Races to simulate, 1,000 or more, 10,000 by default; with "
            "`scenario_driver_scores` leave it out, its rows count."
        },
    )
    salary_cap = Whole(validate=between(10_000, 100_000))
    random_seed = Whole(load_default=42, validate=between(0, 2**63 - 1))
