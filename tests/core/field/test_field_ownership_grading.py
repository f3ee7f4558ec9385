import csv
from collections import defaultdict

import numpy as np
import pytest

from core.errors import InvalidInput
from core.field.estimators import (
    MEMBERS,
    METHODS,
    HybridOwnershipEstimator,
    OwnershipSlate,
    PlayedContest,
    archetype_of,
    examples_of,
    grade_ownership,
    played_from_json,
    played_to_json,
)
from core.field.estimators.intervals import LEVELS, Misses, interval, joined, misses
from core.slate import find_track, plain_name
from tests.core.field.made_up_contests import DRIVERS, made_up_contests, made_up_slate

SLATES, CONTESTS = "leave_one_slate_out", "leave_one_contest_out"
QUICK = HybridOwnershipEstimator(n_bootstrap=3)


@pytest.fixture(scope="module")
def contests():
    return made_up_contests(slates=4, each=1, known=12, noise=0.4)


@pytest.fixture(scope="module")
def grade(contests):
    return grade_ownership(QUICK, *contests.rows, references={"truth": contests.truth})


@pytest.mark.slow
def test_everybody_is_graded_both_ways_beside_the_baselines(grade, contests):
    for scheme in (SLATES, CONTESTS):
        errors = grade.mae[scheme]
        assert set(errors) == {*MEMBERS, *METHODS, "constant", "salary_only", "truth"}
        assert errors["truth"] == 0.0
        assert errors["voting"] < errors["salary_only"] < errors["constant"]
        assert set(grade.coverage[scheme]) == set(grade.width[scheme]) == set(METHODS)
    flat = np.abs(600.0 / DRIVERS - contests.y)
    assert grade.mae[SLATES]["constant"] == pytest.approx(np.nanmean(flat))
    assert grade.drivers == np.isfinite(contests.y).sum()


@pytest.mark.slow
def test_bounds_hold_about_nine_in_ten_of_slates_never_seen(grade):
    assert 0.75 <= grade.coverage[SLATES]["voting"] <= 1.0
    assert grade.width[SLATES]["voting"] < 90.0


@pytest.mark.slow
def test_the_truth_of_what_is_graded_changes_nothing_of_what_is_said_of_it(contests):
    held = contests.slates == "s1"
    changed = contests.y.copy()
    known = held & np.isfinite(changed)
    changed[known] = changed[known][::-1]
    plain = grade_ownership(QUICK, *contests.rows)
    other = grade_ownership(QUICK, contests.x, changed, contests.groups, contests.slates)
    # the same drivers are known, so the constant's error is the same; the model's error also
    # depends on the other slates
    assert plain.mae[SLATES]["constant"] == pytest.approx(other.mae[SLATES]["constant"])
    assert plain.mae[SLATES]["voting"] != other.mae[SLATES]["voting"]
    rest = [part[~held] for part in contests.rows]
    alone = HybridOwnershipEstimator(n_bootstrap=3).fit(*rest)
    said = alone.predict(contests.x[held], contests.groups[held])
    of_held = np.abs(said - contests.y[held])
    others = 0.0
    for name in np.unique(contests.slates[~held]):
        out = contests.slates == name
        fitted = HybridOwnershipEstimator(n_bootstrap=3).fit(
            *(part[~out] for part in contests.rows)
        )
        missed = np.abs(fitted.predict(contests.x[out], contests.groups[out]) - contests.y[out])
        others += np.nansum(missed)
    assert plain.mae[SLATES]["voting"] == pytest.approx(
        (np.nansum(of_held) + others) / plain.drivers
    )


def test_misses_count_each_slate_the_same():
    slates = np.array(["a"] * 2 + ["b"] * 200, dtype=object)
    known = np.concatenate([np.full(2, 80.0), np.full(200, 20.0)])
    missed = misses(np.full(202, 50.0), known, slates)
    assert missed.slates == 2
    assert (missed.quantiles[:9] < -0.3).all()
    assert (missed.quantiles[-8:] > 0.3).all()


def test_drivers_of_unknown_ownership_widen_the_lower_bounds_alone():
    slates = np.array(["a"] * 8, dtype=object)
    known = np.array([40.0, 40, 40, 40, *[np.nan] * 4])
    filled = np.array([40.0, 40, 40, 40, 5, 5, 5, 5])
    percent, seen = np.full(8, 30.0), np.full(8, 0.5)
    plain = misses(percent, known, slates)
    wide = misses(percent, known, slates, filled, seen)
    low = LEVELS < 0.5
    assert (wide.quantiles[~low] == plain.quantiles[~low]).all()
    assert (wide.quantiles[low] < plain.quantiles[low]).all()


def test_joined_misses_weigh_by_their_slates():
    low, high = Misses(np.full(len(LEVELS), -1.0), 3), Misses(np.full(len(LEVELS), 1.0), 1)
    both = joined([low, high])
    assert both.slates == 4
    assert np.mean(both.quantiles < 0) == pytest.approx(0.75, abs=0.06)


def test_bounds_are_wider_with_fewer_slates_and_none_where_there_is_no_doubt():
    percent, quantiles = np.array([0.0, 20.0, 100.0]), np.linspace(-0.2, 0.2, len(LEVELS))
    few, many = (
        interval(percent, np.tile(percent, (3, 1)), Misses(quantiles, slates))
        for slates in (2, 200)
    )
    for low, high, std in (few, many):
        assert low[[0, 2]].tolist() == high[[0, 2]].tolist() == [0.0, 100.0]
        assert std[[0, 2]].tolist() == [0.0, 0.0]
    assert few[0][1] < many[0][1] < 20.0 < many[1][1] < few[1][1]
    assert few[2][1] > many[2][1]


def test_contests_played_are_kept_to_the_bit_and_laid_out_in_rows():
    slate = made_up_slate(
        1, racing=np.arange(DRIVERS) != 3, start_position=np.full(DRIVERS, np.nan)
    )
    owned = np.where(np.arange(DRIVERS) < 9, 30.0 + 1e-13 * np.arange(DRIVERS), np.nan)
    played = [PlayedContest(name, "s", slate, owned) for name in ("c1", "c2")]
    back = played_from_json(played_to_json(played))
    rows, other = examples_of(played), examples_of(back)
    for part in ("x", "y", "groups", "slates"):
        np.testing.assert_array_equal(getattr(rows, part), getattr(other, part))
    assert rows.groups.tolist() == ["c1"] * DRIVERS + ["c2"] * DRIVERS


@pytest.mark.parametrize("document", [None, {}, {"version": 1}, {"version": 1, "contests": [{}]}])
def test_other_documents_are_no_contests(document):
    with pytest.raises(InvalidInput, match="contests"):
        played_from_json(document)


def test_no_contest_is_nothing_to_learn_from():
    with pytest.raises(InvalidInput, match="contests"):
        examples_of([])


def test_real_contests_are_foretold_better_than_by_a_constant(shared):
    data = shared / "data"
    if not (data / "dk_ownership_partial.csv").is_file():
        pytest.skip("no real ownership beside the checkout")

    def rows(path):
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    tracks = {row["slate_id"]: row["track"] for row in rows(data / "dk_slate_index.csv")}
    owned = defaultdict(dict)
    for row in rows(data / "dk_ownership_partial.csv"):
        if row["own_pct"] and row["salary"]:
            owned[row["slate_id"], row["contest_id"]][plain_name(row["driver"])] = row
    played = []
    for (slate_id, contest), known in owned.items():
        drivers = [row for row in rows(data / "dk_slates" / f"{slate_id}.csv") if row["salary"]]
        percent = [known.get(plain_name(row["name"]), {}).get("own_pct", "nan") for row in drivers]
        slate = OwnershipSlate(
            names=tuple(row["name"] for row in drivers),
            salaries_usd=np.array([float(row["salary"]) for row in drivers]),
            track_archetype=archetype_of(find_track(tracks[slate_id]).track_type),
        )
        played.append(PlayedContest(contest, slate_id, slate, np.array(percent, dtype=float)))
    examples = examples_of(played)
    model = HybridOwnershipEstimator(n_bootstrap=1).fit(
        examples.x, examples.y, examples.groups, examples.slates
    )
    constant = np.concatenate([np.full(len(p.slate), 600.0 / len(p.slate)) for p in played])
    assert model.slates_ == 5
    assert model.error_["voting"] < 0.9 * np.nanmean(np.abs(constant - examples.y))
