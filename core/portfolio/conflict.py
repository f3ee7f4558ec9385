"""The smallest set of rules in conflict, whatever the rules are."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

Possible = Callable[[frozenset[int]], bool]

# Of many rules of one kind any few conflict as well as any others, and to see that no fewer do,
# all of them would have to be tried.
_MOST_TRIED = 300


def smallest_conflict(
    count: int, possible: Possible, most_tried: int = _MOST_TRIED
) -> tuple[int, ...]:
    """The fewest of ``count`` rules that no answer obeys together, by number, rising.

    A conflict from which no rule can be left out is found first (Junker, "QuickXplain: preferred
    explanations and relaxations for over-constrained problems", 2004). For a smaller one: a
    conflict holds a rule of everything that must be lifted to leave an answer. So, round by round,
    the fewest rules that hold one of each such set known; if they conflict none fewer do, else they
    are added to until one more would, and what is left out is the next such set (Ignatiev, Previti,
    Liffiton and Marques-Silva, "Smallest MUS extraction with minimal hitting set dualization",
    2015). Where that would try hundreds of sets, the first conflict stands: it may not be the
    smallest, but has nothing in it that could be left out.

    Parameters
    ----------
    count
        How many rules there are.
    possible
        Whether an answer obeys these rules. Fewer rules never leave fewer answers, and all of them
        leave none.
    most_tried
        About how many sets of rules to try for a smaller conflict than the first.
    """
    everything = frozenset(range(count))
    if not possible(frozenset()):
        return ()
    known = _explained(frozenset(), list(range(count)), possible, untried=False)
    lifted: list[frozenset[int]] = []
    tried = 0

    def counted(rules: frozenset[int]) -> bool:
        nonlocal tried
        tried += 1
        return possible(rules)

    while tried < most_tried:
        fewest = _fewest_in_all(count, lifted)
        if len(fewest) >= len(known):
            break
        if not counted(fewest):
            known = fewest
            break
        lifted.append(everything - _grown(fewest, sorted(everything - fewest), counted))
    return tuple(sorted(known))


def _explained(
    kept: frozenset[int], rest: list[int], possible: Possible, *, untried: bool
) -> frozenset[int]:
    """Rules of ``rest`` that conflict beside the kept, none of which can be left out."""
    if untried and not possible(kept):
        return frozenset()
    if len(rest) == 1:
        return frozenset(rest)
    middle = len(rest) // 2
    first, second = rest[:middle], rest[middle:]
    late = _explained(kept | frozenset(first), second, possible, untried=True)
    early = _explained(kept | late, first, possible, untried=bool(late))
    return early | late


def _fewest_in_all(count: int, sets: Sequence[frozenset[int]]) -> frozenset[int]:
    """The fewest numbers below ``count`` of which each set holds one."""
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
    """The base with all of ``rest`` that can be added, many at once where they can."""
    if not rest:
        return base
    whole = base | frozenset(rest)
    if possible(whole):
        return whole
    if len(rest) == 1:
        return base
    middle = len(rest) // 2
    return _grown(_grown(base, rest[:middle], possible), rest[middle:], possible)
