"""The smallest set of rules in conflict, for rules of any kind."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import Bounds, LinearConstraint

from core.portfolio.programs import solve_integer

Possible = Callable[[frozenset[int]], bool]

# Where any few of many rules of one kind are in conflict, proving a conflict the smallest would
# take a trial of every set of them.
_MOST_TRIED = 300
_NODES = 500


def smallest_conflict(
    count: int, possible: Possible, most_tried: int = _MOST_TRIED
) -> tuple[int, ...]:
    """The fewest of ``count`` rules that no answer obeys together, by number, rising.

    First comes a conflict from which no rule can be left out (Junker, "QuickXplain: preferred
    explanations and relaxations for over-constrained problems", 2004). Then a smaller one is
    sought. If lifting a set of rules leaves an answer, every conflict holds a rule of that set.
    So each round takes the fewest rules that hold one of every such set known so far. If these
    are in conflict, no fewer are. Otherwise rules are added to them until one more would make a
    conflict, and the rules not added are the next such set (Ignatiev, Previti, Liffiton and
    Marques-Silva, "Smallest MUS extraction with minimal hitting set dualization", 2015). After
    ``most_tried`` sets the first conflict is returned: it may not be the smallest, but no rule can
    be left out of it.

    Parameters
    ----------
    count
        Number of rules.
    possible
        Called with rules; returns whether an answer obeys them. Fewer rules never leave fewer
        answers, and all rules together leave none.
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
        if fewest is None or len(fewest) >= len(known):
            break
        if not counted(fewest):
            known = fewest
            break
        lifted.append(everything - _grown(fewest, sorted(everything - fewest), counted))
    return tuple(sorted(known))


def _explained(
    kept: frozenset[int], rest: list[int], possible: Possible, *, untried: bool
) -> frozenset[int]:
    """Rules of ``rest`` that are in conflict with the kept, none of which can be left out."""
    if untried and not possible(kept):
        return frozenset()
    if len(rest) == 1:
        return frozenset(rest)
    middle = len(rest) // 2
    first, second = rest[:middle], rest[middle:]
    late = _explained(kept | frozenset(first), second, possible, untried=True)
    early = _explained(kept | late, first, possible, untried=bool(late))
    return early | late


def _fewest_in_all(count: int, sets: Sequence[frozenset[int]]) -> frozenset[int] | None:
    """The fewest numbers below ``count`` such that each set holds at least one of them.

    ``None`` where a number of nodes does not prove them the fewest.
    """
    if not sets:
        return frozenset()
    holds = np.zeros((len(sets), count))
    for row, members in enumerate(sets):
        holds[row, list(members)] = 1.0
    # among equally few, the lowest numbers: rules are numbered in the order a user reads them
    cost = 1.0 + np.arange(count) / (count * count + 1.0) / 2.0
    solved = solve_integer(
        cost,
        constraints=LinearConstraint(holds, 1.0, np.inf),
        integrality=np.ones(count),
        bounds=Bounds(0, 1),
        gap=0.0,
        most_nodes=_NODES,
    )
    return frozenset(np.flatnonzero(np.round(solved.x)).tolist()) if solved.success else None


def _grown(base: frozenset[int], rest: list[int], possible: Possible) -> frozenset[int]:
    """The base with every rule of ``rest`` that can be added, trying many at once."""
    if not rest:
        return base
    whole = base | frozenset(rest)
    if possible(whole):
        return whole
    if len(rest) == 1:
        return base
    middle = len(rest) // 2
    return _grown(_grown(base, rest[:middle], possible), rest[middle:], possible)
