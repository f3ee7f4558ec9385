"""The smallest set of rules in conflict, whatever the rules are."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

Possible = Callable[[frozenset[int]], bool]


def smallest_conflict(count: int, possible: Possible) -> tuple[int, ...]:
    """Give the fewest of ``count`` rules that no answer obeys together, by number, rising.

    A conflict holds a rule of everything that must be lifted to leave an answer. So, turn by turn:
    the fewest rules that hold one of each such set known; if they conflict none fewer do, else they
    are added to until one more would, and what is left out is the next such set (Ignatiev, Previti,
    Liffiton and Marques-Silva, "Smallest MUS extraction with minimal hitting set dualization",
    2015).

    Parameters
    ----------
    count
        How many rules there are.
    possible
        Says whether an answer obeys these rules. Fewer rules never leave fewer answers, and all of
        them leave none.
    """
    everything = frozenset(range(count))
    lifted: list[frozenset[int]] = []
    while True:
        fewest = _fewest_in_all(count, lifted)
        if not possible(fewest):
            return tuple(sorted(fewest))
        lifted.append(everything - _grown(fewest, sorted(everything - fewest), possible))


def _fewest_in_all(count: int, sets: Sequence[frozenset[int]]) -> frozenset[int]:
    """Give the fewest numbers below ``count`` of which each set holds one."""
    if not sets:
        return frozenset()
    holds = np.zeros((len(sets), count))
    for row, members in enumerate(sets):
        holds[row, list(members)] = 1.0
    # of as many numbers, the lower ones: a rule's number is where the user reads it first
    cost = 1.0 + np.arange(count) / (count * count + 1.0) / 2.0
    solved = milp(
        cost,
        constraints=LinearConstraint(holds, 1.0, np.inf),
        integrality=np.ones(count),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0},
    )
    return frozenset(np.flatnonzero(np.round(solved.x)).tolist())


def _grown(base: frozenset[int], rest: list[int], possible: Possible) -> frozenset[int]:
    """Add all of ``rest`` that can be added, many at once where they can."""
    if not rest:
        return base
    whole = base | frozenset(rest)
    if possible(whole):
        return whole
    if len(rest) == 1:
        return base
    middle = len(rest) // 2
    return _grown(_grown(base, rest[:middle], possible), rest[middle:], possible)
