"""The best lineups within budgets: what a driver takes of them is priced, then lineups are walked.

The walk knows salaries and counts of drivers. Of a budget it is told by a price on what each driver
takes (Everett, "Generalized Lagrange multiplier method", 1963): at any price, a lineup within the
budget loses no more than the price of all of it, so a list of the best at that price says when it
is long enough.
"""

import numpy as np
import numpy.typing as npt

from core.lineups.board import Lineups
from core.lineups.legality import LineupRules
from core.lineups.walk import best_by_value

Values = npt.NDArray[np.int64]

# a budget in whole steps, so that several can be added up
_STEPS = 1 << 20
_TURNS = 40
_FIRST_LOOK = 64
_LOOK_GROWS = 8


def best_within_budgets(values: Values, rules: LineupRules, k: int) -> Lineups:
    """Give the k lineups with the largest sum of ``values`` that obey every rule, budgets too.

    Parameters
    ----------
    values
        i64 ``[D]``: what each driver adds, in any whole unit.
    rules
        What is legal.
    k
        How many to give; fewer come back only where fewer are legal.

    Returns
    -------
    u8 ``[k, R]``, best first.
    """
    if not rules.budgets:
        return best_by_value(values, rules, k).lineups
    weights, room = _added_up(rules)
    price = _price(values, rules, weights, room)
    if price is None:
        return np.zeros((0, rules.roster_size), dtype=np.uint8)
    charged = np.floor(price * weights).astype(np.int64)
    look = max(2 * k, _FIRST_LOOK)
    while True:
        found = best_by_value(values - charged, rules, look)
        lineups = within_budgets(rules, found.lineups)
        worth = values[lineups].sum(axis=1)
        order = np.lexsort((*lineups.T[::-1], -worth))[:k]
        if len(found.lineups) < look:
            return lineups[order]
        # whatever is not in the list and within the budgets is worth no more than this
        others = found.scores[-1] + price * room
        if len(order) == k and worth[order[-1]] >= others:
            return lineups[order]
        look *= _LOOK_GROWS


def within_budgets(rules: LineupRules, lineups: Lineups) -> Lineups:
    """Give those of ``lineups`` u8 ``[K, R]`` that obey every budget, in their order."""
    fits = np.ones(len(lineups), dtype=np.bool_)
    for budget in rules.budgets:
        taken = np.array(budget.amounts, dtype=np.int64)[lineups].sum(axis=1)
        fits &= taken <= budget.at_most
    return lineups[fits]


def _added_up(rules: LineupRules) -> tuple[Values, int]:
    """Give what each driver takes of all budgets together ``[D]``, and what there is of them.

    Amounts are rounded down, so a lineup within every budget is within the sum of them.
    """
    weights, room = np.zeros(len(rules.salaries_usd), dtype=np.int64), 0
    for budget in rules.budgets:
        unit = max(budget.at_most, 1)
        # who takes more than all there is can take just as much more than that: he fits nowhere
        amounts = [min(amount, max(budget.at_most, 0) + 1) for amount in budget.amounts]
        weights += np.array([amount * _STEPS // unit for amount in amounts], dtype=np.int64)
        room += budget.at_most * _STEPS // unit
    return weights, room


def _price(values: Values, rules: LineupRules, weights: Values, room: int) -> float | None:
    """Give the price at which a lineup over the budgets and one within them are the best alike.

    ``None`` if no lineup is within them. Two lineups suggest the price at which they are worth the
    same; a lineup that is better there takes the place of one of the two, until none is.
    """
    over = _best(values, rules)
    under = _best(-weights, rules)
    if over is None or under is None or weights[under].sum() > room:
        return None
    if weights[over].sum() <= room:
        return 0.0
    price = 0.0
    for _ in range(_TURNS):
        dearer = float(weights[over].sum() - weights[under].sum())
        price = max(float(values[over].sum() - values[under].sum()) / dearer, 0.0)
        charged = values - np.floor(price * weights).astype(np.int64)
        better = _best(charged, rules)
        if better is None or charged[better].sum() <= max(
            charged[over].sum(), charged[under].sum()
        ):
            break
        if weights[better].sum() > room:
            over = better
        else:
            under = better
    return price


def _best(values: Values, rules: LineupRules) -> npt.NDArray[np.uint8] | None:
    found = best_by_value(values, rules, 1).lineups
    return found[0] if len(found) else None
