"""Making ownership sum to what a field owns, each driver within 0..100.

Two ways: by one shift of all log-odds, which is how a model of chances is held to a sum, and by
water-filling, which scales what is there and hands on what would stand above 100.
"""

import numpy as np

from core.errors import InvalidInput
from core.field.estimators.slates import Flags, Floats

LEAST_CHANCE = 1e-6
_NEWTON = 60
_FAR = 60.0  # log-odds beyond which a chance is 0 or 1


def log_odds(chance: Floats, least: float = LEAST_CHANCE) -> Floats:
    """Give log(p / (1 - p)), p held within ``least`` of 0 and of 1."""
    held = np.clip(chance, least, 1.0 - least)
    return np.log(held / (1.0 - held))


def chances(odds: Floats) -> Floats:
    """Give 1 / (1 + exp(-odds)) without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * odds))


def shifted(odds: Floats, there: Flags, total: Floats) -> Floats:
    """Give the chances that sum to ``total`` once all log-odds of a row are moved by one number.

    Parameters
    ----------
    odds
        Log-odds, ``[G, D]``.
    there
        Which cells count, bool ``[G, D]``; the others get 0.
    total
        Sum of each row, ``[G]``: clipped to what its cells can hold.

    Returns
    -------
    Chances 0..1, ``[G, D]``, in the order of the odds.
    """
    room = there.sum(axis=1).astype(np.float64)
    wanted = np.clip(total, LEAST_CHANCE * room, (1.0 - LEAST_CHANCE) * room)
    odds = np.where(there, odds, 0.0)
    low = np.full(len(odds), -_FAR) - odds.max(axis=1)
    high = np.full(len(odds), _FAR) - odds.min(axis=1)
    share = np.clip(wanted / np.maximum(room, 1.0), 1e-9, 1.0 - 1e-9)
    shift = np.log(share / (1.0 - share)) - odds.sum(axis=1) / np.maximum(room, 1.0)
    for _ in range(_NEWTON):
        held = chances(odds + shift[:, None]) * there
        miss = held.sum(axis=1) - wanted
        low, high = np.where(miss < 0.0, shift, low), np.where(miss > 0.0, shift, high)
        if bool((np.abs(miss) <= 1e-12 * np.maximum(wanted, 1.0)).all()):
            break
        step = shift - miss / np.maximum((held * (1.0 - held)).sum(axis=1), 1e-300)
        shift = np.where((step > low) & (step < high), step, 0.5 * (low + high))
    return chances(odds + shift[:, None]) * there


def completed(odds: Floats, there: Flags, known: Floats, total: float, bounded: bool) -> Floats:
    """Give chances of all cells: those known as they are, the others sharing what is left.

    Parameters
    ----------
    odds
        Log-odds that say how the rest is shared, ``[G, D]``.
    there
        Which cells count, bool ``[G, D]``.
    known
        Chances 0..1, NaN where not known, ``[G, D]``.
    total
        Sum of each row.
    bounded
        Whether nobody unknown is above the tenth of the known, where ten or more are: true of
        published tables of the most owned.

    Returns
    -------
    ``[G, D]``. Where nothing is left to share, or less than nothing, the unknown get about 0.
    """
    seen = there & np.isfinite(known)
    open_ = there & ~seen
    told = np.where(seen, known, 0.0)
    rest = total - told.sum(axis=1)
    filled = shifted(odds, open_, np.maximum(rest, 0.0))
    if bounded:
        caps = _tenth(np.where(seen, known, -1.0))[:, None]
        # a bound that leaves no room for the rest is none
        caps = np.where(caps * open_.sum(axis=1, keepdims=True) > rest[:, None], caps, 1.0)
        full = np.zeros_like(open_)
        for _ in range(odds.shape[1]):
            over = open_ & ~full & (filled > caps + 1e-12)
            if not bool(over.any()):
                break
            full |= over
            held = np.where(full, caps, 0.0)
            left = np.maximum(rest - held.sum(axis=1), 0.0)
            filled = shifted(odds, open_ & ~full, left) + held
    return told + filled


def _tenth(known: Floats) -> Floats:
    if known.shape[1] < TABLE:
        return np.ones(len(known))
    tenth = np.sort(known, axis=1)[:, -TABLE]
    return np.where(tenth >= 0.0, tenth, 1.0)


TABLE = 10
"""Drivers in a published table of the most owned."""


def fill_to(percent: Floats, total: float) -> Floats:
    """Give ownership scaled to ``total``; a driver at 100 stays there and the others take the rest.

    Parameters
    ----------
    percent
        0 or more, ``[D]``.
    total
        What the numbers are to sum to, at most 100 a driver.

    Returns
    -------
    ``[D]`` in the same order, each 0..100.

    Raises
    ------
    InvalidInput
        More than 100 for every driver who is owned at all.
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
