"""What an answer says of ownership: by lineup and over the portfolio."""

from collections import Counter
from dataclasses import asdict

import numpy as np
import numpy.typing as npt

from core.lineups import Lineups
from core.portfolio import leverage_score, ownership_metrics, ownership_of_lineups
from workers.engine.stages import Facts, Json
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.choice import PORTFOLIO


def add_leverage(
    given: Json,
    request: OptimizeRequest,
    facts: Facts,
    lineups: Lineups,
    projected: npt.NDArray[np.float64],
) -> None:
    """Add ownership, leverage score and regime to the lineups, and metrics over all of them."""
    if request.leverage is None:
        return
    owned = np.array(request.leverage.ownership_percent, dtype=np.float64)
    each = ownership_of_lineups(lineups, owned)
    scores = leverage_score(projected, owned, lineups, request.leverage.penalty)
    regimes = facts[PORTFOLIO].get("regimes", [None] * len(lineups))
    for place, lineup in enumerate(given["lineups"]):
        lineup |= {
            "avg_ownership": float(each.average[place]),
            "max_ownership": float(each.maximum[place]),
            "total_ownership": float(each.total[place]),
            "leverage_score": float(scores[place]),
            "regime": regimes[place],
        }
    given["ownership_metrics"] = asdict(ownership_metrics(lineups, owned))
    given["portfolio_metrics"] = {
        "n_lineups": len(lineups),
        "unique_drivers": int(np.unique(lineups).size),
        "avg_leverage_score": float(scores.mean()),
        "avg_mean": _average(given, "mean"),
        "avg_cvar_99": _average(given, "cvar_99"),
        "avg_similarity": given["portfolio_correlation"]["avg_similarity"],
        "regimes": dict(sorted(Counter(name for name in regimes if name is not None).items())),
    }


def _average(given: Json, name: str) -> float:
    return float(np.mean([lineup[name] for lineup in given["lineups"]]))
