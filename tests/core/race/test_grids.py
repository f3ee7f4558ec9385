"""Grids drawn where starting spots are not known."""

import numpy as np
import pytest

from core.race import draw_grids, simulate_block
from core.sites import DRAFTKINGS_CLASSIC, TICKS_PER_POINT
from core.slate.drivers import Veto

NO_GRID = {"start_position": None}


def without_spots(field, *more, drivers=30):
    return field(*({**NO_GRID, **change} for change in more), *[NO_GRID] * drivers, drivers=drivers)


def test_a_grid_that_is_known_is_not_drawn(field):
    assert draw_grids(field(), DRAFTKINGS_CLASSIC, 1) is None
    out = {**NO_GRID, "vetoes": frozenset({Veto.OUT})}
    assert draw_grids(field(out), DRAFTKINGS_CLASSIC, 1) is None


def test_drawn_grids_are_those_of_the_first_simulated_races(field):
    spec = without_spots(field)
    grids = draw_grids(spec, DRAFTKINGS_CLASSIC, 5)
    races, _ = simulate_block(spec, 5, 0)
    assert grids.start.tolist() == races.start[: len(grids.start)].tolist()
    assert (np.sort(grids.start, axis=1) == np.arange(1, 31)).all()
    again = draw_grids(spec, DRAFTKINGS_CLASSIC, 5)
    assert again.start.tobytes() == grids.start.tobytes()
    assert again.points_moved.tobytes() == grids.points_moved.tobytes()
    assert (draw_grids(spec, DRAFTKINGS_CLASSIC, 6).start != grids.start).any()


def test_known_spots_stay_and_the_others_are_filled(field):
    spec = field(NO_GRID, {}, NO_GRID, {**NO_GRID, "vetoes": frozenset({Veto.OUT})}, NO_GRID)
    grids = draw_grids(spec, DRAFTKINGS_CLASSIC, 1)
    known = [1, *range(5, 36)]
    assert (grids.start[:, known] == np.array(known) + 1).all()
    # 35 cars race: the spots free are the three that nobody has, the withdrawn driver's among them
    assert np.unique(grids.start[:, [0, 2, 4]]).tolist() == [1.0, 3.0, 4.0]
    assert np.isnan(grids.start[:, 3]).all()
    assert (grids.points_moved[:, [*known, 3]] == 0.0).all()
    assert np.abs(grids.points_moved[:, [0, 2, 4]]).max() > 0.1


def test_the_better_driver_mostly_starts_ahead(field):
    grids = draw_grids(without_spots(field), DRAFTKINGS_CLASSIC, 2)
    assert np.corrcoef(grids.start.mean(axis=0), np.arange(30))[0, 1] > 0.8


def test_points_by_spot_are_those_of_races_with_that_grid(field):
    spec = without_spots(field)
    grids = draw_grids(spec, DRAFTKINGS_CLASSIC, 3)
    means, moved = [], []
    for grid, change in zip(grids.start[:12], grids.points_moved, strict=False):
        fixed = field(*({"start_position": int(spot)} for spot in grid), drivers=30)
        races, _ = simulate_block(fixed, 3, 1)
        means.append(races.points(DRAFTKINGS_CLASSIC).mean(axis=0) / TICKS_PER_POINT)
        moved.append(change)
    off = np.array(means) - np.mean(means, axis=0)
    told = np.array(moved) - np.mean(moved, axis=0)
    # slope of the real change on the change told: a line through all races, and 500 races a grid
    assert (off * told).sum() / (told**2).sum() == pytest.approx(1.0, abs=0.15)
