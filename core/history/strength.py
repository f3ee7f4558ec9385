"""How far skill and grid decide who finishes where: a regression over past races."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from core.history.races import PastRace

Skill = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and its standard error."""

    value: float
    error: float


def _normal_scores(order: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Give normal scores of an ascending order, the first highest."""
    ranks = np.argsort(np.argsort(order))
    scores: npt.NDArray[np.float64] = -ndtri((ranks + 0.5) / len(order))
    return scores


def regress_finish(
    races: Sequence[PastRace], skills: Sequence[Skill]
) -> tuple[Estimate, Estimate, float]:
    """Regress the normal score of finish on skill and grid, over cars running at the end.

    Returns
    -------
    The weight of skill, that of the grid, each with its standard error, and the residual's standard
    deviation.
    """
    rows, finishes = [], []
    for race, skill in zip(races, skills, strict=True):
        ran = race.running
        rows.append(np.column_stack([skill, _normal_scores(race.start)])[ran])
        finishes.append(_normal_scores(race.finish[ran]))
    x, y = np.vstack(rows), np.concatenate(finishes)
    x = np.column_stack([np.ones(len(x)), x])
    weights = np.linalg.solve(x.T @ x, x.T @ y)
    variance = float(((y - x @ weights) ** 2).sum() / (len(y) - 3))
    errors = np.sqrt(np.diag(variance * np.linalg.inv(x.T @ x)))
    skill_weight, grid_weight = (Estimate(float(weights[i]), float(errors[i])) for i in (1, 2))
    return skill_weight, grid_weight, variance**0.5
