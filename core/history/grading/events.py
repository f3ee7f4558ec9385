"""Forecasts of events, such as a win or a top 5, against how often they happened."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.history.grading._arguments import F64, events_of, finite


def brier_score(probabilities: npt.ArrayLike, outcomes: npt.ArrayLike) -> F64:
    """Squared error of each event's probability: ``(p - o)^2``, o = 1 if it happened, else 0.

    Parameters
    ----------
    probabilities, outcomes
        In [0, 1], and 0 or 1 (or bool), of the same shape.

    Notes
    -----
    Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review
    1950; this is half of his score, which sums over the event and its opposite.
    """
    forecast, happened = events_of(probabilities, outcomes)
    return (forecast - happened) ** 2


@dataclass(frozen=True, slots=True, eq=False)
class ReliabilityTable:
    """Forecast and observed frequency of an event, by bins of the forecast.

    Parameters
    ----------
    edges
        Of the bins, ``[B + 1]``; a bin holds its lower edge, the last also its upper.
    forecast
        Mean forecast in each bin, ``[B]``; NaN in an empty one.
    observed
        Share of those events that happened, ``[B]``; NaN in an empty one.
    count
        Events, ``[B]``.
    """

    edges: F64
    forecast: F64
    observed: F64
    count: npt.NDArray[np.int64]


def reliability(
    probabilities: npt.ArrayLike, outcomes: npt.ArrayLike, bins: int | Sequence[float] = 10
) -> ReliabilityTable:
    """Tabulate how often events happened, by bins of their forecast probability.

    Parameters
    ----------
    probabilities, outcomes
        In [0, 1], and 0 or 1 (or bool), of the same shape.
    bins
        Number of bins of equal width, or their edges from 0 to 1.

    Notes
    -----
    Murphy and Winkler, "Reliability of subjective probability forecasts of precipitation and
    temperature", Applied Statistics 1977.
    """
    forecast, happened = (np.ravel(events) for events in events_of(probabilities, outcomes))
    edges = _bin_edges(bins)
    parts = len(edges) - 1
    bin_of = np.minimum(np.searchsorted(edges, forecast, side="right") - 1, parts - 1)
    count = np.bincount(bin_of, minlength=parts).astype(np.int64)
    some = np.where(count > 0, count, np.nan)
    return ReliabilityTable(
        edges=edges,
        forecast=np.bincount(bin_of, forecast, parts) / some,
        observed=np.bincount(bin_of, happened, parts) / some,
        count=count,
    )


def _bin_edges(bins: int | Sequence[float]) -> F64:
    if isinstance(bins, int | np.integer):
        if bins < 1:
            raise InvalidInput({"bins": f"{bins}; give at least 1."})
        return np.arange(bins + 1) / bins
    edges = finite("bins", bins)
    if edges.ndim != 1 or len(edges) < 2 or edges[0] != 0.0 or edges[-1] != 1.0:
        raise InvalidInput({"bins": "edges run from 0 to 1."})
    if (np.diff(edges) <= 0.0).any():
        raise InvalidInput({"bins": "edges ascend."})
    return edges
