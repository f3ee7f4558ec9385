"""Bookmakers' prices as they are written, read as decimal odds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.slate.prices import american_to_decimal, doubted_odds, read_price


@pytest.mark.parametrize(
    ("written", "decimal"),
    [
        (1.85, 1.85),
        ("1.85", 1.85),
        (-120, 1 + 100 / 120),
        ("-120", 1 + 100 / 120),
        ("\N{MINUS SIGN}120", 1 + 100 / 120),
        ("+150", 2.5),
        (150, 2.5),
        ("+1,200", 13.0),
        ("Even", 2.0),
        (" +100 ", 2.0),
    ],
)
def test_a_price_is_read_as_bookmakers_write_it(written: str | float, decimal: float) -> None:
    assert read_price(written) == pytest.approx(decimal)


@pytest.mark.parametrize(
    "written",
    [
        *("7,50", "12,5", "+1,20", "1,5", "1,91", "1,2345"),
        *("+99", "-99.9", "1", "0.5", "", "favourite", "1e300", "+1e300", "nan", "inf", "1_5"),
        *(0, 1.0, -3, float("nan"), float("inf"), 10**400, -(10**400)),
    ],
)
def test_what_is_no_price_is_none(written: str | float) -> None:
    assert read_price(written) is None


@given(st.floats(1.001, 900.0))
def test_decimal_odds_written_as_american_ones_come_back(decimal: float) -> None:
    american = 100 * (decimal - 1) if decimal >= 2 else -100 / (decimal - 1)
    assert american_to_decimal(american) == pytest.approx(decimal)
    assert read_price(f"{american:+.9f}") == pytest.approx(decimal)


def test_a_field_of_long_shots_alone_is_doubted() -> None:
    american = [450.0, 600.0, 650.0, 800.0, 1_000.0, 1_200.0, 1_400.0, 2_000.0, 2_500.0, 3_000.0]
    assert "+650 is 7.5" in (doubted_odds(american) or "")
    assert doubted_odds(american[:3]) is not None
    assert doubted_odds(american[:2]) is None
    assert doubted_odds([60.0] * 9) is None
    assert doubted_odds([1.0 + price / 100.0 for price in american]) is None
    assert doubted_odds([3.0] * 10, top=5) is None


def test_a_few_long_shots_of_a_field_are_believed() -> None:
    long_shots = [60.0] * 10
    assert doubted_odds([*long_shots, *[None] * 28]) is None
    assert doubted_odds([*long_shots, *[None] * 10]) is not None
    assert doubted_odds([*[400.0] * 10, *[None] * 28]) is not None
