"""``core`` has no code that the API, the command line, workers or benchmarks do not reach."""

from importlib import import_module
from pathlib import Path

import pytest

from tests.core.reach import Reach

ROOT = Path(__file__).parents[2]
# scikit-learn calls the first of any estimator, numba the others of any cache
CALLED_BY_LIBRARIES = {"predict", "load_overload", "save_overload"}
KEPT = {
    "core.race": (
        "ConstraintSpec",
        "DriverConstraints",
        "TrackConstraints",
        "ConstraintCompiler",
        "RunConfig",
        "KernelLogic",
        "SkeletonNarrative",
        "generate_scenarios",
        "classify_scenario_regime",
    ),
    "core.history": (
        "compute_crps",
        "compute_log_score",
        "compute_coverage",
        "end_to_end_calibration",
    ),
    "core.lineups": (
        "TailMetrics",
        "compute_cvar",
        "compute_tail_metrics",
        "adaptive_scenario_count",
        "validate_tail_stability",
    ),
    "core.field": ("HybridOwnershipEstimator", "FieldLineupSampler"),
    "core.contest": ("PayoutCurveFitter", "ContestSimulator"),
    "core.portfolio": (
        "NASCAROptimizer",
        "LeverageAwareOptimizer",
        "generate_portfolio",
        "generate_regime_aware_portfolio",
        "allocate_lineups_by_regime",
        "optimize_portfolio_with_ownership",
        "compute_portfolio_correlation",
    ),
    # it speaks to Redis, which core does not know
    "workers.engine.scenario_cache": ("ScenarioCache",),
}


@pytest.fixture(scope="module")
def reach() -> Reach:
    return Reach(ROOT, ("workers", "web", "benchmarks"), "core")


@pytest.mark.slow
def test_everything_in_core_is_reached_by_a_door_a_worker_or_a_benchmark(reach: Reach) -> None:
    missing = [name for name in reach.unreached() if name.split(".")[-1] not in CALLED_BY_LIBRARIES]
    assert missing == []


@pytest.mark.slow
@pytest.mark.parametrize(("room", "name"), [(room, name) for room in KEPT for name in KEPT[room]])
def test_names_that_users_know_are_public_and_used(reach: Reach, room: str, name: str) -> None:
    assert getattr(import_module(room), name)
    assert name in getattr(import_module(room), "__all__", [name])
    assert reach.find(room, name) in reach.definitions


def test_the_ownership_estimator_follows_scikit_learn() -> None:
    estimator = import_module("core.field").HybridOwnershipEstimator
    assert all(
        map(callable, (estimator.fit, estimator.predict, estimator.predict_with_uncertainty))
    )


def test_what_is_not_reached_is_found(tmp_path: Path) -> None:
    inner, outer = tmp_path / "inner", tmp_path / "outer"
    inner.mkdir()
    outer.mkdir()
    (inner / "__init__.py").write_text("from inner.parts import Part, called, idle\n")
    (inner / "parts.py").write_text(
        "LIMIT = 3\n"
        "def called(): return _own() + LIMIT\n"
        "def _own(): return Part().used()\n"
        "def idle(): return _of_idle()\n"
        "def _of_idle(): return 1\n"
        "class Part:\n"
        "    def used(self): return 1\n"
        "    def unused(self): return idle()\n"
        "    def by_name(self): return 2\n"
    )
    (outer / "door.py").write_text(
        "import inner\nfrom inner import Part as P\n"
        "def door(): return inner.called(), getattr(P(), 'by_name')()\n"
    )
    assert Reach(tmp_path, ("outer",), "inner").unreached() == [
        "inner.parts.Part.unused",
        "inner.parts._of_idle",
        "inner.parts.idle",
    ]
