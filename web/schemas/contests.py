"""Contests, the races they are played in, and the contest-sim request."""

from typing import ClassVar

from marshmallow import fields

from web.schemas.choices import SIZE_TIERS
from web.schemas.odds import matchups, odds_taken
from web.schemas.request import RequestSchema
from web.schemas.slates import DRIVERS, SITE, DriverSchema
from web.schemas.values import (
    Counted,
    DriverIds,
    DriverPercents,
    Flag,
    Number,
    OneOf,
    ScoreMatrix,
    Text,
    Whole,
    between,
)

FEWEST_SCENARIOS, DEFAULT_SCENARIOS, MOST_SCENARIOS = 1_000, 10_000, 100_000
MOST_SEED = 2**63 - 1

SLATE_ID = {"description": "Id of a stored slate, in place of `drivers`."}
INLINE_DRIVERS = {"description": "The slate's drivers, in place of `slate_id`; ids are unique."}
SEED = {
    "description": "Seed of every random draw. The same request with the same seed has the same "
    "result, bit for bit."
}
OWNERSHIP = {
    "description": "Percent of entries by driver id. Sums to 100 x the roster's size, or to 100 as "
    "shares of roster spots, each within 2%; a driver left out has 0. Ownership that no mix of "
    "legal lineups has is moved to the nearest that one has, and `ownership_source` says so. By "
    "default the ownership model estimates it, and a driver's own `ownership_percent` stays."
}

UNUSED_SEED = 1_000_042
"""Seed of a contest-sim that names none: other races than lineups were chosen on."""


CONVICTION = Number(
    validate=between(0, 1),
    metadata={
        "description": "How much of an opinion that the market does not share survives: 0 races as "
        "salaries, ownership and the grid imply, 1 as the model and your numbers say. The default "
        "is 0.15, from real contests and a prior that trusts opinions little.",
    },
)


class PrizeTierSchema(RequestSchema):
    """Finishing places of a contest that win the same prize."""

    first = Whole(
        data_key="from",
        required=True,
        validate=between(1, 10_000_000),
        metadata={"description": "First place of the tier, 1 is the best."},
    )
    last = Whole(
        data_key="to",
        required=True,
        validate=between(1, 10_000_000),
        metadata={"description": "Last place of the tier, itself included."},
    )
    prize = Number(
        required=True,
        validate=between(0, 100_000_000),
        metadata={"description": "What each place wins, in USD."},
    )


class ContestSchema(RequestSchema):
    """The contest that lineups are put into."""

    at_most_one: ClassVar = ("payouts", "contest_size_tier")

    field_size = Whole(
        load_default=1_000,
        validate=between(2, 500_000),
        metadata={"description": "Entries of the contest, your own included."},
    )
    contest_buyin = Number(
        load_default=20.0,
        validate=between(0, 100_000),
        metadata={"description": "Entry fee, in USD and whole cents."},
    )
    entry_limit = Whole(
        validate=between(1, 150),
        metadata={
            "description": "Entries that one person may enter, 1 in a single-entry contest. "
            "Opponents who may enter several make them differ, so published lineups are copied "
            "less. By default every opponent enters one lineup, however many are yours."
        },
    )
    payouts = fields.List(
        fields.Nested(PrizeTierSchema),
        validate=Counted(1, 1_000, "tier"),
        metadata={
            "description": "Prizes by place, from first place down without a gap. By default those "
            "typical of the contest's size."
        },
    )
    contest_size_tier = fields.String(
        validate=OneOf(SIZE_TIERS),
        metadata={
            "description": "Whose typical prizes are paid where there are no `payouts`. By default "
            "small under 5,000 entries, medium to 20,000, large above."
        },
    )
    ownership_estimates = DriverPercents(metadata=OWNERSHIP)
    ownership_uncertainty = Flag(
        metadata={
            "description": "Whether each simulated contest's ownership is drawn around that of the "
            "field, as real contests of one slate differ. By default only where ownership is "
            "estimated."
        },
    )
    n_contest_sims = Whole(
        load_default=1,
        validate=between(1, 1_000),
        metadata={"description": "Fields drawn for every block of 500 simulated races."},
    )


class RaceConfigSchema(RequestSchema):
    """Which race is simulated."""

    track_id = Text(
        metadata={
            "description": "The track: an id, `las_vegas`, or a name, `Las Vegas`. By default the "
            "stored slate's; inline drivers need it."
        }
    )
    race_length = Whole(
        validate=between(20, 600),
        metadata={"description": "Length of the race, in laps. By default the track's own."},
    )
    calibration_enabled = Flag(
        load_default=True,
        metadata={
            "description": "Whether your own view of the race follows the drivers' projected "
            "points, odds and finish medians; false makes it the fitted model's. How far races lie "
            "from the market's view is `conviction`."
        },
    )


class ScenarioConfigSchema(RaceConfigSchema):
    """Which race is simulated, and how often."""

    n_scenarios = Whole(
        load_default=DEFAULT_SCENARIOS,
        validate=between(FEWEST_SCENARIOS, MOST_SCENARIOS),
        metadata={"description": "Races to simulate."},
    )


class ChoiceConfigSchema(RaceConfigSchema):
    """Which race is simulated, and on how many races lineups are chosen."""

    n_scenarios = Whole(
        load_default=DEFAULT_SCENARIOS,
        validate=between(FEWEST_SCENARIOS, MOST_SCENARIOS),
        metadata={
            "description": "Races that lineups are chosen on. As many more are simulated to judge "
            "the lineups on."
        },
    )


class ContestSimSchema(ContestSchema):
    """A contest-sim request: your own lineups, played in every simulated race."""

    exactly_one: ClassVar = ("slate_id", "drivers")

    slate_id = Text(metadata=SLATE_ID)
    drivers = fields.List(fields.Nested(DriverSchema), validate=DRIVERS, metadata=INLINE_DRIVERS)
    site = SITE
    scenario_config = fields.Nested(
        RaceConfigSchema, metadata={"description": "Which race is simulated."}
    )
    lineups = fields.List(
        DriverIds(metadata={"description": "The drivers of one lineup."}),
        required=True,
        validate=Counted(1, 150, "lineup"),
        metadata={
            "description": "Your lineups, as driver ids; a lineup given twice is two entries."
        },
    )
    scenario_driver_scores = ScoreMatrix(
        validate=Counted(1, MOST_SCENARIOS, "scenario"),
        metadata={
            "description": "Your own simulated scores in points, a row a race and a column a "
            "driver in the order of the slate; rounded to the nearest 0.05. Nothing is simulated "
            "then."
        },
    )
    n_scenarios = Whole(
        validate=between(1, MOST_SCENARIOS),
        metadata={
            "default": DEFAULT_SCENARIOS,
            "description": f"Races to simulate, {FEWEST_SCENARIOS:,} or more. Leave it out with "
            "`scenario_driver_scores`, whose rows count.",
        },
    )
    conviction = CONVICTION
    matchups = matchups()
    odds_taken = odds_taken()
    salary_cap = Whole(
        validate=between(10_000, 100_000),
        metadata={"description": "Most that a lineup may cost, in USD. By default the site's."},
    )
    random_seed = Whole(
        load_default=UNUSED_SEED,
        validate=between(0, MOST_SEED),
        metadata={
            "description": f"{SEED['description']} The default is none that jobs which choose "
            "lineups have by themselves: the races that a lineup was chosen on flatter it."
        },
    )
