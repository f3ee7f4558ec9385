"""``axiomatic fit`` and ``axiomatic backtest``, from arguments to exit code and files."""

import json
import shutil
from dataclasses import asdict
from functools import partial

import pytest

import core.history
from core.history import Refitting, fit_document
from core.race import load_priors
from core.race.priors import PRIORS_VERSION
from tests.core.history.conftest import made_up_data  # noqa: F401  (a fixture)
from web.cli import grading
from web.cli.readable import readable_json

DATES = ("--from", "2025-01-01", "--to", "2025-12-31")
QUICK = ("--scenarios", "100")
PICTURES = ("pit", "reliability", "skill", "joint")


@pytest.fixture(scope="session")
def parameters(tmp_path_factory):
    """What ``axiomatic fit`` would have written at the end of 2024."""
    path = tmp_path_factory.mktemp("fit") / "priors.json"
    kinds = {kind: {"parameters": asdict(priors)} for kind, priors in load_priors().items()}
    document = {"version": PRIORS_VERSION, "to": "2024-12-31", "track_types": kinds}
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.mark.slow
def test_a_backtest_prints_one_object_and_writes_table_and_plots(
    axiomatic,
    made_up_data,  # noqa: F811
    parameters,
    tmp_path,
):
    out = tmp_path / "new" / "folder"
    given = ("--parameters", parameters, "--out", out)
    code, said, errors = axiomatic("backtest", made_up_data, *DATES, *QUICK, *given, "--json")
    assert (code, errors) == (0, "")
    document = json.loads(said)
    assert document["races"] == 4
    assert (document["parameters_to"], document["in_sample"]) == ("2024-12-31", False)
    assert set(document["files"]) == {"table", "result", *PICTURES}
    for name in PICTURES:
        assert (out / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    del document["files"]
    assert json.loads((out / "result.json").read_text(encoding="utf-8")) == document
    assert "DraftKings points" in (out / "table.txt").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_backtest_prints_its_table_and_says_when_the_fit_has_seen_the_races(
    axiomatic,
    made_up_data,  # noqa: F811
    parameters,
    tmp_path,
):
    given = ("--parameters", parameters, "--out", tmp_path)
    late = ("--from", "2024-12-01", "--to", "2025-12-31")
    code, said, errors = axiomatic("backtest", made_up_data, *late, *QUICK, *given)
    assert code == 0
    assert said.startswith("Finish ")
    assert "are not of forecasts" in errors
    assert str(tmp_path / "skill.png") in said


@pytest.mark.slow
def test_that_the_fit_has_seen_the_races_is_in_the_json_too_and_never_on_standard_output(
    axiomatic,
    made_up_data,  # noqa: F811
    parameters,
    tmp_path,
):
    given = ("--parameters", parameters, "--out", tmp_path, "--json")
    late = ("--from", "2024-12-31", "--to", "2025-12-31")
    code, said, errors = axiomatic("backtest", made_up_data, *late, *QUICK, *given)
    document = json.loads(said)
    assert code == 0
    assert (document["parameters_to"], document["in_sample"]) == ("2024-12-31", True)
    assert json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))["in_sample"] is True
    assert "up to 2024-12-31, so grades of races from 2024-12-31 on are not of forecasts" in errors


@pytest.mark.slow
def test_parameters_are_fitted_where_none_are_given(
    axiomatic,
    made_up_data,  # noqa: F811
    tmp_path,
    monkeypatch,
):
    monkeypatch.setattr(grading, "Refitting", partial(Refitting, steps=1))
    code, said, _ = axiomatic("backtest", made_up_data, *DATES, *QUICK, "--out", tmp_path, "--json")
    assert code == 0
    document = json.loads(said)
    assert document["fitted"] == [{"before": "2025-01-10", "races": 40}]
    assert (document["parameters_to"], document["in_sample"]) == (None, False)


@pytest.mark.slow
def test_the_calibration_that_answers_carry_is_recorded(
    axiomatic,
    made_up_data,  # noqa: F811
    tmp_path,
    monkeypatch,
):
    monkeypatch.setattr(grading, "Refitting", partial(Refitting, steps=1))
    record = tmp_path / "new" / "calibration.json"
    given = ("--out", tmp_path, "--record", record, "--json")
    code, said, _ = axiomatic("backtest", made_up_data, *DATES, *QUICK, *given)
    document, recorded = json.loads(said), json.loads(record.read_text(encoding="utf-8"))
    assert code == 0
    assert (recorded["from"], recorded["to"]) == (DATES[1], DATES[3])
    road = recorded["track_types"]["road"]
    assert road["n_races"] == document["by_track_type"]["road"]["races"]
    assert road["crps"] == document["by_track_type"]["road"]["points"]["crps"]
    assert recorded["all"]["log_score"] == document["log_score"]


def test_what_is_graded_with_parameters_that_are_given_is_not_recorded(
    axiomatic,
    made_up_data,  # noqa: F811
    parameters,
    tmp_path,
):
    out, record = tmp_path / "out", tmp_path / "calibration.json"
    given = ("--parameters", parameters, "--out", out, "--record", record)
    code, said, errors = axiomatic("backtest", made_up_data, *DATES, *QUICK, *given)
    assert (code, said) == (2, "")
    assert "--record" in errors
    assert "leave out --parameters" in errors
    assert not record.exists()
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--from", "2026-01-01", "--to", "2025-01-01"), "give the earlier first"),
        (("--from", "2031-01-01", "--to", "2031-12-31"), "they run from 2015-01-10 to 2025-04-10"),
        (("--from", "2015-01-01", "--to", "2025-01-01"), "0 races before 2015-01-10"),
        (("--from", "soon", "--to", "2025-01-01"), "soon"),
        (("--to", "2025-01-01"), "--from"),
        ((*DATES, "--scenarios", "3"), "--scenarios"),
    ],
)
def test_bad_usage_is_named_and_leaves_with_2(
    axiomatic,
    made_up_data,  # noqa: F811
    parameters,
    tmp_path,
    arguments,
    words,
):
    given = ("--parameters", parameters, "--out", tmp_path)
    code, said, errors = axiomatic("backtest", made_up_data, *arguments, *given)
    assert (code, said) == (2, "")
    assert words in errors


@pytest.mark.parametrize("command", [("backtest", *DATES), ("fit",)])
def test_a_missing_file_or_column_is_named(
    axiomatic,
    made_up_data,  # noqa: F811
    tmp_path,
    command,
):
    name, *options = command
    data = shutil.copytree(made_up_data, tmp_path / "data")
    results = data / "cup_results.csv"
    text = results.read_text(encoding="utf-8")
    results.write_text(text.replace("fastest_laps", "quickest_laps"), encoding="utf-8")
    given = (data, *options, "--out", tmp_path / "out")
    code, _, errors = axiomatic(name, *given)
    assert (code, "fastest_laps" in errors) == (2, True)
    results.unlink()
    code, _, errors = axiomatic(name, *given)
    assert (code, "cup_results.csv" in errors) == (2, True)
    code, _, errors = axiomatic(name, tmp_path / "nowhere", *options)
    assert (code, "nowhere" in errors) == (2, True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no fit"),
        ("[]", "no fit"),
        ('{"version": 1, "to": "2024-12-31", "track_types": {}}', "of version 1, not 2; fit again"),
        ('{"version": 1, "track_types": {"intermediate": 3}}', "of version 1, not 2; fit again"),
        ('{"to": "2024-12-31", "track_types": {}}', "of no version, not 2; fit again"),
        ('{"version": 2, "track_types": {}}', "lacks 'to'"),
        ('{"version": 2, "to": null, "track_types": {}}', "its date 'to' is null"),
        ('{"version": 2, "to": "2024", "track_types": {}}', "its date 'to' is \"2024\""),
        ('{"version": 2, "to": "20241231", "track_types": {}}', "its date 'to' is"),
        ('{"version": 2, "to": "2024-12-31", "track_types": {"moon": {}}}', "no fit"),
    ],
)
def test_a_file_that_is_no_fit_is_refused(
    axiomatic,
    made_up_data,  # noqa: F811
    tmp_path,
    text,
    words,
):
    path = tmp_path / "priors.json"
    path.write_text(text, encoding="utf-8")
    code, _, errors = axiomatic("backtest", made_up_data, *DATES, "--parameters", path)
    assert code == 2
    assert "--parameters" in errors
    assert words in errors


@pytest.mark.slow
def test_a_fit_is_written_and_printed(
    axiomatic,
    made_up_data,  # noqa: F811
    tmp_path,
    monkeypatch,
):
    monkeypatch.setattr(core.history, "fit_document", partial(fit_document, steps=1))
    out = tmp_path / "new" / "priors.json"
    code, said, errors = axiomatic(
        "fit", made_up_data, "--before", "2025-01-01", "--out", out, "--json"
    )
    assert (code, errors) == (0, "")
    document = json.loads(out.read_text(encoding="utf-8"))
    assert json.loads(said) == document == fit_document(made_up_data, "2025-01-01", steps=1)
    assert max(map(len, out.read_text(encoding="utf-8").splitlines())) <= 200
    code, said, _ = axiomatic("fit", made_up_data, "--out", out)
    assert code == 0
    assert "2025-04-10" in said
    assert str(out) in said


def test_json_for_people_is_the_same_json_on_short_lines():
    document = {
        "few": [1, 2.5, None],
        "many": {f"name {i}": [i] * 20 for i in range(12)},
        "none": {},
        "text": "é" * 150,
    }
    text = readable_json(document)
    assert json.loads(text) == document
    assert max(map(len, text.splitlines())) <= 165
    assert '\n "few": [1, 2.5, null],\n' in text
    assert readable_json({}) == "{}"
