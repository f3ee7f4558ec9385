"""Own entries in a contest: counted with the field, their places read off the counts."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.compiled import compiled, loop
from core.contest._kernels.histogram import (
    Histogram,
    add_pairs,
    count_field,
    count_scores,
    forget,
    new_histogram,
)
from core.contest._kernels.packing import Codes, Counts, Ints, PackedLineups, PackedRaces, Words

Int32s = npt.NDArray[np.int32]

_WORDS = 4
"""Of counts, in a block."""


class Results(NamedTuple):
    """What each own lineup meets in each scenario, ``[N, L]``.

    Parameters
    ----------
    paid
        Micro-dollars won, i64.
    above
        Entries with a higher score, i32.
    tied
        Entries on the same score, itself one of them, i32.
    """

    paid: Ints
    above: Int32s
    tied: Int32s

    @classmethod
    def of_none(cls, scenarios: int, lineups: int) -> "Results":
        """Room for the results of so many scenarios and lineups."""
        rows = (scenarios, lineups)
        return cls(np.zeros(rows, np.int64), np.zeros(rows, np.int32), np.zeros(rows, np.int32))


class _Own(NamedTuple):
    """Own lineups, and scratch to place them.

    Parameters
    ----------
    codes
        Of their pairs, ``[P, L]``.
    scores
        In the races of a word, one word each, ``[L]``.
    by_lane
        The same scores, race by race, ``[L, lanes]``.
    once
        One entry each, ``[L]``.
    above_block
        Entries above each block of counts, i32.
    """

    codes: Codes
    scores: Words
    by_lane: Counts
    once: Counts
    above_block: Int32s


@loop
def _lowest(scores: Counts) -> int:
    lowest = scores[0]
    for j in range(len(scores)):
        lowest = min(lowest, scores[j])
    return int(np.int64(lowest))


@loop
def _add_up_above(on_word: Words, first: int, end: int, above: Int32s, bins: int) -> None:
    """Count the entries above each block of words, from block ``end`` down to ``first``.

    A word holds two or four bins; the product's highest bin is the sum of all of them.
    """
    width = np.uint64(64 // bins)
    ones = np.uint64(2**64 - 1) // ((np.uint64(1) << width) - np.uint64(1))
    top = np.uint64(64) - width
    so_far = np.int32(0)
    for block in range(end, first - 1, -1):
        above[block] = so_far
        word = np.uint64(block * _WORDS)
        total = np.uint64(0)
        for i in range(_WORDS):
            total += on_word[word + np.uint64(i)]
        so_far += np.int32((total * ones) >> top)


@loop
def _places(
    scores: Counts,
    on_score: Counts,
    on_word: Words,
    above_block: Int32s,
    above: Int32s,
    tied: Int32s,
) -> None:
    """Read each own score's place off the counts, without a branch that could be guessed wrong."""
    bins = 8 // on_score.itemsize
    width = np.uint64(64 // bins)
    ones = np.uint64(2**64 - 1) // ((np.uint64(1) << width) - np.uint64(1))
    top = np.uint64(64) - width
    in_word = np.uint64(bins - 1)
    to_word = np.uint64(1 if bins == 2 else 2)
    for j in range(len(scores)):
        score = np.uint64(scores[j])
        word = score >> to_word
        block = word // np.uint64(_WORDS)
        # of the score's own word only the bins above it count
        total = on_word[word] >> (width * (score & in_word)) >> width
        for i in range(_WORDS):
            other = block * np.uint64(_WORDS) + np.uint64(i)
            total += on_word[other] if other > word else np.uint64(0)
        above[j] = above_block[block] + np.int32((total * ones) >> top)
        tied[j] = on_score[score]


@loop
def _split(ladder: Ints, above: Int32s, tied: Int32s, paid: Ints) -> None:
    """Split the prizes of the places that tied entries span, each share rounded down to a micro.

    A pool is below 2**53 micros, so the double nearest to a quotient lies on its side of every
    whole number.
    """
    last = np.int64(len(ladder) - 1)
    for j in range(len(paid)):
        over, same = np.int64(above[j]), np.int64(tied[j])
        won = ladder[min(over + same, last)] - ladder[min(over, last)]
        paid[j] = np.int64(np.float64(won) / np.float64(same))


@loop
def _play_races(
    races: PackedRaces,
    field: PackedLineups,
    own: _Own,
    histogram: Histogram,
    ladder: Ints,
    results: Results,
) -> None:
    scenarios = len(races.low)
    lanes = 8 // races.lane.itemsize
    bins = 8 // histogram.on_score.itemsize
    for tile in range(len(races.words)):
        count_field(histogram, races.words[tile], field)
        add_pairs(histogram.pairs, own.codes, own.scores)
        count_scores(histogram, own.scores, own.once)
        for t in range(min(lanes, scenarios - tile * lanes)):
            scenario = tile * lanes + t
            scores, on_word = own.by_lane[:, t], histogram.on_word[t]
            above, tied = results.above[scenario], results.tied[scenario]
            end = int(races.high[scenario]) // (bins * _WORDS)
            lowest = _lowest(scores) // (bins * _WORDS)
            _add_up_above(on_word, lowest, end, own.above_block, bins)
            _places(scores, histogram.on_score[t], on_word, own.above_block, above, tied)
            _split(ladder, above, tied, results.paid[scenario])
            begin = int(races.low[scenario]) // (bins * _WORDS)
            forget(histogram, t, begin * _WORDS, (end + 1) * _WORDS)


@compiled
def _play(
    races: PackedRaces,
    field: PackedLineups,
    own_codes: Codes,
    counter: Counts,
    ladder: Ints,
    results: Results,
) -> None:
    lineups = own_codes.shape[1]
    blocks = int(races.high.max()) // (8 // counter.itemsize * _WORDS) + 1
    histogram = new_histogram(races, len(field.head), counter, blocks * _WORDS)
    scores = np.zeros(lineups, dtype=np.uint64)
    own = _Own(
        codes=own_codes,
        scores=scores,
        by_lane=scores.view(races.lane.dtype).reshape(lineups, 8 // races.lane.itemsize),
        once=np.ones(lineups, dtype=counter.dtype),
        above_block=np.zeros(blocks, dtype=np.int32),
    )
    _play_races(races, field, own, histogram, ladder, results)


def play_scenarios(
    races: PackedRaces, field: PackedLineups, own_codes: Codes, ladder: Ints, results: Results
) -> None:
    """Play one contest per scenario; own entries are in it and meet each other.

    Fills ``results``.
    """
    counter = races.counter(field.entries + own_codes.shape[1])
    _play(races, field.counted_in(counter), own_codes, counter, ladder, results)
