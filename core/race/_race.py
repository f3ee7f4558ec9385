"""One race after another, compiled: grid, strength, green runs, cautions, finish.

A race is a chain of causes. Cautions and accidents are drawn first and cut the race into green
runs; within a run the order drifts from where a car is towards how strong it is; whoever is ahead
leads, so laps led, fastest laps and the finish all come of the same running order.

It stays one module: the compiler's cache looks at the file of the outermost function alone and
would not notice a change in another.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.compiled import compiled

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

STAGE_BREAKS = 2
STAGE_ENDS = (0.27, 0.55)  # of the green laps
MAX_YELLOW_SHARE = 0.6  # of the laps; cautions beyond it are not thrown
RESTART_SHUFFLE = 0.35  # of the running order's spread, at every restart
TEAM_SHARE = 0.25  # of the variance of race-long shocks, shared by a team's cars
SHADOW_LOSS = 1.5  # strength lost, in standard deviations of the field, by a car that underdelivers
DAMAGE = 1.2  # strength lost at most by a car that an accident hurts and does not stop
NEIGHBOUR_REACH = 0.3  # running-order distance over which an accident's reach fades
QUALIFYING_NOISE = 0.8  # beside 0.6 of skill, where the grid is unknown


class RaceInputs(NamedTuple):
    """What one race depends on, for the R racing drivers in slate order."""

    skill: F8  # standard deviations above the field's average
    aggression: F8  # -0.5..0.5, times the track's aggression factor
    shadow_risk: F8
    team: I8  # 0..T-1, or -1 for none
    n_teams: int
    grid: I8  # official spot, 0 = unknown
    free_spots: I8  # spots for the unknown, ascending
    rear: npt.NDArray[np.bool_]
    most_led: I8
    grid_scores: F8  # normal score by place, front first
    race_laps: int
    unscheduled_cautions: float
    cautions_shape: float
    laps_per_caution: float
    incident_share: float
    cars_involved: float
    involved_out: float
    mechanical_rate: float
    skill_weight: float
    grid_weight: float
    shock_sd: float  # lasts the race
    drift_sd: float  # comes and goes within it
    turnover: float  # mean reversion a race
    lead_change_laps: float
    short_leaders: float
    fastest_lap_focus: float
    pit_window_laps: int


class RaceOutputs(NamedTuple):
    """Where n races are written, ``[n, R]`` and ``[n]``."""

    finish: npt.NDArray[np.uint8]
    start: npt.NDArray[np.uint8]
    laps_led: npt.NDArray[np.uint16]
    fastest_laps: npt.NDArray[np.uint16]
    running: npt.NDArray[np.bool_]
    laps_done: npt.NDArray[np.uint16]
    cautions: npt.NDArray[np.uint8]
    green_laps: npt.NDArray[np.uint16]
    first_leader: npt.NDArray[np.uint8]


class Cars(NamedTuple):
    """The R cars of the race being run, overwritten from race to race."""

    start: I8  # official grid spot
    strength: F8  # today
    place: F8  # running order: the higher, the further ahead
    out_lap: I8  # laps done when it went out, -1 = running
    fails_at: I8  # the lap from which its car fails
    led: I8
    fastest: I8
    involved: npt.NDArray[np.bool_]  # in the accident at hand
    scratch: F8


@compiled
def _rounded(rng: np.random.Generator, mean: float) -> int:
    """Draw a whole number whose mean is ``mean``."""
    return int(mean + rng.random())


@compiled
def _draw_grid(rng: np.random.Generator, race: RaceInputs, cars: Cars) -> None:
    """Fill unknown grid spots by a qualifying of those drivers among themselves."""
    drivers = cars.start.shape[0]
    for i in range(drivers):
        cars.start[i] = race.grid[i]
        if race.grid[i] == 0:
            cars.scratch[i] = 0.6 * race.skill[i] + QUALIFYING_NOISE * rng.standard_normal()
    for spot in race.free_spots:
        best = -1
        for i in range(drivers):
            if cars.start[i] == 0 and (best < 0 or cars.scratch[i] > cars.scratch[best]):
                best = i
        cars.start[best] = spot


@compiled
def _draw_strength(rng: np.random.Generator, race: RaceInputs, cars: Cars, team_shock: F8) -> None:
    """Set how strong each car is today, and where it takes the green flag."""
    drivers = cars.start.shape[0]
    team_sd = race.shock_sd * np.sqrt(TEAM_SHARE)
    own_sd = race.shock_sd * np.sqrt(1.0 - TEAM_SHARE)
    for t in range(race.n_teams):
        team_shock[t] = team_sd * rng.standard_normal()
    for i in range(drivers):
        rank = 0
        for j in range(drivers):
            rank += cars.start[j] < cars.start[i]
        grid = race.grid_scores[rank]
        spread = max(0.1, 1.0 + race.aggression[i])
        if race.team[i] >= 0:
            shock = team_shock[race.team[i]] + own_sd * spread * rng.standard_normal()
        else:
            shock = race.shock_sd * spread * rng.standard_normal()
        cars.strength[i] = race.skill_weight * race.skill[i] + race.grid_weight * grid + shock
        if rng.random() < race.shadow_risk[i]:
            cars.strength[i] -= SHADOW_LOSS
        cars.place[i] = grid
        if race.rear[i]:
            # behind everyone, and among themselves in grid order
            cars.place[i] = race.grid_scores[drivers - 1] - 1.0 + 0.1 * grid


@compiled
def _draw_cautions(rng: np.random.Generator, race: RaceInputs, at: I8, kind: I8) -> int:
    """Write when cautions fall (green laps run, ascending) and what they are (1 = accident).

    ``at`` and ``kind`` hold one entry a caution; the number of cautions is returned.
    """
    wild = race.unscheduled_cautions * rng.standard_gamma(race.cautions_shape)
    count: int = STAGE_BREAKS + int(rng.poisson(wild / race.cautions_shape))
    most = int(MAX_YELLOW_SHARE * race.race_laps / (race.laps_per_caution + 1.0))
    count = max(0, min(count, most, len(at)))
    green = race.race_laps - int(np.ceil(count * race.laps_per_caution))
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
    return count


@compiled
def _accident(rng: np.random.Generator, race: RaceInputs, cars: Cars, lap: int) -> None:
    """One car loses it, cars that run near it are gathered up; some go out, the others are hurt."""
    drivers = cars.place.shape[0]
    left = 0
    cause, loudest = -1, -1.0
    for i in range(drivers):
        cars.involved[i] = False
        if cars.out_lap[i] < 0:
            left += 1
            # weighted draw of the cause by exponential clocks: the largest weight / Exp wins
            odds = np.exp(2.0 * race.aggression[i]) / rng.standard_exponential()
            if odds > loudest:
                cause, loudest = i, odds
    size = 1 + int(rng.standard_exponential() * (race.cars_involved - 0.5))
    size = min(size, left)
    cars.involved[cause] = True
    for _ in range(size - 1):
        nearest, distance = -1, np.inf
        for i in range(drivers):
            if cars.out_lap[i] < 0 and not cars.involved[i]:
                reach = abs(cars.place[i] - cars.place[cause])
                reach += NEIGHBOUR_REACH * rng.standard_exponential()
                if reach < distance:
                    nearest, distance = i, reach
        cars.involved[nearest] = True
    for i in range(drivers):
        if cars.involved[i]:
            if rng.random() < race.involved_out and left > 2:
                cars.out_lap[i] = lap
                left -= 1
            else:
                lost = DAMAGE * rng.random()
                cars.strength[i] -= lost
                cars.place[i] -= lost


@compiled
def _drift(rng: np.random.Generator, race: RaceInputs, cars: Cars, share: float) -> None:
    """Move the running order on by ``share`` of a race: towards strength, and at random."""
    keep = np.exp(-race.turnover * share)
    noise = race.drift_sd * np.sqrt(1.0 - keep * keep)
    for i in range(cars.place.shape[0]):
        if cars.out_lap[i] < 0:
            cars.place[i] = cars.strength[i] + keep * (cars.place[i] - cars.strength[i])
            cars.place[i] += noise * rng.standard_normal()


@compiled
def _leader(race: RaceInputs, cars: Cars) -> int:
    """Find the car ahead; one that may lead no more lap falls in behind it."""
    best, free = -1, -1
    for i in range(cars.place.shape[0]):
        if cars.out_lap[i] < 0:
            if best < 0 or cars.place[i] > cars.place[best]:
                best = i
            if cars.led[i] < race.most_led[i] and (free < 0 or cars.place[i] > cars.place[free]):
                free = i
    if free < 0:
        return best  # no legal leader is left: the judge throws the race out
    if best != free:
        for i in range(cars.place.shape[0]):
            if cars.out_lap[i] < 0 and i != free and cars.place[i] >= cars.place[free]:
                cars.place[i] = cars.place[free] - 1e-9
    return free


@compiled
def _lead(race: RaceInputs, cars: Cars, by: int, laps: int) -> None:
    """Credit ``laps`` to ``by``, and what its limit does not allow to those next in order."""
    leader = by
    while laps > 0:
        if cars.led[leader] >= race.most_led[leader]:
            leader = _leader(race, cars)
        room = race.most_led[leader] - cars.led[leader]
        given = min(laps, room) if room > 0 else laps
        cars.led[leader] += given
        laps -= given


@compiled
def _lead_out_of_sequence(rng: np.random.Generator, race: RaceInputs, cars: Cars, laps: int) -> int:
    """Give a few of ``laps`` to cars that pit at another time than the field; say how many."""
    given = 0
    drivers = cars.place.shape[0]
    for _ in range(_rounded(rng, race.short_leaders)):
        few = min(1 + int(3.0 * rng.random()), laps - given)
        one = int(drivers * rng.random())
        other = int(drivers * rng.random())
        chosen = one if cars.place[one] > cars.place[other] else other
        if few > 0 and cars.out_lap[chosen] < 0 and cars.led[chosen] + few <= race.most_led[chosen]:
            cars.led[chosen] += few
            given += few
    return given


@compiled
def _set_fastest(rng: np.random.Generator, race: RaceInputs, cars: Cars, laps: int) -> None:
    """Draw who sets each of ``laps`` fastest laps among the cars on track, the quick more often."""
    drivers = cars.place.shape[0]
    total = 0.0
    for i in range(drivers):
        if cars.out_lap[i] < 0:
            total += np.exp(race.fastest_lap_focus * cars.place[i])
        cars.scratch[i] = total
    for _ in range(laps):
        drawn = total * rng.random()
        low, high = 0, drivers - 1
        while low < high:
            middle = (low + high) >> 1
            if cars.scratch[middle] > drawn:
                high = middle
            else:
                low = middle + 1
        cars.fastest[low] += 1


@compiled
def _finish(cars: Cars, winner: int, finish: npt.NDArray[np.uint8]) -> None:
    """Place the cars 1..R: the winner, the running by place, then the out, the last out first."""
    drivers = cars.place.shape[0]
    for i in range(drivers):
        ahead = (
            0.5 + np.arctan(cars.place[i]) / np.pi
        )  # 0..1: breaks ties of the lap, and never more
        cars.scratch[i] = 10_000.0 + ahead if cars.out_lap[i] < 0 else cars.out_lap[i] + ahead
    cars.scratch[winner] = 20_000.0
    for i in range(drivers):
        rank = 1
        for j in range(drivers):
            rank += cars.scratch[j] > cars.scratch[i] or (
                cars.scratch[j] == cars.scratch[i] and j < i
            )
        finish[i] = rank


@compiled
def run_races(rng: np.random.Generator, n: int, race: RaceInputs, into: RaceOutputs) -> None:
    """Simulate ``n`` races one after another from ``rng`` into the first ``n`` rows of ``into``."""
    drivers = race.skill.shape[0]
    cars = Cars(
        start=np.zeros(drivers, dtype=np.int64),
        strength=np.zeros(drivers),
        place=np.zeros(drivers),
        out_lap=np.zeros(drivers, dtype=np.int64),
        fails_at=np.zeros(drivers, dtype=np.int64),
        led=np.zeros(drivers, dtype=np.int64),
        fastest=np.zeros(drivers, dtype=np.int64),
        involved=np.zeros(drivers, dtype=np.bool_),
        scratch=np.zeros(drivers),
    )
    team_shock = np.zeros(max(1, race.n_teams))
    at = np.zeros(60, dtype=np.int64)
    kind = np.zeros(60, dtype=np.int64)

    for s in range(n):
        _draw_grid(rng, race, cars)
        _draw_strength(rng, race, cars, team_shock)
        cautions = _draw_cautions(rng, race, at, kind)
        yellow = np.ceil(cautions * race.laps_per_caution)
        green_laps = race.race_laps - int(yellow)
        for i in range(drivers):
            cars.out_lap[i] = -1
            cars.led[i] = 0
            cars.fastest[i] = 0
            cars.fails_at[i] = race.race_laps + 1
            if rng.random() < race.mechanical_rate:
                cars.fails_at[i] = 1 + int(rng.random() * (race.race_laps - 1))

        lap, green_done, yellow_done, since_pit = 0, 0, 0, 0
        leader = _leader(race, cars)
        into.first_leader[s] = leader
        for run in range(cautions + 1):
            run_end = at[run] if run < cautions else green_laps
            while green_done < run_end:
                # a stint: the longest stretch at whose end the lead may change hands
                stint = 1 + int(2.0 * race.lead_change_laps * rng.random())
                stint = min(stint, run_end - green_done)
                left = 0
                for i in range(drivers):
                    left += cars.out_lap[i] < 0
                for i in range(drivers):
                    if cars.out_lap[i] < 0 and cars.fails_at[i] <= lap and left > 2:
                        cars.out_lap[i] = lap
                        left -= 1
                if cars.out_lap[leader] >= 0:
                    leader = _leader(race, cars)
                _drift(rng, race, cars, stint / race.race_laps)
                last = green_done + stint == green_laps
                to_give = stint
                since_pit += stint
                if since_pit >= race.pit_window_laps and not last:
                    since_pit = 0
                    to_give -= _lead_out_of_sequence(rng, race, cars, to_give - 1)
                ahead = _leader(race, cars)
                if last:
                    _lead(race, cars, ahead, 1)
                    to_give -= 1
                    winner = ahead
                before = 0 if ahead == leader else int((to_give + 1) * rng.random())
                if before > 0:
                    _lead(race, cars, leader, min(before, to_give))
                _lead(race, cars, ahead, to_give - min(before, to_give))
                _set_fastest(rng, race, cars, stint)
                leader = ahead
                green_done += stint
                lap += stint
            if run < cautions:
                if kind[run] == 1:
                    _accident(rng, race, cars, lap)
                laps = int(yellow * (run + 1) / cautions) - yellow_done
                for i in range(drivers):
                    if cars.out_lap[i] < 0:
                        cars.place[i] += RESTART_SHUFFLE * race.drift_sd * rng.standard_normal()
                short = _lead_out_of_sequence(rng, race, cars, laps)
                leader = _leader(race, cars)
                _lead(race, cars, leader, laps - short)
                leader = _leader(race, cars)
                yellow_done += laps
                lap += laps
                since_pit = 0

        _finish(cars, winner, into.finish[s])
        into.cautions[s] = cautions
        into.green_laps[s] = green_laps
        for i in range(drivers):
            into.start[s, i] = cars.start[i]
            into.laps_led[s, i] = cars.led[i]
            into.fastest_laps[s, i] = cars.fastest[i]
            into.running[s, i] = cars.out_lap[i] < 0
            into.laps_done[s, i] = race.race_laps if cars.out_lap[i] < 0 else cars.out_lap[i]
