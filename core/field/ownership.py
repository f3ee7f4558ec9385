"""Ownership numbers from users, converted to the one convention: percent of entries per driver."""

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput

TOLERANCE = 0.02  # of the sum that ownership numbers must have: how far they may miss it
_KEY = "ownership_percent"

# ownership is held this far from 0% and 100%, so that its log-odds are finite
_LEAST_PERCENT = 0.5


def read_ownership(percent: npt.ArrayLike, roster_size: int) -> npt.NDArray[np.float64]:
    """Ownership in percent of entries, scaled to sum to ``100 x roster_size``.

    Numbers that sum to about ``100 x roster_size`` are percent of entries; numbers that sum to
    about 100 are shares of roster spots and are multiplied by ``roster_size``. "About" is within
    2%.

    Parameters
    ----------
    percent
        One number per driver, ``[D]``, percent.
    roster_size
        Drivers in a lineup.

    Returns
    -------
    float64 ``[D]``, each 0..100, summing to ``100 x roster_size``. A driver whom the scaling would
    push over 100 stays at 100, and the others take what is left in proportion.

    Raises
    ------
    InvalidInput
        On ``ownership_percent``: a number that is missing, negative or above 100, or any other
        sum.
    """
    own = np.array(percent, dtype=np.float64)
    if own.ndim != 1 or len(own) < roster_size:
        raise InvalidInput(
            {_KEY: f"{own.size} numbers given; give one per driver, at least {roster_size}."}
        )
    # a sum of floats that should be 100 may miss it in the last digit
    own[(own > 100.0) & (own <= 100.0 + 1e-9)] = 100.0
    wrong = np.flatnonzero(~np.isfinite(own) | (own < 0.0) | (own > 100.0))
    if len(wrong):
        raise InvalidInput(
            {
                _KEY: [
                    f"driver at index {index} has {own[index]:g}; give percent, 0 to 100."
                    for index in wrong[:5]
                ]
            }
        )
    target = 100.0 * roster_size
    total = float(own.sum())
    if not any(abs(total - whole) <= TOLERANCE * whole for whole in (target, 100.0)):
        fractions = any(abs(total - whole) <= TOLERANCE * whole for whole in (target / 100.0, 1.0))
        meant = " These are fractions: give 100 times as much." if fractions else ""
        raise InvalidInput(
            {
                _KEY: f"the numbers sum to {total:g}; percent of entries sum to {target:g} and "
                f"shares of roster spots to 100, each within {TOLERANCE:.0%}.{meant}"
            }
        )
    scaled = own * (target / total)
    over = np.flatnonzero(scaled > 100.0 * (1.0 + TOLERANCE))
    if len(over):
        raise InvalidInput(
            {
                _KEY: [
                    f"driver at index {index} has {own[index]:g} of numbers that sum to {total:g}: "
                    f"that is {scaled[index]:.1f}% of entries, and nobody is in more than 100%."
                    for index in over[:5]
                ]
            }
        )
    return _held_to_100(scaled, target)


def log_odds(percent: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Log-odds of ownership in percent of entries, which is held within 0.5% to 99.5%."""
    owned = np.clip(np.asarray(percent, dtype=np.float64), _LEAST_PERCENT, 100.0 - _LEAST_PERCENT)
    odds: npt.NDArray[np.float64] = np.log(owned / (100.0 - owned))
    return odds


def without(
    percent: npt.NDArray[np.float64], out: npt.NDArray[np.bool_], roster_size: int
) -> npt.NDArray[np.float64]:
    """Ownership after some drivers withdrew: their share goes to the others in proportion.

    Parameters
    ----------
    percent
        Percent of entries per driver, ``[D]``, as :func:`read_ownership` returns it.
    out
        Which drivers withdrew, bool ``[D]``.
    roster_size
        Drivers in a lineup.

    Returns
    -------
    float64 ``[D]``, each 0..100, summing to ``100 x roster_size``; 0 for the withdrawn.

    Raises
    ------
    InvalidInput
        Every driver who still races has 0%.
    """
    left = np.where(out, 0.0, percent)
    total = float(left.sum())
    if total <= 0.0:
        raise InvalidInput({_KEY: "no driver who races has ownership above 0; give it for them."})
    return _held_to_100(left * (100.0 * roster_size / total), 100.0 * roster_size)


def _held_to_100(scaled: npt.NDArray[np.float64], target: float) -> npt.NDArray[np.float64]:
    """Cut every driver at 100% and scale the others up until all sum to ``target`` again."""
    full = np.zeros(len(scaled), dtype=np.bool_)
    while bool((scaled[~full] > 100.0).any()):
        full |= scaled > 100.0
        scaled[full] = 100.0
        rest = float(scaled[~full].sum())
        left = target - 100.0 * int(full.sum())
        if left > 0.0 and rest == 0.0:
            raise InvalidInput(
                {_KEY: f"{int(full.sum())} drivers at 100% do not fill the roster; own more."}
            )
        scaled[~full] *= left / rest if rest > 0.0 else 0.0
    return scaled
