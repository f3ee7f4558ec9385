"""Weights of the estimators in the ensemble."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from core.errors import InvalidInput
from core.field.estimators.slates import Floats

_FIRM = 1e4  # weight of the least-squares row that makes the weights sum to 1


@dataclass(frozen=True, eq=False)
class ErrorMoments:
    """Second moments of the estimators' errors on slates that they were not fitted to.

    Parameters
    ----------
    sums
        Sum over slates of the mean of ``error_i x error_j`` over the slate's drivers of known
        ownership, ``[M, M]``, in squared percent.
    slates
        Number of slates.
    """

    sums: Floats
    slates: int

    def __add__(self, other: "ErrorMoments") -> "ErrorMoments":
        return ErrorMoments(self.sums + other.sums, self.slates + other.slates)


def equal(moments: ErrorMoments) -> Floats:
    """The same weight for each estimator, ``[M]``."""
    return np.full(len(moments.sums), 1.0 / len(moments.sums))


def stacked(moments: ErrorMoments) -> Floats:
    """Weights of the smallest squared error, ``[M]``, none negative, summing to 1.

    Stacked regressions (Breiman, "Stacked regressions", 1996), shrunk to equal weights as if one
    slate more spoke for these: between estimators that err alike, little but chance decides.
    """
    count = len(moments.sums)
    even = equal(moments)
    worth = np.trace(moments.sums) / (count * max(moments.slates, 1))
    if worth <= 0.0:
        return even
    root = np.linalg.cholesky((moments.sums + worth * np.eye(count)) / worth).T
    # the minimum of w'Ew + worth |w - even|^2 over weights that sum to 1, held by a heavy row
    aim = np.linalg.solve(root.T, even)
    weights, _ = nnls(np.vstack([root, np.full(count, _FIRM)]), np.concatenate([aim, [_FIRM]]))
    scaled: Floats = weights / weights.sum()
    return scaled


def by_error(moments: ErrorMoments) -> Floats:
    """Weights in inverse proportion to each estimator's own mean squared error, ``[M]``."""
    errors = np.diag(moments.sums)
    if not bool((errors > 0.0).all()):
        return equal(moments)
    inverse = 1.0 / errors
    return np.asarray(inverse / inverse.sum(), dtype=np.float64)


def custom(weights: Sequence[float] | Mapping[str, float], names: Sequence[str]) -> Floats:
    """Weights set by a user, ``[M]``, checked.

    Parameters
    ----------
    weights
        One weight for each estimator in the order of ``names``, or by name (0 for one not named).
    names
        Names of the estimators.

    Raises
    ------
    InvalidInput
        A name of no estimator, another number of weights, a negative weight, or a sum other than
        1.
    """
    if isinstance(weights, Mapping):
        unknown = sorted(set(weights) - set(names))
        if unknown:
            raise InvalidInput(
                {"custom_weights": f"no estimator {unknown[0]!r}; give any of {', '.join(names)}."}
            )
        values = [float(weights.get(name, 0.0)) for name in names]
    else:
        values = [float(weight) for weight in weights]
    read = np.array(values)
    if len(read) != len(names) or not bool((read >= 0.0).all()) or abs(read.sum() - 1.0) > 1e-6:
        raise InvalidInput(
            {
                "custom_weights": f"{values}; give one weight of 0 or more for each of "
                f"{', '.join(names)}, summing to 1."
            }
        )
    scaled: Floats = read / read.sum()
    return scaled
