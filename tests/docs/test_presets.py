"""The table of presets in docs/lineups.md."""

from pathlib import Path

import pytest

from web.schemas.presets import PRESETS

PAGE = Path(__file__).parents[2] / "docs" / "lineups.md"


@pytest.mark.parametrize("name", PRESETS)
def test_the_page_has_what_a_preset_sets(name: str) -> None:
    preset = PRESETS[name]
    lineups, objective = preset.settings["n_lineups"], preset.settings["objective"]
    limit = preset.entry_limit or "not set"
    row = f"| `{name}` | {lineups} | `{objective}` | {limit} |"
    assert row in PAGE.read_text(encoding="utf-8")
