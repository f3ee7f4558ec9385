"""Leverage: a request's ownership estimates, its penalty, its rules on them, its regimes."""

import math

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.field import read_ownership
from core.lineups import LineupRules
from core.portfolio import NO_OWNERSHIP_RULES, OwnershipRules, with_ownership_rules
from core.slate import Slate
from web.labels import blamed_on
from web.requests.contests import require_racing
from web.requests.slates import Body, public_race_of, scenario_count, simulated_count
from web.schemas.objectives import WITH_REGIMES
from web.schemas.optimize import DEFAULT_LEVERAGE_PENALTY
from workers.plans.objectives import OBJECTIVES
from workers.plans.requests.optimize import Leverage
from workers.plans.stages.estimated_ownership import estimated_percent, source_of_estimate
from workers.plans.stages.market import public_races

_SUM_TOLERANCE = 1e-6
_SHARES = 100.0


def leverage_of(slate: Slate, body: Body, cap_usd: int, document: str | None) -> Leverage:
    """The leverage of a request, its ownership checked against the slate, or else estimated.

    Parameters
    ----------
    slate, body
        The slate, and the request as its schema has read it.
    cap_usd
        What a lineup may cost.
    document
        The installation's ownership model as JSON; ``None`` = the shipped one.

    Raises
    ------
    InvalidInput
        Ownership that does not add up, a penalty or regimes that the objective cannot
        use, weights that do not sum to 1.
    """
    objective = OBJECTIVES[body["objective"]]
    penalty = body.get("leverage_penalty")
    if penalty is None:
        penalty = DEFAULT_LEVERAGE_PENALTY if objective.takes_penalty else 0.0
    if penalty > 0.0 and not objective.takes_penalty:
        raise InvalidInput(
            {
                "leverage_penalty": f"{penalty:g}, but the objective {objective.name!r} takes no "
                "penalty: its dollars count the entries that share a lineup already; give 0."
            }
        )
    by_regime = body["use_regime_allocation"]
    if by_regime and not objective.takes_regimes:
        raise InvalidInput(
            {
                "use_regime_allocation": f"the objective {objective.name!r} cannot be maximised by "
                f"kind of race; use {WITH_REGIMES}."
            }
        )
    given = _ownership(slate, body)
    percent = _estimated(slate, body, cap_usd, document) if given is None else given
    return Leverage(
        ownership_percent=tuple(percent.tolist()),
        penalty=penalty,
        by_regime=by_regime,
        source=source_of_estimate(document, slate) if given is None else "",
        regime_weights=_weights(body),
    )


def _estimated(
    slate: Slate, body: Body, cap_usd: int, document: str | None
) -> npt.NDArray[np.float64]:
    """Estimated ownership by driver, ``[D]``, as the contest of the same request estimates it."""
    spec = public_race_of(slate, body)
    races = simulated_count(scenario_count(body))
    seed = body["random_seed"]
    points = public_races(spec, slate.rules, seed, races).points
    entries = body["contest"]["field_size"] if "contest" in body else None
    return estimated_percent(slate, points, spec, cap_usd, entries, document, seed)


def _ownership(slate: Slate, body: Body) -> npt.NDArray[np.float64] | None:
    """Percent of entries by driver, ``[D]``, as given for all of them, or ``None``.

    Numbers that are of entries stay as they are.
    """
    size = slate.rules.roster_size
    key = "ownership_estimates"
    if key in body:
        estimates: dict[str, float] = body[key]
        slate.index_of(list(estimates), key)
        percent = np.array([estimates.get(driver.driver_id, 0.0) for driver in slate.drivers])
        require_racing(slate, percent.tolist(), key)
    else:
        if any(d.ownership_percent is None and not d.out for d in slate.drivers):
            return None
        percent = np.array([driver.ownership_percent or 0.0 for driver in slate.drivers])
    with blamed_on(key if key in body else "drivers.ownership_percent"):
        read_ownership(percent, size)
    # not scaled to the exact sum, so that a sum slightly off moves no driver across a limit
    if float(percent.sum()) < 1.5 * _SHARES:
        percent = np.minimum(percent * size, 100.0)
    # the file may be older than a driver's withdrawal
    return np.where([driver.out for driver in slate.drivers], 0.0, percent)


def _weights(body: Body) -> tuple[tuple[str, float], ...] | None:
    weights: dict[str, float] | None = body.get("regime_weights")
    if weights is None:
        return None
    if not body["use_regime_allocation"]:
        raise InvalidInput({"regime_weights": "are for use_regime_allocation, which is false."})
    total = math.fsum(weights.values())
    if abs(total - 1.0) > _SUM_TOLERANCE:
        raise InvalidInput({"regime_weights": f"sum to {total:g}; they must sum to 1."})
    return tuple(sorted(weights.items()))


def leveraged(rules: LineupRules, leverage: Leverage, body: Body) -> LineupRules:
    """The rules of lineups together with the request's rules on ownership."""
    return with_ownership_rules(
        rules,
        np.array(leverage.ownership_percent),
        OwnershipRules(
            body.get("max_ownership_per_driver", NO_OWNERSHIP_RULES.max_per_driver),
            body.get("min_low_ownership_drivers", NO_OWNERSHIP_RULES.min_low),
            body.get("max_total_ownership", NO_OWNERSHIP_RULES.max_total),
        ),
    )
