"""The answer's comparison, on fresh races, of the best lineup by tail with the best by mean."""

from dataclasses import asdict

from workers.engine.stages import Json
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.validation import Compared, ValidationFact


def tail_validation(request: OptimizeRequest, fact: ValidationFact) -> Json:
    """The comparison of the best lineup by tail with the best by mean, as the API shows it."""
    ids = [driver.driver_id for driver in request.slate.drivers]

    def shown(compared: Compared) -> Json:
        return {
            "drivers": [ids[index] for index in compared.lineup],
            "tail_shrunken": compared.tail_shrunken,
            "tail_in_sample": compared.tail_in_sample,
            "tail": compared.tail,
            "mean": compared.mean,
        }

    stability = fact.stability
    return {
        **asdict(fact.fresh),
        "actually_optimizing_tail": fact.fresh.actually_optimizing_tail,
        "beyond_noise": fact.fresh.beyond_noise,
        "stability": {
            "value": stability.value,
            "coefficient_of_variation": stability.coefficient_of_variation,
            "lower_5": stability.low,
            "upper_95": stability.high,
            "recurrence": stability.recurrence,
            "n_candidates": stability.n_candidates,
            "resamples": stability.resamples,
            "stable": stability.stable,
        },
        "proof": {
            **asdict(fact.walk),
            "tail_optimal": shown(fact.tail_optimal),
            "mean_optimal": shown(fact.mean_optimal),
        },
    }


def tail_notes(fact: ValidationFact) -> list[str]:
    """A note where the best lineup by tail has the lower tail on fresh races: it fits noise."""
    lost, error = -fact.fresh.tail_improvement, fact.fresh.tail_improvement_se
    if lost <= 0.0:
        return []
    return [
        f"On fresh races the best lineup by tail scores {lost:.1f} points less in its tail than "
        f"the best by mean (standard error {error:.1f}): tails of few races are mostly luck. "
        "Simulate more races before you choose lineups by their tails."
    ]
