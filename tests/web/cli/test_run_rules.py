"""The rules of ``axiomatic run``: options and rules file in, the request or a refusal out."""

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest

from core.errors import InvalidInput
from web.cli import run as run_command
from web.cli.driver_names import DriverNames, names_of
from web.cli.main import main
from web.cli.request import Prepared, RunOptions, prepare
from web.cli.rules import LEVERAGE_RULES, OF_THE_RUN, RULES, rules_of
from web.schemas.optimize import LeverageSchema

ROOT = Path(__file__).parents[3]
LINEUPS = (ROOT / "docs" / "lineups.md").read_text(encoding="utf-8")
HEADER = "Position,Name + ID,Name,ID,Roster Position,Salary,Game Info,TeamAbbrev,AvgPointsPerGame"
DRIVERS = (
    ("11", "Kyle Larson"),
    ("12", "Ricky Stenhouse Jr."),
    ("13", "Daniel Suárez"),
    ("14", "John Hunter Nemechek"),
    ("15", "Austin Dillon"),
    ("16", "Ty Dillon"),
    ("17", "Kurt Busch"),
    ("18", "Kurt Busch Jr."),
)


@pytest.fixture
def salaries(tmp_path: Path) -> Path:
    rows = [
        f"D,{name} ({i}),{name},{i},D,{9_000 - 100 * place},Test 400,Nasca,30"
        for place, (i, name) in enumerate(DRIVERS)
    ]
    path = tmp_path / "DKSalaries_kansas.csv"
    path.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    return path


@pytest.fixture
def rules_file(tmp_path: Path) -> Any:
    """Write a rules file and give its path."""

    def write(rules: object) -> Path:
        path = tmp_path / "rules.json"
        text = rules if isinstance(rules, str) else json.dumps(rules)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def prepared(salaries: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The request that a command line would send to the API."""

    def from_arguments(*arguments: object) -> Prepared:
        seen: list[RunOptions] = []

        def stop(options: RunOptions) -> Prepared:
            seen.append(options)
            raise click.Abort

        monkeypatch.setattr(run_command, "prepare", stop)
        command = [str(salaries), *map(str, arguments)]
        with pytest.raises(click.Abort):
            run_command.run.main(args=command, standalone_mode=False)
        return prepare(seen[0])

    return from_arguments


def spelt(*names: tuple[str, str]) -> DriverNames:
    plain: dict[str, list[str]] = {}
    for driver_id, name in names:
        plain.setdefault(name.lower(), []).append(driver_id)
    by_spelling = {name: i for i, name in names} | {i: i for i, _ in names}
    return DriverNames(by_spelling, plain, dict(names))


NAMES = spelt(("1", "Ann"), ("2", "Bob"), ("3", "Cid"))


def test_without_options_the_request_leaves_everything_to_the_api(prepared: Any) -> None:
    asked = prepared()
    assert asked.kind == "optimize"
    assert asked.track_id == "kansas"
    assert asked.body == {"contest": {"field_size": 10_000, "contest_buyin": 10.0}}


def test_every_option_becomes_the_field_of_the_api_that_it_is_named_after(prepared: Any) -> None:
    asked = prepared(
        *("--lock", "ricky stenhouse", "--lock", "Suarez, Daniel", "--exclude", "14"),
        *("--max-exposure", 0.4, "--min-exposure", 0.05, "--max-team-exposure", 0.6),
        *("--min-unique", 2, "--min-salary", 48_000, "--salary-cap", 49_500),
        *("--min-stack", 2, "--max-stack", 3),
        *("--lineups", 3, "--scenarios", 2_000, "--seed", 0),
        *("--randomness", 0.2, "--correlation-weight", 0.3, "--objective", "mean"),
    )
    assert asked.kind == "optimize"
    assert {name: asked.body[name] for name in RULES & set(asked.body)} == {
        "locks": ["12", "13"],
        "excludes": ["14"],
        "max_driver_exposure": 0.4,
        "min_driver_exposure": 0.05,
        "max_team_exposure": 0.6,
        "min_unique": 2,
        "min_salary": 48_000,
        "salary_cap": 49_500,
        "min_stack": 2,
        "max_stack": 3,
        "randomness": 0.2,
        "correlation_weight": 0.3,
    }
    assert asked.body["scenario_config"] == {"n_scenarios": 2_000}
    of_the_run = [asked.body[name] for name in ("n_lineups", "objective", "random_seed")]
    assert of_the_run == [3, "mean", 0]


def test_leverage_goes_to_its_own_endpoint_with_ownership_for_lineups_and_contest(
    prepared: Any, tmp_path: Path
) -> None:
    owned = tmp_path / "owned.csv"
    # two drivers' shares of roster spots: whoever is not named has none
    owned.write_text("driver,ownership_percent\nkyle larson,92.5%\n12,7.5\n", encoding="utf-8")
    # zero is a limit, and no option left out
    asked = prepared(
        *("--leverage", 0, "--min-low-owned", 0, "--max-ownership", 0.25),
        *("--max-total-ownership", 2.5, "--by-regime", "--ownership", owned),
    )
    assert asked.kind == "optimize-with-leverage"
    assert {name: asked.body[name] for name in RULES & set(asked.body)} == {
        "leverage_penalty": 0.0,
        "min_low_ownership_drivers": 0,
        "max_ownership_per_driver": 0.25,
        "max_total_ownership": 2.5,
        "use_regime_allocation": True,
    }
    assert asked.body["ownership_estimates"] == {"11": 92.5, "12": 7.5}
    assert "ownership_estimates" not in asked.body["contest"]
    plain = prepared("--ownership", owned)
    assert plain.body["contest"]["ownership_estimates"] == {"11": 92.5, "12": 7.5}
    assert "ownership_estimates" not in plain.body


@pytest.mark.parametrize("options", [("--max-ownership", 0.2), ("--by-regime",)])
def test_limits_on_ownership_without_leverage_are_refused(
    prepared: Any, options: tuple[object, ...]
) -> None:
    with pytest.raises(InvalidInput, match="give --leverage PENALTY too"):
        prepared(*options)


def test_a_rules_file_may_name_drivers_wherever_the_api_takes_ids(rules_file: Any) -> None:
    path = rules_file(
        {
            "locks": ["ann"],
            "max_driver_exposure": {"Bob": 0.3, "default": 0.6},
            "groups": [
                {"drivers": ["Ann", "2"], "at_least": 1, "if_any": ["cid"], "if_at_least": 1}
            ],
            "stacks": [{"team": "Ann", "at_least": 2}],
            "cvar_alphas": [0.9],
        }
    )
    assert rules_of(path, {}, NAMES) == {
        "locks": ["1"],
        "max_driver_exposure": {"default": 0.6, "2": 0.3},
        "groups": [{"drivers": ["1", "2"], "at_least": 1, "if_any": ["3"], "if_at_least": 1}],
        # a team may be called like a driver
        "stacks": [{"team": "Ann", "at_least": 2}],
        "cvar_alphas": [0.9],
    }


def test_options_win_over_the_rules_file(rules_file: Any) -> None:
    path = rules_file(
        {
            "min_unique": 3,
            "min_salary": 47_000,
            "max_driver_exposure": {"Bob": 0.3, "default": 0.6},
            "max_team_exposure": {"Team A": 0.2},
            "locks": ["Ann"],
            "excludes": ["Bob"],
        }
    )
    given = {
        "min_unique": 2,
        "max_driver_exposure": 0.4,
        "max_team_exposure": 0.5,
        "locks": ("Bob",),
    }
    assert rules_of(path, given, NAMES) == {
        "min_unique": 2,
        "min_salary": 47_000,
        "max_driver_exposure": {"default": 0.4, "2": 0.3},
        "max_team_exposure": {"Team A": 0.2, "default": 0.5},
        "locks": ["1", "2"],
        "excludes": [],
    }


def test_who_is_locked_in_the_file_and_excluded_on_the_command_line_is_excluded(
    rules_file: Any,
) -> None:
    path = rules_file({"locks": ["Ann", "Bob"]})
    assert rules_of(path, {"excludes": ("Ann",)}, NAMES) == {"locks": ["2"], "excludes": ["1"]}


def test_a_contradiction_within_the_command_line_is_left_for_the_api_to_name() -> None:
    given = {"locks": ("Ann",), "excludes": ("Ann",)}
    assert rules_of(None, given, NAMES) == {"locks": ["1"], "excludes": ["1"]}


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("{", "no JSON"),
        ('{"min_salary": 1, "min_salary": 2}', "min_salary stands there twice"),
        ('{"min_salary": 1e999}', "no finite number"),
        ('{"min_salary": NaN}', "no finite number"),
        ([], "give a JSON object"),
        ({"min_uniqe": 2}, "'min_uniqe' is no rule; nearest: min_unique"),
        ({"slate_id": "x"}, "'slate_id' is no rule"),
        ({"locks": "Ann"}, "locks: give a list"),
        ({"locks": [1]}, "locks: give a list"),
        ({"excludes": ["Ann", "1"]}, "excludes: Ann is named twice"),
        ({"groups": [{"drivers": ["Ben"]}]}, "groups.0.drivers: no driver 'Ben' on the slate"),
        ({"randomness": {"Eve": 0.1}}, "randomness: no driver 'Eve'"),
        ({"min_driver_exposure": {"Bob": 0.1, "2": 0.2}}, "Bob is named twice"),
    ],
)
def test_a_rules_file_that_cannot_be_used_is_refused_by_field(
    rules_file: Any, rules: object, said: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        rules_of(rules_file(rules), {}, NAMES)
    assert said in str(refused.value)


@pytest.mark.parametrize("rules", [{"groups": ["Ann"]}, {"groups": 3}, {"min_unique": "two"}])
def test_values_of_the_wrong_kind_are_left_for_the_api_to_name(
    rules_file: Any, rules: dict[str, Any]
) -> None:
    assert rules_of(rules_file(rules), {}, NAMES) == rules


def test_a_rules_file_may_hold_every_field_that_a_run_does_not_fill_itself() -> None:
    assert set(LeverageSchema().fields) - OF_THE_RUN == RULES
    assert set(LeverageSchema().fields) >= OF_THE_RUN
    assert {"min_unique", "groups", "cvar_alphas"} <= RULES - LEVERAGE_RULES
    assert {"leverage_penalty", "regime_weights"} <= LEVERAGE_RULES


def test_the_rules_file_in_the_documentation_is_one(rules_file: Any) -> None:
    (example,) = re.findall(r"```json\n(.*?)```", LINEUPS, re.DOTALL)
    found = set(re.findall(r'"([A-Z][a-z]+ [A-Z][a-z]+)"', example)) - {"Roger Penske"}
    names = spelt(*((str(place), name) for place, name in enumerate(sorted(found))))
    rules = rules_of(rules_file(example), {}, names)
    assert set(rules) == set(json.loads(example))
    assert all(driver in names.spelt for driver in rules["groups"][1]["if_any"])


def test_every_option_that_no_schema_describes_is_documented() -> None:
    documented = LINEUPS + (ROOT / "README.md").read_text(encoding="utf-8")
    params = [
        param for param in run_command.run.params if param.name not in LeverageSchema().fields
    ]
    options = {name for param in params for name in param.opts if "-" in name}
    assert len(options) > 10
    assert {name for name in options if f"`{name}" not in documented} <= {"--workers"}


@pytest.fixture
def axiomatic(
    salaries: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Any:
    """Exit code and standard error of the command where it may start nothing."""

    def no_stack(*_: object) -> None:
        pytest.fail("something was started")

    monkeypatch.setattr(run_command, "Stack", no_stack)

    def execute(*arguments: object) -> tuple[object, str]:
        with pytest.raises(SystemExit) as left:
            main(["run", str(salaries), *map(str, arguments)])
        return left.value.code, capsys.readouterr().err

    return execute


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--lock", "Kyle Larsen"), "no driver 'Kyle Larsen' on the slate; nearest: Kyle Larson"),
        (("--exclude", "Nemechek"), "nearest: John Hunter Nemechek"),
        (("--lock", "kurt busch"), "may be Kurt Busch (17) or Kurt Busch Jr. (18); give the id"),
        (("--lock", "Kyle Larson", "--lock", "11"), "Kyle Larson is named twice"),
        (("--min-unique", 9), "--min-unique"),
        (("--leverage", "nan"), "not a finite number"),
        (("--leverage", 2), "--leverage"),
        (("--rules", "/nowhere.json"), "--rules"),
        (("--min-low-owned", 0), "give --leverage PENALTY too"),
    ],
)
def test_what_can_be_refused_is_refused_before_anything_starts(
    axiomatic: Any, options: tuple[object, ...], said: str
) -> None:
    code, errors = axiomatic(*options)
    assert code == 2
    assert said in errors
    assert "Traceback" not in errors


def test_a_name_is_matched_whatever_its_accents_dots_and_order(slate: Any) -> None:
    names = names_of(slate)
    assert names.find("driver 03") == names.find("03, Driver") == names.find("103") == "103"
    assert names.find("Driver 3") is None


def test_a_file_of_matchups_goes_into_the_request_with_the_time_of_the_odds(
    prepared: Any, tmp_path: Path
) -> None:
    path = tmp_path / "matchups.txt"
    path.write_text("Kyle Larson -125 vs Austin Dillon +105\n", encoding="utf-8")
    body = prepared("--matchups", path, "--odds-taken", "closing").body
    assert body["matchups"] == [{"driver_a": "11", "driver_b": "15", "odds_a": 1.8, "odds_b": 2.05}]
    assert body["odds_taken"] == "closing"


def test_a_rules_file_holds_matchups_with_drivers_by_name(prepared: Any, rules_file: Any) -> None:
    pair = {"driver_a": "Kyle Larson", "driver_b": "Austin Dillon", "odds_a": -125, "odds_b": 105}
    body = prepared("--rules", rules_file({"matchups": [pair]})).body
    assert body["matchups"] == [pair | {"driver_a": "11", "driver_b": "15"}]
