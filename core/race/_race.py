"""One simulated race after another, compiled: grid, strength, green runs, cautions, finish.

A race is a chain of causes. Cautions and accidents are drawn first and cut the race into green
runs. Over a run, every car moves from where it is towards where its strength puts it. Whoever is
ahead leads, so laps led, fastest laps and the finish all follow from the same running order.

All of it is one module, because the compiler's cache watches the file of the outermost function
alone and would miss a change in another file. Functions that are called many times in a race take
the arrays that they need one by one: passing a record of forty arrays counts a reference for each,
which once took half the time.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.compiled import compiled, inlined

F8 = npt.NDArray[np.float64]
I4 = npt.NDArray[np.int32]
I8 = npt.NDArray[np.int64]

STAGE_BREAKS = 2
STAGE_ENDS = (0.27, 0.55)  # when the stages end, as shares of the green laps
MAX_YELLOW_SHARE = 0.6  # of the laps; cautions beyond it are left out
SHADOW_LOSS = 1.5  # strength lost by a car that underdelivers, in normal scores
DAMAGE = 1.2  # strength lost at most by a car that an accident hurts and does not stop
GATHERED = 0.7  # chance that the next car behind an accident is caught in it, not the one after it
NORMAL_BITS, CHOICE_BITS = 12, 10
NORMALS = 1 << NORMAL_BITS  # equally likely normal scores, from which the drift is drawn
CHOICES = 1 << CHOICE_BITS  # equally likely entries of the other tables to draw from
PACK = 4  # cars in line that a draft moves together, a power of two
MAX_TRIES = 200  # of drawing the cause of an accident
MOST_CARS = 64  # in a race: their ranks fit the last six bits of a sorting key
FINE = 1048576.0  # steps of a unit of progress that a sorting key tells apart
FAR_APART = 30.0  # progress is cut at this in a sorting key; strengths are normal scores
QUALIFYING_NOISE = 0.8  # standard deviation, beside 0.6 of skill, where the grid is unknown
REAR = 0.3  # how far behind the last car on the grid those sent to the rear take the green flag


class Limits(NamedTuple):
    """Laps that each driver must and may lead, ``[R]``, and who may lead the last one."""

    least: I8
    most: I8
    may_win: npt.NDArray[np.bool_]


class RaceInputs(NamedTuple):
    """All that one race depends on. Arrays by driver hold the R racing drivers in slate order.

    Parameters that are not explained here are those of :class:`~core.race.priors.TrackPriors`.
    """

    skill: F8  # standard deviations above the average driver of the race
    tilt: F8  # strength added
    spread: F8  # factor on the standard deviation of the driver's own luck
    causes: F8  # odds of causing an accident, relative to the most likely driver's
    shadow_risk: F8  # chance that the car underdelivers
    team: I8  # 0..T-1, or -1 for none
    n_teams: int
    make: I8  # 0..M-1, or -1 for none
    n_makes: int
    grid: I8  # official grid spot, 0 = unknown
    free_spots: I8  # grid spots left for drivers of unknown spot, ascending
    rear: npt.NDArray[np.bool_]  # who starts from the rear
    limits: "Limits"
    limited: bool  # whether any limit on laps led can bind
    grid_scores: F8  # normal score by grid spot; entry 0 is unused
    last_grid_score: float  # of the last car on the grid
    race_laps: int
    unscheduled_cautions: float  # expected number, without the stage breaks
    cautions_shape: float
    caution_laps: I8  # CHOICES equally likely lengths of a caution
    incident_share: float
    cars_involved: float
    cars_shape: float
    involved_out: float
    pile_spared: float
    failure_gap: float  # -1 / log(1 - chance that a car fails); 0 = no car fails
    skill_weight: float
    grid_weight: float
    own_sd: F8  # of a driver's own luck that lasts the race, and of a team's and a make's
    team_sd: float
    make_sd: float
    drift_sd: float  # of the luck that comes and goes within the race
    pack_share: float
    turnover: float  # rate of mean reversion over a whole race
    clean_air: float
    lead_swaps: float
    short_leaders: float
    lead_depth: float
    short_lead_laps: float
    fastest_rank: I8  # CHOICES equally likely ranks of who sets a fastest lap; -1 = any running car
    fastest_run: I8  # CHOICES equally likely lengths of a row of fastest laps
    normals: F8  # NORMALS equally likely normal scores
    pit_window_laps: int


class RaceOutputs(NamedTuple):
    """Arrays that n races are written to: ``[n, R]``, and ``[n]`` for the last three."""

    finish: npt.NDArray[np.uint8]
    start: npt.NDArray[np.uint8]
    laps_led: npt.NDArray[np.uint16]
    fastest_laps: npt.NDArray[np.uint16]
    running: npt.NDArray[np.bool_]
    laps_completed: npt.NDArray[np.uint16]
    cautions: npt.NDArray[np.uint8]
    green_laps: npt.NDArray[np.uint16]
    first_leader: npt.NDArray[np.uint8]


class Cars(NamedTuple):
    """The R cars of the race that is being simulated; each race overwrites them."""

    start: I8  # official grid spot
    strength: F8  # in this race, in normal scores of the running order
    progress: F8  # how far ahead the car runs, on the scale of strengths: the higher, the further
    order: I8  # cars still running, first to last; entries beyond them are left over
    out_lap: I8  # laps done when the car went out, -1 = running
    fails_at: I8  # lap from which the car fails
    led: I8  # laps led so far
    fastest: I8  # fastest laps so far
    involved: npt.NDArray[np.bool_]  # in the current accident
    scratch: F8
    before: I8  # the order before a sort
    keys: I4  # sorting keys, in that order


@inlined
def _draw_grid(rng: np.random.Generator, race: RaceInputs, cars: Cars) -> None:
    """Fill unknown grid spots: the drivers without one qualify among themselves."""
    drivers = cars.start.shape[0]
    for i in range(drivers):
        cars.start[i] = race.grid[i]
        if len(race.free_spots) > 0 and race.grid[i] == 0:
            cars.scratch[i] = 0.6 * race.skill[i] + QUALIFYING_NOISE * rng.standard_normal()
    for spot in race.free_spots:
        best = -1
        for i in range(drivers):
            if cars.start[i] == 0 and (best < 0 or cars.scratch[i] > cars.scratch[best]):
                best = i
        cars.start[best] = spot


@inlined
def _draw_strength(
    rng: np.random.Generator, race: RaceInputs, cars: Cars, team_shock: F8, make_shock: F8
) -> None:
    """Draw each car's strength in this race, and set where it takes the green flag."""
    drivers = cars.start.shape[0]
    for t in range(race.n_teams):
        team_shock[t] = race.team_sd * rng.standard_normal()
    for m in range(race.n_makes):
        make_shock[m] = race.make_sd * rng.standard_normal()
    for i in range(drivers):
        grid = race.grid_scores[cars.start[i]]
        shock = 0.0
        if race.team[i] >= 0:
            shock += team_shock[race.team[i]]
        if race.make[i] >= 0:
            shock += make_shock[race.make[i]]
        shock += race.own_sd[i] * rng.standard_normal()
        cars.strength[i] = race.skill_weight * race.skill[i] + race.grid_weight * grid
        cars.strength[i] += race.tilt[i] + shock
        if race.shadow_risk[i] > 0.0 and rng.random() < race.shadow_risk[i]:
            cars.strength[i] -= SHADOW_LOSS
        cars.progress[i] = grid
        if race.rear[i]:
            # behind all other cars; those at the rear are in grid order among themselves
            cars.progress[i] = race.last_grid_score - REAR + 0.01 * grid
        cars.order[i] = i


@inlined
def _draw_cautions(
    rng: np.random.Generator, race: RaceInputs, at: I8, kind: I8, length: I8
) -> tuple[int, int]:
    """Draw the cautions; their number and the number of green laps in the race.

    One entry for each caution is written to ``at`` (green laps run before it, ascending), ``kind``
    (1 = accident) and ``length`` (laps).
    """
    wild = race.unscheduled_cautions * rng.standard_gamma(race.cautions_shape)
    drawn = STAGE_BREAKS + int(rng.poisson(wild / race.cautions_shape))
    yellow, count = 0, 0
    for c in range(min(drawn, len(at))):
        laps = race.caution_laps[int(CHOICES * rng.random())]
        if yellow + laps > MAX_YELLOW_SHARE * race.race_laps:
            break
        length[c] = laps
        yellow += laps
        count += 1
    green = race.race_laps - yellow
    for c in range(count):
        if c < STAGE_BREAKS:
            lap, accident = int(STAGE_ENDS[c] * green), 0
        else:
            lap = 1 + int(rng.random() * (green - 1))
            accident = 1 if rng.random() < race.incident_share else 0
        lap = max(1, min(lap, green - 1))
        k = c
        while k > 0 and at[k - 1] > lap:
            at[k], kind[k] = at[k - 1], kind[k - 1]
            k -= 1
        at[k], kind[k] = lap, accident
    return count, green


@inlined
def _sort(order: I8, progress: F8, before: I8, keys: I4, left: int) -> None:
    """Sort the ``left`` running cars by progress; of two equal cars the one ahead stays ahead.

    A car's rank is the number of keys above its own. Keys are whole numbers, all different, so the
    count takes a few comparisons of eight keys at a time, without a branch: half the time of any
    sort.
    """
    lanes = (left + 7) & ~7
    for q in range(left):
        i = order[q]
        before[q] = i
        fine = np.int64(min(max(progress[i], -FAR_APART), FAR_APART) * FINE)
        keys[q] = np.int32(fine * 64 + (63 - q))
    for q in range(left, lanes):
        keys[q] = np.int32(-2147483648)
    for q in range(left):
        key = keys[q]
        ahead = np.int32(0)
        for k in range(lanes):
            ahead += np.int32(keys[k] > key)
        order[ahead] = before[q]


@inlined
def _drop_out(order: I8, out_lap: I8, left: int) -> int:
    """Take cars that went out from the order; the number of cars still running."""
    k = 0
    for q in range(left):
        if out_lap[order[q]] < 0:
            order[k] = order[q]
            k += 1
    return k


@compiled
def _is_needed(limits: Limits, led: I8, out_lap: I8, race_laps: int, i: int) -> bool:
    """Whether a car must stay in the race for the limits on laps led.

    It must if it still has laps to lead, or if the other cars may not lead all laps or none of
    them may win.
    """
    if led[i] < limits.least[i]:
        return True
    room, winners = 0, 0
    for j in range(led.shape[0]):
        if j != i and out_lap[j] < 0:
            room += max(0, limits.most[j] - led[j])
            winners += limits.may_win[j] and limits.most[j] > led[j]
    return winners == 0 or room < race_laps


@inlined
def _accident(rng: np.random.Generator, race: RaceInputs, cars: Cars, lap: int, left: int) -> int:
    """Simulate an accident; the number of cars still running.

    One car causes it and cars behind are caught in it. Some go out, the others lose strength.
    """
    for q in range(left):
        cars.involved[cars.order[q]] = False
    cause = int(left * rng.random())
    for _ in range(MAX_TRIES):
        # rejection sampling: any car may be the cause, aggressive drivers' more likely
        if rng.random() < race.causes[cars.order[cause]]:
            break
        cause = int(left * rng.random())
    others = race.cars_involved - 1.0
    size = 1 + int(rng.poisson(others * rng.standard_gamma(race.cars_shape) / race.cars_shape))
    size = min(size, left)
    cars.involved[cars.order[cause]] = True
    gathered, q = 1, cause
    while gathered < size:
        q = q + 1 if q + 1 < left else 0
        if not cars.involved[cars.order[q]] and rng.random() < GATHERED:
            cars.involved[cars.order[q]] = True
            gathered += 1
    running = left
    out = race.involved_out * (race.cars_involved / size) ** race.pile_spared
    for q in range(left):
        i = cars.order[q]
        if cars.involved[i]:
            if (
                rng.random() < out
                and running > 2
                and not (
                    race.limited
                    and _is_needed(race.limits, cars.led, cars.out_lap, race.race_laps, i)
                )
            ):
                cars.out_lap[i] = lap
                running -= 1
            else:
                lost = DAMAGE * rng.random()
                cars.strength[i] -= lost
                cars.progress[i] -= lost
    left = _drop_out(cars.order, cars.out_lap, left)
    _sort(cars.order, cars.progress, cars.before, cars.keys, left)
    return left


@inlined
def _drift(
    rng: np.random.Generator,
    order: I8,
    progress: F8,
    strength: F8,
    spread: F8,
    normals: F8,
    left: int,
    clean_air: float,
    keep: float,
    own: float,
    shared: float,
) -> None:
    """Move each running car towards its strength and at random; cars in line share a random part.

    ``keep`` is the share of its distance from its strength that a car keeps. ``own`` and ``shared``
    are the standard deviations of its own random move and of the one that cars in line share.
    """
    line = 0.0
    bits = 0
    for q in range(left):
        i = order[q]
        if shared > 0.0 and q & (PACK - 1) == 0:
            line = shared * rng.standard_normal()
        towards = strength[i]
        if q == 0:
            towards += clean_air
        # one draw of 48 bits serves four cars
        bits = int(rng.random() * 281474976710656.0) if q & 3 == 0 else bits >> NORMAL_BITS
        chance = own * spread[i] * normals[bits & (NORMALS - 1)]
        progress[i] = towards + keep * (progress[i] - towards) + line + chance


@compiled
def _foremost_owed(
    rng: np.random.Generator, limits: Limits, led: I8, order: I8, left: int, to_lead: int
) -> int:
    """Foremost car below its minimum of laps led, if one is to be moved to the front now, or -1.

    The larger the part of the ``to_lead`` laps left that minimums still require, the more often a
    car is moved. So minimums are met all through the race, and not at its end, where leading would
    mean winning.
    """
    owed, foremost = 0, -1
    for q in range(left - 1, -1, -1):
        i = order[q]
        if led[i] < limits.least[i]:
            owed += limits.least[i] - led[i]
            foremost = i
    # twice as often as would be enough on average, so that little is left for the end
    return foremost if owed > 0 and rng.random() * to_lead < 2.0 * owed else -1


@compiled
def _next_leader(limits: Limits, led: I8, order: I8, left: int, to_lead: int, first: int) -> int:
    """Car that leads the next of ``to_lead`` laps: ``first``, or else the foremost car that may.

    Once all laps left are needed for minimums, only cars below their minimum may lead. The last lap
    is the winner's, and no car leads a lap after which nobody could win.
    """
    owed, owed_losers = 0, 0
    for i in range(led.shape[0]):
        missing = max(0, limits.least[i] - led[i])
        owed += missing
        owed_losers += 0 if limits.may_win[i] else missing
    tight = owed >= to_lead
    losers_only = to_lead > 1 and owed_losers >= to_lead - 1
    for q in range(-1, left):
        i = first if q < 0 else order[q]
        owes = led[i] < limits.least[i]
        if led[i] >= limits.most[i] or (tight and not owes):
            continue
        if losers_only and (limits.may_win[i] or not owes):
            continue
        if to_lead == 1 and not limits.may_win[i]:
            continue
        if to_lead > 1 and limits.may_win[i] and led[i] + 1 >= limits.most[i]:
            # the last lap that this car may lead: is there another car that can still win?
            others = False
            for k in range(left):
                j = order[k]
                if j != i and limits.may_win[j] and led[j] < limits.most[j]:
                    others = True
                    break
            if not others:
                continue
        return i
    return first


@compiled
def _lead_within_limits(
    limits: Limits, led: I8, order: I8, left: int, by: int, laps: int, to_lead: int
) -> None:
    """Credit ``laps`` of the ``to_lead`` laps left to ``by``, or lap by lap to a car that may."""
    for done in range(laps):
        led[_next_leader(limits, led, order, left, to_lead - done, by)] += 1


@inlined
def _lead_stretch(
    rng: np.random.Generator,
    led: I8,
    order: I8,
    limits: Limits,
    limited: bool,
    left: int,
    first: int,
    laps: int,
    to_lead: int,
    swaps: float,
    lead_depth: float,
    short_lead_laps: float,
) -> None:
    """Credit ``laps`` to the car that led before, to short leaders, and to the car now ahead."""
    # the number of short leads is Poisson with mean ``swaps``: the events of a unit process up to
    # that time
    time = rng.standard_exponential()
    while time < swaps and laps > 1:
        time += rng.standard_exponential()
        rank = int(lead_depth * rng.standard_exponential())
        while rank >= left:
            rank -= left
        few = min(laps - 1, 1 + int((short_lead_laps - 0.5) * rng.standard_exponential()))
        if limited:
            _lead_within_limits(limits, led, order, left, order[rank], few, to_lead)
        else:
            led[order[rank]] += few
        laps -= few
        to_lead -= few
    ahead = order[0]
    before = laps if first == ahead else int((laps + 1) * rng.random())
    if limited:
        before = max(before, min(laps, limits.least[first] - led[first]))
        _lead_within_limits(limits, led, order, left, first, before, to_lead)
        _lead_within_limits(limits, led, order, left, ahead, laps - before, to_lead - before)
    else:
        led[first] += before
        led[ahead] += laps - before


@inlined
def _set_fastest(
    rng: np.random.Generator,
    fastest: I8,
    order: I8,
    ranks: I8,
    rows: I8,
    left: int,
    laps: int,
) -> None:
    """Draw who sets each of ``laps`` fastest laps: cars in front more often, some laps in a row."""
    while laps > 0:
        # one draw of 30 bits: how many laps, at which rank, and which car where any car may
        bits = int(rng.random() * 1073741824.0)
        row = min(laps, rows[bits & (CHOICES - 1)])
        bits >>= CHOICE_BITS
        rank = ranks[bits & (CHOICES - 1)]
        bits >>= CHOICE_BITS
        if rank < 0:
            rank = (bits * left) >> CHOICE_BITS
        while rank >= left:
            rank -= left
        fastest[order[rank]] += row
        laps -= row


@inlined
def _finish(cars: Cars, left: int, finish: npt.NDArray[np.uint8]) -> None:
    """Write finishing positions 1..R: running cars in order, then those out, the last out first."""
    for q in range(left):
        finish[cars.order[q]] = q + 1
    drivers = cars.progress.shape[0]
    for i in range(drivers):
        if cars.out_lap[i] < 0:
            continue
        rank = left + 1
        for j in range(drivers):
            if cars.out_lap[j] >= 0 and (
                cars.out_lap[j] > cars.out_lap[i]
                or (
                    cars.out_lap[j] == cars.out_lap[i]
                    and (
                        cars.progress[j] > cars.progress[i]
                        or (cars.progress[j] == cars.progress[i] and j < i)
                    )
                )
            ):
                rank += 1
        finish[i] = rank


@compiled
def run_races(rng: np.random.Generator, n: int, race: RaceInputs, into: RaceOutputs) -> None:
    """Simulate ``n`` races one after another from ``rng`` into the first ``n`` rows of ``into``."""
    drivers = race.skill.shape[0]
    cars = Cars(
        start=np.zeros(drivers, dtype=np.int64),
        strength=np.zeros(drivers),
        progress=np.zeros(drivers),
        order=np.zeros(drivers, dtype=np.int64),
        out_lap=np.zeros(drivers, dtype=np.int64),
        fails_at=np.zeros(drivers, dtype=np.int64),
        led=np.zeros(drivers, dtype=np.int64),
        fastest=np.zeros(drivers, dtype=np.int64),
        involved=np.zeros(drivers, dtype=np.bool_),
        scratch=np.zeros(drivers),
        before=np.zeros(MOST_CARS, dtype=np.int64),
        keys=np.zeros(MOST_CARS, dtype=np.int32),
    )
    order, progress, strength, before, keys = (
        cars.order,
        cars.progress,
        cars.strength,
        cars.before,
        cars.keys,
    )
    led, out_lap = cars.led, cars.out_lap
    limits, limited = race.limits, race.limited
    in_line = np.sqrt(race.pack_share)
    team_shock = np.zeros(max(1, race.n_teams))
    make_shock = np.zeros(max(1, race.n_makes))
    at = np.zeros(60, dtype=np.int64)
    kind = np.zeros(60, dtype=np.int64)
    length = np.zeros(60, dtype=np.int64)

    for s in range(n):
        _draw_grid(rng, race, cars)
        _draw_strength(rng, race, cars, team_shock, make_shock)
        cautions, green_laps = _draw_cautions(rng, race, at, kind, length)
        for i in range(drivers):
            cars.out_lap[i] = -1
            cars.led[i] = 0
            cars.fastest[i] = 0
            cars.fails_at[i] = race.race_laps + 1
        if race.failure_gap > 0.0:
            # the next car to fail is a geometric number of cars further on
            i = int(race.failure_gap * rng.standard_exponential())
            while i < drivers:
                cars.fails_at[i] = 1 + int(rng.random() * (race.race_laps - 1))
                i += 1 + int(race.failure_gap * rng.standard_exponential())
        left = drivers
        _sort(order, progress, before, keys, left)

        leader = order[0]
        if limited:
            leader = _next_leader(limits, led, order, left, race.race_laps, leader)
        into.first_leader[s] = leader
        led[leader] += 1
        _set_fastest(rng, cars.fastest, order, race.fastest_rank, race.fastest_run, left, 1)
        lap, green_done = 1, 1
        for run in range(cautions + 1):
            run_end = at[run] if run < cautions else green_laps
            # green-flag stops cut a run that is longer than a tank of fuel lasts
            stints = 1 + max(0, run_end - green_done - 1) // race.pit_window_laps
            for stint in range(stints):
                laps = (run_end - green_done) // (stints - stint)
                if laps <= 0:
                    continue
                running = left
                for q in range(left):
                    i = order[q]
                    # a car is out from the start of the run in which it fails: it leads no lap of
                    # that run and sets no fastest lap in it
                    if cars.fails_at[i] < lap + laps and running > 2:
                        if limited and _is_needed(limits, led, out_lap, race.race_laps, i):
                            continue
                        out_lap[i] = lap
                        running -= 1
                if running < left:
                    left = _drop_out(order, out_lap, left)
                to_lead = race.race_laps - lap
                if limited:
                    owed = _foremost_owed(rng, limits, led, order, left, to_lead)
                    if owed >= 0:
                        progress[owed] = max(progress[owed], progress[order[0]] + 2.0 / FINE)
                        _sort(order, progress, before, keys, left)
                leader = order[0]
                keep = np.exp(-race.turnover * laps / green_laps)
                noise = race.drift_sd * np.sqrt(1.0 - keep * keep)
                own, shared = noise * np.sqrt(1.0 - race.pack_share), noise * in_line
                _drift(
                    rng,
                    order,
                    progress,
                    strength,
                    race.spread,
                    race.normals,
                    left,
                    race.clean_air,
                    keep,
                    own,
                    shared,
                )
                _sort(order, progress, before, keys, left)
                last = green_done + laps == green_laps
                swaps = race.lead_swaps * laps / green_laps
                if stint + 1 < stints:
                    swaps += race.short_leaders
                _lead_stretch(
                    rng,
                    led,
                    order,
                    limits,
                    limited,
                    left,
                    leader,
                    laps - last,
                    to_lead,
                    swaps,
                    race.lead_depth,
                    race.short_lead_laps,
                )
                _set_fastest(
                    rng, cars.fastest, order, race.fastest_rank, race.fastest_run, left, laps
                )
                lap += laps
                green_done += laps
            if run < cautions:
                if kind[run] == 1:
                    left = _accident(rng, race, cars, lap, left)
                _lead_stretch(
                    rng,
                    led,
                    order,
                    limits,
                    limited,
                    left,
                    order[0],
                    length[run],
                    race.race_laps - lap,
                    race.short_leaders,
                    race.lead_depth,
                    race.short_lead_laps,
                )
                lap += length[run]

        winner = order[0]
        if limited:
            winner = _next_leader(limits, led, order, left, 1, winner)
            q = 0
            while order[q] != winner:
                q += 1
            while q > 0:
                order[q] = order[q - 1]
                q -= 1
            order[0] = winner
        led[winner] += 1
        _finish(cars, left, into.finish[s])
        into.cautions[s] = cautions
        into.green_laps[s] = green_laps
        for i in range(drivers):
            into.start[s, i] = cars.start[i]
            into.laps_led[s, i] = cars.led[i]
            into.fastest_laps[s, i] = cars.fastest[i]
            into.running[s, i] = cars.out_lap[i] < 0
            completed = race.race_laps if cars.out_lap[i] < 0 else cars.out_lap[i]
            into.laps_completed[s, i] = completed
