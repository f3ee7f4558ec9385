"""Checks of what scores are given: numbers, ensembles with weights, pairs of chances, events.

Anything that cannot be scored is refused as :class:`~core.errors.InvalidInput` under the name of
the argument.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput

F64 = npt.NDArray[np.float64]


def numbers(field: str, values: npt.ArrayLike) -> npt.NDArray[Any]:
    """Finite numbers in their own type, which is bool, whole or real."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise InvalidInput({field: "its rows differ in length."}) from None
    if array.size == 0:
        raise InvalidInput({field: "is empty."})
    if array.dtype.kind not in "buif":
        raise InvalidInput({field: f"{array.dtype} is no type of real number."})
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise InvalidInput({field: "every value is finite."})
    return array


def finite(field: str, values: npt.ArrayLike) -> F64:
    """Finite numbers as float64."""
    return numbers(field, values).astype(np.float64)


def ensemble_of(
    samples: npt.ArrayLike, observed: npt.ArrayLike, weights: npt.ArrayLike | None
) -> tuple[npt.NDArray[Any], F64, F64]:
    """Scenarios ``[N, K]`` in their own type, outcomes ``[K]`` and weights ``[N]``."""
    ensemble, outcome = numbers("samples", samples), finite("observed", observed)
    if ensemble.ndim not in {1, 2}:
        raise InvalidInput({"samples": f"{ensemble.ndim} axes; give scenarios by quantities."})
    if outcome.shape != ensemble.shape[1:]:
        raise InvalidInput(
            {"observed": f"shape {outcome.shape}; the samples call for {ensemble.shape[1:]}."}
        )
    scenarios = len(ensemble)
    counts = np.ones(scenarios) if weights is None else finite("weights", weights)
    if counts.shape != (scenarios,):
        raise InvalidInput({"weights": f"shape {counts.shape}; give one a scenario, {scenarios}."})
    with np.errstate(over="ignore"):
        total = counts.sum()
    if (counts < 0.0).any() or not 0.0 < total < math.inf:
        raise InvalidInput({"weights": "each is 0 or more, and their sum above 0 and finite."})
    return ensemble.reshape(scenarios, -1), np.ravel(outcome), counts


def pit_of(below: npt.ArrayLike, upto: npt.ArrayLike) -> tuple[F64, F64]:
    """The two ends of probability integral transforms, of one shape."""
    low, high = finite("below", below), finite("upto", upto)
    if low.shape != high.shape:
        raise InvalidInput({"upto": f"shape {high.shape} is not that of below, {low.shape}."})
    if (low < 0.0).any() or (low > high).any() or (high > 1.0).any():
        raise InvalidInput({"upto": "0 <= below <= upto <= 1 for every outcome."})
    return low, high


def events_of(probabilities: npt.ArrayLike, outcomes: npt.ArrayLike) -> tuple[F64, F64]:
    """Probabilities of events and whether each happened, 1 or 0, of one shape."""
    forecast, happened = finite("probabilities", probabilities), finite("outcomes", outcomes)
    if (forecast < 0.0).any() or (forecast > 1.0).any():
        raise InvalidInput({"probabilities": "each lies between 0 and 1."})
    if forecast.shape != happened.shape:
        raise InvalidInput(
            {"outcomes": f"shape {happened.shape}; the probabilities' is {forecast.shape}."}
        )
    if not np.isin(happened, (0.0, 1.0)).all():
        raise InvalidInput({"outcomes": "each is 0 or 1."})
    return forecast, happened
