import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import InvalidInput
from core.field.estimators import (
    MEMBERS,
    METHODS,
    HybridOwnershipEstimator,
    from_json,
    ownership_model,
    shipped_ownership_model,
    to_json,
)
from tests.core.field.made_up_contests import made_up_contests, made_up_slate


@pytest.fixture(scope="module")
def model():
    return HybridOwnershipEstimator(n_bootstrap=5, driver_effects=True).fit(
        *made_up_contests().rows
    )


def test_json_gives_the_model_back_to_the_bit(model):
    back = from_json(json.loads(json.dumps(to_json(model))))
    assert to_json(back) == to_json(model)
    for method in METHODS:
        one, other = (
            m.set_params(ensemble_method=method).forecast(made_up_slate(2)) for m in (model, back)
        )
        for part in ("percent", "lower_5", "upper_95", "std"):
            assert (getattr(one, part) == getattr(other, part)).all()
    assert back.about_ == model.about_


@pytest.mark.parametrize(
    "change",
    [
        lambda d: [],
        lambda d: {},
        lambda d: d | {"version": 0},
        lambda d: d | {"error": {}},
        lambda d: d | {"parameters": {"ensemble_method": "voting", "oracle": 1}},
        lambda d: d | {"members": {**d["members"], "historical": {"terms": ["salary"]}}},
        lambda d: d | {"error_moments": {"slates": 1, "sums": [[1.0]]}},
    ],
)
def test_other_documents_are_refused(change, model):
    with pytest.raises(InvalidInput, match="ownership_model"):
        from_json(change(to_json(model)))


def test_a_file_is_read_and_one_that_is_none_is_refused(model, tmp_path):
    path = tmp_path / "model.json"
    path.write_text(json.dumps(to_json(model)), encoding="utf-8")
    assert to_json(ownership_model(path)) == to_json(model)
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"model\.json"):
        ownership_model(path)
    with pytest.raises(InvalidInput, match=r"absent\.json"):
        ownership_model(tmp_path / "absent.json")


def test_the_shipped_model_says_what_it_rests_on_and_knows_no_driver():
    model = ownership_model()
    about = model.about_
    assert about["fitted_on"]["from"] < about["fitted_on"]["to"]
    assert about["n_contests"] >= about["n_slates"] >= 2
    assert about["mae"] < about["mae_by_scheme"]["leave_one_slate_out"]["constant"]
    assert tuple(about["members"]) == MEMBERS
    assert all(len(member.fitted.drivers) == 0 for member in model.members_.values())
    assert sum(model.feature_importance_.values()) == pytest.approx(1.0)


def test_the_page_on_ownership_gives_the_shipped_models_figures():
    page = (Path(__file__).parents[3] / "docs" / "ownership.md").read_text(encoding="utf-8")
    graded = shipped_ownership_model().grade_
    rows = {
        "projection_value": "projection and value",
        "salary_skill": "salary and skill",
        "recent_form": "recent form",
        "constant": "everybody the same",
        "salary_only": "salary alone",
        "stand_in": "the guess from projected points (`guess_ownership`)",
        "voting": "**voting**",
    }
    for name, missed in graded["mae"]["leave_one_slate_out"].items():
        row = next(
            line for line in page.splitlines() if line.startswith(f"| {rows.get(name, name)} |")
        )
        said = row.replace("*", "").split("|")
        assert float(said[3]) == pytest.approx(missed, abs=0.006)
        assert float(said[2]) == pytest.approx(
            graded["mae"]["leave_one_contest_out"][name], abs=0.006
        )
        if name in METHODS:
            assert said[4].strip() == f"{graded['coverage']['leave_one_slate_out'][name]:.1%}"
            assert float(said[5]) == pytest.approx(
                graded["width"]["leave_one_slate_out"][name], abs=0.06
            )


def test_the_page_on_ownership_gives_the_errors_where_the_grid_is_hidden():
    page = (Path(__file__).parents[3] / "docs" / "ownership.md").read_text(encoding="utf-8")
    rows = {
        "with_grid": "the grid",
        "half_grid_neutral": "half of it; the others in the middle",
        "half_grid_drawn": "half of it; the others drawn",
        "no_grid_neutral": "none; everybody in the middle",
        "no_grid_drawn": "none; **drawn**",
    }
    for name, figures in shipped_ownership_model().grade_["grid_hidden"].items():
        row = next(line for line in page.splitlines() if line.startswith(f"| {rows[name]} |"))
        cells = [cell.strip() for cell in row.split("|")]
        assert cells[2:6] == [
            f"{figures['mae']:.2f}",
            f"{figures['correlation']:.2f}",
            f"{figures['coverage']:.1%}",
            f"{figures['width']:.1f}",
        ]
        if "above_neutral" in figures:
            above = f"{figures['above_neutral']:+.2f} ± {figures['above_neutral_se']:.2f}"
            assert cells[6] == above


def test_setting_the_shipped_models_parameters_changes_nobody_elses():
    one = shipped_ownership_model().set_params(ensemble_method="stacking")
    assert one.ensemble_method == "stacking"
    assert shipped_ownership_model().ensemble_method == "voting"


@pytest.mark.parametrize("method", METHODS)
def test_a_forecast_sums_to_the_rosters_within_its_bounds(method):
    slate = made_up_slate(3, racing=np.arange(16) != 4)
    said = shipped_ownership_model().set_params(ensemble_method=method).forecast(slate)
    assert said.total == pytest.approx(600.0)
    assert said.percent[4] == said.lower_5[4] == said.upper_95[4] == said.std[4] == 0.0
    assert (said.lower_5 <= said.percent).all()
    assert (said.percent <= said.upper_95).all()
    assert said.upper_95.max() <= 100.0


def test_of_two_drivers_alike_the_one_with_the_better_projection_is_owned_more():
    slate = made_up_slate(3)
    points, salaries = slate.projected_points.copy(), slate.salaries_usd.copy()
    skill, average = slate.skill.copy(), slate.average_points.copy()
    for array in (salaries, skill, average):
        array[1] = array[0]
    points[0], points[1] = 60.0, 20.0
    said = shipped_ownership_model().forecast(
        replace(
            slate,
            salaries_usd=salaries,
            projected_points=points,
            skill=skill,
            average_points=average,
        )
    )
    assert said.percent[0] > said.percent[1]


def test_what_is_known_stays_without_doubt_and_the_others_share_the_rest():
    known = np.full(16, np.nan)
    known[:3] = [71.5, 0.0, 100.0]
    plain = shipped_ownership_model().forecast(made_up_slate(3))
    said = shipped_ownership_model().forecast(made_up_slate(3, ownership_percent=known))
    assert said.percent[:3].tolist() == [71.5, 0.0, 100.0]
    assert said.lower_5[:3].tolist() == said.upper_95[:3].tolist() == [71.5, 0.0, 100.0]
    assert (said.std[:3] == 0.0).all()
    assert said.total == pytest.approx(600.0)
    # in the order in which they stood
    assert (np.argsort(said.percent[3:]) == np.argsort(plain.percent[3:])).all()
    assert (said.lower_5 <= said.percent).all()
    assert (said.percent <= said.upper_95).all()


def test_everything_known_is_given_back():
    percent = np.full(16, 600.0 / 16)
    said = shipped_ownership_model().forecast(made_up_slate(3, ownership_percent=percent))
    np.testing.assert_allclose(said.percent, percent)
    assert (said.std == 0.0).all()


@pytest.mark.parametrize("known", [[100.0] * 7, [0.0] * 12])
def test_known_ownership_that_leaves_the_others_no_room_is_refused(known):
    percent = np.full(16, np.nan)
    percent[: len(known)] = known
    with pytest.raises(InvalidInput, match="ownership_percent"):
        shipped_ownership_model().forecast(made_up_slate(3, ownership_percent=percent))


def test_a_slate_of_another_roster_is_refused():
    with pytest.raises(InvalidInput, match="roster_size"):
        shipped_ownership_model().forecast(made_up_slate(3, roster_size=5))


def test_shares_sum_to_a_hundred():
    said = shipped_ownership_model().set_params(normalize_to="share").forecast(made_up_slate(3))
    assert said.total == pytest.approx(100.0)
    assert (said.lower_5 <= said.percent).all()


@pytest.mark.slow
def test_the_room_opens_without_scikit_learn():
    code = "import sys, core.field.estimators; print('sklearn' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
