"""Contests at full speed: scores counted into a histogram, places read off it, prizes split.

A score above the scenario's least fits 16 bits, so one 64-bit addition scores a lineup in four
races at once. Lineups come in lexicographic order and share their first drivers: what those score
is added up once (a head), and each lineup costs one more addition (its last pair, the tail).
Scores are whole ticks, so a count per tick holds every one exactly and no entry is ever sorted;
each race's lineups are counted in a run, one count a cycle or so, which is what memory allows.
Where a user's own points spread too far for 16 bits, words hold two races of 32.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.compiled import compiled
from core.field import Field
from core.sites import Ticks

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint16]
Words = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.uint16] | npt.NDArray[np.uint32]

NO_SCORE_IS_LOWER = np.int32(-(2**31))
NO_SCORE_IS_HIGHER = np.int32(2**31 - 1)

_WIDEST_SHORT = (1 << 16) - 1
_LINEUPS_AT_ONCE = 8_192
_WORDS = 4
"""Of counts, in a block."""


def pair_codes(lineups: npt.NDArray[np.uint8], drivers: int, roster_size: int) -> Codes:
    """Give lineups ``[U, R]`` as columns of pairs, ``[ceil(R / 2), U]``.

    Pair (a, b) is ``a * (drivers + 1) + b``; an odd roster is filled up with the driver that does
    not exist, index ``drivers``, who scores 0.

    Raises
    ------
    ValueError
        Lineups of another size, of drivers without points, or not ascending: compiled loops do not
        look.
    """
    if lineups.shape[1] != roster_size or int(lineups.max(initial=0)) >= drivers:
        raise ValueError(f"these are no lineups of {roster_size} out of {drivers} drivers")
    if bool((lineups[:, 1:] <= lineups[:, :-1]).any()):
        raise ValueError("a lineup's drivers must ascend")
    wide = lineups.astype(np.uint16)
    if wide.shape[1] % 2:
        wide = np.column_stack([wide, np.full(len(wide), drivers, dtype=np.uint16)])
    return np.ascontiguousarray((wide[:, 0::2] * np.uint16(drivers + 1) + wide[:, 1::2]).T)


@dataclass(frozen=True, slots=True)
class PackedLineups:
    """Lineups as heads and tails: codes of pairs, as :func:`pair_codes` gives them.

    Parameters
    ----------
    heads
        Pairs of each different head, u16 ``[P - 1, H]``.
    head, tail
        Of each lineup: the place of its head, rising, u32 ``[U]``, and its last pair, u16 ``[U]``.
    copies
        Entries, u32 ``[U]``.
    """

    heads: Codes
    head: npt.NDArray[np.uint32]
    tail: Codes
    copies: npt.NDArray[np.uint32]

    @property
    def entries(self) -> int:
        """Entries in all."""
        return int(self.copies.sum(dtype=np.int64))

    @classmethod
    def of(cls, field: Field, drivers: int, roster_size: int) -> "PackedLineups":
        """Pack a field; its lineups stand in lexicographic order, so equal heads are neighbours."""
        codes = pair_codes(field.lineups, drivers, roster_size)
        new = np.ones(codes.shape[1], dtype=np.bool_)
        new[1:] = (codes[:-1, 1:] != codes[:-1, :-1]).any(axis=0)
        return cls(
            np.ascontiguousarray(codes[:-1, new]),
            (np.cumsum(new) - 1).astype(np.uint32),
            codes[-1].copy(),
            field.copies.astype(np.uint32),
        )


@dataclass(frozen=True, slots=True)
class PackedRaces:
    """Scenarios side by side in words.

    Parameters
    ----------
    words
        Points above the scenario's worst driver, ``[ceil(N / lanes), D]``; what is left of the last
        word is 0.
    lane
        Empty; its type is that of a score: u16 (four lanes) or u32 (two).
    low, high
        Between which every lineup's score lies, int64 ``[N]``: the worst and best drivers together.
    least
        What was taken off every lineup's score, in ticks, int64 ``[N]``.
    """

    words: Words
    lane: Counts
    low: Ints
    high: Ints
    least: Ints

    @classmethod
    def of(cls, points: Ticks, roster_size: int) -> "PackedRaces":
        """Pack points in ticks, int16 ``[N, D]``."""
        scenarios, drivers = points.shape
        worst = points.min(axis=1, keepdims=True, initial=2**15 - 1).astype(np.int32)
        over = points - worst
        ranked = np.sort(over, axis=1).astype(np.int64)
        short = roster_size * int(over.max(initial=0)) <= _WIDEST_SHORT
        lane: Counts = np.zeros(0, np.uint16) if short else np.zeros(0, np.uint32)
        lanes = 8 // lane.itemsize
        filled = np.zeros((-(-scenarios // lanes) * lanes, drivers), dtype=lane.dtype)
        filled[:scenarios] = over
        side_by_side = filled.reshape(-1, lanes, drivers).transpose(0, 2, 1)
        return cls(
            np.ascontiguousarray(side_by_side).view(np.uint64)[:, :, 0],
            lane,
            ranked[:, :roster_size].sum(axis=1),
            ranked[:, drivers - roster_size :].sum(axis=1),
            roster_size * worst[:, 0].astype(np.int64),
        )

    def counter(self, entries: int) -> Counts:
        """Give an empty array of the type that counts so many entries, and their sum, exactly."""
        short = entries < 1 << 16 and self.lane.itemsize == 2
        return np.zeros(0, np.uint16) if short else np.zeros(0, np.uint32)


@compiled
def _fill_pairs(points: Words, pairs: Words) -> None:
    drivers = len(points)
    wide = drivers + 1
    for a in range(drivers):
        for b in range(a + 1, drivers):
            pairs[a * wide + b] = points[a] + points[b]
        pairs[a * wide + drivers] = points[a]


@compiled
def _add_pairs(pairs: Words, codes: Codes, scores: Words) -> None:
    scores[:] = 0
    for h in range(codes.shape[0]):
        column = codes[h]
        for n in range(len(scores)):
            scores[n] += pairs[column[n]]


@compiled
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


@compiled
def _count_four(scores: Words, copies: Counts, on_score: Counts, race: int) -> None:
    """Count four races' scores; the counts of each begin ``race`` after the last one's."""
    short = np.uint64(0xFFFF)
    second, third, fourth = np.uint64(race), np.uint64(2 * race), np.uint64(3 * race)
    for u in range(len(scores)):
        score, entries = scores[u], copies[u]
        on_score[score & short] += entries
        on_score[((score >> np.uint64(16)) & short) + second] += entries
        on_score[((score >> np.uint64(32)) & short) + third] += entries
        on_score[(score >> np.uint64(48)) + fourth] += entries


@compiled
def _count_two(scores: Words, copies: Counts, on_score: Counts, race: int) -> None:
    for u in range(len(scores)):
        on_score[scores[u] & np.uint64(0xFFFFFFFF)] += copies[u]
        on_score[(scores[u] >> np.uint64(32)) + np.uint64(race)] += copies[u]


@compiled
def _add_up_above(
    on_word: Words, first: int, end: int, above: npt.NDArray[np.int32], bins: int
) -> None:
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
        for place in range(_WORDS):
            total += on_word[word + np.uint64(place)]
        so_far += np.int32((total * ones) >> top)


@compiled
def _places(
    scores: Counts,
    on_score: Counts,
    on_word: Words,
    above_block: npt.NDArray[np.int32],
    above: npt.NDArray[np.int32],
    tied: npt.NDArray[np.int32],
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
        for place in range(_WORDS):
            other = block * np.uint64(_WORDS) + np.uint64(place)
            total += on_word[other] if other > word else np.uint64(0)
        above[j] = above_block[block] + np.int32((total * ones) >> top)
        tied[j] = on_score[score]


@compiled
def _split(
    ladder: Ints, above: npt.NDArray[np.int32], tied: npt.NDArray[np.int32], paid: Ints
) -> None:
    """Split the prizes of the places that tied entries span, each share rounded down to a micro.

    A pool is below 2**53 micros, so the double nearest to a quotient lies on its side of every
    whole number.
    """
    last = np.int64(len(ladder) - 1)
    for j in range(len(paid)):
        over, same = np.int64(above[j]), np.int64(tied[j])
        won = ladder[min(over + same, last)] - ladder[min(over, last)]
        paid[j] = np.int64(np.float64(won) / np.float64(same))


@compiled
def _scratch(drivers: int, lineups: int) -> tuple[Words, Words, Words]:
    """Give room for the scores of pairs, of some heads and of as many lineups."""
    at_once = min(_LINEUPS_AT_ONCE, max(lineups, 1))
    pairs = np.zeros((drivers + 1) ** 2, dtype=np.uint64)
    return pairs, np.zeros(at_once, dtype=np.uint64), np.zeros(at_once, dtype=np.uint64)


@compiled
def _count_tile(
    races: Words,
    lanes: int,
    heads: Codes,
    head: npt.NDArray[np.uint32],
    tail: Codes,
    copies: Counts,
    pairs: Words,
    head_scores: Words,
    scores: Words,
    on_any: Counts,
    race: int,
) -> None:
    """Count a field's scores in the races of one word; leaves the pairs' scores in ``pairs``."""
    _fill_pairs(races, pairs)
    for start in range(0, len(head), len(scores)):
        stop = min(start + len(scores), len(head))
        first_head = int(np.int64(head[start]))
        n_heads = int(np.int64(head[stop - 1])) - first_head + 1
        _add_pairs(pairs, heads[:, first_head : first_head + n_heads], head_scores[:n_heads])
        some = scores[: stop - start]
        _add_tails(pairs, head_scores, first_head, head[start:stop], tail[start:stop], some)
        if lanes == 4:
            _count_four(some, copies[start:stop], on_any, race)
        else:
            _count_two(some, copies[start:stop], on_any, race)


@compiled
def _play(
    races: Words,
    lane: Counts,
    counter: Counts,
    low: Ints,
    high: Ints,
    heads: Codes,
    head: npt.NDArray[np.uint32],
    tail: Codes,
    copies: Counts,
    own_codes: Codes,
    ladder: Ints,
    paid: Ints,
    above: npt.NDArray[np.int32],
    tied: npt.NDArray[np.int32],
) -> None:
    scenarios, own = len(low), own_codes.shape[1]
    lanes = 8 // lane.itemsize
    bins = 8 // counter.itemsize
    bins_at_once = bins * _WORDS
    blocks = int(high.max()) // bins_at_once + 1
    pairs, head_scores, scores = _scratch(races.shape[1], len(head))
    own_scores = np.zeros(own, dtype=np.uint64)
    own_by_lane = own_scores.view(lane.dtype).reshape(own, lanes)
    once = np.ones(own, dtype=counter.dtype)
    on_word = np.zeros((lanes, blocks * _WORDS), dtype=np.uint64)
    on_score = on_word.view(counter.dtype)
    on_any = on_score.reshape(on_score.size)
    race = on_score.shape[1]
    above_block = np.zeros(blocks, dtype=np.int32)
    for tile in range(len(races)):
        _count_tile(
            races[tile], lanes, heads, head, tail, copies, pairs, head_scores, scores, on_any, race
        )
        _add_pairs(pairs, own_codes, own_scores)
        if lanes == 4:
            _count_four(own_scores, once, on_any, race)
        else:
            _count_two(own_scores, once, on_any, race)
        for t in range(min(lanes, scenarios - tile * lanes)):
            scenario = tile * lanes + t
            end = int(high[scenario]) // bins_at_once
            lowest = int(np.int64(own_by_lane[:, t].min())) // bins_at_once
            _add_up_above(on_word[t], lowest, end, above_block, bins)
            _places(
                own_by_lane[:, t],
                on_score[t],
                on_word[t],
                above_block,
                above[scenario],
                tied[scenario],
            )
            _split(ladder, above[scenario], tied[scenario], paid[scenario])
            begin = int(low[scenario]) // bins_at_once
            on_word[t, begin * _WORDS : (end + 1) * _WORDS] = 0


@compiled
def _prize(ladder: Ints, above: int, tied: int) -> int:
    """Give each of ``tied`` entries behind ``above`` others its share, rounded down to a micro."""
    paid = len(ladder) - 1
    if above >= paid:
        return 0
    return int((ladder[min(above + tied, paid)] - ladder[above]) // tied)


@compiled
def _value(
    races: Words,
    lane: Counts,
    counter: Counts,
    low: Ints,
    high: Ints,
    heads: Codes,
    head: npt.NDArray[np.uint32],
    tail: Codes,
    copies: Counts,
    candidate_codes: Codes,
    ladder: Ints,
    won: Ints,
) -> None:
    scenarios, candidates = len(low), candidate_codes.shape[1]
    lanes = 8 // lane.itemsize
    words = int(high.max()) // (8 // counter.itemsize) + 1
    pairs, head_scores, scores = _scratch(races.shape[1], len(head))
    candidate_scores = np.zeros(candidates, dtype=np.uint64)
    by_lane = candidate_scores.view(lane.dtype).reshape(candidates, lanes)
    on_score = np.zeros((lanes, words), dtype=np.uint64).view(counter.dtype)
    on_any = on_score.reshape(on_score.size)
    race = on_score.shape[1]
    prize = np.zeros(race, dtype=np.int64)
    for tile in range(len(races)):
        _count_tile(
            races[tile], lanes, heads, head, tail, copies, pairs, head_scores, scores, on_any, race
        )
        _add_pairs(pairs, candidate_codes, candidate_scores)
        for t in range(min(lanes, scenarios - tile * lanes)):
            begin, end = int(low[tile * lanes + t]), int(high[tile * lanes + t])
            better = 0
            x = end
            while x >= begin and better < len(ladder) - 1:
                same = int(np.int64(on_score[t, x]))
                prize[x] = _prize(ladder, better, same + 1)
                better += same
                x -= 1
            prize[begin : x + 1] = 0
            for j in range(candidates):
                won[j] += prize[by_lane[j, t]]
            on_score[t, begin : end + 1] = 0


@compiled
def _steps(
    races: Words,
    lane: Counts,
    counter: Counts,
    low: Ints,
    high: Ints,
    least: Ints,
    heads: Codes,
    head: npt.NDArray[np.uint32],
    tail: Codes,
    copies: Counts,
    ladder: Ints,
    breaks: npt.NDArray[np.int32],
    micros: Ints,
) -> int:
    scenarios = len(low)
    lanes = 8 // lane.itemsize
    words = int(high.max()) // (8 // counter.itemsize) + 1
    pairs, head_scores, scores = _scratch(races.shape[1], len(head))
    on_score = np.zeros((lanes, words), dtype=np.uint64).view(counter.dtype)
    on_any = on_score.reshape(on_score.size)
    race = on_score.shape[1]
    most = 0
    for tile in range(len(races)):
        _count_tile(
            races[tile], lanes, heads, head, tail, copies, pairs, head_scores, scores, on_any, race
        )
        for t in range(min(lanes, scenarios - tile * lanes)):
            scenario = tile * lanes + t
            begin, end = int(low[scenario]), int(high[scenario])
            used = 0
            better = 0
            prize = _prize(ladder, 0, 1)
            x = end
            moved = False
            while x >= begin and prize > 0:
                same = int(np.int64(on_score[t, x]))
                # off the field's scores the prize is that of one score higher, unless that was on
                # them
                if moved or same > 0:
                    lower = _prize(ladder, better, same + 1)
                    if lower < prize:
                        breaks[scenario, used] = least[scenario] + x + 1
                        micros[scenario, used] = prize
                        used += 1
                        prize = lower
                moved = same > 0
                better += same
                x -= 1
            if prize > 0:
                # more places are paid than there are opponents
                lower = _prize(ladder, better, 1)
                if lower < prize:
                    breaks[scenario, used] = least[scenario] + begin
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
            on_score[t, begin : end + 1] = 0
    return most


def _counted(opponents: PackedLineups, counter: Counts) -> Counts:
    """Give the copies in the type that counts them."""
    return opponents.copies.astype(np.uint16) if counter.itemsize == 2 else opponents.copies


def play_scenarios(
    races: PackedRaces,
    opponents: PackedLineups,
    own_codes: Codes,
    ladder: Ints,
    paid: Ints,
    above: npt.NDArray[np.int32],
    tied: npt.NDArray[np.int32],
) -> None:
    """Play one contest per scenario; own entries are in it and meet each other.

    Fills, per scenario and own lineup ``[N, L]``: micro-dollars won, entries strictly above, and
    entries on the same score with itself.
    """
    counter = races.counter(opponents.entries + own_codes.shape[1])
    _play(
        races.words,
        races.lane,
        counter,
        races.low,
        races.high,
        opponents.heads,
        opponents.head,
        opponents.tail,
        _counted(opponents, counter),
        own_codes,
        ladder,
        paid,
        above,
        tied,
    )


def value_candidates(
    races: PackedRaces, opponents: PackedLineups, candidate_codes: Codes, ladder: Ints, won: Ints
) -> None:
    """Add up what each candidate would win as the one more entry of every scenario's contest."""
    counter = races.counter(opponents.entries)
    _value(
        races.words,
        races.lane,
        counter,
        races.low,
        races.high,
        opponents.heads,
        opponents.head,
        opponents.tail,
        _counted(opponents, counter),
        candidate_codes,
        ladder,
        won,
    )


def step_scenarios(
    races: PackedRaces,
    opponents: PackedLineups,
    ladder: Ints,
    breaks: npt.NDArray[np.int32],
    micros: Ints,
) -> int:
    """Write the steps from the one more entry's score to its prize, per scenario ``[N, B]``.

    Steps rise; what is left of a row repeats its last prize at a score that nobody has. Gives the
    most steps of any scenario.
    """
    counter = races.counter(opponents.entries)
    return _steps(
        races.words,
        races.lane,
        counter,
        races.low,
        races.high,
        races.least,
        opponents.heads,
        opponents.head,
        opponents.tail,
        _counted(opponents, counter),
        ladder,
        breaks,
        micros,
    )
