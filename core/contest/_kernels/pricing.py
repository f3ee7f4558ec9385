"""What one more entry would win with any score: it meets the field alone."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.compiled import compiled, loop
from core.contest._kernels.histogram import add_pairs, count_field, new_histogram
from core.contest._kernels.packing import Codes, Counts, Ints, PackedLineups, PackedRaces

Int32s = npt.NDArray[np.int32]

NO_SCORE_IS_LOWER = np.int32(-(2**31))
NO_SCORE_IS_HIGHER = np.int32(2**31 - 1)


class _Span(NamedTuple):
    """Scores in a scenario's histogram, from the lowest to the highest that a lineup can have.

    ``least`` is what they lie below the site's scores, in ticks.
    """

    low: int
    high: int
    least: int


@loop
def _span_of(races: PackedRaces, scenario: int) -> _Span:
    low, high = int(races.low[scenario]), int(races.high[scenario])
    return _Span(low, high, int(races.least[scenario]))


@loop
def _prize(ladder: Ints, above: int, tied: int) -> int:
    """Share of each of ``tied`` entries behind ``above`` others, rounded down to a micro."""
    paid = len(ladder) - 1
    if above >= paid:
        return 0
    return int((ladder[min(above + tied, paid)] - ladder[above]) // tied)


@loop
def _fill_prizes(ladder: Ints, on_score: Counts, scores: _Span, prize: Ints) -> None:
    """Write the prize of every score that a lineup can have."""
    above = 0
    x = scores.high
    while x >= scores.low and above < len(ladder) - 1:
        tied = int(np.int64(on_score[x]))
        prize[x] = _prize(ladder, above, tied + 1)
        above += tied
        x -= 1
    prize[scores.low : x + 1] = 0


@loop
def _fill_steps(ladder: Ints, on_score: Counts, scores: _Span, breaks: Int32s, micros: Ints) -> int:
    """Write the steps from score to prize, the highest first; how many they are.

    Between two scores of the field the prize is that of the higher.
    """
    used = 0
    above = 0
    prize = _prize(ladder, 0, 1)
    x = scores.high
    moved = False
    while x >= scores.low and prize > 0:
        tied = int(np.int64(on_score[x]))
        # off the field's scores the prize is that of one score higher, unless that was on them
        if moved or tied > 0:
            lower = _prize(ladder, above, tied + 1)
            if lower < prize:
                breaks[used] = scores.least + x + 1
                micros[used] = prize
                used += 1
                prize = lower
        moved = tied > 0
        above += tied
        x -= 1
    if prize > 0:
        # more places are paid than there are opponents
        lower = _prize(ladder, above, 1)
        if lower < prize:
            breaks[used] = scores.least + scores.low
            micros[used] = prize
            used += 1
        if lower > 0:
            breaks[used] = NO_SCORE_IS_LOWER
            micros[used] = lower
            used += 1
    return used


@loop
def _raise_steps(breaks: Int32s, micros: Ints, used: int) -> None:
    """Turn the steps round, so that they rise, and fill up the row with a score of nobody."""
    for i in range(used // 2):
        j = used - 1 - i
        breaks[i], breaks[j] = breaks[j], breaks[i]
        micros[i], micros[j] = micros[j], micros[i]
    breaks[used:] = NO_SCORE_IS_HIGHER
    micros[used:] = micros[used - 1]


@compiled
def _value(
    races: PackedRaces,
    field: PackedLineups,
    codes: Codes,
    counter: Counts,
    ladder: Ints,
    won: Ints,
) -> None:
    candidates, scenarios = codes.shape[1], len(races.low)
    words = int(races.high.max()) // (8 // counter.itemsize) + 1
    histogram = new_histogram(races, len(field.head), counter, words)
    lanes = 8 // races.lane.itemsize
    scores = np.zeros(candidates, dtype=np.uint64)
    by_lane = scores.view(races.lane.dtype).reshape(candidates, lanes)
    prize = np.zeros(histogram.on_score.shape[1], dtype=np.int64)
    for tile in range(len(races.words)):
        count_field(histogram, races.words[tile], field)
        add_pairs(histogram.pairs, codes, scores)
        for t in range(min(lanes, scenarios - tile * lanes)):
            span = _span_of(races, tile * lanes + t)
            _fill_prizes(ladder, histogram.on_score[t], span, prize)
            for j in range(candidates):
                won[j] += prize[by_lane[j, t]]
            histogram.on_score[t, span.low : span.high + 1] = 0


@compiled
def _steps(
    races: PackedRaces,
    field: PackedLineups,
    counter: Counts,
    ladder: Ints,
    breaks: Int32s,
    micros: Ints,
) -> int:
    scenarios = len(races.low)
    words = int(races.high.max()) // (8 // counter.itemsize) + 1
    histogram = new_histogram(races, len(field.head), counter, words)
    lanes = 8 // races.lane.itemsize
    most = 0
    for tile in range(len(races.words)):
        count_field(histogram, races.words[tile], field)
        for t in range(min(lanes, scenarios - tile * lanes)):
            scenario = tile * lanes + t
            span = _span_of(races, scenario)
            into, prizes = breaks[scenario], micros[scenario]
            used = _fill_steps(ladder, histogram.on_score[t], span, into, prizes)
            _raise_steps(into, prizes, used)
            most = max(most, used)
            histogram.on_score[t, span.low : span.high + 1] = 0
    return most


def value_candidates(
    races: PackedRaces, field: PackedLineups, codes: Codes, ladder: Ints, won: Ints
) -> None:
    """Add up what each candidate would win as the one more entry of every scenario's contest.

    ``codes`` are those of the candidates' pairs, ``won`` i64 ``[K]`` in micro-dollars.
    """
    counter = races.counter(field.entries)
    _value(races, field.counted_in(counter), codes, counter, ladder, won)


def step_scenarios(
    races: PackedRaces, field: PackedLineups, ladder: Ints, breaks: Int32s, micros: Ints
) -> int:
    """Write the steps from the one more entry's score to its prize, per scenario ``[N, B]``.

    Steps rise; what is left of a row repeats its last prize at a score that nobody has. Returns the
    most steps of any scenario.
    """
    counter = races.counter(field.entries)
    return _steps(races, field.counted_in(counter), counter, ladder, breaks, micros)
