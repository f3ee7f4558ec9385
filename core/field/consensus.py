"""The market's view of a race: the points that salaries, ownership and the grid imply.

Entrants know most of what a model knows, and show it in what they play. The consensus is what a
driver of that salary, ownership and grid spot has scored on average in real contests, spread over
the drivers as far as the race model spreads them at this track. What a model or a user thinks
beyond it hardly came true there: the share that survives is the *conviction*, fitted to the same
contests.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import isfinite

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput

Floats = npt.NDArray[np.float64]

# ownership is held this far from 0% and 100%, so that its log-odds are finite
_LEAST_PERCENT = 0.5


@dataclass(frozen=True, slots=True)
class Market:
    """What the market's view is made of.

    Parameters
    ----------
    salary_weight, ownership_weight, start_weight
        What one standard deviation of salary, of the log-odds of ownership and of the grid (further
        back) counts; only their ratios matter.
    conviction
        Share 0..1 of an opinion beyond the consensus that survives.

    Raises
    ------
    InvalidInput
        A weight that is not finite, or a conviction outside 0..1.
    """

    salary_weight: float
    ownership_weight: float
    start_weight: float
    conviction: float

    def __post_init__(self) -> None:
        for name in ("salary_weight", "ownership_weight", "start_weight"):
            if not isfinite(getattr(self, name)):
                raise InvalidInput({name: f"{getattr(self, name)} is not finite."})
        if not 0.0 <= self.conviction <= 1.0:
            raise InvalidInput({"conviction": f"{self.conviction}; give 0 to 1."})


def market_terms(
    salaries_usd: npt.ArrayLike, ownership_percent: npt.ArrayLike, start: npt.ArrayLike
) -> Floats:
    """Standard scores of what the market goes by, ``[D, 3]``, among the drivers of a race.

    Parameters
    ----------
    salaries_usd, ownership_percent, start
        ``[D]``: USD, percent of entries, official grid spot. A spot that is not known is NaN and
        counts as the middle of those that are.

    Returns
    -------
    Of salary, of the log-odds of ownership, of the grid; 0 where all are equal.
    """
    owned = np.clip(
        np.asarray(ownership_percent, dtype=np.float64), _LEAST_PERCENT, 100.0 - _LEAST_PERCENT
    )
    spots = np.asarray(start, dtype=np.float64)
    known = np.isfinite(spots)
    spots = np.where(known, spots, spots[known].mean() if known.any() else 0.0)
    salaries = np.asarray(salaries_usd, dtype=np.float64)
    return standard_scores(np.column_stack([salaries, np.log(owned / (100.0 - owned)), spots]))


def standard_scores(columns: Floats) -> Floats:
    """Each column less its mean, over its standard deviation; 0 where that is 0."""
    spread = columns.std(axis=0)
    scores: Floats = (columns - columns.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)
    return scores


def consensus_points(
    market: Market,
    model_points: npt.ArrayLike,
    salaries_usd: npt.ArrayLike,
    ownership_percent: npt.ArrayLike,
    start: npt.ArrayLike,
) -> Floats:
    """The market's projection of each driver, ``[D]`` in points.

    Parameters
    ----------
    market
        What it is made of.
    model_points
        Mean points by the race model, ``[D]``. Only their mean and their standard deviation count:
        a race hands out much the same points whoever wins, and how far drivers lie apart depends on
        the kind of track.
    salaries_usd, ownership_percent, start
        As :func:`market_terms` takes them, of the drivers who race.
    """
    terms = market_terms(salaries_usd, ownership_percent, start)
    weights = np.array([market.salary_weight, market.ownership_weight, market.start_weight])
    model = np.asarray(model_points, dtype=np.float64)
    points: Floats = model.mean() + model.std() * standard_scores((terms @ weights)[:, None])[:, 0]
    return points


@cache
def load_market() -> Market:
    """The market that the project ships, ``market.json``; the file says what it was fitted to."""
    text = resources.files("core.field").joinpath("market.json").read_text(encoding="utf-8")
    fitted = json.loads(text)["parameters"]
    return Market(**{name: float(value) for name, value in fitted.items()})
