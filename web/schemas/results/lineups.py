"""The lineups of a result."""

from marshmallow import Schema

from web.schemas.objectives import IN_USD
from web.schemas.results.contest import FREE, FREE_OR_ONE_SCENARIO, TOP_1_PCT
from web.schemas.results.races import REGIME_NAMES
from web.schemas.units import (
    by_choice,
    by_key,
    choice,
    count,
    number,
    parts,
    percent,
    points,
    ratio,
    share,
    spread,
    text,
)

WITH_CONTEST = "with a `contest`"


class LineupDriverSchema(Schema):
    """One driver of a lineup."""

    driver_id = text("The site's id of the driver")
    name = text("The driver's name")
    salary = count("What the driver costs, in USD", low=1)
    projected_points = points("Your projection, else the mean over the races lineups are chosen on")
    position = count(
        "Official grid position, 1 is the pole", low=1, null="where the grid is not known"
    )


class LineupSchema(Schema):
    """One lineup; its scores are those of the report's races, which it was not chosen on."""

    drivers = parts(LineupDriverSchema, "The drivers, the dearest first")
    mean = points("Mean score")
    std = spread("Standard deviation of the score")
    var_95 = points("Score that the best 5% of races begin with")
    var_99 = points("Score that the best 1% of races begin with")
    cvar_95 = points("Mean score of the best 5% of races")
    cvar_99 = points("Mean score of the best 1% of races")
    top_1pct = points(
        "Score that the best 1% of races begin with, the same as `var_99`; `top_1_pct` is a share"
    )
    conditional_upside = points("`cvar_99` less `mean`")
    objective_value = number(
        "What the lineup was chosen for, on the races it was chosen on: points, or USD a race for "
        f"{IN_USD}; shrunken unless `unshrunken` is set. For `risk_adjusted` it is the lineup's "
        "part in the worth of the whole portfolio"
    )
    total_salary = count("What the lineup costs, in USD", low=1)
    team_distribution = by_key(
        "team",
        count("Drivers", low=1),
        "Drivers of each team; a driver whose team is not known is left out",
    )
    roi = ratio(
        "Return on investment: mean winnings over the entry fee, less 1",
        null=FREE,
        only=WITH_CONTEST,
    )
    roi_se = ratio("Standard error of `roi`", null=FREE_OR_ONE_SCENARIO, only=WITH_CONTEST)
    roi_in_sample = ratio(
        "`roi` on the races the lineup was chosen on", null=FREE, only=WITH_CONTEST
    )
    cash_pct = share("Share of contests in which the lineup wins a prize", only=WITH_CONTEST)
    win_prob = share("Mean share of first place", only=WITH_CONTEST)
    top_1_pct = share(TOP_1_PCT, only=WITH_CONTEST)
    expected_duplicates = number(
        "Expected other entries with the same lineup", low=0, only=WITH_CONTEST
    )


class LeverageLineupSchema(LineupSchema):
    """One lineup, with its ownership and leverage score."""

    avg_ownership = percent("Mean ownership of the lineup's drivers")
    max_ownership = percent("Ownership of its most owned driver")
    total_ownership = number("Ownership of its drivers together, in percent", low=0)
    leverage_score = points("Projected points less leverage_penalty x mean(ownership^2) / 100")
    regime = choice(
        "Kind of race that the lineup was chosen for",
        REGIME_NAMES,
        null="where it was chosen for all races",
    )


class SimilaritySchema(Schema):
    """How alike the lineups are: the share of drivers that two of them have in common."""

    avg_similarity = share("Mean over all pairs of lineups; 0 for a single lineup")
    max_similarity = share("Largest of any pair; 0 for a single lineup")
    min_similarity = share("Smallest of any pair; 0 for a single lineup")


class OwnershipMetricsSchema(Schema):
    """Ownership over the portfolio's lineups."""

    avg_lineup_ownership = percent("Mean of the lineups' average ownership")
    min_lineup_ownership = percent("Smallest average ownership of a lineup")
    max_lineup_ownership = percent("Largest average ownership of a lineup")
    low_ownership_driver_count = count("Different drivers of the portfolio owned by less than 10%")
    diversification_score = share(
        "1 - sum(o^2) / (sum o)^2 over drivers, o the driver's ownership x the lineups that hold "
        "the driver"
    )


class PortfolioMetricsSchema(Schema):
    """The portfolio in a few figures."""

    n_lineups = count("Lineups", low=1)
    unique_drivers = count("Different drivers", low=1)
    avg_leverage_score = points("Mean of the lineups' `leverage_score`")
    avg_mean = points("Mean of the lineups' `mean`")
    avg_cvar_99 = points("Mean of the lineups' `cvar_99`")
    avg_similarity = share("As in `portfolio_correlation`")
    regimes = by_choice(
        REGIME_NAMES,
        count("Lineups", low=1),
        "Lineups chosen for each kind of race, by kind; empty where all were chosen for all races",
    )
