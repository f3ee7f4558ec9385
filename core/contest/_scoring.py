"""Contests at full speed: scores counted into a histogram, places read off it, prizes split.

Scores are whole ticks, so a histogram over the scenario's own range holds every score exactly, and
no entry is ever sorted. A lineup's score is a sum over pairs of its drivers, looked up in a table
made once per scenario, which halves the reads.
"""

import numpy as np
import numpy.typing as npt

from core.compiled import compiled

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint16]

NO_SCORE_IS_LOWER = np.int32(-(2**31))
NO_SCORE_IS_HIGHER = np.int32(2**31 - 1)


def pair_codes(lineups: npt.NDArray[np.uint8], drivers: int, roster_size: int) -> Codes:
    """Give lineups ``[U, R]`` as columns of pairs, ``[ceil(R / 2), U]``.

    Pair (a, b) is ``a * (drivers + 1) + b``; an odd roster is filled up with the driver that does
    not exist, index ``drivers``, who scores 0.

    Raises
    ------
    ValueError
        Lineups of another size, or of drivers without points: compiled loops do not look.
    """
    if lineups.shape[1] != roster_size or int(lineups.max(initial=0)) >= drivers:
        raise ValueError(f"these are no lineups of {roster_size} out of {drivers} drivers")
    wide = lineups.astype(np.uint16)
    if wide.shape[1] % 2:
        wide = np.column_stack([wide, np.full(len(wide), drivers, dtype=np.uint16)])
    return np.ascontiguousarray((wide[:, 0::2] * np.uint16(drivers + 1) + wide[:, 1::2]).T)


def widest_range(points: npt.NDArray[np.int16], roster_size: int) -> int:
    """Give how many different scores any one scenario can hold, from the best to the worst."""
    if not len(points):
        return 1
    spread = points.max(axis=1).astype(np.int64) - points.min(axis=1)
    return roster_size * int(spread.max()) + 1


@compiled
def _fill_pairs(points: npt.NDArray[np.int16], pairs: npt.NDArray[np.int32]) -> None:
    drivers = len(points)
    wide = drivers + 1
    for a in range(drivers):
        for b in range(drivers):
            pairs[a * wide + b] = np.int32(points[a]) + np.int32(points[b])
        pairs[a * wide + drivers] = points[a]


@compiled
def _score(pairs: npt.NDArray[np.int32], codes: Codes, scores: npt.NDArray[np.int32]) -> None:
    for u in range(codes.shape[1]):
        scores[u] = pairs[codes[0, u]]
    for h in range(1, codes.shape[0]):
        for u in range(codes.shape[1]):
            scores[u] += pairs[codes[h, u]]


@compiled
def _prize(ladder: Ints, above: int, tied: int) -> int:
    """Give each of ``tied`` entries behind ``above`` others its share, rounded down to a micro."""
    paid = len(ladder) - 1
    if above >= paid:
        return 0
    return int((ladder[min(above + tied, paid)] - ladder[above]) // tied)


@compiled
def value_candidates(
    points: npt.NDArray[np.int16],
    codes: Codes,
    copies: npt.NDArray[np.int32],
    candidate_codes: Codes,
    ladder: Ints,
    widest: int,
    won: Ints,
) -> None:
    """Add up what each candidate would win as the one more entry of every scenario's contest."""
    candidates = candidate_codes.shape[1]
    pairs = np.zeros((points.shape[1] + 1) ** 2, dtype=np.int32)
    scores = np.zeros(codes.shape[1], dtype=np.int32)
    candidate_scores = np.zeros(candidates, dtype=np.int32)
    on_score = np.zeros(widest, dtype=np.int32)
    prize = np.zeros(widest, dtype=np.int64)
    for scenario in range(points.shape[0]):
        _fill_pairs(points[scenario], pairs)
        _score(pairs, codes, scores)
        _score(pairs, candidate_codes, candidate_scores)
        low = candidate_scores.min()
        high = candidate_scores.max()
        for u in range(len(scores)):
            low = min(low, scores[u])
            high = max(high, scores[u])
        for u in range(len(scores)):
            on_score[scores[u] - low] += copies[u]
        better = 0
        x = high - low
        while x >= 0 and better < len(ladder) - 1:
            prize[x] = _prize(ladder, better, on_score[x] + 1)
            better += on_score[x]
            x -= 1
        prize[: x + 1] = 0
        for j in range(candidates):
            won[j] += prize[candidate_scores[j] - low]
        on_score[: high - low + 1] = 0


@compiled
def step_scenarios(
    points: npt.NDArray[np.int16],
    codes: Codes,
    copies: npt.NDArray[np.int32],
    ladder: Ints,
    widest: int,
    breaks: npt.NDArray[np.int32],
    micros: Ints,
) -> int:
    """Write the steps from the one more entry's score to its prize, per scenario ``[S, B]``.

    Steps rise; what is left of a row repeats its last prize at a score that nobody has. Gives the
    most steps of any scenario.
    """
    entries = codes.shape[1]
    pairs = np.zeros((points.shape[1] + 1) ** 2, dtype=np.int32)
    scores = np.zeros(entries, dtype=np.int32)
    on_score = np.zeros(widest, dtype=np.int32)
    most = 0
    for scenario in range(points.shape[0]):
        _fill_pairs(points[scenario], pairs)
        _score(pairs, codes, scores)
        low = scores[0] if entries > 0 else np.int32(0)
        high = low
        for u in range(entries):
            low = min(low, scores[u])
            high = max(high, scores[u])
        for u in range(entries):
            on_score[scores[u] - low] += copies[u]
        used = 0
        better = 0
        prize = _prize(ladder, 0, 1)
        x = np.int64(high - low)
        moved = False
        while x >= 0 and prize > 0:
            # off the field's scores the prize is that of one score higher, unless that was on them
            if moved or on_score[x] > 0:
                lower = _prize(ladder, better, on_score[x] + 1)
                if lower < prize:
                    breaks[scenario, used] = low + x + 1
                    micros[scenario, used] = prize
                    used += 1
                    prize = lower
            moved = on_score[x] > 0
            better += on_score[x]
            x -= 1
        if prize > 0:
            # more places are paid than there are opponents
            lower = _prize(ladder, better, 1)
            if lower < prize:
                breaks[scenario, used] = low
                micros[scenario, used] = prize
                used += 1
            if lower > 0:
                breaks[scenario, used] = NO_SCORE_IS_LOWER
                micros[scenario, used] = lower
                used += 1
        for i in range(used // 2):
            j = used - 1 - i
            breaks[scenario, i], breaks[scenario, j] = breaks[scenario, j], breaks[scenario, i]
            micros[scenario, i], micros[scenario, j] = micros[scenario, j], micros[scenario, i]
        breaks[scenario, used:] = NO_SCORE_IS_HIGHER
        micros[scenario, used:] = micros[scenario, used - 1]
        most = max(most, used)
        on_score[: high - low + 1] = 0
    return most
