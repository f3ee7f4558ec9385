"""The compiled race against the same source run by the interpreter."""

import importlib.util
import sys
from types import ModuleType

import numpy as np
import pytest

from core.race import _race, draw_races
from core.race import generate as generating
from core.randomness import Purpose, stream
from core.slate.drivers import Veto
from core.slate.tracks import TrackType


@pytest.fixture(scope="module")
def plain():
    """Load the race's source with decorators that leave every function as it is written."""
    undecorated = ModuleType("core.compiled")
    undecorated.compiled = undecorated.inlined = lambda function: function
    spec = importlib.util.spec_from_file_location("plain_race", _race.__file__)
    module = importlib.util.module_from_spec(spec)
    real = sys.modules["core.compiled"]
    sys.modules["core.compiled"] = undecorated
    try:
        spec.loader.exec_module(module)
    finally:
        sys.modules["core.compiled"] = real
    return module


@pytest.mark.parametrize("kind", TrackType)
@pytest.mark.parametrize("limited", [False, True])
def test_the_compiled_race_is_the_plain_one_to_the_last_lap(
    field, plain, monkeypatch, kind, limited
):
    changes = [
        {"min_laps_led": 15, "shadow_risk": 0.3} if limited else {"shadow_risk": 0.3},
        {"max_laps_led": 10} if limited else {"aggression": 0.9},
        {"start_position": None},
        {"start_position": None, "manufacturer": "one"},
        {"starts_from_rear": True, "manufacturer": "one"},
        {"vetoes": frozenset({Veto.OUT})},
    ]
    spec = field(*changes, kind=kind, drivers=20, laps=80)
    compiled, narrative = draw_races(spec, stream(3, Purpose.SCENARIOS, 0), 25)
    monkeypatch.setattr(generating, "run_races", plain.run_races)
    read, its_narrative = draw_races(spec, stream(3, Purpose.SCENARIOS, 0), 25)
    for name, array in compiled.arrays().items():
        np.testing.assert_array_equal(array, read.arrays()[name], err_msg=name)
    np.testing.assert_array_equal(narrative.first_leader, its_narrative.first_leader)


def test_the_engine_left_as_it_is_written_is_not_the_compiled_one(plain):
    assert type(plain.run_races) is not type(_race.run_races)
