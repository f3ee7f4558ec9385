import dataclasses

from core.history import read_races
from core.history.acceptance import judge_real_races
from core.race import load_priors


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
