"""Real races judged by the kernel: a rule that rejects real races is wrong."""

import dataclasses

import numpy as np

from core.history import read_races, spec_of
from core.history.grading.joint import as_scenario
from core.race import KernelLogic, SkeletonNarrative, load_priors


def judge_real_races(races, priors):
    """Judge each race as if it had been simulated over the laps it had.

    In the order under the flag: disqualifications come after the race.
    """
    verdicts = {}
    for race in races:
        spec = spec_of(race, np.zeros(len(race.drivers)), priors[race.track_type])
        track = dataclasses.replace(spec.track, race_laps=race.race_laps)
        under_the_flag = dataclasses.replace(
            as_scenario(race, race.cautions or 0), finish=race.flag_finish.astype(np.uint8)[None]
        )
        narrative = SkeletonNarrative(
            green_laps=race.fastest_laps.sum(keepdims=True).astype(np.uint16),
            # nobody is sent to the rear in the spec, so who led the first lap breaks no rule
            first_leader=np.zeros(1, dtype=np.uint8),
        )
        kernel = KernelLogic(dataclasses.replace(spec, track=track))
        verdicts[race] = kernel.judge(under_the_flag, narrative)[1]
    return verdicts


def test_the_kernel_lets_real_races_stand(real_data):
    """At least 99% of the races with loop data, of every kind of track together."""
    races = [race for race in read_races(real_data) if race.has_loop_data]
    verdicts = judge_real_races(races, load_priors())
    assert len(verdicts) == 259
    thrown_out = {r.key: dict(s.veto_reasons) for r, s in verdicts.items() if s.total_rejected}
    # the loop data of Phoenix 2019 is a lap short
    assert thrown_out == {(2019, 35): {"laps_led_total": 1}}


def test_a_real_race_that_cannot_have_been_is_thrown_out(made_up_data):
    race = read_races(made_up_data)[0]
    wrong = dataclasses.replace(race, laps_led=race.laps_led + 1)
    verdicts = judge_real_races([race, wrong], load_priors())
    assert verdicts[race].total_rejected == 0
    assert verdicts[wrong].veto_reasons["laps_led_total"] == 1
