"""The optimize request."""

from typing import Any

from marshmallow import Schema, fields, validate

from core.race import Regime
from web.schemas.contests import ContestSchema, ScenarioConfigSchema
from web.schemas.slates import DRIVERS, SITE, DriverSchema
from web.schemas.values import Flag, Number, Text, Whole, between, counted, inside
from workers.plans.objectives import DEFAULT_OBJECTIVE, OBJECTIVES

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

    drivers = fields.List(Text(), required=True, validate=counted(1, 50, "driver"))
    at_least = Whole(load_default=0, validate=between(0, 8))
    at_most = Whole(load_default=8, validate=between(0, 8))
    if_any = fields.List(
        Text(),
        validate=counted(1, 50, "driver"),
        metadata={"description": "In force only for lineups that hold any of these."},
    )
    if_at_least = Whole(
        load_default=1,
        validate=between(1, 8),
        metadata={"description": "In force only for lineups that hold so many of if_any."},
    )


class StackSchema(Schema):
    """How many drivers of a team, or of a manufacturer, a lineup may hold."""

    team = Text()
    manufacturer = Text()
    at_least = Whole(load_default=2, validate=between(0, 8))
    at_most = Whole(load_default=8, validate=between(0, 8))
    if_used = Flag(
        load_default=False,
        metadata={"description": "In force only for lineups that hold any of them."},
    )


class OptimizeSchema(Schema):
    """An optimize request."""

    slate_id = Text()
    drivers = fields.List(fields.Nested(DriverSchema), validate=DRIVERS)
    site = SITE
    scenario_config = fields.Nested(ScenarioConfigSchema)
    n_lineups = Whole(load_default=20, validate=between(1, 150))
    objective = fields.String(
        load_default=DEFAULT_OBJECTIVE,
        validate=validate.OneOf(list(OBJECTIVES)),
        metadata={
            "description": "What is maximised. "
            + " ".join(f"`{name}`: {each.description}" for name, each in OBJECTIVES.items())
        },
    )
    cvar_alphas = fields.List(
        Number(validate=inside(0, 1)),
        load_default=lambda: [0.99, 0.95],
        validate=counted(1, 8, "level"),
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
    min_unique = Whole(load_default=1, validate=between(1, 8))
    salary_cap = Whole(validate=between(10_000, 100_000))
    min_salary = Whole(load_default=0, validate=between(0, 100_000))
    n_drivers = Whole(
        validate=between(4, 6),
        metadata={
            "description": "Drivers in a lineup, the site's by default; scores are the site's."
        },
    )
    min_stack = Whole(validate=between(1, 8))
    max_stack = Whole(validate=between(1, 8))
    stacks = fields.List(
        fields.Nested(StackSchema), load_default=list, validate=counted(0, 50, "stacks")
    )
    randomness = Exposure(
        metadata={
            "description": "Of the objective 'mean': every lineup sees projections moved by up to "
            "this share, up or down, 0 to 1; one for all or by driver id."
        }
    )
    locks = IDS
    excludes = IDS
    groups = fields.List(
        fields.Nested(GroupSchema), load_default=list, validate=counted(0, 50, "groups")
    )
    contest = fields.Nested(ContestSchema)
    random_seed = Whole(load_default=42, validate=between(0, 2**63 - 1))
    include_calibration = Flag(load_default=True)
    validate_tail_objective = Flag(load_default=True)


class LeverageSchema(OptimizeSchema):
    """A request for lineups that others do not play."""

    ownership_estimates = fields.Dict(
        keys=Text(),
        values=Number(validate=between(0, 100)),
        metadata={
            "description": "Percent of entries by driver id, summing to 100 x n_drivers (or to "
            "100, as shares of roster spots), each within 2%; a driver left out is at 0. By "
            "default the slate's."
        },
    )
    leverage_penalty = Number(
        validate=between(0, 1),
        metadata={
            "description": "Taken off the objective: penalty x mean(ownership_percent^2) / 100 "
            "points, 0.5 by default; 0 for the objective 'dollars', which pays for leverage itself."
        },
    )
    max_ownership_per_driver = Number(load_default=0.3, validate=between(0, 1))
    min_low_ownership_drivers = Whole(
        load_default=2,
        validate=between(0, 8),
        metadata={"description": "Drivers of a lineup owned by less than 10%."},
    )
    max_total_ownership = Number(load_default=3.0, validate=between(0, 8))
    use_regime_allocation = Flag(load_default=False)
    regime_weights = fields.Dict(
        keys=fields.String(
            validate=validate.OneOf([kind.name.lower() for kind in Regime if kind.value])
        ),
        values=Number(validate=between(0, 1)),
        metadata={
            "description": "Share of the lineups chosen for each kind of race, summing to 1; by "
            "default each kind's share of the scenarios."
        },
    )
