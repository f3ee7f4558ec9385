"""What a search looked at, and what nothing it left out exceeds."""

from marshmallow import Schema

from web.schemas.objectives import IN_USD
from web.schemas.results.races import REGIME_NAMES
from web.schemas.units import choice, count, number, part, parts, points, share

NONE_LEFT_OUT = "where no lineup is left out"


class WalkSchema(Schema):
    """A walk over all legal lineups."""

    legal_lineups = count("All lineups that the rules allow: `pruned` + `looked_at`")
    pruned = count("Lineups excluded in groups, by an upper bound on each group's scores")
    looked_at = count("Lineups reached one by one, each with an upper bound of its own")
    evaluated = count("Lineups whose own bound did not exclude them: their score was computed")


class ShrinkageSchema(Schema):
    """How much of what tells lineups apart is no luck of the races, and was kept."""

    lineup_share = share("Kept of what is a lineup's own, beside the parts of its drivers")
    driver_share = share("Kept of the drivers' parts, beside what follows from their mean points")
    n_lineups = count("Lineups that the shares were estimated on", low=1)
    second_look_scenarios = count(
        "Further races that the lineups found were valued in, for the objective `dollars`; 0 for "
        "others"
    )


class WalkProofSchema(WalkSchema):
    """One search of the lineups' choice."""

    regime = choice("Kind of race that was searched for", REGIME_NAMES, null="for all races")
    bound = number(
        "Upper bound: no lineup left out scores more. In points, and shrunken where values are; "
        f"for {IN_USD} it is on mean winnings in the races that were searched, in USD a race",
        null=NONE_LEFT_OUT,
    )
    shrinkage = part(
        ShrinkageSchema,
        "How the values that lineups were chosen for are shrunk",
        null="where they are not: with `unshrunken`, for the objective `mean`, or where there are "
        "too few lineups or races to tell",
    )


class PortfolioProofSchema(Schema):
    """All lineups chosen at once, and what no other choice of as many exceeds."""

    worth = points("Mean score of a lineup less what it costs that lineups are alike")
    bound = points("Upper bound: no portfolio within the limits is worth more")


class ProofSchema(Schema):
    """Upper bounds of the lineups and portfolios that were not chosen."""

    walks = parts(
        WalkProofSchema,
        "The searches over all legal lineups; empty for the objective `mean`, which needs none",
    )
    portfolio = part(
        PortfolioProofSchema,
        "The choice of all lineups at once",
        null=f"where lineups were chosen from a pool: for {IN_USD}, by kind of race, with "
        "`randomness`, or where they differ in three drivers or more",
    )
