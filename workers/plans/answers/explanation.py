"""Figures that explain an optimize job's choice, computed on the report's races."""

import numpy as np
import numpy.typing as npt

from core.lineups import Lineups
from core.race import Regime
from core.slate import TICKS_PER_POINT
from workers.engine.stages import Json
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.races import Points


def explanation(
    request: OptimizeRequest,
    lineups: Lineups,
    totals: npt.NDArray[np.int32],
    report: Points,
    regime: npt.NDArray[np.uint8],
) -> Json:
    """What the best 1% of the first lineup's races have in common, and which limits bind.

    Parameters
    ----------
    request
        Of the job.
    lineups
        The portfolio, u8 ``[n, R]``.
    totals
        What each lineup scores in the report's races, i32 ``[N, n]`` in ticks.
    report, regime
        The points of those races, i16 ``[N, D]`` in ticks, and their regimes, u8 ``[N]``.
    """
    first = totals[:, 0]
    tail = np.argsort(-first, kind="stable")[: max(1, len(first) // 100)]
    slate, limits = request.slate, request.limits
    counts = np.bincount(lineups.ravel(), minlength=len(slate))

    def shares(rows: npt.NDArray[np.uint8]) -> dict[str, float]:
        return {kind.name.lower(): float((rows == kind).mean()) for kind in Regime}

    def driver_tail(i: int) -> Json:
        best = float(report[tail, i].mean()) / TICKS_PER_POINT
        return {
            "driver_id": slate.drivers[i].driver_id,
            "name": slate.drivers[i].name,
            "mean_points_in_tail": best,
            "mean_points": float(report[:, i].mean()) / TICKS_PER_POINT,
            "share_of_tail": best / (float(first[tail].mean()) / TICKS_PER_POINT),
        }

    salaries = slate.salaries_usd[lineups].sum(axis=1)
    teams = [
        team.name
        for team, most in zip(limits.teams, limits.team_most, strict=True)
        if np.isin(lineups, team.members).any(axis=1).sum() >= most
    ]
    return {
        "why_high_tail": {
            "races_in_tail": len(tail),
            "regimes_in_tail": shares(regime[tail]),
            "regimes": shares(regime),
            "drivers": [driver_tail(int(i)) for i in lineups[0]],
        },
        "constraint_binding": {
            "max_driver_exposure": [
                driver.name for i, driver in enumerate(slate.drivers) if counts[i] >= limits.most[i]
            ],
            "max_team_exposure": teams,
            "lineups_at_salary_cap": int((salaries == request.rules.salary_cap_usd).sum()),
            "mean_salary": float(salaries.mean()),
        },
        "tail_vs_mean": {
            "mean_points": float(totals.mean()) / TICKS_PER_POINT,
            "mean_points_in_own_tail": float(
                np.mean([np.sort(t)[-max(1, len(t) // 100) :].mean() for t in totals.T])
            )
            / TICKS_PER_POINT,
        },
    }
