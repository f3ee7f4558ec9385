import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.race import KernelLogic, KernelStats, Regime, Scenarios, SkeletonNarrative
from core.slate.drivers import Veto

# three cars, thirty laps: a races off, b leads ten laps and crashes on lap 15, c follows
RACE = Scenarios(
    finish=np.array([[1, 3, 2]], dtype=np.uint8),
    start=np.array([[1, 2, 3]], dtype=np.uint8),
    laps_led=np.array([[20, 10, 0]], dtype=np.uint16),
    fastest_laps=np.array([[15, 4, 6]], dtype=np.uint16),
    laps_completed=np.array([[30, 15, 30]], dtype=np.uint16),
    running=np.array([[True, False, True]]),
    regime=np.array([Regime.NONE], dtype=np.uint8),
    cautions=np.array([2], dtype=np.uint8),
)
NARRATIVE = SkeletonNarrative(
    green_laps=np.array([25], dtype=np.uint16),
    first_leader=np.array([0], dtype=np.uint8),
)


@pytest.fixture
def judge(field):
    def judged(races=RACE, narrative=NARRATIVE, changes=()):
        spec = field(*changes, drivers=3, laps=30)
        return KernelLogic(spec).judge(races, narrative)

    return judged


def changed(**arrays):
    parts = {name: np.array([row], dtype=getattr(RACE, name).dtype) for name, row in arrays.items()}
    return dataclasses.replace(RACE, **parts)


def test_a_coherent_race_stands(judge):
    stands, stats = judge()
    assert stands.tolist() == [True]
    assert stats == KernelStats(1, 0, {})


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"finish": [1, 3, 3]}, "finish_permutation"),
        ({"laps_led": [20, 9, 0]}, "laps_led_total"),
        ({"fastest_laps": [15, 4, 7]}, "fastest_laps_total"),
        ({"laps_led": [14, 16, 0]}, "led_after_out"),
        ({"fastest_laps": [3, 16, 6]}, "led_after_out"),
        ({"finish": [2, 3, 1]}, "winner_led_last_lap"),
    ],
)
def test_a_race_that_cannot_be_is_thrown_out_by_name(judge, arrays, reason):
    stands, stats = judge(changed(**arrays))
    assert stands.tolist() == [False]
    assert stats == KernelStats(1, 1, {reason: 1})


def test_a_big_field_turned_upside_down_is_no_race(field):
    def stands(finish):
        cars = len(finish)
        races = Scenarios(
            finish=np.array([finish], dtype=np.uint8),
            start=np.arange(1, cars + 1, dtype=np.uint8)[None],
            laps_led=np.array([[30 * (place == 1) for place in finish]], dtype=np.uint16),
            fastest_laps=np.zeros((1, cars), dtype=np.uint16),
            laps_completed=np.full((1, cars), 30, dtype=np.uint16),
            running=np.ones((1, cars), dtype=np.bool_),
            regime=np.zeros(1, dtype=np.uint8),
            cautions=np.zeros(1, dtype=np.uint8),
        )
        narrative = SkeletonNarrative(np.zeros(1, dtype=np.uint16), np.zeros(1, dtype=np.uint8))
        return KernelLogic(field(drivers=cars, laps=30)).judge(races, narrative)

    assert dict(stands(range(20, 0, -1))[1].veto_reasons) == {"position_swaps": 1}
    # if the halves change places the gain is that of a reversed order; 8 to 20 ahead of 1 to 7 gain
    # 91 of 100
    assert not stands([*range(14, 21), *range(1, 14)])[0].all()
    # 6 cars that gain 14 places are 84 of 100: within the bound of 85
    assert stands([*range(7, 21), *range(1, 7)])[0].all()
    # among few cars any order is a race
    assert stands(range(9, 0, -1))[0].all()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"vetoes": frozenset({Veto.MAY_NOT_WIN})}, "may_not_win:d0"),
        ({"min_laps_led": 21}, "min_laps_led:d0"),
        ({"max_laps_led": 19}, "max_laps_led:d0"),
        ({"starts_from_rear": True}, "rear_start:d0"),
    ],
)
def test_a_race_that_breaks_a_rule_is_thrown_out_by_name(judge, change, reason):
    stands, stats = judge(changes=[change])
    assert stands.tolist() == [False]
    assert dict(stats.veto_reasons) == {reason: 1}


@pytest.mark.parametrize("change", [{"min_laps_led": 20}, {"max_laps_led": 20}])
def test_a_limit_met_exactly_is_met(judge, change):
    assert judge(changes=[change])[0].all()


def test_a_driver_who_is_out_may_not_appear(judge):
    _, stats = judge(changes=[{}, {}, {"vetoes": frozenset({Veto.OUT})}])
    assert stats.veto_reasons["out:d2"] == 1


counts = st.builds(
    lambda reasons, kept: KernelStats(sum(reasons.values()) + kept, sum(reasons.values()), reasons),
    st.dictionaries(st.sampled_from("abc"), st.integers(1, 9)),
    st.integers(0, 9),
)


@given(counts, counts, counts)
def test_counts_merge_exactly_in_any_order(one, two, three):
    assert (one + two) + three == one + (two + three) == three + one + two
    assert KernelStats() + one == one
    merged = one + two
    assert merged.veto_reasons.get("a", 0) == sum(
        part.veto_reasons.get("a", 0) for part in (one, two)
    )


def test_the_rejection_rate_is_the_share_of_the_judged():
    assert KernelStats(8, 2, {"a": 2}).rejection_rate == 0.25


def test_stats_cannot_be_changed():
    stats = KernelStats(1, 1, {"a": 1})
    with pytest.raises(TypeError):
        stats.veto_reasons["a"] = 2
