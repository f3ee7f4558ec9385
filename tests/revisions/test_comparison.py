"""What the comparison of two revisions lets pass, and what it names."""

import copy
from pathlib import Path
from typing import Any

import pytest

from tests.revisions.comparison import difference, normalised
from tests.revisions.installation import checked_out
from tests.revisions.slates import ROOT, example_slate

RESULT: dict[str, Any] = {
    "run_id": "5f",
    "notes": ["The tail is thin."],
    "lineups": [{"drivers": ["1", "2"], "mean": 201.25}, {"drivers": ["1", "3"], "mean": 200.0}],
    "explain": {"races_in_tail": 10},
    "lineups.csv": "D,D\nA (1),B (2)\n",
}


def changed(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(RESULT), **changes}


def test_the_same_answer_of_another_run_in_other_words_is_the_same() -> None:
    head = changed(run_id="77", notes=["Only ten races are in the tail."])
    found = difference(normalised(RESULT), normalised(head))
    assert not found
    assert str(found) == ""


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"explain": {"races_in_tail": 11}}, "explain.races_in_tail: 10, now 11"),
        ({"explain": {"races_in_tail": 10.0}}, "explain.races_in_tail: 10, now 10.0"),
        ({"explain": {}}, "explain.races_in_tail"),
        ({"lineups": RESULT["lineups"][:1]}, "lineups: 2 entries, now 1"),
        ({"lineups": RESULT["lineups"][::-1]}, "lineups[0].drivers[1]: '2', now '3'"),
        ({"notes": []}, "notes: 1 entries, now 0"),
        ({"lineups.csv": "D,D\nA (1),C (3)\n"}, "lineups.csv line 2"),
        ({"lineups.csv": "D,D\r\nA (1),B (2)\r\n"}, "lineups.csv line 1"),
    ],
)
def test_what_changed_is_named(changes: dict[str, Any], named: str) -> None:
    found = difference(normalised(RESULT), normalised(changed(**changes)))
    assert found
    assert named in str(found)


def test_the_last_bit_of_a_number_counts() -> None:
    assert difference({"mean": 0.1 + 0.2}, {"mean": 0.3})


def test_a_new_key_is_shown_and_allowed() -> None:
    found = difference(RESULT, changed(site="draftkings"))
    assert not found
    assert found.new == ["site"]
    assert "site" in str(found)


def test_lineups_made_for_a_slate_are_legal_and_different() -> None:
    slate = example_slate()
    cost = dict(zip(slate.ids, slate.salaries_usd, strict=True))
    made = slate.lineups(20)
    assert len({tuple(lineup) for lineup in made}) == 20
    assert all(len(set(lineup)) == 6 for lineup in made)
    assert all(sum(cost[driver] for driver in lineup) <= 50_000 for lineup in made)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone")
def test_a_checkout_is_removed_however_its_block_ends() -> None:
    def fail_in_it() -> None:
        with checked_out("HEAD") as tree:
            trees.append(tree)
            assert (tree / "pyproject.toml").is_file()
            raise KeyError

    trees: list[Path] = []
    with pytest.raises(KeyError):
        fail_in_it()
    assert not trees[0].exists()
