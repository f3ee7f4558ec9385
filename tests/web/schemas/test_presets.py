"""Presets: a kind of contest fills what a request leaves open, and follows the record."""

from typing import Any

import pytest
from marshmallow import ValidationError

from core.errors import InvalidInput
from core.slate import Slate
from web.requests import Sources, optimize_request
from web.schemas.contests import ContestSchema
from web.schemas.optimize import LeverageSchema, OptimizeSchema
from web.schemas.presets import PRESETS
from workers.plans.answers.replayed import replayed

SLATE: dict[str, Any] = {"slate_id": "the test's"}
DOUBLE_UP = {
    "field_size": 100,
    "contest_buyin": 10,
    "payouts": [{"from": 1, "to": 43, "prize": 20}],
}

each_preset = pytest.mark.parametrize("name", PRESETS)


@each_preset
def test_a_preset_is_the_request_with_its_settings_written_out(name: str) -> None:
    preset = PRESETS[name]
    contest: dict[str, Any] = {"field_size": 400}
    limit = {} if preset.entry_limit is None else {"entry_limit": preset.entry_limit}
    written_out = {**SLATE, **preset.settings, "contest": {**contest, **limit}}
    for schema in (OptimizeSchema(), LeverageSchema()):
        loaded = schema.load({**SLATE, "preset": name, "contest": contest})
        assert loaded.pop("preset") == name
        assert loaded == schema.load(written_out)


@each_preset
def test_what_the_request_says_itself_wins(name: str) -> None:
    own = {"n_lineups": 7, "objective": "dollars", "contest": {"entry_limit": 9}}
    loaded = OptimizeSchema().load({**SLATE, "preset": name, **own})
    assert (loaded["n_lineups"], loaded["objective"]) == (7, "dollars")
    assert loaded["contest"]["entry_limit"] == 9


@each_preset
def test_the_settings_are_fields_of_a_request_and_its_own_lineups_may_be_entered(name: str) -> None:
    preset = PRESETS[name]
    assert set(preset.settings) <= set(OptimizeSchema().fields)
    assert preset.entry_limit is None or preset.settings["n_lineups"] <= preset.entry_limit
    description = OptimizeSchema().fields["preset"].metadata["description"]
    assert preset.sentence in description
    assert "entry_limit" in ContestSchema().fields


def test_a_body_that_is_wrong_is_refused_as_without_presets() -> None:
    for body in ({**SLATE, "preset": "4_max"}, {**SLATE, "preset": 3}):
        with pytest.raises(ValidationError, match="preset"):
            OptimizeSchema().load(body)
    with pytest.raises(ValidationError, match="give a JSON object"):
        OptimizeSchema().load([])


@each_preset
def test_no_other_objective_was_measurably_better_in_real_contests(name: str) -> None:
    record = replayed()
    own = record[PRESETS[name].settings["objective"]]
    for other in record.values():
        for (_, real, error), (_, own_real, own_error) in (
            (other.cash, own.cash),
            (other.roi, own.roi),
        ):
            assert real - own_real <= 2.0 * (error**2 + own_error**2) ** 0.5


def test_a_double_up_needs_its_prizes(slate: Slate) -> None:
    body = {**SLATE, "preset": "double_up", "scenario_config": {"n_scenarios": 1_000}}

    def request_of(**fields: Any) -> Any:
        return optimize_request(OptimizeSchema().load({**body, **fields}), Sources(lambda _: slate))

    with pytest.raises(InvalidInput, match="payouts: missing; a double_up pays"):
        request_of(contest={"field_size": 100})
    assert request_of(contest=DOUBLE_UP).contest.payouts.tiers[0].last == 43
    # nothing is said of dollars then
    assert request_of().contest is None
