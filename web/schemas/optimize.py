"""The optimize request."""

from typing import Any

from marshmallow import Schema, fields, validate

from web.schemas.contests import ContestSchema, ScenarioConfigSchema
from web.schemas.slates import DRIVERS, DriverSchema
from web.schemas.values import Flag, Number, Text, Whole, between, counted, inside
from workers.optimize_request import Objective

IDS = fields.List(Text(), load_default=list)


class Exposure(fields.Field[Any]):
    """One fraction for all, or fractions by driver id (by team), ``default`` being the rest's."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        fraction = Number(validate=between(0, 1))
        if isinstance(value, dict):
            by_name = fields.Dict(keys=Text(), values=fraction)
            return by_name.deserialize(value, attr, data, **kwargs)
        return fraction.deserialize(value, attr, data, **kwargs)


class GroupSchema(Schema):
    """How many of a set of drivers a lineup may hold."""

    drivers = fields.List(Text(), required=True, validate=counted(1, 50, "drivers"))
    at_least = Whole(load_default=0, validate=between(0, 8))
    at_most = Whole(load_default=8, validate=between(0, 8))


class OptimizeSchema(Schema):
    """An optimize request."""

    slate_id = Text()
    drivers = fields.List(fields.Nested(DriverSchema), validate=DRIVERS)
    scenario_config = fields.Nested(ScenarioConfigSchema)
    n_lineups = Whole(load_default=20, validate=between(1, 150))
    objective = fields.String(
        load_default=Objective.MULTI_CVAR.value,
        validate=validate.OneOf([objective.value for objective in Objective]),
    )
    cvar_alphas = fields.List(
        Number(validate=inside(0, 1)),
        load_default=lambda: [0.99, 0.95],
        validate=counted(1, 8, "levels"),
    )
    cvar_weights = fields.List(Number(validate=between(0, 1)), load_default=lambda: [0.7, 0.3])
    correlation_weight = Number(load_default=0.1, validate=between(0, 1))
    max_driver_exposure = Exposure(
        metadata={
            "description": "Share of the portfolio's lineups; 0.5 by default, but always room for "
            "one "
            "lineup and for a locked driver. What is asked for holds as it stands."
        }
    )
    min_driver_exposure = Exposure()
    max_team_exposure = Exposure(metadata={"description": "0.7 by default, in the same way."})
    min_unique = Whole(load_default=1, validate=between(1, 6))
    salary_cap = Whole(validate=between(10_000, 100_000))
    min_salary = Whole(load_default=0, validate=between(0, 100_000))
    n_drivers = Whole(validate=between(6, 6))
    min_stack = Whole(validate=between(1, 6))
    max_stack = Whole(validate=between(1, 6))
    locks = IDS
    excludes = IDS
    groups = fields.List(
        fields.Nested(GroupSchema), load_default=list, validate=counted(0, 50, "groups")
    )
    contest = fields.Nested(ContestSchema)
    random_seed = Whole(load_default=42, validate=between(0, 2**63 - 1))
    include_calibration = Flag(load_default=True)
    validate_tail_objective = Flag(load_default=True)
