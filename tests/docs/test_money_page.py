"""What the README, the page on money and the API say of the market is what is shipped."""

import json
from importlib import resources
from pathlib import Path

import pytest

from core.field import load_market
from web.schemas.contests import CONVICTION

ROOT = Path(__file__).parents[2]
FIT = json.loads(resources.files("core.field").joinpath("market.json").read_text("utf-8"))
NAMES = {
    "2026-06-28_sonoma": "Sonoma",
    "2026-07-05_chicagoland": "Chicagoland",
    "2026-07-12_atlanta": "Atlanta",
    "2026-07-19_north-wilkesboro": "North Wilkesboro",
    "2026-07-26_indianapolis": "Indianapolis",
}


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("name", ["README.md", "docs/money.md", "CHANGELOG.md"])
def test_pages_name_the_shipped_conviction(name: str) -> None:
    assert f"{load_market().conviction:.2f}" in page(name)


def test_the_interface_names_the_shipped_conviction() -> None:
    assert f"is {load_market().conviction:.2f}," in CONVICTION.metadata["description"]


def test_the_likeliest_conviction_is_the_fits() -> None:
    likeliest, error = (
        FIT[name]["conviction"] for name in ("without_prior", "without_prior_errors")
    )
    assert f"{likeliest:.2f} ± {error:.2f}" in page("README.md")
    assert f"{likeliest:.2f} ± {error:.2f}" in page("docs/money.md")


@pytest.mark.parametrize("slate_id", FIT["slate_left_out"])
def test_the_weights_without_a_slate_are_the_fits(slate_id: str) -> None:
    weights = " | ".join(f"{value:.2f}" for value in FIT["slate_left_out"][slate_id].values())
    assert f"| without {NAMES[slate_id]} | {weights} |" in page("docs/money.md")
