import pickle

import pytest

from core.errors import BrokenRule, Infeasible, InvalidInput, Problem

OF_A_DRIVER = Problem("skill", "1.2 is outside 0 to 1.", subject="d3")
IN_A_FILE = Problem("salaries", "Salary 'a lot'.", at="line 7")
OF_ONE = BrokenRule("max_driver_exposure", "Chase Elliott", 0.4)


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (Problem("seed", "-1; give 0 or more."), "seed"),
        (OF_A_DRIVER, "skill of d3"),
        (Problem("win_probability", "2.0", subject=0), "win_probability of 0"),
        (IN_A_FILE, "salaries line 7"),
        (BrokenRule("salary_cap_usd", limit=50_000), "salary_cap_usd"),
        (OF_ONE, "max_driver_exposure of Chase Elliott"),
    ],
)
def test_a_record_is_named_by_its_key_with_subject_and_place(record, name):
    assert record.name == name


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        (OF_A_DRIVER, (OF_A_DRIVER,)),
        ([OF_A_DRIVER, IN_A_FILE], (OF_A_DRIVER, IN_A_FILE)),
        (
            {"seed": "-1.", "bins": ["0.", "Not whole."]},
            (Problem("seed", "-1."), Problem("bins", "0."), Problem("bins", "Not whole.")),
        ),
    ],
)
def test_problems_are_records_or_messages_by_key(given, problems):
    assert InvalidInput(given).problems == problems


def test_messages_stand_together_under_one_name():
    error = InvalidInput([IN_A_FILE, OF_A_DRIVER, Problem("salaries", "No name.", at="line 7")])
    assert error.messages == {
        "salaries line 7": ["Salary 'a lot'.", "No name."],
        "skill of d3": ["1.2 is outside 0 to 1."],
    }
    assert str(error) == (
        "salaries line 7: Salary 'a lot'. No name.; skill of d3: 1.2 is outside 0 to 1."
    )


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ([], "No lineup."),
        ([OF_ONE], "No lineup. Rule in the way: max_driver_exposure of Chase Elliott."),
        (
            [BrokenRule("locks", "A"), BrokenRule("excludes", "A"), BrokenRule("groups.0")],
            "No lineup. Rules in conflict: locks of A, excludes of A and groups.0.",
        ),
        (
            [BrokenRule("locks", i) for i in range(15)],
            f"No lineup. Rules in conflict: {', '.join(f'locks of {i}' for i in range(12))} and "
            "3 more.",
        ),
    ],
)
def test_a_reason_is_followed_by_the_rules_it_comes_of(rules, text):
    assert str(Infeasible("No lineup.", rules=rules)) == text


def test_errors_cross_from_one_process_to_another_whole():
    invalid = pickle.loads(pickle.dumps(InvalidInput([OF_A_DRIVER, IN_A_FILE])))  # noqa: S301
    assert invalid.problems == (OF_A_DRIVER, IN_A_FILE)
    left = pickle.loads(pickle.dumps(Infeasible("No.", rules=[OF_ONE], largest=7)))  # noqa: S301
    assert (left.reason, left.rules, left.largest) == ("No.", (OF_ONE,), 7)
