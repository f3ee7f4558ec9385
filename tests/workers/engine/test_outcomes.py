"""Why a job failed, stored as records and read back."""

import json

import pytest

from core.errors import AxiomaticError, BrokenRule, Infeasible, InvalidInput, Problem
from workers.engine.outcomes import error_document, read_error

RULES = (BrokenRule("n_lineups", limit=20), BrokenRule("locks", "Ann: of the 9, (GA)"))


def stored(error: BaseException) -> AxiomaticError:
    return read_error(json.loads(json.dumps(error_document(error))))


@pytest.mark.parametrize("rules", [(), RULES])
@pytest.mark.parametrize("largest", [None, 0, 7])
def test_rules_in_conflict_come_back_as_they_were(
    rules: tuple[BrokenRule, ...], largest: int | None
) -> None:
    error = stored(Infeasible("No room.", rules=rules, largest=largest))
    assert isinstance(error, Infeasible)
    assert (error.reason, error.rules, error.largest) == ("No room.", rules, largest)


def test_problems_come_back_as_they_were() -> None:
    problems = (
        Problem("skill", "2.", subject="d: 3"),
        Problem("win_probability", "2.", subject=3),
        Problem("salaries", "'a'; 'b'", at="line 7"),
    )
    error = stored(InvalidInput(problems))
    assert isinstance(error, InvalidInput)
    assert error.problems == problems


def test_anything_else_is_a_reason_and_no_stack_trace() -> None:
    assert str(stored(AxiomaticError("It took too long."))) == "It took too long."
    assert "secret" not in str(stored(KeyError("secret")))
    assert "KeyError" in str(stored(KeyError("secret")))
