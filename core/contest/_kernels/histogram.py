"""A field's scores counted, by tick, in the races of one word at a time."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.compiled import compiled, loop
from core.contest._kernels.packing import Codes, Counts, PackedLineups, PackedRaces, Words

_LINEUPS_AT_ONCE = 8_192


class Histogram(NamedTuple):
    """Entries by score in the races of a word, and scratch to count them.

    Parameters
    ----------
    pairs, head_scores, scores
        Scores of every pair, of some heads, and of as many lineups: one word each.
    on_word
        Counts, as many to a word as fit, ``[lanes, W]``.
    on_score
        The same counts one by one, ``[lanes, X]``.
    on_any
        The same, the lanes one behind the other, ``[lanes * X]``.
    """

    pairs: Words
    head_scores: Words
    scores: Words
    on_word: Words
    on_score: Counts
    on_any: Counts


@compiled
def new_histogram(races: PackedRaces, lineups: int, counter: Counts, words: int) -> Histogram:
    """Histogram of no entry, ``words`` of counts to a race; its counts have the counter's type."""
    at_once = min(_LINEUPS_AT_ONCE, max(lineups, 1))
    on_word = np.zeros((8 // races.lane.itemsize, words), dtype=np.uint64)
    on_score = on_word.view(counter.dtype)
    return Histogram(
        pairs=np.zeros((races.words.shape[1] + 1) ** 2, dtype=np.uint64),
        head_scores=np.zeros(at_once, dtype=np.uint64),
        scores=np.zeros(at_once, dtype=np.uint64),
        on_word=on_word,
        on_score=on_score,
        on_any=on_score.reshape(on_score.size),
    )


@loop
def _fill_pairs(points: Words, pairs: Words) -> None:
    drivers = len(points)
    wide = drivers + 1
    for a in range(drivers):
        for b in range(a + 1, drivers):
            pairs[a * wide + b] = points[a] + points[b]
        pairs[a * wide + drivers] = points[a]


@loop
def add_pairs(pairs: Words, codes: Codes, scores: Words) -> None:
    """Write the scores of lineups, or heads, from their pairs' codes ``[P, n]``."""
    scores[:] = 0
    for h in range(codes.shape[0]):
        column = codes[h]
        for n in range(len(scores)):
            scores[n] += pairs[column[n]]


@loop
def _add_tails(
    pairs: Words,
    heads: Words,
    first_head: int,
    head: npt.NDArray[np.uint32],
    tail: Codes,
    scores: Words,
) -> None:
    for u in range(len(scores)):
        scores[u] = heads[head[u] - np.uint32(first_head)] + pairs[tail[u]]


@loop
def _count_four(scores: Words, copies: Counts, on_any: Counts, race: int) -> None:
    """Count four races' scores; the counts of each begin ``race`` after the last one's."""
    short = np.uint64(0xFFFF)
    second, third, fourth = np.uint64(race), np.uint64(2 * race), np.uint64(3 * race)
    for u in range(len(scores)):
        score, entries = scores[u], copies[u]
        on_any[score & short] += entries
        on_any[((score >> np.uint64(16)) & short) + second] += entries
        on_any[((score >> np.uint64(32)) & short) + third] += entries
        on_any[(score >> np.uint64(48)) + fourth] += entries


@loop
def _count_two(scores: Words, copies: Counts, on_any: Counts, race: int) -> None:
    for u in range(len(scores)):
        on_any[scores[u] & np.uint64(0xFFFFFFFF)] += copies[u]
        on_any[(scores[u] >> np.uint64(32)) + np.uint64(race)] += copies[u]


@loop
def count_scores(histogram: Histogram, scores: Words, copies: Counts) -> None:
    """Count lineups by their scores, a word each, in every race of the word."""
    lanes, race = histogram.on_score.shape
    if lanes == 4:
        _count_four(scores, copies, histogram.on_any, race)
    else:
        _count_two(scores, copies, histogram.on_any, race)


@loop
def count_field(histogram: Histogram, races: Words, field: PackedLineups) -> None:
    """Count a field in the races of one word ``[D]``; leaves the scores of pairs in ``pairs``."""
    _fill_pairs(races, histogram.pairs)
    at_once = len(histogram.scores)
    for start in range(0, len(field.head), at_once):
        stop = min(start + at_once, len(field.head))
        first = int(np.int64(field.head[start]))
        n_heads = int(np.int64(field.head[stop - 1])) - first + 1
        heads = field.heads[:, first : first + n_heads]
        add_pairs(histogram.pairs, heads, histogram.head_scores[:n_heads])
        scores = histogram.scores[: stop - start]
        _add_tails(
            histogram.pairs,
            histogram.head_scores,
            first,
            field.head[start:stop],
            field.tail[start:stop],
            scores,
        )
        count_scores(histogram, scores, field.copies[start:stop])


@loop
def forget(histogram: Histogram, lane: int, begin: int, end: int) -> None:
    """Set the counts of words ``begin`` to ``end`` of a race back to 0, for the next word's."""
    histogram.on_word[lane, begin:end] = 0
