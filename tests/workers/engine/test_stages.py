import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.engine.arrays import Memory
from workers.engine.facts import Facts, Key
from workers.engine.in_process import run_here
from workers.engine.stages import Plan, Stage, Work, bounds, single_unit_stage, unchanged
from workers.plans.registry import PLANS


@given(units=st.integers(0, 2_000), chunks=st.integers(1, 300))
def test_chunks_cover_every_unit_once_and_in_order(units: int, chunks: int) -> None:
    covered = [unit for index in range(chunks) for unit in bounds(units, chunks, index)]
    assert covered == list(range(units))


@given(units=st.integers(1, 2_000), chunks=st.integers(1, 300))
def test_chunks_differ_by_one_unit_at_the_most(units: int, chunks: int) -> None:
    sizes = {len(bounds(units, chunks, index)) for index in range(chunks)}
    assert max(sizes) - min(sizes) in {0, 1}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_a_plan_is_filed_under_its_kind(plan: Plan[object]) -> None:
    assert PLANS[plan.kind] is plan


class Count(msgspec.Struct, frozen=True):
    units: tuple[int, ...]


COUNT = Key("count", Count)


def count(*, units: int) -> Stage[None, Count, Count]:
    return Stage(
        key=COUNT,
        part=Count,
        units=lambda *_: units,
        seconds=lambda _: 1.0,
        run=lambda _, some: Count(tuple(some)),
        merge=lambda _, parts: Count(tuple(unit for part in parts for unit in part.units)),
        join=unchanged,
    )


def counting(stage: Stage[None, Count, Count]) -> Plan[None]:
    return Plan(
        kind="counts",
        read=lambda _: None,
        stages=lambda _: (stage,),
        finish=lambda work: {"units": list(work.facts.of(COUNT).units)},
        stored_bytes=lambda _: 0,
    )


@given(units=st.integers(1, 60), chunk=st.none() | st.integers(1, 70), fan=st.integers(2, 9))
def test_a_job_done_here_joins_every_unit_in_order(units: int, chunk: int | None, fan: int) -> None:
    result = run_here(counting(count(units=units)), None, Memory(), chunk, fan)
    assert result == {"units": list(range(units))}


def test_a_stage_of_one_unit_runs_once_and_leaves_what_it_gives() -> None:
    stage = single_unit_stage(COUNT, seconds=lambda _: 1.0, run=lambda _: Count((5,)))
    assert stage.units(None, Facts()) == 1
    assert run_here(counting(stage), None, Memory(), 1) == {"units": [5]}
    with pytest.raises(TypeError, match="2 parts"):
        stage.merge(Work(None, Facts(), Memory()), [Count((1,)), Count((2,))])
