import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.field import read_ownership

ownership = st.lists(st.floats(1.0, 30.0), min_size=24, max_size=40)


@settings(deadline=None)
@given(ownership, st.floats(0.981, 1.019))
def test_percent_of_entries_within_two_percent_are_scaled_to_fill_the_roster(own, off):
    own = np.array(own) * (600.0 * off / sum(own))
    if own.max() > 98.0:
        return
    assert read_ownership(own, 6) == pytest.approx(own / off, rel=1e-12)


@settings(deadline=None)
@given(ownership)
def test_shares_of_roster_spots_are_read_as_percent_of_entries(own):
    share = np.array(own) * (100.0 / sum(own))
    if share.max() > 16.0:
        return
    assert read_ownership(share, 6) == pytest.approx(6.0 * share, rel=1e-12)


def test_scaling_up_never_pushes_a_driver_above_100():
    own = read_ownership([99.5, 99.5, 20.0, 75.0], 3)
    assert own.max() == 100.0
    assert own.sum() == pytest.approx(300.0, abs=1e-9)
    assert own[3] / own[2] == pytest.approx(75.0 / 20.0)


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ([90.0, 90.0, 90.0], "sum to 270"),
        ([50.0, float("nan"), 100.0, 50.0], "index 1"),
        ([-1.0, 100.0, 51.0, 50.0], "index 0 has -1"),
        ([101.0, 49.0, 50.0], "index 0 has 101"),
        ([60.0, 20.0, 20.0], "120.0% of entries"),
        ([100.0], "one per driver"),
        ([0.0, 0.0, 0.0], "sum to 0"),
        ([0.9, 0.6, 0.5], "sum to 2; percent of entries sum to 200"),
        ([0.9, 0.6, 0.5], "within 2%. These are fractions: give 100 times as much."),
        ([0.5, 0.3, 0.2], "These are fractions: give 100 times as much."),
    ],
)
def test_ownership_that_cannot_be_read_is_refused_with_its_reason(own, said):
    with pytest.raises(InvalidInput) as refused:
        read_ownership(own, 2)
    assert said in str(refused.value)
    assert list(refused.value.messages) == ["ownership_percent"]


def test_two_drivers_at_100_with_nobody_else_owned_cannot_fill_a_roster_of_three():
    with pytest.raises(InvalidInput):
        read_ownership([100.0, 100.0, 0.0], 3)
