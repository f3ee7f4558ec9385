"""Contests and the contest-sim request."""

from marshmallow import Schema, fields, validate

from core.contest import SizeTier
from web.schemas.slates import DRIVERS, TEXT, DriverSchema
from web.schemas.values import Number, Whole, between, counted

OWNERSHIP = {
    "description": "Percent of entries by driver id, summing to 100 x the roster's size (or to "
    "100, "
    "as shares of roster spots); a driver left out is at 0. Guessed where absent."
}


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
    payouts = fields.List(fields.Nested(PrizeTierSchema), validate=counted(1, 1_000, "tiers"))
    contest_size_tier = fields.String(validate=validate.OneOf([tier.value for tier in SizeTier]))
    ownership_estimates = fields.Dict(
        keys=fields.String(validate=TEXT),
        values=Number(validate=between(0, 100)),
        metadata=OWNERSHIP,
    )
    n_contest_sims = Whole(
        load_default=1,
        validate=between(1, 1_000),
        metadata={"description": "Fields drawn for every block of 500 scenarios."},
    )


class ScenarioConfigSchema(Schema):
    """How the race is simulated."""

    n_scenarios = Whole(load_default=10_000, validate=between(1_000, 100_000))
    track_id = fields.String(validate=TEXT)
    race_length = Whole(validate=between(20, 600), metadata={"description": "Laps."})
    calibration_enabled = fields.Boolean(load_default=True)


class ContestSimSchema(ContestSchema):
    """A contest-sim request."""

    slate_id = fields.String(validate=TEXT)
    drivers = fields.List(fields.Nested(DriverSchema), validate=DRIVERS)
    scenario_config = fields.Nested(ScenarioConfigSchema)
    lineups = fields.List(
        fields.List(fields.String(validate=TEXT)),
        required=True,
        validate=counted(1, 150, "lineups"),
        metadata={"description": "Driver ids; a lineup given twice is two entries."},
    )
    scenario_driver_scores = fields.List(
        fields.List(Number(validate=between(-1_000, 1_000))),
        validate=counted(1, 100_000, "scenarios"),
        metadata={
            "description": "Your own simulated points, scenarios x drivers in slate order; rounded "
            "to the nearest 0.05."
        },
    )
    n_scenarios = Whole(load_default=10_000, validate=between(1_000, 100_000))
    salary_cap = Whole(validate=between(10_000, 100_000))
    random_seed = Whole(load_default=42, validate=between(0, 2**63 - 1))
