"""What a request says of ownership: the estimates, the penalty, the rules, the regimes."""

import math

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.field import read_ownership
from core.lineups import LineupRules
from core.portfolio import OwnershipRules, with_ownership_rules
from core.slate import Slate
from web.requests.contests import require_racing
from web.requests.slates import Given
from web.schemas.optimize import DEFAULT_LEVERAGE_PENALTY
from workers.plans.requests.optimize import Leverage, Objective

_SUM_TOLERANCE = 1e-6
_SHARES = 100.0


def leverage_of(slate: Slate, given: Given) -> Leverage:
    """Give the leverage of a request, its ownership checked against the slate.

    Raises
    ------
    InvalidInput
        Ownership that does not add up or is nowhere given, a penalty or regimes that the objective
        has no use for, weights that do not sum to 1.
    """
    objective = Objective(given["objective"])
    penalty = given.get("leverage_penalty")
    if penalty is None:
        penalty = 0.0 if objective is Objective.DOLLARS else DEFAULT_LEVERAGE_PENALTY
    if penalty > 0.0 and objective is Objective.DOLLARS:
        raise InvalidInput(
            {
                "leverage_penalty": f"{penalty:g} points cannot be taken off dollars, which count "
                "who else plays a lineup; give 0."
            }
        )
    by_regime = given["use_regime_allocation"]
    if by_regime and objective is not Objective.MULTI_CVAR:
        raise InvalidInput(
            {
                "use_regime_allocation": f"the objective {objective.value!r} is not looked for by "
                "kind of race; use multi_cvar."
            }
        )
    return Leverage(
        ownership_percent=tuple(_ownership(slate, given).tolist()),
        penalty=penalty,
        by_regime=by_regime,
        regime_weights=_weights(given),
    )


def _ownership(slate: Slate, given: Given) -> npt.NDArray[np.float64]:
    """Give percent of entries by driver, the request's own numbers where they are of entries."""
    size = slate.rules.roster_size
    field = "ownership_estimates"
    if field in given:
        estimates: dict[str, float] = given[field]
        slate.index_of(list(estimates), field)
        percent = np.array([estimates.get(driver.driver_id, 0.0) for driver in slate.drivers])
        require_racing(slate, percent.tolist(), field)
    else:
        unknown = [d.name for d in slate.drivers if d.ownership_percent is None and not d.out]
        if unknown:
            raise InvalidInput(
                {
                    field: f"give percent by driver id; the slate has none of {unknown[0]} and "
                    f"{len(unknown) - 1} more."
                    if len(unknown) > 1
                    else f"give percent by driver id; the slate has none of {unknown[0]}."
                }
            )
        percent = np.array([driver.ownership_percent or 0.0 for driver in slate.drivers])
    try:
        read_ownership(percent, size)
    except InvalidInput as error:
        if field in given:
            raise
        raise InvalidInput({"drivers.ownership_percent": list(*error.problems.values())}) from None
    # percent as they stand, so that a sum that is off by a little moves nobody across a limit
    if float(percent.sum()) < 1.5 * _SHARES:
        percent = np.minimum(percent * size, 100.0)
    # a file may be older than a withdrawal
    return np.where([driver.out for driver in slate.drivers], 0.0, percent)


def _weights(given: Given) -> tuple[tuple[str, float], ...] | None:
    weights: dict[str, float] | None = given.get("regime_weights")
    if weights is None:
        return None
    if not given["use_regime_allocation"]:
        raise InvalidInput({"regime_weights": "are for use_regime_allocation, which is false."})
    total = math.fsum(weights.values())
    if abs(total - 1.0) > _SUM_TOLERANCE:
        raise InvalidInput({"regime_weights": f"sum to {total:g}; they must sum to 1."})
    return tuple(sorted(weights.items()))


def leveraged(rules: LineupRules, leverage: Leverage, given: Given) -> LineupRules:
    """Give the rules with the request's own on ownership."""
    return with_ownership_rules(
        rules,
        np.array(leverage.ownership_percent),
        OwnershipRules(
            given["max_ownership_per_driver"],
            given["min_low_ownership_drivers"],
            given["max_total_ownership"],
        ),
    )
