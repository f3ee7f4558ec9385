"""A matrix of scores, read row by row."""

from typing import Any

import pytest
from marshmallow import ValidationError

from web.schemas.values import ScoreMatrix


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (1_000.5, "1000.5"),
        (10**400, "1000000"),
        (True, "True"),
        (None, "None"),
        ("x" * 1_000, "'xxx"),
        ([1], "a list"),
    ],
)
def test_a_cell_that_is_no_score_is_refused_by_row_and_driver(cell: Any, shown: str) -> None:
    rows = [[0.5, 1, -1_000], [], [0.5, cell, 3]]
    with pytest.raises(ValidationError, match=f"row 2, driver 1: {shown}"):
        ScoreMatrix().deserialize(rows)


def test_sound_scores_come_back_as_they_are() -> None:
    rows = [[0.5, 1, -1_000], [1_000.0]]
    assert ScoreMatrix().deserialize(rows) == rows
