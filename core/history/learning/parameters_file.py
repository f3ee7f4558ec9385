"""The parameters file: the fit of all past races, as ``axiomatic fit`` writes it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InvalidInput
from core.history.learning.fit import STEPS, Apply, FittedKind, Progress, fit_kinds
from core.history.learning.strength_error import fit_lasting_error
from core.history.races import PastRace, read_races, read_yellow_flags
from core.history.strength import books_after, skill_before
from core.race.priors import PRIORS_VERSION
from core.slate.tracks import TrackType

DECIMALS = 4
CURRENT_RACES = 45  # the file has the drivers of so many last races: a season and a bit


def fit_document(
    data_dir: Path,
    before: str | None = None,
    *,
    steps: int = STEPS,
    progress: Progress | None = None,
    apply: Apply = map,
) -> dict[str, Any]:
    """Fit the race model to a directory of past races: the document that :mod:`core.race` reads.

    Parameters
    ----------
    data_dir
        Directory with ``cup_races.csv``, ``cup_results.csv`` and ``loop_stats.csv``, and where
        known ``practice.csv`` and ``caution_segments.csv``.
    before
        Leave out the races of this date (YYYY-MM-DD) and later.
    steps
        Steps of each kind's search at most.
    progress, apply
        As in :func:`~core.history.learning.fit.fit_kinds`.

    Returns
    -------
    For each kind of track the parameters, their standard errors where they have any, the races and
    dates they rest on, and the moments ``[real, its standard error, simulated]``; the error that
    forecast strengths have; the strengths, by kind of track, of the drivers who raced lately and of
    newcomers to each team.

    Raises
    ------
    InvalidInput
        A file or a column is absent, or a kind of track has too few races.
    """
    races = [race for race in read_races(data_dir) if before is None or race.date < before]
    flags = read_yellow_flags(data_dir, {race.key: race.track_type for race in races})
    if not races:
        raise InvalidInput({"before": f"there is no race before {before}."})
    fitted = fit_kinds(
        races, skill_before(races), flags, steps=steps, progress=progress, apply=apply
    )
    return {
        "version": PRIORS_VERSION,
        "from": races[0].date,
        "to": races[-1].date,
        "races": len(races),
        "track_types": {kind.value: _kind_document(one) for kind, one in fitted.items()},
        "strength_error": _error_document(races),
        **driver_documents(races),
    }


def _error_document(races: Sequence[PastRace]) -> dict[str, Any]:
    """The lasting error of strengths, at all kinds of track but superspeedways."""
    error = fit_lasting_error([r for r in races if r.track_type is not TrackType.SUPERSPEEDWAY])
    return {
        "races": error.races,
        "driver_sd": round(error.driver_sd, DECIMALS),
        "team_sd": round(error.team_sd, DECIMALS),
        "variances": {
            name: [
                round(number, DECIMALS) if np.isfinite(number) else None
                for number in (one.value, one.error)
            ]
            for name, one in (("driver", error.driver), ("team", error.team))
        },
    }


def _kind_document(fitted: FittedKind) -> dict[str, Any]:
    return {
        "races": fitted.races,
        "from": fitted.first_date,
        "to": fitted.last_date,
        "parameters": _rounded(asdict(fitted.priors)),
        "standard_errors": _rounded(fitted.errors),
        "moments": {
            name: [
                round(number, DECIMALS)
                for number in (real, fitted.real.error[name], fitted.simulated.value[name])
            ]
            for name, real in fitted.real.value.items()
            if np.isfinite(real)
        },
    }


def driver_documents(races: Sequence[PastRace]) -> dict[str, Any]:
    """Strengths of the drivers who raced lately, and of newcomers to each team.

    Parameters
    ----------
    races
        The oldest first; the strengths are those after the last one.
    """
    forms, strengths = books_after(races)
    weights = {kind: strengths.weights(kind)[1:] for kind in TrackType}

    def by_kind(features: Mapping[TrackType, Sequence[float]]) -> dict[str, float]:
        return {
            kind.value: round(float(np.dot(row, weights[kind])), DECIMALS)
            for kind, row in features.items()
        }

    lately = {race.date for race in races[-CURRENT_RACES:]}
    drivers = [driver for driver in forms.drivers() if driver.raced in lately]
    return {
        "drivers": {
            driver.driver: {
                "team": driver.team,
                "manufacturer": driver.manufacturer,
                "car": driver.car,
                "raced": driver.raced,
                "races": round(driver.races, 1),
                "form": round(driver.form, DECIMALS),
                "standard_error": round(driver.error, DECIMALS),
                "strength": by_kind(driver.features),
            }
            for driver in drivers
        },
        "newcomers": {
            team: by_kind({kind: forms.newcomer(team, kind) for kind in TrackType})
            for team in ("", *sorted({driver.team for driver in drivers}))
        },
    }


def _rounded(numbers: Mapping[str, float]) -> dict[str, float]:
    return {n: round(value, DECIMALS) for n, value in sorted(numbers.items()) if np.isfinite(value)}
