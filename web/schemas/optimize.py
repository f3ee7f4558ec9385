"""Requests for lineups.

The first sentence of a field's description is also the help of the command line's option.
"""

from typing import Any, ClassVar

from marshmallow import fields, pre_load

from web.schemas.choices import REGIMES
from web.schemas.contests import (
    CONVICTION,
    INLINE_DRIVERS,
    MOST_SEED,
    SEED,
    SLATE_ID,
    ChoiceConfigSchema,
    ContestSchema,
)
from web.schemas.objectives import IN_USD, WITH_RANDOMNESS, WITH_REGIMES
from web.schemas.odds import matchups, odds_taken
from web.schemas.presets import PRESETS, with_preset
from web.schemas.request import RequestSchema
from web.schemas.slates import DRIVERS, SITE, DriverSchema
from web.schemas.values import (
    Counted,
    DriverFractions,
    DriverIds,
    DriverPercents,
    Flag,
    Number,
    OneOf,
    TeamFractions,
    Text,
    Whole,
    between,
    inside,
)
from workers.plans.objectives import DEFAULT_OBJECTIVE, OBJECTIVES

DEFAULT_LEVERAGE_PENALTY = 0.5


class GroupSchema(RequestSchema):
    """How many of a set of drivers a lineup may hold."""

    drivers = DriverIds(
        required=True,
        validate=Counted(1, 50, "driver"),
        metadata={"description": "The drivers of the group."},
    )
    at_least = Whole(
        load_default=0,
        validate=between(0, 8),
        metadata={"description": "Fewest of them in a lineup."},
    )
    at_most = Whole(
        load_default=8,
        validate=between(0, 8),
        metadata={"description": "Most of them in a lineup."},
    )
    if_any = DriverIds(
        validate=Counted(1, 50, "driver"),
        metadata={
            "description": "The rule binds only lineups that hold enough of these drivers. By "
            "default it binds every lineup."
        },
    )
    if_at_least = Whole(
        load_default=1,
        validate=between(1, 8),
        metadata={"description": "How many drivers of `if_any` are enough."},
    )


class StackSchema(RequestSchema):
    """How many drivers of a team, or of a manufacturer, a lineup may hold."""

    exactly_one: ClassVar = ("team", "manufacturer")

    team = Text(metadata={"description": "The team, as the slate spells it."})
    manufacturer = Text(metadata={"description": "The manufacturer, as the slate spells it."})
    at_least = Whole(
        load_default=2,
        validate=between(0, 8),
        metadata={"description": "Fewest of its drivers in a lineup."},
    )
    at_most = Whole(
        load_default=8,
        validate=between(0, 8),
        metadata={"description": "Most of its drivers in a lineup."},
    )
    if_used = Flag(
        load_default=False,
        metadata={"description": "Whether the rule binds only lineups that hold any of them."},
    )


class OptimizeSchema(RequestSchema):
    """An optimize request."""

    exactly_one: ClassVar = ("slate_id", "drivers")

    @pre_load
    def fill_from_preset(self, body: Any, **_: Any) -> Any:
        """The request with its preset's settings where it has none of its own."""
        return with_preset(body)

    slate_id = Text(metadata=SLATE_ID)
    drivers = fields.List(fields.Nested(DriverSchema), validate=DRIVERS, metadata=INLINE_DRIVERS)
    site = SITE
    scenario_config = fields.Nested(
        ChoiceConfigSchema, metadata={"description": "Which race is simulated, and how often."}
    )
    preset = fields.String(
        validate=OneOf(list(PRESETS)),
        metadata={
            "description": "The kind of contest, whose settings count where you give none. "
            + " ".join(preset.sentence for preset in PRESETS.values())
        },
    )
    n_lineups = Whole(
        load_default=20, validate=between(1, 150), metadata={"description": "Lineups to make."}
    )
    objective = fields.String(
        load_default=DEFAULT_OBJECTIVE,
        validate=OneOf(list(OBJECTIVES)),
        metadata={
            "description": "What lineups are chosen for. "
            + " ".join(f"`{name}`: {each.description}" for name, each in OBJECTIVES.items())
        },
    )
    cvar_alphas = fields.List(
        Number(validate=inside(0, 1)),
        load_default=lambda: [0.99, 0.95],
        validate=Counted(1, 8, "level"),
        metadata={
            "description": "Levels of the objective `multi_cvar`: 0.99 counts the mean of a "
            "lineup's best 1% of races."
        },
    )
    cvar_weights = fields.List(
        Number(validate=between(0, 1)),
        load_default=lambda: [0.7, 0.3],
        metadata={"description": "What each of `cvar_alphas` counts; as many, summing to 1."},
    )
    correlation_weight = Number(
        load_default=0.1,
        validate=between(0, 1),
        metadata={
            "description": "What it costs that lineups are alike. The portfolio's worth is its "
            "mean score less this weight x the best score x the mean share of drivers that two "
            "lineups have in common."
        },
    )
    max_driver_exposure = DriverFractions(
        metadata={
            "default": 0.5,
            "description": "Most of the portfolio's lineups that one driver may be in. The default "
            "always leaves room for one lineup and for a locked driver; a number that you give "
            "holds as it stands.",
        }
    )
    min_driver_exposure = DriverFractions(
        metadata={
            "default": 0.0,
            "description": "Fewest of the portfolio's lineups that every driver must be in.",
        }
    )
    max_team_exposure = TeamFractions(
        metadata={
            "default": 0.7,
            "description": "Most of the portfolio's lineups that hold any driver of one team. The "
            "default always leaves room for one lineup and for a locked driver.",
        }
    )
    min_unique = Whole(
        load_default=1,
        validate=between(1, 8),
        metadata={"description": "Drivers in which any two lineups differ."},
    )
    salary_cap = Whole(
        validate=between(10_000, 100_000),
        metadata={
            "description": "Most that a lineup may cost, in USD. By default the site's: 50,000 on "
            "DraftKings."
        },
    )
    min_salary = Whole(
        load_default=0,
        validate=between(0, 100_000),
        metadata={"description": "Least that a lineup must cost, in USD."},
    )
    n_drivers = Whole(
        validate=between(4, 6),
        metadata={
            "description": "Drivers in a lineup. By default the site's: 6 on DraftKings. Scores "
            "stay DraftKings'."
        },
    )
    min_stack = Whole(
        validate=between(1, 8),
        metadata={
            "description": "Fewest drivers of each team that a lineup holds any of. By default "
            "there is no such rule."
        },
    )
    max_stack = Whole(
        validate=between(1, 8),
        metadata={
            "description": "Most drivers of one team in a lineup. By default there is no such rule."
        },
    )
    stacks = fields.List(
        fields.Nested(StackSchema),
        load_default=list,
        validate=Counted(0, 50, "stack"),
        metadata={"description": "Rules on single teams and manufacturers."},
    )
    randomness = DriverFractions(
        metadata={
            "description": "Share by which each lineup sees projections moved, up or down; for "
            f"{WITH_RANDOMNESS} only. By default nothing is moved."
        }
    )
    risk_aversion = Number(
        validate=between(0, 10),
        metadata={
            "default": 1.0,
            "description": "USD of mean profit to give up for a USD less of mean loss in the worst "
            "5% of races, for `risk_adjusted` only; 0 chooses as `dollars` does.",
        },
    )
    conviction = CONVICTION
    matchups = matchups()
    odds_taken = odds_taken()
    locks = DriverIds(
        load_default=list, metadata={"description": "Drivers who are in every lineup."}
    )
    excludes = DriverIds(
        load_default=list, metadata={"description": "Drivers who are in no lineup."}
    )
    groups = fields.List(
        fields.Nested(GroupSchema),
        load_default=list,
        validate=Counted(0, 50, "group"),
        metadata={"description": "Rules on sets of drivers."},
    )
    contest = fields.Nested(
        ContestSchema,
        metadata={
            "description": "The contest that the lineups are played in; without one the result "
            "says nothing of dollars."
        },
    )
    random_seed = Whole(load_default=42, validate=between(0, MOST_SEED), metadata=SEED)
    include_calibration = Flag(
        load_default=True,
        metadata={"description": "Whether the result holds `calibration_metrics`."},
    )
    validate_tail_objective = Flag(
        load_default=True,
        metadata={"description": "Whether the result holds `tail_validation`."},
    )
    unshrunken = Flag(
        load_default=False,
        metadata={
            "description": "Whether lineups are chosen for their values just as simulated, the "
            "races' luck included. By default the objectives `multi_cvar`, `dollars` and "
            "`risk_adjusted` shrink values by as much of their differences as is luck."
        },
    )


class LeverageSchema(OptimizeSchema):
    """An optimize-with-leverage request: lineups that few others play."""

    ownership_estimates = DriverPercents(
        metadata={
            "description": "Percent of entries by driver id. Sums to 100 x n_drivers, or to 100 as "
            "shares of roster spots, each within 2%; a driver left out has 0. By default the "
            "ownership model estimates it, and a driver's own `ownership_percent` stays."
        },
    )
    leverage_penalty = Number(
        validate=between(0, 1),
        metadata={
            "default": DEFAULT_LEVERAGE_PENALTY,
            "description": "What ownership costs a lineup: penalty x mean(ownership_percent^2) / "
            f"100 points. For {IN_USD}, which count who else plays a lineup, only 0 is allowed, "
            "and that is the default.",
        },
    )
    max_ownership_per_driver = Number(
        validate=between(0, 1),
        metadata={
            "description": "Most ownership of any driver of a lineup, 0.3 is 30%. By default there "
            "is no such limit."
        },
    )
    min_low_ownership_drivers = Whole(
        validate=between(0, 8),
        metadata={
            "description": "Fewest drivers of a lineup who are owned by less than 10%. By default "
            "there is no such limit."
        },
    )
    max_total_ownership = Number(
        validate=between(0, 8),
        metadata={
            "description": "Most ownership of a lineup's drivers together, 3.0 is 300%. By default "
            "there is no such limit."
        },
    )
    use_regime_allocation = Flag(
        load_default=False,
        metadata={
            "description": "Whether lineups are chosen for each kind of race by itself. For "
            f"{WITH_REGIMES} only."
        },
    )
    regime_weights = fields.Dict(
        keys=fields.String(validate=OneOf(REGIMES)),
        values=Number(validate=between(0, 1)),
        metadata={
            "description": "Share of the lineups chosen for each kind of race, summing to 1, with "
            "`use_regime_allocation`. By default each kind's share of the simulated races."
        },
    )
