"""The race: a constraint spec goes in, simulated races judged by the kernel come out.

A slate is compiled to a spec (:class:`ConstraintCompiler`), races are simulated in blocks of 500
(:func:`simulate_block`) and scored (:meth:`Scenarios.points`). The same spec and the same seed give
the same bits. Before the simulation, a user's own projections, odds and medians tilt the spec
(:func:`tilt`).
"""

from core.race._race import STAGE_BREAKS
from core.race.calibration import load_calibration
from core.race.compiler import ConstraintCompiler, skill_from_slate
from core.race.constraints import SKILL_PER_SD, DriverConstraints, TrackConstraints
from core.race.entropy import EntropyTilt, entropy_tilt
from core.race.generate import BLOCK_SCENARIOS, draw_races, generate_scenarios, simulate_block
from core.race.grids import DrawnGrids, draw_grids
from core.race.kernel import KernelLogic, KernelStats, SkeletonNarrative
from core.race.knowledge import KnowledgeDiagnostics, Tilted, UserKnowledge, tilt, with_tilts
from core.race.known import KnownDriver, KnownDrivers, load_known_drivers
from core.race.odds import fair_probabilities
from core.race.priors import TrackPriors, load_priors
from core.race.regimes import Regime, classify_scenario_regime
from core.race.run import RunConfig, SimulationParameters
from core.race.scenarios import Scenarios, concatenate
from core.race.spec import ConstraintSpec
from core.race.uncertainty import (
    BlockStrength,
    StrengthError,
    draw_block_strength,
    load_strength_error,
)

__all__ = [
    "BLOCK_SCENARIOS",
    "SKILL_PER_SD",
    "STAGE_BREAKS",
    "BlockStrength",
    "ConstraintCompiler",
    "ConstraintSpec",
    "DrawnGrids",
    "DriverConstraints",
    "EntropyTilt",
    "KernelLogic",
    "KernelStats",
    "KnowledgeDiagnostics",
    "KnownDriver",
    "KnownDrivers",
    "Regime",
    "RunConfig",
    "Scenarios",
    "SimulationParameters",
    "SkeletonNarrative",
    "StrengthError",
    "Tilted",
    "TrackConstraints",
    "TrackPriors",
    "UserKnowledge",
    "classify_scenario_regime",
    "concatenate",
    "draw_block_strength",
    "draw_grids",
    "draw_races",
    "entropy_tilt",
    "fair_probabilities",
    "generate_scenarios",
    "load_calibration",
    "load_known_drivers",
    "load_priors",
    "load_strength_error",
    "simulate_block",
    "skill_from_slate",
    "tilt",
    "with_tilts",
]
