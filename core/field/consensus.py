"""The market's view of a race: the points that salaries, ownership and the grid imply.

Entrants know most of what a model knows, and show it in what they play. The consensus is what a
driver of that salary, ownership and grid spot has scored on average in real contests, spread over
the drivers as far as the race model spreads them at this track. What a model or a user thinks
beyond it hardly came true there: the share that survives is the *conviction*, fitted to the same
contests.

An estimate of ownership is made of the salary, the grid and the model, and is no news of the
market. Where ownership is estimated, the consensus is what salary and grid imply by themselves. The
real field's ownership will differ from the estimate, for reasons: the *surprise weight* is how much
of them comes true.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import isfinite

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.field.ownership import log_odds

Floats = npt.NDArray[np.float64]


_WEIGHTS = (
    "salary_weight",
    "ownership_weight",
    "start_weight",
    "salary_alone",
    "start_alone",
    "surprise_weight",
)


@dataclass(frozen=True, slots=True)
class Market:
    """What the market's view is made of.

    Parameters
    ----------
    salary_weight, ownership_weight, start_weight
        What one standard deviation of salary, of the log-odds of ownership and of the grid (further
        back) counts where ownership is known; only their ratios matter.
    salary_alone, start_alone
        The same of salary and grid where ownership is not known.
    surprise_weight
        What a driver scores more for a unit of log-odds by which the field owns him more than
        estimated, in standard deviations of the model's mean points.
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
    salary_alone: float
    start_alone: float
    surprise_weight: float
    conviction: float

    def __post_init__(self) -> None:
        for name in _WEIGHTS:
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
    spots = np.asarray(start, dtype=np.float64)
    known = np.isfinite(spots)
    spots = np.where(known, spots, spots[known].mean() if known.any() else 0.0)
    salaries = np.asarray(salaries_usd, dtype=np.float64)
    return standard_scores(np.column_stack([salaries, log_odds(ownership_percent), spots]))


def standard_scores(columns: Floats) -> Floats:
    """Each column less its mean, over its standard deviation; 0 where that is 0."""
    spread = columns.std(axis=0)
    scores: Floats = (columns - columns.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)
    return scores


def consensus_points(
    market: Market,
    model_points: npt.ArrayLike,
    salaries_usd: npt.ArrayLike,
    ownership_percent: npt.ArrayLike | None,
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
        As :func:`market_terms` takes them, of the drivers who race; no ownership where it is not
        known.
    """
    if ownership_percent is None:
        terms = market_terms(salaries_usd, np.full(np.shape(salaries_usd), 50.0), start)
        weights = np.array([market.salary_alone, 0.0, market.start_alone])
    else:
        terms = market_terms(salaries_usd, ownership_percent, start)
        weights = np.array([market.salary_weight, market.ownership_weight, market.start_weight])
    model = np.asarray(model_points, dtype=np.float64)
    points: Floats = model.mean() + model.std() * standard_scores((terms @ weights)[:, None])[:, 0]
    return points


def points_per_surprise(market: Market, model_points: npt.ArrayLike) -> float:
    """Points that a driver scores more for a unit of log-odds owned beyond the estimate.

    Parameters
    ----------
    market, model_points
        As :func:`consensus_points` takes them.
    """
    return market.surprise_weight * float(np.asarray(model_points, dtype=np.float64).std())


@cache
def load_market() -> Market:
    """The market that the project ships, ``market.json``; the file says what it was fitted to."""
    text = resources.files("core.field").joinpath("market.json").read_text(encoding="utf-8")
    fitted = json.loads(text)["parameters"]
    return Market(**{name: float(value) for name, value in fitted.items()})
