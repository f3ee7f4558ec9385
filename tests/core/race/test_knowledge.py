"""Races tilted to a user's numbers: fresh races meet them, and misses are reported."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.errors import Infeasible, InvalidInput, Problem
from core.race import UserKnowledge, fair_probabilities, generate_scenarios, tilt, with_tilts
from core.race.knowledge import Kind, _of_drivers
from core.slate import DRAFTKINGS_CLASSIC, Driver, Slate, Veto

RULES = DRAFTKINGS_CLASSIC
DRIVERS, FRESH = 10, 8_000
AVERAGED = 18_000  # races in which a tilt is measured


def knowing(drivers=DRIVERS, **said):
    """Knowledge from arrays or from dicts by driver index."""
    rows = {}
    for kind in Kind:
        row = said.get(kind.value, {})
        items = row.items() if isinstance(row, dict) else enumerate(row)
        values = [None] * drivers
        for place, value in items:
            values[place] = None if value is None else float(value)
        rows[kind.value] = tuple(values)
    return UserKnowledge(**rows)


def simulated(spec, seed=2**40, n=FRESH):
    return generate_scenarios(spec, n, seed)[0]


def points_of(races):
    return races.points(RULES) / 20


@pytest.fixture(scope="module")
def spec(field):
    return field(drivers=DRIVERS, laps=120)


@pytest.fixture(scope="module")
def others_view(spec):
    """Races of a user whose opinion of every driver differs from the model's."""
    tilts = np.random.default_rng(8).normal(0, 0.5, DRIVERS)
    return simulated(with_tilts(spec, tilts), 5)


@pytest.fixture(scope="module")
def by_points(spec, others_view):
    said = points_of(others_view).mean(axis=0)
    return tilt(spec, knowing(projected_points=said), RULES, 3), said


def require_near(values, target, other_n):
    """Means within five standard errors: of these races, the tilts' and the target's own."""
    error = values.std(axis=0) * np.sqrt(1 / len(values) + 1 / AVERAGED + 1 / other_n)
    assert (np.abs(values.mean(axis=0) - target) <= 5 * error).all()


@pytest.mark.slow
def test_projections_are_met_on_races_of_another_seed(by_points, others_view):
    tilted, said = by_points
    require_near(points_of(simulated(tilted.spec)), said, len(others_view))
    found = tilted.diagnostics
    assert found.not_reached == ()
    assert found.max_miss_se < 4.5
    assert 0.3 < found.rms_tilt < 0.7
    assert found.max_tilt == max(abs(fit.tilt) for fit in found.drivers)
    assert found.offset_points == pytest.approx(0.0, abs=0.2)
    assert found.total_projected == pytest.approx(found.total_simulated, rel=0.01)


def test_what_only_one_driver_can_have_follows_the_others_too(by_points, others_view):
    """The numbers are one consistent user's, so the tilted races also agree in numbers not used."""
    fresh = simulated(by_points[0].spec)
    for of in (lambda races: races.finish == 1, lambda races: races.finish <= 5):
        near = np.abs(of(fresh).mean(axis=0) - of(others_view).mean(axis=0))
        assert near.max() < 0.025


@pytest.mark.slow
def test_the_higher_the_projection_the_higher_the_tilt_and_the_mean(spec):
    tilts, means = [], []
    asked = (40.0, 65.0)
    for said in asked:
        found = tilt(spec, knowing(projected_points={2: said}), RULES, 3)
        tilts.append(found.tilts[2])
        means.append(points_of(simulated(found.spec, n=4_000)).mean(axis=0)[2])
        assert [i for i in range(DRIVERS) if found.tilts[i] != 0.0] == [2]
    assert tilts == sorted(set(tilts))
    assert means == pytest.approx(asked, abs=2.0)


@pytest.mark.slow
def test_win_and_top_five_chances_are_met(spec, others_view):
    for kind, places in (("win_probability", 1), ("top5_probability", 5)):
        said = (others_view.finish <= places).mean(axis=0)
        found = tilt(spec, knowing(**{kind: said}), RULES, 4)
        fresh = (simulated(found.spec).finish <= places).astype(float)
        error = np.sqrt(said * (1 - said) * (1 / FRESH + 1 / AVERAGED + 1 / len(others_view)))
        assert (np.abs(fresh.mean(axis=0) - said) <= 5 * error + 1e-3).all()
        assert found.diagnostics.not_reached == ()
        assert found.diagnostics.total_projected is None


@pytest.mark.slow
def test_medians_are_met(spec):
    said = {0: 6, 3: 2.5, 7: 4, 9: 1}
    found = tilt(spec, knowing(median_finish=said), RULES, 4)
    finish = simulated(found.spec).finish
    for place, median in said.items():
        ahead = np.clip(max(median, 1.5) + 0.5 - finish[:, place].astype(float), 0, 1).mean()
        assert ahead == pytest.approx(0.5, abs=5 * 0.5 * np.sqrt(1 / FRESH + 1 / AVERAGED))
    assert found.diagnostics.not_reached == ()
    last = found.diagnostics.drivers[-1].targets[0]
    assert (last.asked, last.target) == (1.0, 1.5)
    assert last.after == pytest.approx(1.5, abs=0.2)


def test_things_that_disagree_are_met_halfway_and_said_so(spec):
    said = knowing(projected_points={5: 60.0}, win_probability={5: 0.01}, median_finish={2: 4})
    found = tilt(spec, said, RULES, 4)
    first, torn = found.diagnostics.drivers
    assert (first.driver_id, torn.driver_id) == ("d2", "d5")
    assert found.diagnostics.not_reached == ("d5",)
    points, wins = torn.targets
    assert (points.kind, wins.kind) == (Kind.PROJECTED_POINTS, Kind.WIN_PROBABILITY)
    assert points.miss_se < -4.5 < 4.5 < wins.miss_se
    assert not points.reached
    assert not wins.reached
    assert first.reached


@pytest.mark.slow
def test_projections_of_more_than_a_race_hands_out_lose_one_number_of_points(spec, by_points):
    plain, said = by_points
    found = tilt(spec, knowing(projected_points=said + 6.0), RULES, 3)
    assert found.tilts == pytest.approx(plain.tilts, abs=1e-4)
    more = found.diagnostics.offset_points - plain.diagnostics.offset_points
    assert more == pytest.approx(6.0, abs=1e-6)
    beyond = found.diagnostics.total_projected - found.diagnostics.total_simulated
    assert beyond == pytest.approx(DRIVERS * found.diagnostics.offset_points, abs=3.0)
    for fit in found.diagnostics.drivers:
        assert fit.targets[0].target == pytest.approx(fit.targets[0].asked - 6.0, abs=0.3)


@pytest.mark.slow
def test_projections_of_a_third_more_than_a_race_are_met_in_proportion(field):
    said = np.linspace(55.0, 18.0, 38)
    found = tilt(field(drivers=38), knowing(38, projected_points=said), RULES, 3).diagnostics
    assert found.not_reached == ()
    assert not any(fit.at_limit for fit in found.drivers)
    assert found.scale == pytest.approx(said.sum() ** -1 * found.total_simulated, abs=0.01)
    assert found.offset_points == pytest.approx(0.0, abs=0.5)
    targets = np.array([fit.targets[0].target for fit in found.drivers])
    assert targets == pytest.approx(found.scale * said - found.offset_points)
    assert (np.diff(targets) < 0.0).all()
    after = np.array([fit.targets[0].after for fit in found.drivers])
    assert after == pytest.approx(targets, abs=3.0)


@pytest.mark.slow
def test_projections_near_what_a_race_hands_out_keep_their_distances(field):
    said = 0.76 * np.linspace(55.0, 18.0, 38)
    found = tilt(field(drivers=38), knowing(38, projected_points=said), RULES, 3).diagnostics
    assert found.scale == 1.0
    assert found.not_reached == ()


@pytest.mark.slow
def test_drivers_of_whom_nothing_is_said_give_way_first(spec):
    before = points_of(simulated(spec)).mean(axis=0)
    # all but the first two, 4 points up each: those two give 5 points each, 22 of 32 are left over
    most = {i: before[i] + 4 for i in range(2, DRIVERS)}
    found = tilt(spec, knowing(projected_points=most), RULES, 3)
    assert found.diagnostics.offset_points == pytest.approx(22 / 8, abs=0.3)
    assert found.diagnostics.not_reached == ()
    silent = points_of(simulated(found.spec)).mean(axis=0)[:2]
    assert silent.sum() == pytest.approx(before[:2].sum() - 10.0, abs=3.0)


@pytest.mark.slow
def test_a_target_beyond_reach_is_reported_at_the_limit(spec):
    found = tilt(spec, knowing(projected_points={7: 900.0}), RULES, 3)
    assert found.tilts[7] == 4.0
    fit = found.diagnostics.drivers[0]
    assert (fit.driver_id, fit.at_limit, fit.reached) == ("d7", True, False)
    assert found.diagnostics.not_reached == ("d7",)


@pytest.mark.slow
def test_what_no_race_is_like_ends_at_the_limits_and_is_reported(spec):
    found = tilt(spec, knowing(projected_points=[-1000.0] * 5 + [1000.0] * 5), RULES, 3)
    assert found.tilts == pytest.approx((-4.0,) * 5 + (4.0,) * 5, abs=0.02)
    assert len(found.diagnostics.not_reached) == DRIVERS


@pytest.mark.slow
def test_what_the_races_are_like_anyway_moves_them_hardly_at_all(spec):
    said = points_of(simulated(spec)).mean(axis=0)
    found = tilt(spec, knowing(projected_points=said), RULES, 3).diagnostics
    assert found.max_tilt < 0.1
    assert found.kl < 0.02
    assert found.effective_sample_size > 0.95 * found.races_weighed


@pytest.mark.slow
def test_how_far_it_went_is_the_divergence_to_what_is_said(spec):
    told = tilt(spec, knowing(win_probability={4: 0.4}), RULES, 3).diagnostics
    base = (simulated(spec).finish[:, 4] == 1).mean()
    # of one share it has a closed form
    closed = 0.4 * np.log(0.4 / base) + 0.6 * np.log(0.6 / (1 - base))
    assert told.kl == pytest.approx(closed, rel=0.15)
    assert 1 < told.effective_sample_size < told.races_weighed


@pytest.mark.slow
def test_same_seed_same_bits(spec):
    said = knowing(projected_points={1: 20.0}, win_probability={2: 0.2}, median_finish={3: 5})
    first, again = (tilt(spec, said, RULES, 11) for _ in range(2))
    assert first == again
    assert first.spec.spec_hash == again.spec.spec_hash
    assert json.dumps(first.diagnostics.to_json()) == json.dumps(again.diagnostics.to_json())


@pytest.mark.slow
def test_who_is_out_or_may_not_win_is_left_alone(field):
    spec = field({"vetoes": {Veto.OUT}}, {"vetoes": {Veto.MAY_NOT_WIN}}, drivers=10)
    said = knowing(10, projected_points={0: 50.0}, win_probability={1: 0.3}, median_finish={4: 3})
    found = tilt(spec, said, RULES, 3)
    assert found.tilts[:2] == (0.0, 0.0)
    assert [fit.driver_id for fit in found.diagnostics.drivers] == ["d1", "d4"]
    assert found.diagnostics.not_reached == ("d1",)
    assert found.diagnostics.drivers[0].targets[0].after == 0.0


@pytest.fixture(scope="module")
def vetoed_high(field):
    """Three of the strongest drivers may not win but have projections like winners."""
    spec = field(*[{"vetoes": {Veto.MAY_NOT_WIN}}] * 3, drivers=14, laps=60)
    return tilt(spec, knowing(14, projected_points=dict.fromkeys(range(3), 60.0)), RULES, 3)


def test_vetoed_drivers_of_high_projections_are_held_where_races_still_stand(vetoed_high):
    found = vetoed_high.diagnostics
    assert found.not_reached == ("d0", "d1", "d2")
    assert [(fit.held, fit.at_limit) for fit in found.drivers] == [(True, False)] * 3
    assert found.survival > 0.03
    # and the job can simulate them
    _, stats = generate_scenarios(vetoed_high.spec, 1_000, 5)
    assert 1.0 - stats.rejection_rate == pytest.approx(found.survival, abs=0.02)
    for fit in found.drivers:
        assert fit.tilt > 0.3


def test_who_is_held_leaves_the_others_to_be_met(field):
    spec = field({"vetoes": {Veto.MAY_NOT_WIN}}, drivers=14, laps=60)
    said = knowing(14, projected_points={0: 80.0, 7: 38.0}, median_finish={9: 6.0})
    found = tilt(spec, said, RULES, 3).diagnostics
    assert found.not_reached == ("d0",)
    assert [fit.held for fit in found.drivers] == [True, False, False]


@pytest.mark.slow
@pytest.mark.parametrize("vetoed", [3, 6, 10])
def test_rules_that_throw_races_out_cost_no_more_races(field, vetoed):
    spec = field(*[{"vetoes": {Veto.MAY_NOT_WIN}}] * vetoed, drivers=20, laps=60)
    judged = []
    said = knowing(20, projected_points=np.linspace(58.0, 20.0, 20))
    found = tilt(spec, said, RULES, 3, lambda: judged.append(500)).diagnostics
    assert found.races == sum(judged) <= 140 * 500
    assert found.races_weighed < 4_000  # the races of eight blocks that obey the rules


def test_rules_that_leave_no_race_even_untilted_are_refused_with_their_names(field):
    spec = field(*[{"vetoes": {Veto.MAY_NOT_WIN}}] * 19, drivers=20, laps=60)
    with pytest.raises(Infeasible) as error:
        tilt(spec, knowing(20, projected_points={3: 40.0}), RULES, 3)
    assert "may_not_win of d0" in error.value.limits


def test_a_job_that_has_ended_ends_it(spec):
    class Ended(Exception):
        pass

    def tick():
        raise Ended

    with pytest.raises(Ended):
        tilt(spec, knowing(projected_points={1: 20.0}), RULES, 3, tick)


@pytest.mark.parametrize(
    ("said", "field_name", "words"),
    [
        ({"win_probability": {1: 1.2}}, "win_probability of 1", "0 to 1"),
        ({"projected_points": {0: float("nan")}}, "projected_points of 0", "-1000 to 1000"),
        ({"median_finish": {2: 0.5}}, "median_finish of 2", "1 to 60"),
        ({"win_probability": {1: 0.7, 2: 0.6}}, "win_probability", "room for 1"),
        ({"top5_probability": dict.fromkeys(range(8), 0.9)}, "top5_probability", "room for 5"),
    ],
)
def test_what_cannot_be_is_refused(said, field_name, words):
    with pytest.raises(InvalidInput) as error:
        knowing(**said)
    assert words in error.value.messages[field_name][0]


def test_knowledge_of_another_field_is_refused(spec):
    with pytest.raises(InvalidInput, match="of 9 drivers; the race has 10"):
        tilt(spec, knowing(9, projected_points={1: 20.0}), RULES, 3)
    with pytest.raises(InvalidInput, match="2 entries for 1 drivers"):
        UserKnowledge((None,), (None, None), (None,), (None,))


def slate_of(*changes, drivers=10):
    made = [Driver(str(i), f"Driver {i}", 8_000, start_position=i + 1) for i in range(drivers)]
    for i, change in enumerate(changes):
        made[i] = replace(made[i], **change)
    return Slate(tuple(made))


def test_a_slate_that_says_nothing_has_no_knowledge():
    assert UserKnowledge.from_slate(slate_of()) is None
    out = {"vetoes": frozenset({Veto.OUT}), "projected_points": 40.0, "win_odds": 5.0}
    assert UserKnowledge.from_slate(slate_of(out)) is None
    with_ownership = slate_of({"ownership_percent": 40.0, "skill": 0.9})
    assert UserKnowledge.from_slate(with_ownership) is None


def test_what_a_slate_says_is_read_off_its_drivers():
    odds = [{"win_odds": 3.0 + 4 * i, "top5_odds": 1.2 + 0.3 * i} for i in range(10)]
    odds[2] |= {"projected_points": 31.5, "finish_median": 7}
    said = UserKnowledge.from_slate(slate_of(*odds))
    assert said.projected_points == (None, None, 31.5, *[None] * 7)
    assert said.median_finish == (None, None, 7, *[None] * 7)
    wins = fair_probabilities([driver["win_odds"] for driver in odds])
    assert said.win_probability == tuple(wins)
    assert sum(said.win_probability) == pytest.approx(1.0)
    assert sum(said.top5_probability) == pytest.approx(5.0)


def test_who_may_not_win_has_no_part_in_the_winners_market():
    odds = [{"win_odds": 4.0} for _ in range(10)]
    odds[0]["vetoes"] = frozenset({Veto.MAY_NOT_WIN})
    odds[1]["vetoes"] = frozenset({Veto.OUT})
    odds[2]["max_laps_led"] = 0
    said = UserKnowledge.from_slate(slate_of(*odds))
    assert said.win_probability[:3] == (None, None, None)
    assert said.win_probability[3:] == pytest.approx([1 / 7] * 7)


def test_a_whole_field_of_certain_winners_shares_the_win():
    slate = slate_of(*[{"win_odds": 1.0000001, "top5_odds": 1.0000001}] * 14, drivers=14)
    said = UserKnowledge.from_slate(slate)
    assert said.win_probability == pytest.approx([1 / 14] * 14)
    assert said.top5_probability == pytest.approx([5 / 14] * 14)


def test_problems_of_what_was_read_off_a_slate_are_those_of_its_drivers():
    slate = slate_of({"win_odds": 2.0}, {"finish_median": 7.0}, {"win_odds": 3.0})
    read = [Problem("win_probability", "too much"), Problem("median_finish", "too far", 1)]
    assert _of_drivers(read, slate.drivers) == [
        Problem("win_odds", "too much", "0"),
        Problem("win_odds", "too much", "2"),
        Problem("finish_median", "too far", "1"),
    ]


@pytest.mark.parametrize(
    ("wrong", "field_name", "words"),
    [
        ({"win_odds": 1.0}, "win_odds of 0", "1.0; give decimal odds above 1"),
        ({"top5_odds": -2.0}, "top5_odds of 0", "-2.0; give decimal odds above 1"),
        ({"win_odds": float("inf")}, "win_odds of 0", "inf; give"),
        ({"finish_median": 0}, "finish_median of 0", "a position from 1 to 60"),
        ({"projected_points": float("nan")}, "projected_points of 0", "within 1,000"),
    ],
)
def test_a_slates_numbers_that_cannot_be_are_refused_by_name(wrong, field_name, words):
    with pytest.raises(InvalidInput) as error:
        UserKnowledge.from_slate(slate_of(wrong))
    assert words in error.value.messages[field_name][0]
