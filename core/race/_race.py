"""One race after another, compiled: grid, strength, green runs, cautions, finish.

A race is a chain of causes. Cautions and accidents are drawn first and cut the race into green
runs; over a run the order moves from where a car is towards how strong it is; whoever is ahead
leads, so laps led, fastest laps and the finish all come of the same running order.

It stays one module: the compiler's cache looks at the file of the outermost function alone and
would not notice a change in another. What is called many times a race takes the arrays it needs one
by one: handing over a record of forty counts a reference for each, which once was half the time.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.compiled import compiled, inlined

F8 = npt.NDArray[np.float64]
I4 = npt.NDArray[np.int32]
I8 = npt.NDArray[np.int64]

STAGE_BREAKS = 2
STAGE_ENDS = (0.27, 0.55)  # of the green laps
MAX_YELLOW_SHARE = 0.6  # of the laps; cautions beyond it are not thrown
SHADOW_LOSS = 1.5  # strength lost, in standard deviations of the field, by a car that underdelivers
DAMAGE = 1.2  # strength lost at most by a car that an accident hurts and does not stop
GATHERED = 0.7  # chance that the next car behind an accident is gathered up, not the one after it
NORMAL_BITS, CHOICE_BITS = 12, 10
NORMALS = 1 << NORMAL_BITS  # equally likely normal scores that what comes and goes is drawn from
CHOICES = 1 << CHOICE_BITS  # equally likely choices in the tables of fastest laps
PACK = 4  # cars in line that a draft moves together, a power of two
MAX_TRIES = 200
MOST_CARS = 64  # whose ranks fit the last six bits of a key
FINE = 1048576.0  # steps of place that a key tells apart
FAR_APART = 30.0  # places beyond it are all alike; strengths are normal scores
QUALIFYING_NOISE = 0.8  # beside 0.6 of skill, where the grid is unknown
REAR = 0.3  # how far behind the last car on the grid those sent to the rear take the green flag


class Limits(NamedTuple):
    """Laps that drivers must and may lead, and who may lead the last one."""

    least: I8
    most: I8
    may_win: npt.NDArray[np.bool_]


class RaceInputs(NamedTuple):
    """What one race depends on, for the R racing drivers in slate order."""

    skill: F8  # standard deviations above the field's average
    tilt: F8
    spread: F8  # how much wider than others' a driver's own luck is, 1 = as wide
    causes: F8  # odds of causing an accident, the most likely driver's 1
    shadow_risk: F8
    team: I8  # 0..T-1, or -1 for none
    n_teams: int
    make: I8  # 0..M-1, or -1 for none
    n_makes: int
    grid: I8  # official spot, 0 = unknown
    free_spots: I8  # spots for the unknown, ascending
    rear: npt.NDArray[np.bool_]
    limits: "Limits"
    limited: bool  # whether any of them binds
    grid_scores: F8  # normal score by grid spot; entry 0 stands for none
    last_grid_score: float
    race_laps: int
    unscheduled_cautions: float
    cautions_shape: float
    caution_laps: I8  # CHOICES lengths of a caution
    incident_share: float
    cars_involved: float
    cars_shape: float
    involved_out: float
    pile_spared: float
    failure_gap: float  # -1 / log(1 - chance of failing); 0 = nobody fails
    skill_weight: float
    grid_weight: float
    shock_sd: float  # lasts the race
    team_share: float
    make_share: float
    drift_sd: float  # comes and goes within it
    pack_share: float
    turnover: float  # mean reversion a race
    clean_air: float
    lead_swaps: float
    short_leaders: float
    lead_depth: float
    short_lead_laps: float
    fastest_rank: I8  # CHOICES ranks from the front, -1 = any car running
    fastest_run: I8  # CHOICES lengths of a row of fastest laps
    normals: F8  # NORMALS of them
    pit_window_laps: int


class RaceOutputs(NamedTuple):
    """Where n races are written, ``[n, R]`` and ``[n]``."""

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
    """The R cars of the race being run, overwritten from race to race."""

    start: I8  # official grid spot
    strength: F8  # today
    place: F8  # running order: the higher, the further ahead
    order: I8  # the cars running, first to last; beyond them, what was there before
    out_lap: I8  # laps done when it went out, -1 = running
    fails_at: I8  # the lap from which its car fails
    led: I8
    fastest: I8
    involved: npt.NDArray[np.bool_]  # in the accident at hand
    scratch: F8
    before: I8  # the order before it is made anew
    keys: I4  # places as whole numbers, in that order


@inlined
def _draw_grid(rng: np.random.Generator, race: RaceInputs, cars: Cars) -> None:
    """Fill unknown grid spots by a qualifying of those drivers among themselves."""
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
    """Set how strong each car is today, and where it takes the green flag."""
    drivers = cars.start.shape[0]
    team_sd = race.shock_sd * np.sqrt(race.team_share)
    make_sd = race.shock_sd * np.sqrt(race.make_share)
    for t in range(race.n_teams):
        team_shock[t] = team_sd * rng.standard_normal()
    for m in range(race.n_makes):
        make_shock[m] = make_sd * rng.standard_normal()
    for i in range(drivers):
        grid = race.grid_scores[cars.start[i]]
        shock, own = 0.0, 1.0
        if race.team[i] >= 0:
            shock += team_shock[race.team[i]]
            own -= race.team_share
        if race.make[i] >= 0:
            shock += make_shock[race.make[i]]
            own -= race.make_share
        shock += race.shock_sd * race.spread[i] * np.sqrt(own) * rng.standard_normal()
        cars.strength[i] = race.skill_weight * race.skill[i] + race.grid_weight * grid
        cars.strength[i] += race.tilt[i] + shock
        if race.shadow_risk[i] > 0.0 and rng.random() < race.shadow_risk[i]:
            cars.strength[i] -= SHADOW_LOSS
        cars.place[i] = grid
        if race.rear[i]:
            # behind everyone, and among themselves in grid order
            cars.place[i] = race.last_grid_score - REAR + 0.01 * grid
        cars.order[i] = i


@inlined
def _draw_cautions(
    rng: np.random.Generator, race: RaceInputs, at: I8, kind: I8, length: I8
) -> tuple[int, int]:
    """Draw the cautions and give their number and the green laps of the race.

    ``at`` (green laps run, ascending), ``kind`` (1 = accident) and ``length`` (laps) hold one entry
    a caution.
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
def _sort(order: I8, place: F8, before: I8, keys: I4, left: int) -> None:
    """Put the ``left`` running cars in running order; of equals the one ahead stays ahead.

    Each car's rank is how many keys are above its own. Keys are whole numbers, no two alike, so the
    count is a few compares of eight at a time without a branch: half the time of any sort.
    """
    lanes = (left + 7) & ~7
    for q in range(left):
        i = order[q]
        before[q] = i
        fine = np.int64(min(max(place[i], -FAR_APART), FAR_APART) * FINE)
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
    """Close the ranks behind cars that went out and say how many run on."""
    k = 0
    for q in range(left):
        if out_lap[order[q]] < 0:
            order[k] = order[q]
            k += 1
    return k


@compiled
def _is_needed(limits: Limits, led: I8, out_lap: I8, race_laps: int, i: int) -> bool:
    """Say whether a car may not stop: it owes laps, or the others cannot end the race alone."""
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
    """One car loses it, cars behind it are gathered up; some go out, the others are hurt.

    Gives how many run on.
    """
    for q in range(left):
        cars.involved[cars.order[q]] = False
    cause = int(left * rng.random())
    for _ in range(MAX_TRIES):
        # any car may be the cause, the aggressive more likely: drawn until one is taken
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
                cars.place[i] -= lost
    left = _drop_out(cars.order, cars.out_lap, left)
    _sort(cars.order, cars.place, cars.before, cars.keys, left)
    return left


@inlined
def _drift(
    rng: np.random.Generator,
    order: I8,
    place: F8,
    strength: F8,
    spread: F8,
    normals: F8,
    left: int,
    clean_air: float,
    keep: float,
    own: float,
    shared: float,
) -> None:
    """Move each running car on: towards its strength, and at random, a part shared in line.

    ``keep`` is the share of its place that a car keeps, ``own`` and ``shared`` the standard
    deviations of chance.
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
        place[i] = towards + keep * (place[i] - towards) + line + chance


@compiled
def _foremost_owed(
    rng: np.random.Generator, limits: Limits, led: I8, order: I8, left: int, to_lead: int
) -> int:
    """Choose a car that owes laps to go in front, the likelier the more of ``to_lead`` are owed.

    Gives -1 for none. So minimums are met all through the race, and not by leading its end, which
    would be winning it.
    """
    owed, foremost = 0, -1
    for q in range(left - 1, -1, -1):
        i = order[q]
        if led[i] < limits.least[i]:
            owed += limits.least[i] - led[i]
            foremost = i
    # twice as often as would do on average, so that little is left for the end
    return foremost if owed > 0 and rng.random() * to_lead < 2.0 * owed else -1


@compiled
def _next_leader(limits: Limits, led: I8, order: I8, left: int, to_lead: int, first: int) -> int:
    """Find who may lead the next of ``to_lead`` laps: ``first``, or else the foremost who may.

    Once the laps to come are all owed to minimums, only those who are owed some may lead; the last
    lap is the winner's, and nobody leads a lap that would leave no winner.
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
            # the last lap that this car may lead: is there another who can still win?
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
    """Credit ``laps`` of the race's ``to_lead``, lap by lap, to ``by`` or to who may lead them."""
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
    """Give ``laps`` to who leads at first, to short leads in between, and to who is ahead now."""
    # as many as a Poisson of mean ``swaps``: the events of a unit process before that time
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
    """Draw who sets each of ``laps`` fastest laps: the front more often, a few laps in a row."""
    while laps > 0:
        # one draw of 30 bits: how long, by whom, and by whom if anyone
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
    """Place the cars 1..R: the running in their order, then the out, the last out first."""
    for q in range(left):
        finish[cars.order[q]] = q + 1
    drivers = cars.place.shape[0]
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
                        cars.place[j] > cars.place[i] or (cars.place[j] == cars.place[i] and j < i)
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
        place=np.zeros(drivers),
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
    order, place, strength, before, keys = (
        cars.order,
        cars.place,
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
        _sort(order, place, before, keys, left)

        leader = order[0]
        if limited:
            leader = _next_leader(limits, led, order, left, race.race_laps, leader)
        into.first_leader[s] = leader
        led[leader] += 1
        _set_fastest(rng, cars.fastest, order, race.fastest_rank, race.fastest_run, left, 1)
        lap, green_done = 1, 1
        for run in range(cautions + 1):
            run_end = at[run] if run < cautions else green_laps
            # a run longer than a tank is cut by green-flag stops
            stints = 1 + max(0, run_end - green_done - 1) // race.pit_window_laps
            for stint in range(stints):
                laps = (run_end - green_done) // (stints - stint)
                if laps <= 0:
                    continue
                running = left
                for q in range(left):
                    i = order[q]
                    # before the run in which it is due: a car that is out sets nothing after
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
                        place[owed] = max(place[owed], place[order[0]] + 2.0 / FINE)
                        _sort(order, place, before, keys, left)
                leader = order[0]
                keep = np.exp(-race.turnover * laps / green_laps)
                noise = race.drift_sd * np.sqrt(1.0 - keep * keep)
                own, shared = noise * np.sqrt(1.0 - race.pack_share), noise * in_line
                _drift(
                    rng,
                    order,
                    place,
                    strength,
                    race.spread,
                    race.normals,
                    left,
                    race.clean_air,
                    keep,
                    own,
                    shared,
                )
                _sort(order, place, before, keys, left)
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
