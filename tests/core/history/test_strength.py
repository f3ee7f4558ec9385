import dataclasses

import numpy as np
import pytest

from core.history import read_races
from core.history.strength import regress_finish


def test_the_regression_finds_the_weights_that_made_the_finish(made_up_data):
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
    skill_weight, grid_weight, residual = regress_finish(big, skills)
    assert skill_weight.value / grid_weight.value == pytest.approx(2.0, abs=0.3)
    assert skill_weight.error < 0.02
    assert residual == pytest.approx(0.7, abs=0.1)
