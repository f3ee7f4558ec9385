"""Cutting a stage by what such work has lately taken."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.engine.facts import Facts, Key
from workers.engine.planning import MOST_CHUNKS, Cut, Pace, cut_stage, pace_key
from workers.engine.stages import Plan, Stage, unchanged


class Nothing(msgspec.Struct):
    """What these stages leave."""


def stage(name: str, units: int, seconds: float) -> Stage[None, Nothing, Nothing]:
    return Stage(
        key=Key(name, Nothing),
        part=Nothing,
        units=lambda *_: units,
        seconds=lambda _: seconds,
        run=lambda *_: Nothing(),
        merge=lambda *_: Nothing(),
        join=unchanged,
    )


def plan(*stages: Stage[None, Nothing, Nothing]) -> Plan[None]:
    return Plan("k", lambda _: None, lambda _: stages, lambda *_: {}, lambda _: 0)


def cut(
    units: int,
    seconds: float,
    slots: int = 2,
    pace: Pace | None = None,
    most: int | None = None,
    others: float = 1.0,
) -> Cut:
    stages = (stage("first", units, seconds), stage("last", 1, others))
    return cut_stage(plan(*stages), None, Facts(), 0, pace or {}, slots, most)


def test_a_job_of_little_work_is_not_cut() -> None:
    assert cut(100, 0.2, others=0.05).chunks == 1


def test_the_same_stage_in_a_longer_job_is() -> None:
    assert cut(100, 0.2, others=0.2).chunks == 2


@pytest.mark.parametrize(
    ("seconds", "slots", "chunks"),
    [
        (0.8, 2, 8),  # four a slot
        (0.8, 8, 8),  # but none under 0.1 s
        (60.0, 2, 120),  # nor over 0.5 s
        (2.0, 1, 4),
        (2.0, 0, 4),  # before the first worker is there
    ],
)
def test_chunks_take_a_tenth_to_half_a_second_and_four_are_a_slots(
    seconds: float, slots: int, chunks: int
) -> None:
    assert cut(1_000_000, seconds, slots).chunks == chunks


@pytest.mark.parametrize("units", [0, 1])
def test_a_stage_of_one_unit_or_none_is_one_chunk(units: int) -> None:
    assert cut(units, 100.0).chunks == 1
    assert cut(units, 100.0, most=1).chunks == 1


def test_no_chunk_has_more_units_than_were_asked_for() -> None:
    assert cut(15, 0.0, most=7).chunks == 3
    assert cut(14, 0.0, most=7).chunks == 2


@given(
    units=st.integers(0, 100_000),
    seconds=st.floats(0, 1e6),
    slots=st.integers(0, 500),
    pace=st.tuples(st.floats(0, 1e4), st.floats(0, 1e4)),
)
def test_no_chunk_is_empty_and_there_are_never_too_many(
    units: int, seconds: float, slots: int, pace: tuple[float, float]
) -> None:
    made = cut(units, seconds, slots, {pace_key("k", "first"): pace})
    assert 1 <= made.chunks <= min(max(units, 1), MOST_CHUNKS)


def test_what_work_has_taken_here_replaces_what_it_was_thought_to_take() -> None:
    slow: dict[str, Any] = {pace_key("k", "first"): (1_000.0, 100.0)}
    assert cut(1_000, 6.0, pace=slow).seconds == pytest.approx(6.0 * 1_000.5 / 100.5)
    assert cut(1_000, 6.0, pace=slow).chunks == 120
    assert cut(1_000, 6.0).chunks == 12


def test_one_odd_chunk_does_not_tip_the_plan() -> None:
    odd: dict[str, Any] = {pace_key("k", "first"): (0.05, 0.001)}
    assert cut(1_000, 10.0, pace=odd).seconds == pytest.approx(10.0 * 0.55 / 0.501)


def test_progress_is_shared_by_the_seconds_that_stages_take_here() -> None:
    slow: dict[str, Any] = {pace_key("k", "first"): (300.0, 100.0)}
    stages = plan(stage("first", 9, 1.0), stage("second", 9, 1.0))
    first = cut_stage(stages, None, Facts(), 0, slow, 1, None)
    second = cut_stage(stages, None, {}, 1, slow, 1, None)
    paced = 300.5 / 100.5
    assert (first.before, first.within) == (0.0, pytest.approx(paced / (paced + 1)))
    assert (second.before, second.before + second.within) == (first.within, pytest.approx(1.0))
