"""``axiomatic run --site``: whose salary file it is."""

from pathlib import Path
from typing import Any

import pytest

from tests.system.test_fanduel_over_http import player_list
from tests.system.test_jobs_over_http import salary_file
from web.cli.request import RunOptions, prepare


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    paths = {"draftkings": tmp_path / "DKSalaries.csv", "fanduel": tmp_path / "players-list.csv"}
    paths["draftkings"].write_bytes(salary_file())
    paths["fanduel"].write_bytes(player_list())
    return paths


@pytest.mark.parametrize(
    ("file", "site"),
    [("draftkings", "fanduel"), ("fanduel", "draftkings"), ("fanduel", "DraftKings")],
)
def test_a_site_that_is_not_the_files_is_refused_before_anything_is_started(
    axiomatic: Any, files: dict[str, Path], file: str, site: str
) -> None:
    code, out, err = axiomatic("run", files[file], "--site", site, "--track", "phoenix")
    assert (code, out) == (2, "")
    assert err.startswith("--site: ")
    assert site.lower() in err
    assert {"draftkings": "DraftKings'", "fanduel": "FanDuel's"}[file] in err


def test_a_site_that_is_none_is_refused_with_the_sites_there_are(
    axiomatic: Any, files: dict[str, Path]
) -> None:
    code, _, err = axiomatic("run", files["fanduel"], "--site", "nowhere")
    assert code == 2
    assert "draftkings" in err
    assert "fanduel" in err


def test_ownership_of_a_fanduel_slate_sums_to_five_entries(
    tmp_path: Path, files: dict[str, Path]
) -> None:
    ownership = tmp_path / "own.csv"
    rows = [f"Car {i:02d},{500 / 16}" for i in range(16)]
    ownership.write_text("\n".join(["driver,ownership_percent", *rows]))
    options = RunOptions(
        salaries=files["fanduel"],
        out=tmp_path,
        track="phoenix",
        request={"n_lineups": 4, "objective": "mean", "site": "fanduel"},
        n_scenarios=1_000,
        field_size=100,
        contest_buyin=5.0,
        ownership=ownership,
    )
    estimates = prepare(options).body["contest"]["ownership_estimates"]
    assert sum(estimates.values()) == pytest.approx(500.0)
