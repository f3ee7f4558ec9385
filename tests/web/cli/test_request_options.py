"""A request's field becomes an option with the field's own type, range, default and words."""

import json
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from marshmallow import Schema, fields, validate

from web.cli import run as run_command
from web.cli.request_options import has_option, help_of, request_option
from web.cli.rules import FIELDS
from web.schemas.values import DriverFractions, DriverIds, Flag, Number, Text, Whole, between


class RequestSchema(Schema):
    """A request with a field of each kind."""

    caution_weight = Number(
        load_default=1.5,
        validate=between(0, 10),
        metadata={"description": "What a caution counts. It counts twice at night."},
    )
    races = Whole(
        load_default=10_000,
        validate=between(1_000, 100_000),
        metadata={"description": "Races to simulate."},
    )
    seed = Whole(validate=between(0, 2**63 - 1), metadata={"description": "Seed of the draws."})
    series = fields.String(
        load_default="cup",
        validate=validate.OneOf(["cup", "truck"]),
        metadata={"description": "The series."},
    )
    nickname = Text(metadata={"description": "What the run is called."})
    boldly = Flag(load_default=False, metadata={"description": "Whether to be bold."})
    share = DriverFractions(
        metadata={"default": 0.5, "description": "Most of the lineups, by driver."}
    )
    picks = DriverIds(load_default=list, metadata={"description": "Drivers to pick."})
    levels = fields.List(Number(), metadata={"description": "Levels."})
    weights = fields.Dict(metadata={"description": "Weights."})


OF_REQUEST = RequestSchema().fields


def run(*arguments: object) -> Result:
    @click.command()
    def command(**options: Any) -> None:
        click.echo(json.dumps({name: value for name, value in options.items() if value}))

    for name, field in OF_REQUEST.items():
        if has_option(field):
            command = request_option(name, field)(command)
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        ((), {}),
        (("--caution-weight", "2"), {"caution_weight": 2.0}),
        (("--races", 5_000, "--series", "truck"), {"races": 5_000, "series": "truck"}),
        (("--nickname", "late swap", "--boldly"), {"nickname": "late swap", "boldly": True}),
        (("--share", 0.25), {"share": 0.25}),
        (("--picks", "Ann", "--picks", "Bob"), {"picks": ["Ann", "Bob"]}),
    ],
)
def test_an_option_takes_what_its_field_takes(
    arguments: tuple[object, ...], values: dict[str, Any]
) -> None:
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    assert json.loads(done.output) == values


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--caution-weight", 11), "'--caution-weight': 11.0; give 0 to 10."),
        (("--caution-weight", "nan"), "'nan' is not a finite number"),
        (("--caution-weight", "much"), "'much' is not a valid float"),
        (("--races", 10), "10; give 1000 to 100000."),
        (("--races", 10.5), "'10.5' is not a valid integer"),
        (("--seed", -1), "-1; give 0 to"),
        (("--series", "arca"), "'arca' is not one of 'cup', 'truck'"),
        (("--nickname", "x" * 81), "81 characters; give 1 to 80."),
        (("--share", 1.5), "1.5; give 0 to 1."),
    ],
)
def test_an_option_refuses_what_its_field_refuses_in_the_same_words(
    arguments: tuple[object, ...], message: str
) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert message in done.output


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("caution_weight", "What a caution counts, 0 to 10 (1.5)."),
        ("races", "Races to simulate, 1,000 to 100,000 (10,000)."),
        ("seed", "Seed of the draws, 0 or more."),
        ("series", "The series (cup)."),
        ("boldly", "Whether to be bold."),
        ("share", "Most of the lineups, by driver, 0 to 1 (0.5)."),
        ("picks", "Drivers to pick; may be given again."),
    ],
)
def test_the_help_is_the_first_sentence_with_range_and_default(name: str, text: str) -> None:
    assert help_of(OF_REQUEST[name]) == text


def test_what_no_single_value_says_has_no_option() -> None:
    without = [name for name, field in OF_REQUEST.items() if not has_option(field)]
    assert without == ["levels", "weights"]


def test_the_command_has_an_option_of_every_field_that_fits_one() -> None:
    options = {param.name for param in run_command.run.params}
    fitting = {name for name, field in FIELDS.items() if has_option(field)}
    filled_by_the_run = {"slate_id", "include_calibration", "validate_tail_objective"}
    assert fitting - options == filled_by_the_run | {"n_drivers"}
