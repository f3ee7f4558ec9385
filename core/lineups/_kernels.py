"""Compiled inner loops of the walk: plain arrays in and out; their plain twins are in the tests.

Positions count from the dearest eligible driver (see :class:`core.lineups.board.Board`). What is
compared is summed in integers first, so a result cannot depend on the order of the walk.
"""

import numpy as np
import numpy.typing as npt

from core.compiled import compiled, inlined

# Two lineups that tie exactly may be summed to floats that differ in their last bit, and that bit
# is lost when ticks become points: scores lie on a grid, so a tie is one in either unit.
GRID = 2.0**20
# A bound may lie below a score by what the grid rounds up and a few ulps: prune what is clearly so.
SLACK = 2e-6

_COUNTED = 2**15

U8 = npt.NDArray[np.uint8]
I16 = npt.NDArray[np.int16]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
F64 = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int16 | np.int32]


@compiled
def lineup_key(drivers: U8, positions: I64, size: int) -> np.int64:
    """Pack the sorted slate indices of ``positions[:size]``, 6 bits each, first highest."""
    chosen = np.empty(8, dtype=np.int64)
    for i in range(size):
        value = np.int64(drivers[positions[i]])
        j = i
        while j > 0 and chosen[j - 1] > value:
            chosen[j] = chosen[j - 1]
            j -= 1
        chosen[j] = value
    key = np.int64(0)
    for i in range(size):
        key = (key << 6) | chosen[i]
    return key


@compiled
def held_of(mask: np.uint64, members: np.uint64) -> np.int64:
    """Count the drivers that two bit masks have in common."""
    held = np.int64(0)
    rest = mask & members
    while rest != np.uint64(0):
        rest &= rest - np.uint64(1)
        held += 1
    return held


@compiled
def obeys(mask: np.uint64, locked: np.uint64, group_masks: U64, group_bounds: I64) -> bool:
    """Say whether the lineup with this bit mask holds the locks and obeys every group."""
    if (mask & locked) != locked:
        return False
    for g in range(group_masks.shape[0]):
        if held_of(mask, group_masks[g, 1]) < group_bounds[g, 2]:
            continue
        held = held_of(mask, group_masks[g, 0])
        if held < group_bounds[g, 0] or held > group_bounds[g, 1]:
            return False
    return True


@compiled
def most_groups(group_masks: U64, rows: int) -> np.int64:
    """Give in how many groups the driver in most of them is."""
    most = np.int64(0)
    for p in range(rows):
        count = np.int64(0)
        for g in range(group_masks.shape[0]):
            count += np.int64((group_masks[g, 0] >> np.uint64(p)) & np.uint64(1))
        most = max(most, count)
    return most


@compiled
def could_obey(
    mask: np.uint64,
    position: np.int64,
    left: int,
    locked: np.uint64,
    group_masks: U64,
    group_bounds: I64,
    most: np.int64,
) -> bool:
    """Say whether ``left`` drivers after ``position`` may make this a lineup that obeys.

    ``most`` is in how many groups a driver can be, so what each further driver can do for all.
    """
    if held_of(locked & ~mask, locked) > left:
        return False
    after = ~((np.uint64(1) << np.uint64(position + 1)) - np.uint64(1))
    lacking = np.int64(0)
    for g in range(group_masks.shape[0]):
        if held_of(mask, group_masks[g, 1]) < group_bounds[g, 2]:
            continue
        members = group_masks[g, 0]
        held = held_of(mask, members)
        need = group_bounds[g, 0] - held
        if held > group_bounds[g, 1] or need > left:
            return False
        if need > 0:
            if held_of(members, after) < need:
                return False
            lacking += need
    return bool(lacking <= left * most)


@compiled
def passed_by(locked: np.uint64, mask: np.uint64, position: np.int64) -> bool:
    """Say whether a locked driver before ``position`` is missing from the lineup so far."""
    before = (np.uint64(1) << np.uint64(position)) - np.uint64(1)
    return bool((locked & before & ~mask) != np.uint64(0))


@compiled
def offer(
    heap_scores: F64 | I64, heap_keys: I64, count: int, score: float | np.int64, key: np.int64
) -> int:
    """Offer a lineup to the heap of the best (its worst on top) and give the heap's new count.

    A higher score is better; of two equal scores the lexicographically smaller lineup.
    """
    limit = heap_scores.shape[0]
    if count < limit:
        i = count
        heap_scores[i] = score
        heap_keys[i] = key
        while i > 0:
            up = (i - 1) // 2
            worse = heap_scores[i] < heap_scores[up] or (
                heap_scores[i] == heap_scores[up] and heap_keys[i] > heap_keys[up]
            )
            if not worse:
                break
            heap_scores[i], heap_scores[up] = heap_scores[up], heap_scores[i]
            heap_keys[i], heap_keys[up] = heap_keys[up], heap_keys[i]
            i = up
        return count + 1
    if score < heap_scores[0] or (score == heap_scores[0] and key > heap_keys[0]):
        return count
    heap_scores[0] = score
    heap_keys[0] = key
    i = 0
    while True:
        child = 2 * i + 1
        if child >= limit:
            break
        right = child + 1
        if right < limit and (
            heap_scores[right] < heap_scores[child]
            or (heap_scores[right] == heap_scores[child] and heap_keys[right] > heap_keys[child])
        ):
            child = right
        worse = heap_scores[child] < heap_scores[i] or (
            heap_scores[child] == heap_scores[i] and heap_keys[child] > heap_keys[i]
        )
        if not worse:
            break
        heap_scores[i], heap_scores[child] = heap_scores[child], heap_scores[i]
        heap_keys[i], heap_keys[child] = heap_keys[child], heap_keys[i]
        i = child
    return count


@compiled
def _best_sums(values: I64, most: int) -> I64:
    """Give the sum of the ``r <= most`` largest values at or after each position.

    ``[most + 1, P + 1]``; where fewer than r are left the entry is never read.
    """
    rows = values.shape[0]
    best = np.zeros((most + 1, rows + 1), dtype=np.int64)
    top = np.zeros(most, dtype=np.int64)
    held = 0
    for p in range(rows - 1, -1, -1):
        i = min(held, most - 1)
        if held < most or values[p] > top[most - 1]:
            while i > 0 and top[i - 1] < values[p]:
                top[i] = top[i - 1]
                i -= 1
            top[i] = values[p]
            held = min(held + 1, most)
        for r in range(1, most + 1):
            best[r, p] = best[r - 1, p] + top[r - 1]
    return best


@compiled
def _least_sums(amounts: I64, most: int) -> I64:
    """Give the sum of the ``r <= most`` smallest amounts of each budget at or after each position.

    ``amounts`` ``[B, P]``; gives ``[B, most + 1, P + 1]``.
    """
    budgets, rows = amounts.shape
    least = np.zeros((budgets, most + 1, rows + 1), dtype=np.int64)
    for b in range(budgets):
        least[b] = -_best_sums(-amounts[b], most)
    return least


@compiled
def _over_budget(
    used: I64,
    amounts: I64,
    least: I64,
    limits: I64,
    level: int,
    position: int | np.int64,
    left: int,
) -> bool:
    """Say whether picking ``position`` as one of ``left`` more drivers breaks some budget."""
    over = False
    for b in range(limits.shape[0]):
        after = used[level, b] + amounts[b, position]
        over |= after + least[b, left - 1, position + 1] > limits[b]
    return over


@compiled
def _use(used: I64, amounts: I64, level: int, position: int | np.int64) -> None:
    """Write what is used of each budget after ``position`` is picked at ``level``."""
    for b in range(amounts.shape[0]):
        used[level + 1, b] = used[level, b] + amounts[b, position]


@inlined
def _affordable(
    salaries: I64, cheapest: I64, room: int | np.int64, position: int | np.int64, left: int
) -> int | np.int64:
    """Give the first position from ``position`` on that can be one of ``left`` for ``room`` USD."""
    first = position
    while salaries[first] + cheapest[left - 1] > room:
        first += 1
    return first


@compiled
def walk_values(
    drivers: U8,
    salaries: I64,
    size: int,
    cap: int,
    floor: int,
    locked: np.uint64,
    group_masks: U64,
    group_bounds: I64,
    budget_amounts: I64,
    budget_limits: I64,
    units: U8,
    values: I64,
    charge_masks: U64,
    charges: I64,
    limit: int,
) -> tuple[I64, I64, int]:
    """Find the lineups of the largest summed value, exactly.

    ``values`` i64 ``[P]``; a lineup that touches ``charge_masks[c]`` pays ``charges[c] >= 0`` once.
    Gives scores i64 ``[k]``, keys i64 ``[k]`` (unordered) and the number of legal lineups reached.
    """
    rows = drivers.shape[0]
    best = _best_sums(values, size)
    budgets = budget_limits.shape[0] > 0
    ruled = group_masks.shape[0] > 0 or locked != np.uint64(0)
    most = most_groups(group_masks, rows)
    least = _least_sums(budget_amounts, size)
    cheapest = np.zeros(size + 1, dtype=np.int64)
    for r in range(1, size + 1):
        cheapest[r] = cheapest[r - 1] + salaries[rows - r]

    heap_scores = np.empty(limit, dtype=np.int64)
    heap_keys = np.empty(limit, dtype=np.int64)
    count = 0
    reached = 0
    picks = np.zeros(size, dtype=np.int64)
    spent = np.zeros(size + 1, dtype=np.int64)
    used = np.zeros((size + 1, budget_limits.shape[0]), dtype=np.int64)
    worth = np.zeros(size + 1, dtype=np.int64)
    masks = np.zeros(size + 1, dtype=np.uint64)
    one = np.uint64(1)
    for u in range(units.shape[0]):
        a = np.int64(units[u, 0])
        b = np.int64(units[u, 1])
        if spent[0] + salaries[a] + salaries[b] + cheapest[size - 2] > cap:
            continue
        picks[0] = a
        picks[1] = b
        spent[2] = salaries[a] + salaries[b]
        worth[2] = values[a] + values[b]
        masks[2] = (one << np.uint64(a)) | (one << np.uint64(b))
        if passed_by(locked, masks[2], b):
            continue
        if ruled and not could_obey(masks[2], b, size - 2, locked, group_masks, group_bounds, most):
            continue
        _use(used, budget_amounts, 0, a)
        if _over_budget(used, budget_amounts, least, budget_limits, 1, b, size - 1):
            continue
        _use(used, budget_amounts, 1, b)
        level = 2
        picks[2] = b
        while level >= 2:
            picks[level] += 1
            p = picks[level]
            left = size - level
            if p > rows - left:
                level -= 1
                continue
            if passed_by(locked, masks[level], p):
                # a locked driver was left out, and later ones come no nearer
                level -= 1
                continue
            if spent[level] + salaries[p] + cheapest[left - 1] > cap:
                continue
            if count == limit and worth[level] + best[left, p] < heap_scores[0]:
                # every later p has a bound at most this one
                level -= 1
                continue
            if spent[level] + left * salaries[p] < floor:
                # each of the drivers still to pick costs at most this one
                level -= 1
                continue
            if budgets and _over_budget(used, budget_amounts, least, budget_limits, level, p, left):
                continue
            mask = masks[level] | (one << np.uint64(p))
            if left > 1:
                if ruled and not could_obey(
                    mask, p, left - 1, locked, group_masks, group_bounds, most
                ):
                    continue
                spent[level + 1] = spent[level] + salaries[p]
                worth[level + 1] = worth[level] + values[p]
                masks[level + 1] = mask
                if budgets:
                    _use(used, budget_amounts, level, p)
                level += 1
                picks[level] = p
                continue
            if not obeys(mask, locked, group_masks, group_bounds):
                continue
            reached += 1
            score = worth[level] + values[p]
            for c in range(charge_masks.shape[0]):
                if (mask & charge_masks[c]) != np.uint64(0):
                    score -= charges[c]
            if count == limit and score < heap_scores[0]:
                continue
            count = offer(heap_scores, heap_keys, count, score, lineup_key(drivers, picks, size))
    return heap_scores[:count], heap_keys[:count], reached


@compiled
def tail_score(sums: I32, counts: I64, whole: I64, part: F64, mass: F64, weights: F64) -> float:
    """Give sum_j weights[j] x CVaR_j of ``sums`` in ticks, to the nearest 1 / GRID.

    ``counts`` is scratch, all zero.
    """
    low = sums[0]
    high = sums[0]
    for i in range(sums.shape[0]):
        low = min(low, sums[i])
        high = max(high, sums[i])
    for i in range(sums.shape[0]):
        counts[sums[i] - low] += 1
    score = 0.0
    for j in range(weights.shape[0]):
        missing = whole[j]
        total = np.int64(0)
        at = high - low
        while missing > 0:
            take = min(missing, counts[at])
            total += take * (at + low)
            missing -= take
            if missing > 0:
                at -= 1
        if part[j] > 0.0:
            # the boundary scenario is the next one down, which may share the last tick value used
            seen = np.int64(0)
            at = high - low
            while seen + counts[at] <= whole[j]:
                seen += counts[at]
                at -= 1
            score += weights[j] * ((total + part[j] * (at + low)) / mass[j])
        else:
            score += weights[j] * (total / mass[j])
    for i in range(sums.shape[0]):
        counts[sums[i] - low] = 0
    return float(np.floor(score * GRID + 0.5) / GRID)


@compiled
def tail_scores(
    points: I16,
    rests: I64,
    lineups: U8,
    whole: I64,
    part: F64,
    mass: F64,
    weights: F64,
    span: int,
) -> F64:
    """Give :func:`tail_score` of each lineup ``[K, R]`` over ``points`` ``[D, N]``.

    ``rests`` ``[D]`` in 1 / GRID of a tick is added once a driver held.
    """
    counts = np.zeros(span, dtype=np.int64)
    sums = np.empty(points.shape[1], dtype=np.int32)
    scores = np.empty(lineups.shape[0], dtype=np.float64)
    for k in range(lineups.shape[0]):
        sums[:] = 0
        rest = np.int64(0)
        for r in range(lineups.shape[1]):
            rest += rests[lineups[k, r]]
            row = points[lineups[k, r]]
            for i in range(sums.shape[0]):
                sums[i] += row[i]
        scores[k] = tail_score(sums, counts, whole, part, mass, weights) + rest / GRID
    return scores


@compiled
def _best_completions(points: Whole, most: int) -> I32:
    """Give the points of the ``r <= most`` best rows at or after each position, per scenario.

    ``[most + 1, P + 1, N]``; where fewer than r rows are left the entry is never read.
    """
    rows, scenarios = points.shape
    best = np.zeros((most + 1, rows + 1, scenarios), dtype=np.int32)
    top = np.full((most, scenarios), -(1 << 20), dtype=np.int32)
    for p in range(rows - 1, -1, -1):
        for i in range(scenarios):
            value = np.int32(points[p, i])
            for r in range(most):
                if value > top[r, i]:
                    top[r, i], value = value, top[r, i]
        for r in range(1, most + 1):
            for i in range(scenarios):
                best[r, p, i] = best[r - 1, p, i] + top[r - 1, i]
    return best


@compiled
def _excess(values: I32, n: int, threshold: int) -> np.int64:
    total = np.int64(0)
    for i in range(n):
        total += max(values[i] - threshold, 0)
    return total


@compiled
def _excess_of_sum(left: I32, right: I16, n: int, threshold: int) -> np.int64:
    total = np.int64(0)
    for i in range(n):
        total += max(left[i] + right[i] - threshold, 0)
    return total


@compiled
def walk_tail(
    drivers: U8,
    salaries: I64,
    size: int,
    cap: int,
    floor: int,
    locked: np.uint64,
    group_masks: U64,
    group_bounds: I64,
    budget_amounts: I64,
    budget_limits: I64,
    units: U8,
    points: I16,
    rests: I64,
    whole: I64,
    part: F64,
    mass: F64,
    weights: F64,
    thresholds: I64,
    at_least: float,
    span: int,
    limit: int,
) -> tuple[F64, I64, int, int, int]:
    """Find the lineups of the largest weighted CVaR, exactly.

    ``points`` ``[P, N]`` by position; ``rests`` ``[P]``, in 1 / GRID of a tick, is added once a
    driver held; ``thresholds`` ``[J]`` in ticks, of any value (one near the
    VaR of good lineups prunes best). For a threshold t, ``t + sum(max(score - t, 0)) / mass``
    bounds CVaR from above, and the best completion per scenario makes it bound every lineup under
    a node. Only scenarios in which a node can still exceed the lowest threshold are carried
    further down.

    Gives scores ``[k]`` in ticks, keys ``[k]`` (unordered), and counts: legal lineups bounded at
    the leaf, lineups evaluated, branches cut.
    """
    rows, scenarios = points.shape
    most = size - 2
    best = _best_completions(points, most)
    best_rest = _best_sums(rests, most)
    budgets = budget_limits.shape[0] > 0
    least = _least_sums(budget_amounts, size)
    cheapest = np.zeros(size + 1, dtype=np.int64)
    for r in range(1, size + 1):
        cheapest[r] = cheapest[r - 1] + salaries[rows - r]
    lowest = thresholds.min()
    # not the heap's worst: what is cut must not depend on what was found before
    bar = at_least - SLACK

    heap_scores = np.empty(limit, dtype=np.float64)
    heap_keys = np.empty(limit, dtype=np.int64)
    count = 0
    bounded = 0
    evaluated = 0
    cut = 0
    picks = np.zeros(size, dtype=np.int64)
    spent = np.zeros(size + 1, dtype=np.int64)
    used = np.zeros((size + 1, budget_limits.shape[0]), dtype=np.int64)
    rest = np.zeros(size + 1, dtype=np.int64)
    masks = np.zeros(size + 1, dtype=np.uint64)
    active = np.zeros(size + 1, dtype=np.int64)
    where = np.empty((size + 1, scenarios), dtype=np.int32)
    partial = np.empty((size + 1, scenarios), dtype=np.int32)
    table = np.empty((size + 1, rows, scenarios), dtype=np.int16)
    reach = np.empty(scenarios, dtype=np.int32)
    sums = np.empty(scenarios, dtype=np.int32)
    counts = np.zeros(span, dtype=np.int64)
    one = np.uint64(1)

    for u in range(units.shape[0]):
        a = np.int64(units[u, 0])
        b = np.int64(units[u, 1])
        if salaries[a] + salaries[b] + cheapest[size - 2] > cap:
            continue
        picks[0] = a
        picks[1] = b
        spent[2] = salaries[a] + salaries[b]
        masks[2] = (one << np.uint64(a)) | (one << np.uint64(b))
        if passed_by(locked, masks[2], b):
            continue
        _use(used, budget_amounts, 0, a)
        if _over_budget(used, budget_amounts, least, budget_limits, 1, b, size - 1):
            continue
        _use(used, budget_amounts, 1, b)
        rest[2] = rests[a] + rests[b]
        kept = 0
        first = _affordable(salaries, cheapest, cap - spent[2], b + 1, size - 2)
        completion = best[size - 2, first]
        for i in range(scenarios):
            two = np.int32(points[a, i]) + np.int32(points[b, i])
            if two + completion[i] > lowest:
                where[2, kept] = i
                partial[2, kept] = two
                reach[kept] = two + completion[i]
                kept += 1
        bound = (rest[2] + best_rest[size - 2, b + 1]) / GRID
        for j in range(weights.shape[0]):
            bound += weights[j] * (thresholds[j] + _excess(reach, kept, thresholds[j]) / mass[j])
        if bound < bar:
            cut += 1
            continue
        active[2] = kept
        for row in range(b + 1, rows):
            for i in range(kept):
                table[2, row, i] = points[row, where[2, i]]

        level = 2
        picks[2] = b
        while level >= 2:
            picks[level] += 1
            p = picks[level]
            left = size - level
            if p > rows - left:
                level -= 1
                continue
            if passed_by(locked, masks[level], p):
                # a locked driver was left out, and later ones come no nearer
                level -= 1
                continue
            if spent[level] + salaries[p] + cheapest[left - 1] > cap:
                continue
            if spent[level] + left * salaries[p] < floor:
                level -= 1
                continue
            if budgets and _over_budget(used, budget_amounts, least, budget_limits, level, p, left):
                continue
            mask = masks[level] | (one << np.uint64(p))
            n = active[level]
            if left == 1:
                if not obeys(mask, locked, group_masks, group_bounds):
                    continue
                bounded += 1
                bound = (rest[level] + rests[p]) / GRID
                for j in range(weights.shape[0]):
                    excess = _excess_of_sum(partial[level], table[level - 1, p], n, thresholds[j])
                    bound += weights[j] * (thresholds[j] + excess / mass[j])
                if bound < bar:
                    continue
                evaluated += 1
                sums[:] = 0
                for r in range(size):
                    row_points = points[picks[r]]
                    for i in range(scenarios):
                        sums[i] += row_points[i]
                score = tail_score(sums, counts, whole, part, mass, weights)
                score += (rest[level] + rests[p]) / GRID
                if score < at_least:
                    continue
                key = lineup_key(drivers, picks, size)
                count = offer(heap_scores, heap_keys, count, score, key)
                continue
            # one level down: partial sums, and what the best completion of each scenario reaches
            room = cap - spent[level] - salaries[p]
            first = _affordable(salaries, cheapest, room, p + 1, left - 1)
            completion = best[left - 1, first]
            if left == 2:
                # the last inner level keeps its parent's scenarios: too few leaves to repay a copy
                for i in range(n):
                    value = partial[level, i] + np.int32(table[level, p, i])
                    partial[level + 1, i] = value
                    reach[i] = value + completion[where[level, i]]
                kept = n
            else:
                kept = 0
                for i in range(n):
                    value = partial[level, i] + np.int32(table[level, p, i])
                    far = value + completion[where[level, i]]
                    if far > lowest:
                        where[level + 1, kept] = i
                        partial[level + 1, kept] = value
                        reach[kept] = far
                        kept += 1
            bound = (rest[level] + rests[p] + best_rest[left - 1, p + 1]) / GRID
            for j in range(weights.shape[0]):
                bound += weights[j] * (
                    thresholds[j] + _excess(reach, kept, thresholds[j]) / mass[j]
                )
            if bound < bar:
                cut += 1
                continue
            if left > 2:
                for row in range(p + 1, rows):
                    for i in range(kept):
                        table[level + 1, row, i] = table[level, row, where[level + 1, i]]
                for i in range(kept):
                    where[level + 1, i] = where[level, where[level + 1, i]]
            active[level + 1] = kept
            spent[level + 1] = spent[level] + salaries[p]
            masks[level + 1] = mask
            _use(used, budget_amounts, level, p)
            rest[level + 1] = rest[level] + rests[p]
            level += 1
            picks[level] = p
    return heap_scores[:count], heap_keys[:count], bounded, evaluated, cut


@inlined
def _step_of(score: np.int32, breaks: I32, scenario: int) -> int:
    """Find the step that a score of at least the scenario's first break has reached."""
    # most prizes are small: look for a step above the score in strides from the lowest on
    reached = 0
    above = 1
    while above < breaks.shape[1] and breaks[scenario, above] <= score:
        reached = above
        above *= 2
    above = min(above, breaks.shape[1])
    while above - reached > 1:
        middle = (reached + above) // 2
        if breaks[scenario, middle] <= score:
            reached = middle
        else:
            above = middle
    return reached


@compiled
def _score_rows(points: Whole, lineup: U8 | I64, scores: I32) -> None:
    """Write the scores of one lineup, ``[N]``."""
    scores[:] = 0
    for r in range(lineup.shape[0]):
        row = points[lineup[r]]
        for i in range(scores.shape[0]):
            scores[i] += row[i]


@compiled
def _winnings(scores: I32, lowest: I32, breaks: I32, micros: I64, paid: I32) -> np.int64:
    """Give what one lineup's scores win together.

    ``lowest`` ``[N]`` is the first break of each scenario: most scores win nothing, and a row of
    breaks is far from the next. ``paid`` ``[N]`` is scratch: which scores win something is nearly
    random, and to list them first needs no branch.
    """
    n = 0
    for i in range(scores.shape[0]):
        paid[n] = i
        n += scores[i] >= lowest[i]
    total = np.int64(0)
    for j in range(n):
        i = paid[j]
        total += micros[i, _step_of(scores[i], breaks, i)]
    return total


@compiled
def step_prizes(points: I16, breaks: I32, micros: I64, lineups: U8) -> I64:
    """Give what each lineup ``[K, R]`` wins in each scenario, ``[K, N]``."""
    scores = np.empty(points.shape[1], dtype=np.int32)
    prizes = np.empty((lineups.shape[0], points.shape[1]), dtype=np.int64)
    for k in range(lineups.shape[0]):
        _score_rows(points, lineups[k], scores)
        for i in range(scores.shape[0]):
            if scores[i] >= breaks[i, 0]:
                prizes[k, i] = micros[i, _step_of(scores[i], breaks, i)]
            else:
                prizes[k, i] = 0
    return prizes


@compiled
def step_values(points: I16, breaks: I32, micros: I64, lineups: U8) -> I64:
    """Give what each lineup ``[K, R]`` wins, summed over scenarios; ``points`` ``[D, N]``."""
    scores = np.empty(points.shape[1], dtype=np.int32)
    lowest = breaks[:, 0].copy()
    paid = np.empty(lowest.shape[0], dtype=np.int32)
    values = np.empty(lineups.shape[0], dtype=np.int64)
    for k in range(lineups.shape[0]):
        _score_rows(points, lineups[k], scores)
        values[k] = _winnings(scores, lowest, breaks, micros, paid)
    return values


@compiled
def _reaching(row: Whole, need: Whole) -> np.int64:
    """Count the scenarios in which a row reaches what is needed."""
    total = np.int64(0)
    for begin in range(0, row.shape[0], _COUNTED):
        some = row[begin : begin + _COUNTED]
        needed = need[begin : begin + _COUNTED]
        # as narrow as what it counts, so that one instruction counts many
        count = np.uint16(0)
        for i in range(some.shape[0]):
            if some[i] >= needed[i]:
                count = np.uint16(count + np.uint16(1))
        total += np.int64(count)
    return total


@compiled
def step_bounds(points: Whole, needs: Whole, gains: I64, lineups: U8) -> I64:
    """Give what bounds each lineup ``[K, R]`` at the leaf of :func:`walk_steps`."""
    bounds = np.zeros(lineups.shape[0], dtype=np.int64)
    row = np.empty(points.shape[1], dtype=points.dtype)
    for k in range(lineups.shape[0]):
        row[:] = 0
        for r in range(lineups.shape[1]):
            driver = points[lineups[k, r]]
            for i in range(row.shape[0]):
                row[i] += driver[i]
        for c in range(gains.shape[0]):
            bounds[k] += gains[c] * _reaching(row, needs[c])
    return bounds


@compiled
def _add(one: Whole, other: Whole, total: Whole) -> None:
    for i in range(total.shape[0]):
        total[i] = one[i] + other[i]


@compiled
def walk_steps(
    drivers: U8,
    salaries: I64,
    size: int,
    cap: int,
    floor: int,
    locked: np.uint64,
    group_masks: U64,
    group_bounds: I64,
    budget_amounts: I64,
    budget_limits: I64,
    units: U8,
    points: Whole,
    breaks: I32,
    micros: I64,
    needs: Whole,
    gains: I64,
    at_least: int,
    limit: int,
) -> tuple[I64, I64, int, int, int]:
    """Find the lineups that win most over all scenarios, exactly.

    ``points`` ``[P, N]`` by position; ``breaks``, ``micros`` ``[N, B]`` the steps. The steps are
    bounded from above by C of them, the same prizes in every scenario: a score of at least
    ``needs[c, s]`` adds ``gains[c]``, highest first. ``needs`` ``[C, N]`` and ``points`` are of one
    type that holds any difference of theirs. The best completion per scenario makes the bound one
    for every lineup under a node.

    Gives values ``[k]``, keys ``[k]`` (unordered), and counts: legal lineups bounded at the leaf,
    lineups evaluated, branches cut.
    """
    rows, scenarios = points.shape
    classes = gains.shape[0]
    best = np.zeros((size - 1, rows + 1, scenarios), dtype=points.dtype)
    widest = _best_completions(points, size - 2)
    for r in range(size - 1):
        # no sum of more drivers than there are is ever read, nor would it fit
        for p in range(rows - r + 1):
            for i in range(scenarios):
                best[r, p, i] = widest[r, p, i]
    budgets = budget_limits.shape[0] > 0
    least = _least_sums(budget_amounts, size)
    cheapest = np.zeros(size + 1, dtype=np.int64)
    for r in range(1, size + 1):
        cheapest[r] = cheapest[r - 1] + salaries[rows - r]

    heap_scores = np.empty(limit, dtype=np.int64)
    heap_keys = np.empty(limit, dtype=np.int64)
    count = 0
    bounded = 0
    evaluated = 0
    cut = 0
    picks = np.zeros(size, dtype=np.int64)
    spent = np.zeros(size + 1, dtype=np.int64)
    used = np.zeros((size + 1, budget_limits.shape[0]), dtype=np.int64)
    masks = np.zeros(size + 1, dtype=np.uint64)
    need = np.empty((size - 1, classes, scenarios), dtype=points.dtype)
    # what classes c and lower add at most under the node
    still = np.zeros((size + 1, classes + 1), dtype=np.int64)
    adds = np.zeros(classes, dtype=np.int64)
    row = np.empty(scenarios, dtype=points.dtype)
    scores = np.empty(scenarios, dtype=np.int32)
    lowest = breaks[:, 0].copy()
    paid = np.empty(lowest.shape[0], dtype=np.int32)
    one = np.uint64(1)
    for c in range(classes - 1, -1, -1):
        still[0, c] = still[0, c + 1] + gains[c] * scenarios

    for u in range(units.shape[0]):
        a = np.int64(units[u, 0])
        b = np.int64(units[u, 1])
        if salaries[a] + salaries[b] + cheapest[size - 2] > cap:
            continue
        picks[0] = a
        picks[1] = b
        spent[2] = salaries[a] + salaries[b]
        masks[2] = (one << np.uint64(a)) | (one << np.uint64(b))
        if passed_by(locked, masks[2], b):
            continue
        _use(used, budget_amounts, 0, a)
        if _over_budget(used, budget_amounts, least, budget_limits, 1, b, size - 1):
            continue
        _use(used, budget_amounts, 1, b)
        for c in range(classes):
            for i in range(scenarios):
                need[2, c, i] = needs[c, i] - points[a, i] - points[b, i]
        still[2] = still[0]

        level = 2
        picks[2] = b
        while level >= 2:
            picks[level] += 1
            p = picks[level]
            left = size - level
            if p > rows - left:
                level -= 1
                continue
            if passed_by(locked, masks[level], p):
                # a locked driver was left out, and later ones come no nearer
                level -= 1
                continue
            if spent[level] + salaries[p] + cheapest[left - 1] > cap:
                continue
            if spent[level] + left * salaries[p] < floor:
                level -= 1
                continue
            if budgets and _over_budget(used, budget_amounts, least, budget_limits, level, p, left):
                continue
            mask = masks[level] | (one << np.uint64(p))
            if left == 1 and not obeys(mask, locked, group_masks, group_bounds):
                continue
            if left == 1:
                _add(points[picks[level - 1]], points[p], row)
            else:
                room = cap - spent[level] - salaries[p]
                first = _affordable(salaries, cheapest, room, p + 1, left - 1)
                _add(points[p], best[left - 1, first], row)
            below = need[min(level, size - 2)]
            bound = np.int64(0)
            possible = True
            for c in range(classes):
                adds[c] = gains[c] * _reaching(row, below[c])
                bound += adds[c]
                if bound + still[level, c + 1] < at_least:
                    possible = False
                    break
            if left == 1:
                bounded += 1
                if not possible:
                    continue
                evaluated += 1
                _score_rows(points, picks, scores)
                score = _winnings(scores, lowest, breaks, micros, paid)
                if score >= at_least:
                    key = lineup_key(drivers, picks, size)
                    count = offer(heap_scores, heap_keys, count, score, key)
                continue
            if not possible:
                cut += 1
                continue
            for c in range(classes - 1, -1, -1):
                still[level + 1, c] = still[level + 1, c + 1] + adds[c]
            if left > 2:
                for c in range(classes):
                    for i in range(scenarios):
                        need[level + 1, c, i] = need[level, c, i] - points[p, i]
            spent[level + 1] = spent[level] + salaries[p]
            masks[level + 1] = mask
            _use(used, budget_amounts, level, p)
            level += 1
            picks[level] = p
    return heap_scores[:count], heap_keys[:count], bounded, evaluated, cut
