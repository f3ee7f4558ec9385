"""The error of forecast strengths that lasts: what residuals of neighbouring races share.

The result of a race differs from its forecast by luck, which the next race forgets, and by an error
in the driver's strength, which it does not. So residuals of the same driver a few races apart have
the variance of the error as their covariance. Those of different drivers of one team have the
variance of the part that the team shares.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.history.form import FormBook
from core.history.races import PastRace, normal_scores
from core.history.strength import WARM_UP_RACES, Estimate, StrengthBook

FIRST_RACES = 80  # races before the first residual, so that forms and regressions have settled
LAGS = range(1, 6)  # races apart

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LastingError:
    """Variances of the lasting error of a strength, in squared normal scores.

    Parameters
    ----------
    driver
        Of a driver's strength in all.
    team
        Of the part that drivers of a team share.
    races
        Number of races whose residuals were compared.
    """

    driver: Estimate
    team: Estimate
    races: int

    @property
    def driver_sd(self) -> float:
        """Standard deviation of a driver's own part; 0 where the team's is as large as all."""
        return float(max(self.driver.value - max(self.team.value, 0.0), 0.0) ** 0.5)

    @property
    def team_sd(self) -> float:
        """Standard deviation of the team's part."""
        return float(max(self.team.value, 0.0) ** 0.5)


def fit_lasting_error(races: Sequence[PastRace]) -> LastingError:
    """Measure the lasting error of walk-forward forecasts.

    Residuals are finishes less what the regressions of :mod:`core.history.strength` on earlier
    races give, both in normal scores and less the race's mean. Products of residuals up to five
    races apart are averaged; errors are clustered by race.

    Parameters
    ----------
    races
        The oldest first. Of fewer than 82 nothing is measured: no error, of unknown standard error.
    """
    return lasting_error(walk_forward_residuals(races))


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """What the forecast of one race missed.

    Parameters
    ----------
    drivers, teams
        Names, ``[D]``; an empty team is none.
    values
        Finishes less what was forecast, in normal scores, ``[D]``.
    """

    drivers: npt.NDArray[np.str_]
    teams: npt.NDArray[np.str_]
    values: Floats


def lasting_error(residuals: Sequence[Residuals]) -> LastingError:
    """The variance that residuals of neighbouring races share; 0 of unknown error for one race."""
    own = [_products(*pair, same_driver=True) for pair in _pairs(residuals)]
    team = [_products(*pair, same_driver=False) for pair in _pairs(residuals)]
    return LastingError(_mean(own), _mean(team), len(residuals))


def walk_forward_residuals(races: Sequence[PastRace]) -> list[Residuals]:
    """What forecasts from earlier races missed, race by race after the first 80."""
    forms, strengths, known = FormBook(), StrengthBook(), []
    for number, race in enumerate(races):
        features = forms.features(race)
        if number >= FIRST_RACES:
            rows = np.column_stack([normal_scores(race.start), features])
            off = normal_scores(race.finish) - rows @ strengths.weights(race.track_type)
            known.append(Residuals(np.array(race.drivers), np.array(race.teams), off - off.mean()))
        if number >= WARM_UP_RACES:
            strengths.learn(race, features)
        forms.learn(race)
    return known


def _pairs(residuals: Sequence[Residuals]) -> list[tuple[Residuals, list[Residuals]]]:
    """Each race with the next few."""
    return [
        (one, [residuals[at + lag] for lag in LAGS if at + lag < len(residuals)])
        for at, one in enumerate(residuals[:-1])
    ]


def _products(
    one: Residuals, later: Sequence[Residuals], *, same_driver: bool
) -> tuple[float, int]:
    """Sum and number of products of a race's residuals with those of later ones."""
    total, count = 0.0, 0
    for other in later:
        alike = one.drivers[:, None] == other.drivers
        if not same_driver:
            alike = (one.teams[:, None] == other.teams) & ~alike & (one.teams != "")[:, None]
        total += float(one.values @ alike @ other.values)
        count += int(alike.sum())
    return total, count


def _mean(products: Sequence[tuple[float, int]]) -> Estimate:
    """Ratio of the sums, and its standard error clustered by race."""
    totals, counts = np.array(products, dtype=np.float64).reshape(-1, 2).T
    if counts.sum() == 0.0:
        return Estimate(0.0, float("nan"))
    mean = float(totals.sum() / counts.sum())
    scatter = float(((totals - mean * counts) ** 2).sum()) ** 0.5
    return Estimate(mean, scatter / float(counts.sum()))
