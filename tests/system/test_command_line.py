"""The command line as a user runs it: real files in, the upload file out, an exit code."""

import csv
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from web.stack import Stack

AT_ONCE = 3

FILES = (
    "2023-02-26_auto-club",
    "2023-03-19_atlanta",
    "2026-03-22_darlington",
)


def axiomatic(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from web.cli import main; main()", *map(str, arguments)]
    # as on a machine where no Redis is configured
    environment = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    return subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, check=False, env=environment
    )


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """An installation of its own, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("REDIS_URL", raising=False)
        with Stack(port=port):
            yield f"http://127.0.0.1:{port}"


def checked_lineups(upload: Path, salaries: Path) -> list[frozenset[str]]:
    """Read the upload file with nothing of the project's and hold it to DraftKings' rules."""
    with salaries.open(encoding="utf-8", newline="") as file:
        listed = {row["ID"]: row for row in csv.DictReader(file)}
    with upload.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["D", "D", "D", "D", "D", "D"]
    lineups = []
    for row in rows[1:]:
        ids = [cell[cell.rindex("(") + 1 : -1] for cell in row]
        assert [f"{listed[i]['Name']} ({i})" for i in ids] == row
        assert len(set(ids)) == 6
        assert sum(int(listed[i]["Salary"]) for i in ids) <= 50_000
        lineups.append(frozenset(ids))
    return lineups


def salaries_of(shared: Path, name: str) -> Path:
    return shared / "data" / "dk_raw" / f"DKSalaries_{name}.csv"


Running = Future[subprocess.CompletedProcess[str]]
Runs = dict[str, tuple[Path, Running]]


@pytest.fixture(scope="module")
def runs(server: str, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """A run of every slate, a few at a time, so that workers are busy meanwhile."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        given: Runs = {}
        for name in FILES:
            out = tmp_path_factory.mktemp(name)
            options = ("--lineups", 150, "--server", server, "--out", out, "--json")
            given[name] = (
                out,
                pool.submit(axiomatic, "run", salaries_of(shared, name), *options),
            )
        yield given


@pytest.mark.parametrize("name", FILES)
def test_a_real_slate_gives_150_lineups_that_hold_every_limit(
    runs: Runs, shared: Path, name: str
) -> None:
    salaries = salaries_of(shared, name)
    out, running = runs[name]
    done = running.result()
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    lineups = checked_lineups(out / "lineups.csv", salaries)
    assert len(lineups) == len(set(lineups)) == 150
    counts = {i: sum(i in lineup for lineup in lineups) for lineup in lineups for i in lineup}
    assert max(counts.values()) <= 75
    assert {i: share for i, share in result["exposure"].items() if share} == {
        i: count / 150 for i, count in counts.items()
    }
    assert result["contest"]["n_simulations"] == 10_000
    assert json.loads((out / "result.json").read_text())["run_id"] == result["run_id"]
    # the file's name says the track, and the answer says so
    assert result["notes"][0].startswith("Track ")


def test_the_summary_shows_lineups_exposures_and_roi_with_its_error(
    server: str, shared: Path, tmp_path: Path
) -> None:
    salaries = shared / "bench" / "DKSalaries.csv"
    extra = ("--drivers", shared / "bench" / "projections.csv", "--track", "Kansas")
    contest = ("--contest", shared / "bench" / "contest_structure.csv")
    options = ("--scenarios", 4_000, "--server", server, "--out", tmp_path)
    done = axiomatic("run", salaries, *extra, *contest, *options)
    assert done.returncode == 0, done.stderr
    for words in (
        "of 20 lineups",
        "Exposure beside ownership",
        "ROI ± standard error",
    ):
        assert words in done.stdout
    contest = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))["contest"]
    unknown = contest["roi_unknown_sd"]
    said = "not told apart from luck" if unknown is None else f"± {100 * unknown:.1f}%"
    assert re.search(rf"ROI, what is not known +│ +{re.escape(said)}", done.stdout)
    # its ownership costs more than the cap, so it is moved to the nearest possible, with a note
    assert "nearest that fits the cap" in done.stdout.replace("\n", " ")
    assert len(checked_lineups(tmp_path / "lineups.csv", salaries)) == 20


def test_rules_in_conflict_are_refused_by_name_before_a_job_is_made(
    server: str, shared: Path, tmp_path: Path
) -> None:
    salaries = salaries_of(shared, FILES[0])
    with salaries.open(encoding="utf-8", newline="") as file:
        dearest = sorted(csv.DictReader(file), key=lambda row: -int(row["Salary"]))[:5]
    locks = [part for row in dearest for part in ("--lock", row["Name"].upper())]
    before = httpx.get(f"{server}/api/v1/jobs").json()["jobs"]
    done = axiomatic("run", salaries, *locks, "--server", server, "--out", tmp_path)
    assert done.returncode == 2
    assert "Rules in conflict: salary_cap 50000 (--salary-cap), locks of " in done.stderr
    assert "lineups known to be possible: none" in done.stderr
    assert not (tmp_path / "lineups.csv").exists()
    assert httpx.get(f"{server}/api/v1/jobs").json()["jobs"][:1] == before[:1]


def test_leverage_and_a_rules_file_hold_in_the_upload_file(
    server: str, shared: Path, tmp_path: Path
) -> None:
    bench = shared / "bench"
    salaries, projections = bench / "DKSalaries.csv", bench / "projections.csv"
    with projections.open(encoding="utf-8", newline="") as file:
        owned = {row["ID"]: float(row["Own%"]) for row in csv.DictReader(file)}
    rules = {
        "groups": [{"drivers": ["driver ac"], "at_least": 1, "if_any": ["driver ad"]}],
        "min_driver_exposure": {"Driver AE": 0.2},
    }
    (tmp_path / "rules.json").write_text(json.dumps(rules), encoding="utf-8")
    options = (
        *("--leverage", 0.5, "--max-ownership", 0.4, "--min-low-owned", 2, "--min-unique", 2),
        *("--scenarios", 2_000),
    )
    done = axiomatic(
        *("run", salaries, "--drivers", projections, "--track", "kansas", *options),
        *("--rules", tmp_path / "rules.json", "--server", server, "--out", tmp_path),
    )
    assert done.returncode == 0, done.stderr
    lineups = checked_lineups(tmp_path / "lineups.csv", salaries)
    assert len(lineups) == 20
    assert all(len(one & other) <= 4 for one in lineups for other in lineups if one != other)
    driver_ac, driver_ad, driver_ae = "43000003", "43000004", "43000005"
    assert all(driver_ac in lineup for lineup in lineups if driver_ad in lineup)
    assert sum(driver_ae in lineup for lineup in lineups) >= 4
    for lineup in lineups:
        assert max(owned[i] for i in lineup) <= 40.0
        assert sum(owned[i] < 10.0 for i in lineup) >= 2
    for words in ("Ownership of the lineups", "legal lineups: ", "the tail's best lineup"):
        assert words in " ".join(done.stdout.split())


BAD_OPTIONS: tuple[tuple[list[object], str], ...] = (
    (["--lineups", 200], "'--lineups': 200; give 1 to 150"),
    (["--track", "nowhere at all"], "--track: "),
    (["--scenarios", "many"], "not a valid integer"),
    (["--objective", "luck"], "not one of"),
    (["--fee", -1], "'--fee': -1"),
    (["--fee", "nan"], "not a finite number"),
    (["--max-exposure", "nan"], "--max-exposure"),
    (["--seed", "1" + "0" * 400], "'--seed': 1000"),
    (["--track", "[/x]"], "[/x]"),
    (["--out", "/proc/nope"], "--out"),
    (["--server", "localhost:1"], "give an address such as"),
)


@pytest.fixture(scope="module")
def refusals(
    server: str, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Running]]:
    """A run with each of the bad options, a few at a time."""
    salaries = salaries_of(shared, FILES[0])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield [
            # the last of two options counts
            pool.submit(
                *(axiomatic, "run", salaries, "--server", server),
                *("--out", tmp_path_factory.mktemp("refused"), *arguments),
            )
            for arguments, _ in BAD_OPTIONS
        ]


@pytest.mark.parametrize("place", range(len(BAD_OPTIONS)), ids=[said for _, said in BAD_OPTIONS])
def test_bad_options_end_with_exit_code_2(refusals: list[Running], place: int) -> None:
    done, said = refusals[place].result(), BAD_OPTIONS[place][1]
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_salary_file_ends_with_exit_code_2(server: str, tmp_path: Path) -> None:
    page = tmp_path / "page.csv"
    page.write_text("<html>sign in</html>")
    done = axiomatic("run", page, "--server", server, "--out", tmp_path, "--json")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "header lacks" in done.stderr


def test_a_server_that_is_not_there_ends_with_exit_code_1(shared: Path, tmp_path: Path) -> None:
    salaries = shared / "bench" / "DKSalaries.csv"
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{bound.getsockname()[1]}"
        done = axiomatic("run", salaries, "--server", away, "--out", tmp_path)
    assert done.returncode == 1
    assert "no answer from" in done.stderr


def test_the_demo_leaves_150_different_legal_lineups_where_it_says(tmp_path: Path) -> None:
    done = axiomatic("demo", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["files"]["lineups"] == "out/demo/lineups.csv"
    example = Path(__file__).parents[2] / "web" / "example" / "DKSalaries.csv"
    lineups = checked_lineups(tmp_path / "out" / "demo" / "lineups.csv", example)
    assert len(lineups) == len(set(lineups)) == 150
    assert result["run_config"]["simulation"]["n_scenarios"] == 20_000
    report, seen = result["contest"], result["contest"]["in_sample"]
    assert report["n_simulations"] + seen["n_simulations"] == 20_000


def test_help_names_every_command() -> None:
    done = axiomatic("--help")
    assert done.returncode == 0
    for command in ("demo", "run", "up"):
        assert command in done.stdout
