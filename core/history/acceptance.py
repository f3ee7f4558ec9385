"""Real races before the judge of simulated ones: a rule that throws out real races is wrong."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from core.history.forecast import Priors, spec_of
from core.history.joint import as_scenario
from core.history.races import PastRace
from core.race import SkeletonNarrative, KernelLogic, KernelStats


def judge_real_races(races: Iterable[PastRace], priors: Priors) -> dict[PastRace, KernelStats]:
    """Judge each race as if it had been simulated over the laps it had.

    In the order under the flag: disqualifications come after the race.
    """
    verdicts = {}
    for race in races:
        spec = spec_of(race, np.zeros(len(race.drivers)), priors[race.track_type])
        spec = replace(spec, track=replace(spec.track, race_laps=race.race_laps))
        under_the_flag = replace(
            as_scenario(race, race.cautions or 0), finish=race.flag_finish.astype(np.uint8)[None]
        )
        narrative = SkeletonNarrative(
            laps_done=race.laps_done.astype(np.uint16)[None],
            green_laps=race.fastest_laps.sum(keepdims=True).astype(np.uint16),
            # nobody is sent to the rear in the spec, so who led the first lap breaks no rule
            first_leader=np.zeros(1, dtype=np.uint8),
        )
        verdicts[race] = KernelLogic(spec).judge(under_the_flag, narrative)[1]
    return verdicts
