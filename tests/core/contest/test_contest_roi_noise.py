"""The comparison of runs, on ROI whose truth and noise are known."""

import numpy as np
import pytest

from benchmarks.roi_noise import agreement

LINEUPS = 40_000


def measured(blocks: int, noise: float) -> np.ndarray:
    """ROI by block: normal truth of standard deviation 1 about -0.15, and normal noise."""
    rng = np.random.default_rng(3)
    truth = rng.normal(-0.15, 1.0, LINEUPS)
    return truth + noise * rng.normal(size=(blocks, LINEUPS))


@pytest.mark.parametrize(("races", "pairs", "noise"), [(500, 4, 2.0), (1_000, 2, 2.0), (500, 4, 0)])
def test_normal_lineups_regress_as_their_correlation_says(
    races: int, pairs: int, noise: float
) -> None:
    row = agreement(measured(8, noise), races, chosen=1_000)
    spread = noise / (races / 500) ** 0.5
    assert (row.races, row.pairs) == (races, pairs)
    assert row.roi_noise == pytest.approx(spread, rel=0.02)
    assert row.correlation == pytest.approx(1.0 / (1.0 + spread**2), abs=0.02)
    # with normal truth and noise, the share of the apparent ROI that is lost is 1 - correlation
    assert row.lost == pytest.approx(1.0 - row.correlation, abs=0.03)
    assert row.apparent_roi * (1 - row.lost) - 0.15 * row.lost == pytest.approx(
        row.true_roi, abs=0.02
    )


def test_the_best_in_common_are_counted_and_pairs_share_no_block() -> None:
    roi = np.zeros((4, 5))
    # the first pair agrees on its two best, the second on one of them
    roi[0:2] = [[9, 8, 0, 0, 0], [8, 9, 1, 0, 0]]
    roi[2:4] = [[9, 0, 8, 0, 0], [9, 8, 0, 0, 0]]
    assert agreement(roi, 500, chosen=2).common == 1.5
    assert agreement(roi, 1_000, chosen=2).pairs == 1
