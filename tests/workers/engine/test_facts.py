"""Facts: one record a stage, under a key that has its type."""

import msgspec
import pytest

from workers.engine.facts import Facts, Key
from workers.engine.records import encode


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


def test_encoded_facts_are_read_by_the_keys_of_a_job() -> None:
    encoded = {"walk": encode(Walked(7)), "choice": encode(Chosen(("A", "B")))}
    facts = Facts.decoded(encoded, [WALK, CHOICE, Key("contest", Walked)])
    assert (facts.of(WALK), facts.of(CHOICE)) == (Walked(7), Chosen(("A", "B")))


def test_a_record_of_another_stage_of_the_same_name_is_refused() -> None:
    facts = Facts().with_fact(WALK, Walked(3))
    with pytest.raises(TypeError, match="Walked"):
        facts.get(Key("walk", Chosen))
