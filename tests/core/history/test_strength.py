import dataclasses

import numpy as np
import pytest

from core.history import read_races, skill_before
from core.history.form import FEATURES
from core.history.races import normal_scores
from core.history.strength import (
    KIND_RIDGE,
    POOLED_RIDGE,
    WARM_UP_RACES,
    StrengthBook,
    books_after,
    finish_spread,
)
from core.slate.tracks import TrackType


def test_before_anything_is_learnt_nobody_is_better(made_up_data):
    for skill in skill_before(read_races(made_up_data))[: WARM_UP_RACES + 1]:
        assert not skill.any()


def test_skill_comes_to_follow_the_results(made_up_data):
    races = read_races(made_up_data)
    best = dict(zip(races[-1].drivers, skill_before(races)[-1], strict=True))
    assert best["Driver 0"] > best["Driver 6"] > best["Driver 13"]
    assert abs(np.mean(list(best.values()))) < 0.1


def test_skill_uses_nothing_of_the_race_itself_or_later(made_up_data):
    races = list(read_races(made_up_data))
    before = skill_before(races)
    for place in range(30, len(races)):
        upside_down = dataclasses.replace(
            races[place], rating=200 - races[place].rating, finish=15 - races[place].finish
        )
        races[place] = upside_down
    after = skill_before(races)
    for place in range(31):
        np.testing.assert_array_equal(before[place], after[place])
    assert (before[31] != after[31]).any()


def test_the_weights_are_those_of_two_ridge_regressions(made_up_data):
    """A regression over all kinds but superspeedways, and one of the kind shrunk towards it."""
    rng = np.random.default_rng(2)
    book, rows = StrengthBook(), []
    races = read_races(made_up_data)[:12]
    for number, race in enumerate(races):
        features = rng.standard_normal((len(race.drivers), len(FEATURES)))
        book.learn(race, features)
        x = np.column_stack([normal_scores(race.start), features])
        weight = 0.5 ** ((len(races) - 1 - number) / 150)
        rows.append((race.track_type, x, normal_scores(race.finish), weight))

    def ridge(kinds, towards, worth):
        chosen = [(x, y, w) for kind, x, y, w in rows if kind in kinds]
        squares = sum(w * x.T @ x for x, _, w in chosen) + worth * np.eye(len(FEATURES) + 1)
        return np.linalg.solve(squares, sum(w * x.T @ y for x, y, w in chosen) + worth * towards)

    alike = set(TrackType) - {TrackType.SUPERSPEEDWAY}
    pooled = ridge(alike, np.zeros(len(FEATURES) + 1), POOLED_RIDGE)
    np.testing.assert_allclose(
        book.weights(TrackType.ROAD), ridge({TrackType.ROAD}, pooled, KIND_RIDGE)
    )
    drafts = {TrackType.SUPERSPEEDWAY}
    alone = ridge(drafts, np.zeros(len(FEATURES) + 1), POOLED_RIDGE)
    np.testing.assert_allclose(
        book.weights(TrackType.SUPERSPEEDWAY), ridge(drafts, alone, KIND_RIDGE)
    )


def test_books_after_the_last_race_are_those_that_the_next_forecast_uses(made_up_data):
    races = read_races(made_up_data)
    forms, strengths = books_after(races[:-1])
    last = races[-1]
    np.testing.assert_array_equal(
        strengths.skill(last.track_type, forms.features(last)), skill_before(races)[-1]
    )


def test_what_skill_and_grid_leave_open_is_what_chance_made(made_up_data):
    races = read_races(made_up_data)[:8]
    rng = np.random.default_rng(3)
    big, skills = [], []
    for race in races * 8:
        names = tuple(f"Driver {i}" for i in range(40))
        skill, grid = rng.standard_normal(40), rng.permutation(40)
        grid_score = -(grid - 19.5) / 11.5
        strength = 0.6 * skill + 0.3 * grid_score + 0.7 * rng.standard_normal(40)
        finish = np.argsort(np.argsort(-strength)) + 1
        big.append(
            dataclasses.replace(
                race,
                drivers=names,
                start=grid + 1,
                finish=finish,
                running=np.ones(40, dtype=bool),
            )
        )
        skills.append(skill)
    # of a strength of variance 0.36 + 0.09 + 0.49 in units of its own
    assert finish_spread(big, skills) == pytest.approx(0.7 / 0.94**0.5, abs=0.02)
