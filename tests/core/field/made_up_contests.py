"""Contests whose ownership follows a made-up rule, for tests of the ownership model."""

from dataclasses import dataclass

import numpy as np

from core.field.estimators import ARCHETYPES, OwnershipSlate, ownership_features
from core.field.estimators.filling import shifted

DRIVERS = 16


@dataclass(frozen=True)
class Contests:
    x: np.ndarray
    y: np.ndarray
    truth: np.ndarray
    groups: np.ndarray
    slates: np.ndarray

    @property
    def rows(self):
        return self.x, self.y, self.groups, self.slates


def made_up_slate(seed: int, **changes) -> OwnershipSlate:
    rng = np.random.default_rng(seed)
    salaries = 5_000.0 + 100 * rng.permutation(55)[:DRIVERS]
    numbers = {
        "names": tuple(f"Driver {i}" for i in rng.permutation(20)[:DRIVERS]),
        "salaries_usd": salaries,
        "track_archetype": list(ARCHETYPES)[seed % 4],
        "projected_points": salaries / 250 + rng.normal(0, 8, DRIVERS),
        "skill": salaries / 1_000 + rng.normal(0, 1, DRIVERS),
        "average_points": salaries / 300 + rng.normal(0, 6, DRIVERS),
        "race_date": f"2030-0{1 + seed % 8}-15",
        "entries": 500 * (1 + seed % 3),
    }
    return OwnershipSlate(**numbers | changes)


def made_up_contests(slates=4, each=2, known=10, noise=0.2, points=0.8, **changes) -> Contests:
    """Ownership by salary and points; in each contest it is known for the ``known`` most owned."""
    x, y, truth, groups, of_slate = [], [], [], [], []
    for number in range(slates):
        slate = made_up_slate(number, **changes)
        rng = np.random.default_rng(100 + number)
        pull = (slate.salaries_usd - slate.salaries_usd.mean()) / 2_000 + points * (
            slate.projected_points - slate.projected_points.mean()
        ) / 10
        own = rng.normal(0, noise, DRIVERS)
        for contest in range(each):
            odds = pull + own + rng.normal(0, 0.05, DRIVERS)
            share = shifted(odds[None], np.ones((1, DRIVERS), bool), np.array([6.0]))[0]
            percent = 100 * share
            x.append(ownership_features(slate))
            truth.append(percent)
            least = np.sort(percent)[-known]
            y.append(np.where(percent >= least, percent, np.nan))
            groups += [f"c{number}.{contest}"] * DRIVERS
            of_slate += [f"s{number}"] * DRIVERS
    return Contests(
        np.vstack(x),
        np.concatenate(y),
        np.concatenate(truth),
        np.array(groups),
        np.array(of_slate),
    )
