"""Everything that is recorded of a revision: slates, jobs, refusals and commands, by name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.revisions.slates import (
    EXAMPLE,
    SlateFiles,
    example_slate,
    gridless_slate,
    partly_owned_slate,
    real_slate,
    told_slate,
)

Json = dict[str, Any]

MADE_SLATES: dict[str, Callable[[], SlateFiles]] = {
    "example": example_slate,
    "gridless": gridless_slate,
    "told": told_slate,
    "partly owned": partly_owned_slate,
}
"""Slates that are always there."""

REAL_SLATES: dict[str, tuple[str, str, bool]] = {
    "atlanta": ("DKSalaries_2023-03-19_atlanta.csv", "Atlanta", False),
    "cota": ("DKSalaries_2026-03-01_cota.csv", "COTA", False),
    "martinsville": ("DKSalaries_2026-03-29_martinsville.csv", "Martinsville", True),
}
"""File, track and whether there is a drivers file, of slates that need the folder of real data."""


def slates(data_folder: Path) -> dict[str, SlateFiles]:
    """Slates by name; without the folder of real data, those that are made here."""
    made = {name: make() for name, make in MADE_SLATES.items()}
    real = {
        name: real_slate(path, track, told=told)
        for name, (file, track, told) in REAL_SLATES.items()
        if (path := data_folder / "dk_raw" / file).is_file()
    }
    return made | real


@dataclass(frozen=True, slots=True)
class Request:
    """One request, its body made of the slate's files; without ``upload`` the body names no slate.

    Parameters
    ----------
    kind
        Kind of job.
    slate
        Name of the slate.
    body
        Body without ``slate_id``.
    upload
        Whether the body gets the ``slate_id`` of the uploaded slate.
    """

    kind: str
    slate: str
    body: Callable[[SlateFiles], Json]
    upload: bool = True


PAYOUTS = [
    {"from": 1, "to": 1, "prize": 1_500},
    {"from": 2, "to": 3, "prize": 600.5},
    {"from": 4, "to": 10, "prize": 120},
    {"from": 11, "to": 60, "prize": 25},
    {"from": 61, "to": 110, "prize": 15},
]
CONTEST: Json = {"field_size": 500, "contest_buyin": 10, "payouts": PAYOUTS}
NO_OWNERSHIP_RULES: Json = {
    "max_ownership_per_driver": 1.0,
    "min_low_ownership_drivers": 0,
    "max_total_ownership": 6.0,
}
ARCHETYPES = {"track_archetype": "intermediate", "race_date": "2026-08-30", "race_id": "race 1"}


def _optimize(slate: str, races: int, body: Callable[[SlateFiles], Json]) -> Request:
    return _simulated("optimize", slate, races, body)


def _leverage(slate: str, races: int, body: Callable[[SlateFiles], Json]) -> Request:
    return _simulated("optimize-with-leverage", slate, races, body)


def _ownership(slate: str, races: int, body: Callable[[SlateFiles], Json]) -> Request:
    return _simulated("ownership", slate, races, body)


def _simulated(kind: str, slate: str, races: int, body: Callable[[SlateFiles], Json]) -> Request:
    """A request for so many races; the rest of its ``scenario_config`` is the body's."""

    def whole(files: SlateFiles) -> Json:
        own = body(files)
        return {**own, "scenario_config": {"n_scenarios": races, **own.get("scenario_config", {})}}

    return Request(kind, slate, whole)


def _estimates(**options: Any) -> Request:
    """An ownership request of drivers with projections: nothing is simulated."""
    return Request(
        "ownership",
        "example",
        lambda slate: {"driver_data": slate.projected(24), "race_data": ARCHETYPES, **options},
        upload=False,
    )


def _contest_sim(slate: str, body: Callable[[SlateFiles], Json]) -> Request:
    return Request("contest-sim", slate, body)


def _rules(slate: SlateFiles) -> Json:
    ids = slate.ids
    return {
        "n_lineups": 12,
        "random_seed": 5,
        "locks": [ids[12]],
        "excludes": [ids[0], ids[30]],
        "groups": [
            {"drivers": list(ids[1:7]), "at_least": 1, "at_most": 2},
            {
                "drivers": [ids[20], ids[21]],
                "at_least": 1,
                "if_any": list(ids[2:5]),
                "if_at_least": 2,
            },
        ],
        "stacks": [
            {"team": "Team Ember", "at_least": 2, "if_used": True},
            {"manufacturer": "Make Three", "at_least": 1, "at_most": 3},
        ],
        "min_salary": 47_000,
        "salary_cap": 49_500,
        "max_driver_exposure": {"default": 0.6, ids[3]: 0.25, ids[12]: 1.0},
        "min_driver_exposure": {ids[8]: 0.25},
        "max_team_exposure": {"default": 1.0, "Team Birch": 0.5},
    }


def _too_many_lineups(count: int) -> Request:
    """A request for more lineups than differ in two drivers: of a few the job finds that out."""
    return Request(
        "optimize",
        "example",
        lambda slate: {
            "drivers": slate.inline(10),
            "scenario_config": {"n_scenarios": 1_000, "track_id": "phoenix"},
            "n_lineups": count,
            "min_unique": 2,
            "max_driver_exposure": 1.0,
            "max_team_exposure": 1.0,
        },
        upload=False,
    )


JOBS: dict[str, Request] = {
    # lineups by tail
    "multi_cvar, defaults": _optimize("example", 2_000, lambda slate: {}),
    "multi_cvar, rules and limits": _optimize("example", 2_000, _rules),
    "multi_cvar, team stacks": _optimize(
        "example", 1_000, lambda slate: {"n_lineups": 8, "min_stack": 2, "max_stack": 3}
    ),
    "multi_cvar, min_unique 2, no calibration metrics": _optimize(
        "example",
        1_500,
        lambda slate: {
            "n_lineups": 15,
            "min_unique": 2,
            "random_seed": 8,
            "include_calibration": False,
            "max_driver_exposure": 0.4,
            "min_driver_exposure": 0.0,
            "max_team_exposure": 0.9,
        },
    ),
    "multi_cvar, min_unique 3, other levels": _optimize(
        "gridless",
        1_500,
        lambda slate: {
            "n_lineups": 10,
            "min_unique": 3,
            "cvar_alphas": [0.98, 0.9, 0.8],
            "cvar_weights": [0.5, 0.25, 0.25],
            "correlation_weight": 0.6,
            "validate_tail_objective": False,
            "random_seed": 0,
        },
    ),
    "multi_cvar, five drivers, no diversity": _optimize(
        "example", 1_000, lambda slate: {"n_lineups": 10, "n_drivers": 5, "correlation_weight": 0}
    ),
    "multi_cvar, knowledge followed": _optimize(
        "told", 2_000, lambda slate: {"n_lineups": 10, "random_seed": 3}
    ),
    "multi_cvar, knowledge not followed, short race": _optimize(
        "told",
        1_000,
        lambda slate: {
            "n_lineups": 5,
            "scenario_config": {"calibration_enabled": False, "race_length": 90},
        },
    ),
    "multi_cvar, with a contest": _optimize(
        "martinsville",
        2_000,
        lambda slate: {"n_lineups": 10, "contest": {**CONTEST, "n_contest_sims": 2}},
    ),
    "multi_cvar, drivers in the request": Request(
        "optimize",
        "example",
        lambda slate: {
            "drivers": slate.inline(16),
            "scenario_config": {"n_scenarios": 1_000, "track_id": "phoenix", "race_length": 150},
            "n_lineups": 6,
            "max_driver_exposure": 1.0,
            "max_team_exposure": 1.0,
        },
        upload=False,
    ),
    "multi_cvar, more lineups than differ enough: fails": _too_many_lineups(14),
    "multi_cvar, Atlanta": _optimize("atlanta", 2_000, lambda slate: {"random_seed": 101}),
    # lineups by mean
    "mean, defaults": _optimize("example", 1_000, lambda slate: {"objective": "mean"}),
    "mean, min_unique 2, diversity": _optimize(
        "example",
        1_000,
        lambda slate: {
            "objective": "mean",
            "min_unique": 2,
            "correlation_weight": 0.4,
            "random_seed": 7,
        },
    ),
    "mean, randomness for all": _optimize(
        "cota",
        1_000,
        lambda slate: {"objective": "mean", "n_lineups": 12, "randomness": 0.2, "random_seed": 9},
    ),
    "mean, randomness by driver, min_unique 3": _optimize(
        "example",
        1_000,
        lambda slate: {
            "objective": "mean",
            "n_lineups": 10,
            "min_unique": 3,
            "randomness": {"default": 0.1, slate.ids[0]: 0.5, slate.ids[5]: 0.0},
        },
    ),
    "mean, projections given": _optimize(
        "told", 1_000, lambda slate: {"objective": "mean", "n_lineups": 10}
    ),
    "mean, rules and limits": _optimize(
        "example", 1_000, lambda slate: {**_rules(slate), "objective": "mean"}
    ),
    # lineups by dollars
    "dollars, payouts given": _optimize(
        "example",
        2_000,
        lambda slate: {
            "objective": "dollars",
            "n_lineups": 10,
            "contest": CONTEST,
            "random_seed": 11,
        },
    ),
    "dollars, typical payouts, ownership given": _optimize(
        "cota",
        1_500,
        lambda slate: {
            "objective": "dollars",
            "n_lineups": 6,
            "contest": {
                "field_size": 2_000,
                "contest_buyin": 3,
                "contest_size_tier": "medium",
                "n_contest_sims": 2,
                "ownership_estimates": slate.ownership(8),
                "ownership_uncertainty": True,
            },
        },
    ),
    "dollars, ownership of the file": _optimize(
        "told",
        1_500,
        lambda slate: {
            "objective": "dollars",
            "n_lineups": 8,
            "min_unique": 2,
            "contest": {"field_size": 800, "ownership_uncertainty": False},
            "random_seed": 12,
        },
    ),
    "dollars, rules and limits": _optimize(
        "example",
        1_000,
        lambda slate: {**_rules(slate), "objective": "dollars", "contest": CONTEST},
    ),
    # lineups that others do not play
    "leverage, default rules": _leverage(
        "martinsville", 1_500, lambda slate: {"n_lineups": 10, "random_seed": 21}
    ),
    "leverage, ownership rules": _leverage(
        "example",
        1_500,
        lambda slate: {
            "n_lineups": 10,
            "ownership_estimates": slate.ownership(8),
            "leverage_penalty": 0.8,
            "max_ownership_per_driver": 0.25,
            "min_low_ownership_drivers": 3,
            "max_total_ownership": 0.9,
        },
    ),
    "leverage, no ownership rules, mean": _leverage(
        "told", 1_000, lambda slate: {"objective": "mean", "n_lineups": 10, **NO_OWNERSHIP_RULES}
    ),
    "leverage, by kind of race": _leverage(
        "example",
        3_000,
        lambda slate: {
            "n_lineups": 9,
            "ownership_estimates": slate.ownership(12, total=100.0),
            "use_regime_allocation": True,
            "random_seed": 22,
            **NO_OWNERSHIP_RULES,
        },
    ),
    "leverage, by kind of race with weights": _leverage(
        "example",
        3_000,
        lambda slate: {
            "n_lineups": 8,
            "ownership_estimates": slate.ownership(8),
            "use_regime_allocation": True,
            "regime_weights": {"dominator": 0.5, "chaos": 0.25, "fuel_mileage": 0.25},
        },
    ),
    "leverage, a kind of race that is too rare: fails": _leverage(
        "martinsville",
        3_000,
        lambda slate: {
            "n_lineups": 8,
            "use_regime_allocation": True,
            "regime_weights": {"chaos": 1.0},
        },
    ),
    "leverage, dollars": _leverage(
        "told",
        1_000,
        lambda slate: {"objective": "dollars", "n_lineups": 6, "contest": CONTEST},
    ),
    # what the field owns
    **{
        f"ownership, {method}, {'intervals' if intervals else 'no intervals'}": _estimates(
            ensemble_method=method, include_uncertainty=intervals
        )
        for method in ("voting", "weighted", "stacking")
        for intervals in (True, False)
    },
    "ownership, own weights": _estimates(
        ensemble_method="weighted",
        custom_weights={"salary_skill": 0.25, "projection_value": 0.25, "historical": 0.5},
        n_recent_races=12,
    ),
    "ownership, shares": _estimates(normalize_to="share", field_size=25_000),
    "ownership, simulated": _ownership("atlanta", 1_000, lambda slate: {"random_seed": 31}),
    "ownership, some of it known": _ownership(
        "partly owned", 1_000, lambda slate: {"ensemble_method": "stacking"}
    ),
    "ownership, knowledge followed": _ownership(
        "told", 1_000, lambda slate: {"normalize_to": "share"}
    ),
    # a user's own lineups
    "contest-sim, simulated": _contest_sim(
        "example",
        lambda slate: {
            "lineups": slate.lineups(12),
            "n_scenarios": 2_000,
            "random_seed": 41,
            **CONTEST,
        },
    ),
    "contest-sim, duplicates and three fields a block": _contest_sim(
        "cota",
        lambda slate: {
            "lineups": [*slate.lineups(5), *slate.lineups(3), slate.lineups(1)[0]],
            "n_scenarios": 1_500,
            "n_contest_sims": 3,
            "field_size": 300,
            "contest_size_tier": "small",
        },
    ),
    "contest-sim, scores given": Request(
        "contest-sim",
        "example",
        lambda slate: {
            "lineups": slate.lineups(6),
            "scenario_driver_scores": slate.scores(600),
            "random_seed": 42,
            "field_size": 400,
            "ownership_estimates": slate.ownership(8),
        },
    ),
    "contest-sim, large tier, steep ownership": _contest_sim(
        "martinsville",
        lambda slate: {
            "lineups": slate.lineups(20),
            "n_scenarios": 1_000,
            "field_size": 20_000,
            "contest_buyin": 5,
            "contest_size_tier": "large",
            # the dear drivers together cost more than the cap: it is moved
            "ownership_estimates": slate.ownership(4),
            "ownership_uncertainty": False,
        },
    ),
    "contest-sim, ownership known of some": _contest_sim(
        "partly owned",
        lambda slate: {
            "lineups": slate.lineups(4),
            "n_scenarios": 1_000,
            "contest_size_tier": "medium",
            "salary_cap": 50_000,
            "scenario_config": {"race_length": 200},
        },
    ),
    "contest-sim, defaults and knowledge": _contest_sim(
        "told", lambda slate: {"lineups": slate.lineups(3), "n_scenarios": 1_000}
    ),
}
"""Jobs by name; every kind, every objective and every option stands in one of them."""

REFUSALS: dict[str, Request] = {
    "unknown field": _optimize("example", 1_000, lambda slate: {"n_lineup": 3}),
    "out of range": _optimize("example", 10, lambda slate: {"n_lineups": 151, "min_unique": 0}),
    "unknown driver": _optimize(
        "example", 1_000, lambda slate: {"locks": ["nobody"], "excludes": [slate.ids[0]]}
    ),
    "weights that do not add up": _optimize(
        "example", 1_000, lambda slate: {"cvar_weights": [0.5, 0.4]}
    ),
    "dollars without a contest": _optimize(
        "example", 1_000, lambda slate: {"objective": "dollars"}
    ),
    "locks above the cap": _optimize(
        "example", 1_000, lambda slate: {"locks": list(slate.ids[:6])}
    ),
    "more lineups than limits allow": _optimize(
        "example",
        1_000,
        lambda slate: {
            "n_lineups": 150,
            "locks": list(slate.ids[20:24]),
            "min_unique": 2,
            "max_driver_exposure": {"default": 0.1},
        },
    ),
    "more lineups than differ enough": _too_many_lineups(40),
    "unknown objective": _optimize("example", 1_000, lambda slate: {"objective": "glory"}),
    "unknown track": _optimize(
        "example", 1_000, lambda slate: {"scenario_config": {"track_id": "lasvegass"}}
    ),
    "slate and drivers": _optimize("example", 1_000, lambda slate: {"drivers": slate.inline(10)}),
    "randomness of a tail": _optimize("example", 1_000, lambda slate: {"randomness": 0.1}),
    "prizes with a hole": _optimize(
        "example", 1_000, lambda slate: {"contest": {**CONTEST, "payouts": PAYOUTS[1:]}}
    ),
    "penalty of dollars": _leverage(
        "told",
        1_000,
        lambda slate: {"objective": "dollars", "contest": CONTEST, "leverage_penalty": 0.5},
    ),
    "ownership that does not add up": _leverage(
        "example",
        1_000,
        lambda slate: {"ownership_estimates": slate.ownership(9, total=400.0)},
    ),
    "lineups that are none": _contest_sim(
        "example",
        lambda slate: {
            "lineups": [list(slate.ids[:6]), list(slate.ids[:5]), [slate.ids[9]] * 6],
            "n_scenarios": 1_000,
        },
    ),
    "scores of another shape": _contest_sim(
        "example",
        lambda slate: {"lineups": slate.lineups(2), "scenario_driver_scores": [[1.0, 2.0]]},
    ),
    "own weights of voting": _estimates(custom_weights={"historical": 1.0}),
    "no slate": Request("ownership", "example", lambda slate: {}, upload=False),
}
"""Requests that are refused; status and fields named are recorded."""


COMMANDS: dict[str, tuple[str, list[str]]] = {
    "tail": ("example", ["--lineups", "8", "--scenarios", "1000", "--seed", "4"]),
    "dollars and a payout table": (
        "example",
        [
            *("--objective", "dollars", "--contest", str(EXAMPLE / "contest.csv")),
            *("--lineups", "5", "--scenarios", "1000", "--min-unique", "2"),
        ],
    ),
    "leverage and names": (
        "told",
        [
            *("--leverage", "0.6", "--max-ownership", "0.5", "--min-low-owned", "1"),
            *("--lock", "Example 12", "--exclude", "Example 03", "--lineups", "6"),
            *("--scenarios", "1000", "--field-size", "900", "--fee", "4", "--max-stack", "2"),
        ],
    ),
}
"""Slate and options of ``axiomatic run``, beside those of its files."""
