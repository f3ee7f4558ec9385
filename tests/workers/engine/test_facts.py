"""Facts: one record a stage, under a key that has its type."""

import msgspec
import pytest

from workers.engine.facts import Facts, Key
from workers.engine.records import decode, encode


class Walked(msgspec.Struct, frozen=True):
    best: int


class Chosen(msgspec.Struct, frozen=True):
    names: tuple[str, ...]


WALK, CHOICE = Key("walk", Walked), Key("choice", Chosen)


def test_a_stage_that_is_done_has_its_record_and_others_have_none() -> None:
    facts = Facts().with_fact(WALK, Walked(3))
    assert facts.of(WALK).best == 3
    assert facts.get(CHOICE) is None
    with pytest.raises(KeyError, match="choice"):
        facts.of(CHOICE)


def test_facts_that_get_one_more_are_others() -> None:
    first = Facts().with_fact(WALK, Walked(3))
    second = first.with_fact(CHOICE, Chosen(("A",)))
    assert first.get(CHOICE) is None
    assert second.of(WALK) is first.of(WALK)


def test_a_record_of_another_kind_is_refused() -> None:
    facts = Facts({"walk": decode(encode(Walked(7)), Walked)})
    assert facts.of(WALK) == Walked(7)
    with pytest.raises(TypeError, match="stage walk left a Walked"):
        facts.of(Key("walk", Chosen))
