"""The best lineup by tail beside the best by mean."""

from marshmallow import Schema

from web.schemas.results.search import NONE_LEFT_OUT, WalkSchema
from web.schemas.units import (
    count,
    flag,
    number,
    part,
    points,
    share,
    spread,
    texts,
)


class StabilitySchema(Schema):
    """Whether other races of the same kind have the same best lineup, by resampling."""

    value = points("Shrunken tail of the best lineup on the races it was chosen on")
    coefficient_of_variation = number(
        "Standard deviation of that tail over the resamples, over its mean", low=0
    )
    lower_5 = points("Tail that 5% of the resamples do not exceed")
    upper_95 = points("Tail that 95% of the resamples do not exceed")
    recurrence = share("Share of the resamples in which the best lineup is the best again")
    n_candidates = count("Lineups that compete in each resample", low=1)
    resamples = count("Times that the races were resampled", low=1)
    stable = flag("Whether the variation is below 0.2 and the recurrence above 0.7")


class BestLineupSchema(Schema):
    """One of the two lineups, and what it scores."""

    drivers = texts("Ids of the lineup's drivers")
    tail_shrunken = points(
        "Its tail on the races it was chosen on, shrunk by what is luck: what to expect"
    )
    tail_in_sample = points("Its tail on the races it was chosen on")
    tail = points("Its tail on fresh races")
    mean = points("Its mean score on fresh races")


class TailProofSchema(WalkSchema):
    """The search for the tail's best lineup, and the two lineups that are compared."""

    bound = points("Upper bound: no lineup left out has a better shrunken tail", null=NONE_LEFT_OUT)
    tail_optimal = part(BestLineupSchema, "The lineup with the best shrunken tail")
    mean_optimal = part(BestLineupSchema, "The lineup with the best mean")


class TailValidationSchema(Schema):
    """What looking for the tail gains over looking for the mean.

    A tail is the `cvar_weights` mean of a lineup's best races at `cvar_alphas`. Both lineups are
    scored on fresh races, which neither was chosen on.
    """

    tail_improvement = points("Tail that the tail's best lineup gains over the mean's best")
    tail_improvement_se = spread("Standard error of `tail_improvement`")
    mean_sacrifice = points("Mean score that the tail's best lineup gives up")
    mean_sacrifice_se = spread("Standard error of `mean_sacrifice`")
    n_scenarios = count("Fresh races that both are scored on", low=1)
    actually_optimizing_tail = flag("Whether `tail_improvement` is above 0")
    beyond_noise = flag("Whether `tail_improvement` is above two standard errors")
    stability = part(StabilitySchema, "Whether resampled races choose the same lineup again")
    proof = part(TailProofSchema, "The search, and the two lineups")
