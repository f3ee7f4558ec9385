"""The stage that values the lineups of a walk for dollars again, in races that it has not seen.

The lineups that win most in some races are in part those that are lucky in them, most of all in a
large contest, where a first place decides. So the walk proposes lineups, and further races, which
shaped no proposal, say what each of them wins. There are more of these the more of the prizes goes
to few places, since to value some thousand lineups takes little beside finding them among millions.
"""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from core.contest import MICROS_PER_USD, PrizeSteps, races_to_value
from core.lineups import Lineups, Sample, Shrinkage, estimate_shrinkage, step_values
from core.race import BLOCK_SCENARIOS
from workers.engine.arrays import ArrayRef
from workers.engine.facts import Key
from workers.engine.stages import FAN, Stage, Work
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.requests.played import terms_of
from workers.plans.stages.prizes import block_steps
from workers.plans.stages.races import Points, block_count
from workers.plans.stages.simulation import simulated_blocks
from workers.plans.stages.walk import best_by_regime

Floats = npt.NDArray[np.float64]
Micros = npt.NDArray[np.int64]

# standard error that the mean prize of an average entry should have, as a share of itself
_ERROR = 0.15
# at least as many races as lineups were searched on, unless those are enough by themselves; at the
# most several times as many, which a worker can also hold
_ENOUGH_RACES, _MOST_TIMES, _MOST_RACES = 10_000, 6, 60_000
# blocks b and b + 2 have opposite strengths: four blocks are two pairs, one for each half
_FOUR = 4
# about what one core does: races, entries of their fields x races, and lineups x races
_RACES_PER_SECOND, _ENTRIES_PER_SECOND, _VALUED_PER_SECOND = 70_000, 500_000_000, 300_000_000


class SecondLookPart(msgspec.Struct, frozen=True):
    """What the lineups of the walk win in some of the further races.

    Parameters
    ----------
    won
        ``micros``, i64 ``[2, K]``: winnings of each lineup in micro-dollars, summed over the races
        of the one half and of the other.
    """

    won: ArrayRef


class SecondLookFact(msgspec.Struct, frozen=True):
    """What the lineups of the walk win in all further races.

    Parameters
    ----------
    won
        As of :class:`SecondLookPart`.
    races
        Number of further races; 0 where values are not to be shrunk.
    shrinkage
        How mean winnings in USD a race are shrunk.
    """

    won: ArrayRef
    races: int
    shrinkage: Shrinkage


SECOND_LOOK = Key("second_look", SecondLookFact)


def second_look_races(request: OptimizeRequest) -> int:
    """Number of further races, in whole fours of blocks; 0 where values are not to be shrunk."""
    if request.unshrunken:
        return 0
    searched = request.n_scenarios // 2
    wanted = races_to_value(terms_of(request).payouts, _ERROR)
    races = max(min(wanted, _MOST_TIMES * searched, _MOST_RACES), min(searched, _ENOUGH_RACES))
    return -(-races // (_FOUR * BLOCK_SCENARIOS)) * _FOUR * BLOCK_SCENARIOS


def second_look_blocks(request: OptimizeRequest) -> range:
    """The blocks of the further races: they follow the job's own."""
    first = -(-block_count(request.n_scenarios) // _FOUR) * _FOUR
    return range(first, first + second_look_races(request) // BLOCK_SCENARIOS)


def half_of(block: int) -> int:
    """Which half a block is in: 0 or 1; blocks b and b + 2 are in the same."""
    return block % 2


def _play(work: Work[OptimizeRequest], block: int) -> tuple[Points, PrizeSteps]:
    """A block's points, and what any score wins in its races."""
    (races,) = simulated_blocks(work, {block: BLOCK_SCENARIOS})
    points = races["points"]
    return points, block_steps(work, block, points)


def _won(points: Points, steps: PrizeSteps, lineups: Lineups) -> Micros:
    return step_values(points, steps.breaks, steps.micros, lineups)


def _run(work: Work[OptimizeRequest], units: range) -> SecondLookPart:
    lineups = _proposed(work)
    micros = np.zeros((2, len(lineups)), dtype=np.int64)
    for block in second_look_blocks(work.request)[units.start : units.stop]:
        work.check_cancelled()
        points, steps = _play(work, block)
        micros[half_of(block)] += _won(points, steps, lineups)
    return SecondLookPart(work.arrays.put(micros=micros))


def _merge(work: Work[OptimizeRequest], parts: Sequence[SecondLookPart]) -> SecondLookPart:
    micros = np.sum([work.arrays.get(part.won)["micros"] for part in parts], axis=0)
    return SecondLookPart(work.arrays.put(micros=micros))


def _join(work: Work[OptimizeRequest], part: SecondLookPart) -> SecondLookFact:
    """Estimate how much is luck on the lineups of the walk, which other races proposed."""
    races = second_look_races(work.request)
    drivers = len(work.request.slate)
    if races == 0:
        return SecondLookFact(part.won, 0, Shrinkage.none(drivers))
    micros = work.arrays.get(part.won)["micros"]
    points = np.zeros(drivers)
    whole = Sample(_usd(micros.sum(axis=0), races), points)
    first, second = (Sample(_usd(won, races / 2), points) for won in micros)
    shrinkage = estimate_shrinkage(_proposed(work), whole, (first, second))
    return SecondLookFact(part.won, races, shrinkage)


def _proposed(work: Work[OptimizeRequest]) -> Lineups:
    return best_by_regime(work.facts, work.arrays)[None].lineups


def shrunken_winnings(work: Work[OptimizeRequest]) -> Callable[[Lineups], Floats]:
    """The shrunken mean winnings of any lineups in the further races, in USD a race.

    The first lineups that the walk did not propose take long: the races are played once more.
    """
    fact, known = work.facts.of(SECOND_LOOK), _proposed(work)
    won = work.arrays.get(fact.won)["micros"].sum(axis=0)
    micros_of = {lineup.tobytes(): int(each) for lineup, each in zip(known, won, strict=True)}
    played: list[tuple[Points, PrizeSteps]] = []

    def value(lineups: Lineups) -> Floats:
        looked = [micros_of.get(lineup.tobytes(), -1) for lineup in lineups]
        micros = np.array(looked, dtype=np.int64)
        unknown = micros < 0
        if unknown.any():
            if not played:
                for block in second_look_blocks(work.request):
                    work.check_cancelled()
                    played.append(_play(work, block))
            others = lineups[unknown]
            new = np.zeros(len(others), dtype=np.int64)
            for points, steps in played:
                new += _won(points, steps, others)
            micros[unknown] = new
            micros_of.update(zip((each.tobytes() for each in others), new.tolist(), strict=True))
        return fact.shrinkage.applied(_usd(micros, fact.races), lineups)

    return value


def _usd(micros: Micros, races: float) -> Floats:
    return np.asarray(micros / (races * MICROS_PER_USD))


def second_look_bytes(request: OptimizeRequest) -> int:
    """The most that the winnings take while they are merged."""
    units = len(second_look_blocks(request))
    return min(units + FAN, 2 * FAN) * 2 * 8 * request.pool_size


def _seconds(request: OptimizeRequest) -> float:
    entries = terms_of(request).payouts.field_size
    each = 1.0 / _RACES_PER_SECOND + entries / _ENTRIES_PER_SECOND
    return second_look_races(request) * (each + request.pool_size / _VALUED_PER_SECOND)


SECOND_LOOK_STAGE: Stage[OptimizeRequest, SecondLookPart, SecondLookFact] = Stage(
    key=SECOND_LOOK,
    part=SecondLookPart,
    # one that does nothing where there are no further races
    units=lambda request, _: max(len(second_look_blocks(request)), 1),
    seconds=_seconds,
    run=_run,
    merge=_merge,
    join=_join,
)
