"""What an answer says of ownership: by lineup and over the portfolio."""

from collections import Counter
from dataclasses import asdict

import numpy as np
import numpy.typing as npt

from core.lineups import Lineups
from core.portfolio import leverage_score, ownership_metrics, ownership_of_lineups
from workers.engine.facts import Facts
from workers.engine.stages import Json
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.portfolio import PORTFOLIO


def add_leverage(
    answer: Json,
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
    regimes = facts.of(PORTFOLIO).regimes or (None,) * len(lineups)
    for index, lineup in enumerate(answer["lineups"]):
        lineup |= {
            "avg_ownership": float(each.average[index]),
            "max_ownership": float(each.maximum[index]),
            "total_ownership": float(each.total[index]),
            "leverage_score": float(scores[index]),
            "regime": regimes[index],
        }
    if request.leverage.source and request.contest is None:
        answer["notes"].append(f"Ownership: {request.leverage.source}.")
    answer["ownership_metrics"] = asdict(ownership_metrics(lineups, owned))
    answer["portfolio_metrics"] = {
        "n_lineups": len(lineups),
        "unique_drivers": int(np.unique(lineups).size),
        "avg_leverage_score": float(scores.mean()),
        "avg_mean": _average(answer, "mean"),
        "avg_cvar_99": _average(answer, "cvar_99"),
        "avg_similarity": answer["portfolio_correlation"]["avg_similarity"],
        "regimes": dict(sorted(Counter(name for name in regimes if name is not None).items())),
    }


def _average(answer: Json, name: str) -> float:
    return float(np.mean([lineup[name] for lineup in answer["lineups"]]))
