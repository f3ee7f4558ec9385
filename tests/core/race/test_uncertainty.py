"""What is not known of strengths: drawn for each block, and taken from the luck of a race."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from core.errors import InvalidInput
from core.race import (
    StrengthError,
    draw_block_strength,
    load_strength_error,
    simulate_block,
)
from core.randomness import Purpose, paired_normals

WIDE = StrengthError(driver_sd=0.3, team_sd=0.2)


def test_blocks_two_apart_have_opposite_normals_and_others_are_strangers():
    drawn = np.array([paired_normals(3, Purpose.STRENGTH, block, 2_000) for block in range(8)])
    for block in (0, 1, 4, 5):
        assert np.array_equal(drawn[block + 2], -drawn[block])
    strangers = np.corrcoef(drawn[[0, 1, 4, 5]])
    assert np.abs(strangers[~np.eye(4, dtype=bool)]).max() < 0.1
    assert not np.array_equal(drawn[0], paired_normals(4, Purpose.STRENGTH, 0, 2_000))


def test_errors_have_their_standard_deviations_and_team_mates_share_theirs(field):
    spec = field(*({} for _ in range(9)), *({"team": None} for _ in range(3)), drivers=12)
    added = np.array([draw_block_strength(spec, seed, 0, WIDE).added for seed in range(4_000)])
    covariance = np.cov(added.T)
    assert np.diag(covariance)[:9] == pytest.approx(0.13, rel=0.15)
    assert np.diag(covariance)[9:] == pytest.approx(0.09, rel=0.15)
    assert covariance[0, 1] == pytest.approx(0.04, abs=0.01)
    assert abs(covariance[0, 3]) < 0.01


def test_over_all_blocks_races_are_as_if_strengths_were_known(field):
    spec = field(drivers=20)
    known, unknown = [], []
    error = StrengthError(driver_sd=0.2, team_sd=0.1)
    for block in range(160):
        strength = draw_block_strength(spec, 1, block, error)
        unknown.append(simulate_block(spec, 1, block, 100, strength)[0].finish)
        known.append(simulate_block(spec, 1_000 + block, 0, 100)[0].finish)
    first, second = np.concatenate(unknown), np.concatenate(known)
    for driver in (0, 10, 19):
        # one race in ten: those of a block share their strengths
        assert ks_2samp(first[::10, driver], second[::10, driver]).pvalue > 0.001
    assert first.mean(axis=0) == pytest.approx(second.mean(axis=0), abs=0.25)
    ratio = first.std(axis=0) / second.std(axis=0)
    assert ratio == pytest.approx(np.ones(20), abs=0.05)
    assert ratio.mean() == pytest.approx(1.0, abs=0.01)


def test_blocks_differ_by_their_strengths(field):
    spec = field(drivers=20)
    means = [
        simulate_block(spec, 1, b, 500, draw_block_strength(spec, 1, b, WIDE))[0].finish.mean(0)
        for b in range(24)
    ]
    luck = [simulate_block(spec, 1, block, 500)[0].finish.mean(0) for block in range(24)]
    assert np.std(means, axis=0).mean() > 2.0 * np.std(luck, axis=0).mean()


def test_a_digest_names_all_that_shapes_a_block(field):
    spec = field(drivers=10)
    one = draw_block_strength(spec, 1, 0, WIDE)
    none = np.zeros(10)
    assert one.digest == draw_block_strength(spec, 1, 0, WIDE).digest
    assert one.digest == one.plus(none, none).digest
    digests = {
        one.digest,
        draw_block_strength(spec, 1, 1, WIDE).digest,
        one.plus(np.full(10, 0.1), none).digest,
        one.plus(none, np.full(10, 0.1)).digest,
    }
    assert len(digests) == 4


@pytest.mark.parametrize("sd", [-0.1, 1.1, float("nan")])
def test_impossible_errors_are_refused(sd):
    with pytest.raises(InvalidInput, match="team_sd"):
        StrengthError(0.1, sd)


def test_the_shipped_error_is_a_small_part_of_a_races_luck():
    error = load_strength_error()
    assert 0.0 < error.driver_sd**2 + error.team_sd**2 < 0.05
