"""Ownership made to sum to all rosters, each driver within 0..100.

There are two ways. One shift of all log-odds makes the chances of a model sum to a total.
Water-filling scales ownership, and hands what would stand above 100 on to the other drivers.
"""

import numpy as np

from core.errors import InvalidInput
from core.field.estimators.slates import Flags, Floats

LEAST_CHANCE = 1e-6  # a chance is held this far from 0 and 1, so that its log-odds are finite
_NEWTON = 60  # steps at most
_FAR = 60.0  # log-odds beyond which a chance is 0 or 1


def log_odds(chance: Floats, least: float = LEAST_CHANCE) -> Floats:
    """log(p / (1 - p)), where p is first moved to at least ``least`` from 0 and 1."""
    placed = np.clip(chance, least, 1.0 - least)
    return np.log(placed / (1.0 - placed))


def chances(odds: Floats) -> Floats:
    """1 / (1 + exp(-odds)), without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * odds))


def shifted(odds: Floats, counted: Flags, total: Floats) -> Floats:
    """Chances that sum to ``total`` after one number is added to all log-odds of a row.

    Parameters
    ----------
    odds
        Log-odds, ``[G, D]``.
    counted
        Which cells count, bool ``[G, D]``; the others get 0.
    total
        Sum of each row, ``[G]``; clipped to what its cells can hold.

    Returns
    -------
    Chances 0..1, ``[G, D]``; higher odds in a row give higher chances.
    """
    room = counted.sum(axis=1).astype(np.float64)
    target = np.clip(total, LEAST_CHANCE * room, (1.0 - LEAST_CHANCE) * room)
    odds = np.where(counted, odds, 0.0)
    low = np.full(len(odds), -_FAR) - odds.max(axis=1)
    high = np.full(len(odds), _FAR) - odds.min(axis=1)
    share = np.clip(target / np.maximum(room, 1.0), 1e-9, 1.0 - 1e-9)
    shift = np.log(share / (1.0 - share)) - odds.sum(axis=1) / np.maximum(room, 1.0)
    for _ in range(_NEWTON):
        current = chances(odds + shift[:, None]) * counted
        miss = current.sum(axis=1) - target
        low, high = np.where(miss < 0.0, shift, low), np.where(miss > 0.0, shift, high)
        if bool((np.abs(miss) <= 1e-12 * np.maximum(target, 1.0)).all()):
            break
        step = shift - miss / np.maximum((current * (1.0 - current)).sum(axis=1), 1e-300)
        shift = np.where((step > low) & (step < high), step, 0.5 * (low + high))
    return chances(odds + shift[:, None]) * counted


def completed(odds: Floats, counted: Flags, known: Floats, total: float, bounded: bool) -> Floats:
    """Chances of all cells: the known as they are, the others sharing what is left of the total.

    Parameters
    ----------
    odds
        Log-odds by which the rest is shared, ``[G, D]``.
    counted
        Which cells count, bool ``[G, D]``.
    known
        Chances 0..1, NaN where not known, ``[G, D]``.
    total
        Sum of each row.
    bounded
        Whether no unknown chance is above the tenth highest known one, in rows where ten or more
        are known: true of published tables of the most owned.

    Returns
    -------
    ``[G, D]``. Where nothing is left to share, or less than nothing, unknown chances are about 0.
    """
    fixed = counted & np.isfinite(known)
    open_ = counted & ~fixed
    fixed_chances = np.where(fixed, known, 0.0)
    rest = total - fixed_chances.sum(axis=1)
    filled = shifted(odds, open_, np.maximum(rest, 0.0))
    if bounded:
        caps = _tenth(np.where(fixed, known, -1.0))[:, None]
        # a bound under which the unknown cannot take the whole rest is dropped
        caps = np.where(caps * open_.sum(axis=1, keepdims=True) > rest[:, None], caps, 1.0)
        full = np.zeros_like(open_)
        for _ in range(odds.shape[1]):
            over = open_ & ~full & (filled > caps + 1e-12)
            if not bool(over.any()):
                break
            full |= over
            at_cap = np.where(full, caps, 0.0)
            left = np.maximum(rest - at_cap.sum(axis=1), 0.0)
            filled = shifted(odds, open_ & ~full, left) + at_cap
    return fixed_chances + filled


def _tenth(known: Floats) -> Floats:
    """Tenth highest known chance of each row, ``[G]``; 1 where fewer are known (marked by -1)."""
    if known.shape[1] < TABLE:
        return np.ones(len(known))
    tenth = np.sort(known, axis=1)[:, -TABLE]
    return np.where(tenth >= 0.0, tenth, 1.0)


TABLE = 10
"""Number of drivers in a published table of the most owned."""


def fill_to(percent: Floats, total: float) -> Floats:
    """Ownership scaled to ``total``; a driver who would be above 100 stays there.

    The others take what such a driver cannot, in proportion.

    Parameters
    ----------
    percent
        Ownership to scale, 0 or more, ``[D]``.
    total
        Sum of the result, at most 100 for each driver with more than 0.

    Returns
    -------
    ``[D]``, each 0..100, in the same order of size.

    Raises
    ------
    InvalidInput
        ``total`` is more than 100 for each driver with more than 0.
    """
    owned = np.maximum(percent, 0.0)
    owned = owned / max(float(owned.max(initial=0.0)), np.finfo(np.float64).tiny)
    if total > 100.0 * np.count_nonzero(owned) + 1e-9:
        raise InvalidInput(
            {
                "percent": f"{np.count_nonzero(owned)} drivers are owned and {total:g} is to be "
                "shared; nobody is in more than 100% of lineups."
            }
        )
    full = np.zeros(len(owned), dtype=np.bool_)
    filled = np.zeros(len(owned))
    while True:
        left = max(total - 100.0 * int(full.sum()), 0.0)
        rest = float(owned[~full].sum())
        filled = np.where(full, 100.0, owned * (left / rest if rest > 0.0 else 0.0))
        over = ~full & (filled > 100.0)
        if not bool(over.any()):
            return filled
        full |= over
