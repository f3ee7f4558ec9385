import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.engine.stages import Plan, bounds
from workers.plans.registry import PLANS


@given(units=st.integers(0, 2_000), chunks=st.integers(1, 300))
def test_chunks_cover_every_unit_once_and_in_order(units: int, chunks: int) -> None:
    covered = [unit for place in range(chunks) for unit in range(*bounds(units, chunks, place))]
    assert covered == list(range(units))


@given(units=st.integers(1, 2_000), chunks=st.integers(1, 300))
def test_chunks_differ_by_one_unit_at_the_most(units: int, chunks: int) -> None:
    sizes = {stop - start for start, stop in (bounds(units, chunks, i) for i in range(chunks))}
    assert max(sizes) - min(sizes) in {0, 1}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_a_plan_is_filed_under_its_kind(plan: Plan[object]) -> None:
    assert PLANS[plan.kind] is plan
