"""Fit the race model's priors to past races: ``python -m core.history.fit DATA_DIR [--out FILE]``.

What can be counted is counted (cautions, accidents, failures), what can be regressed is regressed
(skill and grid on the finish of those who finished), and the rest is set so that simulated races of
the same fields look like the real ones (who leads, for how long, how often the favourites win).
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize
from scipy.special import expit

from core.errors import InvalidInput
from core.history.incidents import count_incidents
from core.history.moments import Moments, mean_moments, moment_errors, real_moments, replay
from core.history.races import PastRace, YellowFlag, read_races, read_yellow_flags
from core.history.ratings import skill_before
from core.history.strength import Skill, regress_finish
from core.race import TrackPriors
from core.race.priors import PRIORS_VERSION
from core.slate.tracks import TrackType

FIRST_SEASON = 2020  # a year of ratings comes before it
LAST_SEASON = 2024  # what is later checks the fit
REPLAYED = 16  # races simulated again at every step of the search
STEPS = 90
MOST_FOCUS = 6.0  # the focus of fastest laps is looked for from 0 to here
SEED = 1

MATCHED = ("skill_finish", "start_finish", "top_led_share", "winner_led_share", "leaders")


def _spread_out(items: Sequence[Any], n: int) -> list[Any]:
    """Give ``n`` of ``items``, evenly spread from the first to the last."""
    picked = np.unique(np.linspace(0, len(items) - 1, min(n, len(items))).round().astype(int))
    return [items[i] for i in picked]


def match_moments(
    priors: TrackPriors,
    races: Sequence[PastRace],
    skills: Sequence[Skill],
    real: Moments,
    errors: Moments,
    steps: int,
) -> TrackPriors:
    """Set what no count gives so that simulated races look like the real ones.

    Spread, its share that lasts the race, turnover and short leaders are searched together
    (Nelder-Mead, the same random numbers at every step) for the least sum of squared differences
    from the moments in ``MATCHED``, each in standard errors; then the fastest laps' focus alone.
    """
    pairs = _spread_out(list(zip(races, skills, strict=True)), REPLAYED)
    some, their = [race for race, _ in pairs], [skill for _, skill in pairs]

    def priors_at(x: npt.NDArray[np.float64]) -> TrackPriors:
        return replace(
            priors,
            residual_sd=float(priors.residual_sd * np.exp(np.clip(x[0], -1.5, 1.5))),
            shock_share=float(expit(x[1])),
            order_turnover=float(np.exp(np.clip(x[2], -2, 5))),
            short_leaders=float(np.exp(np.clip(x[3], -6, 1))),
        )

    def misfit(x: npt.NDArray[np.float64]) -> float:
        simulated = replay(some, their, priors_at(x), SEED)
        missed: float = sum(
            ((getattr(simulated, name) - getattr(real, name)) / max(getattr(errors, name), 1e-3))
            ** 2
            for name in MATCHED
        )
        # where the moments do not tell two settings apart, the tamer one
        return missed + 0.01 * float((x**2).sum())

    first = np.array([0.0, 0.4, 1.8, -1.0])
    simplex = np.vstack([first, first + 0.7 * np.eye(4)])
    search = minimize(
        misfit,
        first,
        method="Nelder-Mead",
        options={"initial_simplex": simplex, "maxfev": steps, "fatol": 0.05, "xatol": 0.02},
    )
    matched = priors_at(search.x)

    def too_focused(focus: float) -> float:
        simulated = replay(some, their, replace(matched, fastest_lap_focus=focus), SEED)
        return simulated.top_fastest_share - real.top_fastest_share

    if too_focused(0.0) >= 0:
        return replace(matched, fastest_lap_focus=0.0)
    if too_focused(MOST_FOCUS) <= 0:
        return replace(matched, fastest_lap_focus=MOST_FOCUS)
    return replace(
        matched, fastest_lap_focus=float(brentq(too_focused, 0.0, MOST_FOCUS, xtol=0.02))
    )


def _fit_kind(
    races: Sequence[PastRace], skills: Sequence[Skill], flags: Sequence[YellowFlag], steps: int
) -> dict[str, Any]:
    skill_weight, grid_weight, residual_sd = regress_finish(races, skills)
    counted = count_incidents(races, flags)
    each = [real_moments(race, skill) for race, skill in zip(races, skills, strict=True)]
    real, errors = mean_moments(each), moment_errors(each)
    start = TrackPriors(
        skill_weight=max(0.0, skill_weight.value),
        grid_weight=max(0.0, grid_weight.value),
        residual_sd=residual_sd,
        shock_share=0.6,
        order_turnover=6.0,
        short_leaders=0.4,
        fastest_lap_focus=1.0,
        **{
            name: max(1.0, estimate.value) if name == "lead_change_laps" else estimate.value
            for name, estimate in counted.items()
        },
    )
    priors = match_moments(start, races, skills, real, errors, steps)
    known = {"skill_weight": skill_weight, "grid_weight": grid_weight, **counted}
    return {
        "races": len(races),
        "from": races[0].date,
        "to": races[-1].date,
        "parameters": {name: round(value, 4) for name, value in asdict(priors).items()},
        "standard_errors": {
            name: round(estimate.error, 4)
            for name, estimate in sorted(known.items())
            if np.isfinite(estimate.error)
        },
        "moments": {
            "real": _rounded(real),
            "standard_errors": _rounded(errors),
            "simulated": _rounded(replay(races, skills, priors, SEED + 1)),
        },
    }


def _rounded(moments: Moments) -> dict[str, float]:
    return {name: round(value, 4) for name, value in asdict(moments).items() if np.isfinite(value)}


def fit_priors(data_dir: Path, steps: int = STEPS) -> dict[str, Any]:
    """Fit every kind of track to the races of 2020 to 2024 and check it on those after.

    Parameters
    ----------
    data_dir
        Holds ``cup_races.csv``, ``cup_results.csv``, ``loop_stats.csv``, ``caution_segments.csv``.
    steps
        How far the search for matching moments goes, a kind of track.

    Returns
    -------
    The document that ``core/race/priors.json`` holds: by kind of track the parameters, their
    standard errors where counted or regressed, the races and dates they rest on, and moments, real
    and simulated, of the races fitted and of the later ones (``check``).

    Raises
    ------
    InvalidInput
        A file or a column is absent, or a kind of track has too few races.
    """
    races = read_races(data_dir)
    skills = skill_before(races)
    flags = read_yellow_flags(data_dir, {(r.season, r.round): r.track_type for r in races})
    fitted: dict[str, Any] = {}
    for kind in TrackType:
        of_kind = [
            (race, skill)
            for race, skill in zip(races, skills, strict=True)
            if race.track_type is kind and race.season >= FIRST_SEASON
        ]
        past = [pair for pair in of_kind if pair[0].season <= LAST_SEASON]
        later = [pair for pair in of_kind if pair[0].season > LAST_SEASON]
        if len(past) < 5:
            raise InvalidInput({"data_dir": f"holds {len(past)} {kind} races; give 5 or more."})
        of_these = [flag for flag in flags if flag.track_type is kind]
        entry = _fit_kind(*_unzip(past), of_these, steps)
        if later:
            entry["check"] = check_priors(*_unzip(later), entry["parameters"])
        fitted[kind.value] = entry
    return {"version": PRIORS_VERSION, "track_types": fitted}


def check_priors(
    races: Sequence[PastRace], skills: Sequence[Skill], parameters: Mapping[str, float]
) -> dict[str, Any]:
    """Compare real and simulated moments of races that the fit has not seen."""
    each = [real_moments(race, skill) for race, skill in zip(races, skills, strict=True)]
    simulated = replay(races, skills, TrackPriors.from_mapping(parameters), SEED + 2)
    return {
        "races": len(races),
        "from": races[0].date,
        "to": races[-1].date,
        "real": _rounded(mean_moments(each)),
        "simulated": _rounded(simulated),
    }


def _unzip(
    pairs: Sequence[tuple[PastRace, Skill]],
) -> tuple[list[PastRace], list[Skill]]:
    return [race for race, _ in pairs], [skill for _, skill in pairs]


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit and write the priors, or print them where no file is named."""
    parser = argparse.ArgumentParser(prog="python -m core.history.fit", description=__doc__)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--steps", type=int, default=STEPS)
    given = parser.parse_args(arguments)
    text = json.dumps(fit_priors(given.data_dir, given.steps), indent=2, sort_keys=True) + "\n"
    if given.out is None:
        sys.stdout.write(text)
    else:
        given.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
