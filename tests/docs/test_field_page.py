"""The grade of fields in docs/field.md is that of the parameters that are shipped."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "field.md").read_text(encoding="utf-8")
SHIPPED = json.loads((ROOT / "core" / "field" / "parameters.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("figure", "shown"),
    [
        ("copied_mean_factor", "{:.2f}"),
        ("five_mean_factor", "{:.2f}"),
        ("list_mean_log_chance", "{:.1f}"),
        ("top20_mean_factor", "{:.2f}"),
        ("top1_mean_factor", "{:.2f}"),
        ("published_mean_log_chance", "{:.2f}"),
        ("published_expected_copies", "{:.2f}"),
    ],
)
def test_the_page_has_the_grade_with_real_and_with_estimated_ownership(
    figure: str, shown: str
) -> None:
    real, estimated = (
        shown.format(SHIPPED[name]["fitted"][figure])
        for name in ("graded_on_the_slate_left_out", "graded_with_estimated_ownership")
    )
    assert f"| {real} | **{estimated}** |" in PAGE


def test_the_page_has_how_far_pairs_are_off_by_which_pairs_are_looked_at() -> None:
    for name in ("listed", "chosen"):
        mean, error, slates = SHIPPED["estimated_less_real_pairs"][name]
        assert f"{mean:+.1f} ± {error:.1f}" in PAGE
        assert slates == 4
