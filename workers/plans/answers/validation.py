"""What an answer says of the tail: what the tail's best lineup gains on fresh races."""

from dataclasses import asdict

from workers.engine.stages import Json
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.validation import Compared, ValidationFact


def tail_validation(request: OptimizeRequest, found: ValidationFact) -> Json:
    """The comparison of the tail's best lineup with the mean's best, as the API shows it."""
    ids = [driver.driver_id for driver in request.slate.drivers]

    def shown(compared: Compared) -> Json:
        return {
            "drivers": [ids[index] for index in compared.lineup],
            "tail_in_sample": compared.tail_in_sample,
            "tail": compared.tail,
            "mean": compared.mean,
        }

    stability = found.stability
    return {
        **asdict(found.fresh),
        "actually_optimizing_tail": found.fresh.actually_optimizing_tail,
        "beyond_noise": found.fresh.beyond_noise,
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
            **asdict(found.walk),
            "tail_optimal": shown(found.tail_optimal),
            "mean_optimal": shown(found.mean_optimal),
        },
    }


def tail_notes(found: ValidationFact) -> list[str]:
    """A note where the tail's best lineup loses: the search has found noise."""
    lost, error = -found.fresh.tail_improvement, found.fresh.tail_improvement_se
    if lost <= 0.0:
        return []
    return [
        f"On fresh races the best lineup by tail scores {lost:.1f} points less in its tail than "
        f"the best by mean (standard error {error:.1f}): tails of few races are mostly luck. "
        "Give more n_scenarios, or use the objective mean."
    ]
