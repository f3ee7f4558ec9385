"""Prize ladders built from a curve: ranges of places like DraftKings', summing to a pool."""

from collections.abc import Sequence

from core.contest.payouts import PrizeTier

Span = tuple[int, int]

_LAST_PLACES = (1, 2, 3, 4, 5, 7, 10, 15, 20, 25, 30, 40, 50, 75)  # of the first ranges
_STEPS = (100, 150, 200, 300, 400, 500, 750)  # last places from 100 on, and times 10, 100 ..
_BISECTIONS = 100


def spans_of(places: int) -> list[Span]:
    """Ranges of places, first and last, that share a prize; together places 1 to ``places``."""
    ends = list(_LAST_PLACES)
    scale = 1
    while ends[-1] < places:
        ends += [step * scale for step in _STEPS]
        scale *= 10
    ends = [*(end for end in ends if end < places), places]
    return [(last + 1, end) for last, end in zip([0, *ends], ends, strict=False)]


def middles(spans: Sequence[Span]) -> list[float]:
    """Middle of each range: the place at which the curve gives its prize."""
    return [(first + last) / 2.0 for first, last in spans]


def prizes_at(scale: float, shape: Sequence[float], least: int) -> list[int]:
    """Prizes in whole cents: ``scale`` times the shape, rounded down, at least ``least``."""
    return [max(least, int(scale * height)) for height in shape]


def cost(spans: Sequence[Span], prizes: Sequence[int]) -> int:
    """Sum of all prizes in cents, each paid to every place of its range."""
    return sum(
        (last - first + 1) * prize for (first, last), prize in zip(spans, prizes, strict=True)
    )


def tiers_of_shape(
    spans: Sequence[Span], shape: Sequence[float], pool: int, least: int, first: int = 0
) -> tuple[PrizeTier, ...]:
    """Prize tiers in the proportions of a falling ``shape`` that sum to ``pool`` cents exactly.

    Every prize is at least ``least`` cents and the winner's at least ``first`` cents; together
    these minimums must not exceed the pool. Cents left over by rounding go to the winner.
    """
    low, high = 0.0, 2.0 * pool / min(shape[0], 1.0)
    for _ in range(_BISECTIONS):
        scale = (low + high) / 2.0
        if cost(spans, _at_least(first, prizes_at(scale, shape, least))) > pool:
            high = scale
        else:
            low = scale
    prizes = _at_least(first, prizes_at(low, shape, least))
    prizes[0] += pool - cost(spans, prizes)
    tiers: list[PrizeTier] = []
    for (start, last), prize in zip(spans, prizes, strict=True):
        if tiers and tiers[-1].prize_cents == prize:
            tiers[-1] = PrizeTier(tiers[-1].first, last, prize)
        else:
            tiers.append(PrizeTier(start, last, prize))
    return tuple(tiers)


def _at_least(first: int, prizes: list[int]) -> list[int]:
    return [max(first, prizes[0]), *prizes[1:]]
