"""Texts that may be kept, and those that may not."""

import re

import pytest

from core.text import PATTERN, flaw, shown, visible


@pytest.mark.parametrize(
    "text", ["Kyle Larson", "A. J. Allmendinger", "Daniel Suárez", "23XI", "O'Ward", "#5 a-b+c=d@e"]
)
def test_names_as_people_have_them_may_be_kept(text: str) -> None:
    assert flaw(text) is None
    assert re.search(PATTERN, text)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\u00a0@a"])
def test_a_text_that_begins_as_a_formula_does_is_refused(text: str) -> None:
    wrong = flaw(text)
    assert wrong is not None
    assert text.lstrip()[0] in wrong
    assert not re.search(PATTERN, text)


@pytest.mark.parametrize(
    "unseen",
    [
        *("\x00", "\t", "\n", "\r", "\x1b[31m", "\x7f", "\x9b"),
        *("\u200b", "\u200d", "\u202e", "\u2066", "\ufeff", "\u00ad", "\u2028", "\ud800"),
    ],
)
def test_a_character_that_cannot_be_seen_is_refused_by_its_number(unseen: str) -> None:
    text = f"Kyle{unseen} Larson"
    wrong = flaw(text)
    assert wrong is not None
    assert f"U+{ord(unseen[0]):04X} at 5" in wrong
    assert not re.search(PATTERN, text)
    assert unseen not in shown(text)


def test_what_goes_to_a_terminal_keeps_its_lines_and_no_command() -> None:
    assert visible("a\x1b[2Jb\nc\u202e") == "a?[2Jb\nc?"


def test_a_long_text_is_shown_in_part() -> None:
    assert shown("a" * 1_000) == "a" * 78 + ".."
