"""What the command line calls rules and arguments: its own options, where it has one."""

import click
import pytest

from core.errors import BrokenRule, InvalidInput, Problem
from web.cli.labels import OPTIONS, option_of, problems_of, rule_name
from web.cli.main import cli
from web.cli.rules import LEVERAGE_RULES, RULES

IN_A_FILE_ALONE = {"cvar_alphas", "cvar_weights", "groups", "n_drivers", "regime_weights", "stacks"}


def options_of(command: click.Command) -> set[str]:
    own = {option for parameter in command.params for option in parameter.opts}
    inner = command.commands.values() if isinstance(command, click.Group) else ()
    return own.union(*map(options_of, inner))


@pytest.mark.parametrize("field", sorted(RULES | LEVERAGE_RULES))
def test_every_rule_with_an_option_is_known_by_it(field: str) -> None:
    assert (option_of(field) is None) == (field in IN_A_FILE_ALONE)


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        (BrokenRule("n_lineups", limit=20), "n_lineups 20 (--lineups)"),
        (BrokenRule("locks", "Ann"), "locks of Ann (--lock)"),
        (
            BrokenRule("max_driver_exposure", "Ann", 0.35),
            "max_driver_exposure 0.35 of Ann (--max-exposure)",
        ),
        (BrokenRule("groups.0"), "groups.0"),
    ],
)
def test_a_rule_is_named_with_its_bound_its_subject_and_its_option(
    rule: BrokenRule, name: str
) -> None:
    assert rule_name(rule) == name


def test_arguments_of_core_are_named_by_options_that_exist() -> None:
    assert set(OPTIONS.values()) <= options_of(cli)


def test_a_refused_key_of_the_api_is_named_with_the_option_that_sets_it() -> None:
    problems = [
        Problem("risk_aversion", "is for another objective."),
        Problem("contest.field_size", "too small."),
        Problem("contest.payouts.0.prize", "too high."),
    ]
    assert problems_of(InvalidInput(problems)) == {
        "--risk-aversion": ["is for another objective."],
        "contest.field_size (--field-size)": ["too small."],
        "contest.payouts.0.prize": ["too high."],
    }


def test_what_no_option_sets_keeps_its_name() -> None:
    problems = [
        Problem("first_date", "too late."),
        Problem("tickets", "'lots'.", at="'Seat'"),
        Problem("salaries", "'x'.", at="line 7"),
        Problem("salaries", "'y'.", at="line 7"),
    ]
    assert problems_of(InvalidInput(problems)) == {
        "--from": ["too late."],
        "--ticket 'Seat'": ["'lots'."],
        "salaries line 7": ["'x'.", "'y'."],
    }
