"""What a job's result says of lineups: the search's proof, the tail's validation, ownership."""

from marshmallow import fields, validate

from core.race import Regime
from web.schemas.parts import Part
from web.schemas.values import Flag, Number, Whole


def _regime() -> fields.String:
    return fields.String(
        allow_none=True,
        validate=validate.OneOf([kind.name.lower() for kind in Regime if kind.value]),
        metadata={"description": "Kind of race it was chosen for; null = any."},
    )


class WalkProofSchema(Part):
    """A walk over all legal lineups, and why what it left out is no better than what it found."""

    regime = _regime()
    legal_lineups = Whole(metadata={"description": "All that the rules allow."})
    pruned = Whole(metadata={"description": "Excluded in branches, by a bound on all of each."})
    looked_at = Whole(metadata={"description": "Reached one by one, each with its own bound."})
    evaluated = Whole(metadata={"description": "Of those, not excluded by it: computed exactly."})
    bound = Number(
        allow_none=True,
        metadata={
            "description": "No lineup left out scores more; in points, of dollars in USD a race."
        },
    )


class PortfolioProofSchema(Part):
    """A choice of all lineups at once, and what no other choice exceeds; points a lineup."""

    worth = Number(metadata={"description": "Mean score less what likeness costs."})
    bound = Number()


class ProofSchema(Part):
    """What nothing that was left out is better than."""

    walks = fields.List(fields.Nested(WalkProofSchema))
    portfolio = fields.Nested(
        PortfolioProofSchema,
        allow_none=True,
        metadata={"description": "Where scores are sums over drivers; null elsewhere."},
    )


class StabilitySchema(Part):
    """Whether other races of the same kind would have the same best lineup, by resampling."""

    value = Number(metadata={"description": "The best lineup's tail, points."})
    coefficient_of_variation = Number()
    lower_5 = Number()
    upper_95 = Number()
    recurrence = Number(metadata={"description": "Share of resamples in which it is best again."})
    n_candidates = Whole(metadata={"description": "Lineups that compete."})
    resamples = Whole()
    stable = Flag(metadata={"description": "Variation below 0.2, recurrence above 0.7."})


class BestLineupSchema(Part):
    """A lineup and what it scores, in points."""

    drivers = fields.List(fields.String())
    tail_in_sample = Number(metadata={"description": "On the races it was chosen on."})
    tail = Number(metadata={"description": "On fresh ones."})
    mean = Number(metadata={"description": "On fresh ones."})


class TailProofSchema(WalkProofSchema):
    """The walk that found the tail's best lineup, and the two lineups compared."""

    class Meta(Part.Meta):
        """Whatever the kind of race."""

        exclude = ("regime",)

    tail_optimal = fields.Nested(BestLineupSchema)
    mean_optimal = fields.Nested(BestLineupSchema)


class TailValidationSchema(Part):
    """The best lineup by tail beside the best by mean, on races neither was chosen on."""

    tail_improvement = Number(metadata={"description": "Points of tail gained."})
    tail_improvement_se = Number(metadata={"description": "Its standard error."})
    mean_sacrifice = Number(metadata={"description": "Points of mean given up."})
    mean_sacrifice_se = Number(metadata={"description": "Its standard error."})
    n_scenarios = Whole(metadata={"description": "Fresh races."})
    actually_optimizing_tail = Flag(metadata={"description": "Whether there is a gain."})
    beyond_noise = Flag(metadata={"description": "Whether it is above two standard errors."})
    stability = fields.Nested(StabilitySchema)
    proof = fields.Nested(TailProofSchema)


class OwnershipMetricsSchema(Part):
    """What the portfolio's lineups are owned by; percent."""

    avg_lineup_ownership = Number()
    min_lineup_ownership = Number()
    max_lineup_ownership = Number()
    low_ownership_driver_count = Whole(
        metadata={"description": "Different drivers under 10% that stand in the portfolio."}
    )
    diversification_score = Number(
        metadata={"description": "1 - sum(o^2) / (sum o)^2, o = ownership x lineups, by driver."}
    )


class PortfolioMetricsSchema(Part):
    """The portfolio in a few numbers; means over its lineups."""

    n_lineups = Whole()
    unique_drivers = Whole()
    avg_leverage_score = Number()
    avg_mean = Number()
    avg_cvar_99 = Number()
    avg_similarity = Number()
    regimes = fields.Dict(
        keys=fields.String(),
        values=Whole(),
        metadata={"description": "By kind of race: lineups chosen for it."},
    )
