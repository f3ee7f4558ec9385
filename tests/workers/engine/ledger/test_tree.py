"""Every chunk is handed out once, and its value comes to the join in its place."""

import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from tests.workers.engine.ledger.desk import Desk, own_desk, worth
from workers.engine.ledger import Piece
from workers.engine.stages import FAN


def levels_of(chunks: int) -> list[int]:
    """Number of pieces on each level of the tree, from the chunks to the join."""
    sizes = [chunks, -(-chunks // FAN)]
    while sizes[-1] > 1:
        sizes.append(-(-sizes[-1] // FAN))
    return sizes


def check(piece: Piece, chunks: int) -> None:
    """Check that a piece has exactly the values below it, in order."""
    sizes = levels_of(chunks)
    assert piece.join == (piece.level == len(sizes) - 1)
    if piece.level == 0:
        assert piece.inputs == ()
    else:
        below = sizes[piece.level - 1]
        assert len(piece.inputs) == min(FAN, below - piece.index * FAN)
    span = FAN**piece.level
    start = piece.index * span
    assert worth(piece) == list(range(start, min(start + span, chunks)))


@pytest.mark.parametrize("chunks", [1, 2, 63, 64, 65, 4_096, 4_097, 10_000])
def test_one_worker_does_every_piece_once_and_in_order(desk: Desk, chunks: int) -> None:
    desk.begin(chunks)
    taken: list[tuple[int, int]] = []
    while True:
        piece = desk.take()
        check(piece, chunks)
        taken.append((piece.level, piece.index))
        assert piece.tries == 1
        if piece.join:
            break
        assert desk.keep(piece) == "kept"
    assert len(piece.inputs) <= FAN
    assert worth(piece) == list(range(chunks))
    for level, size in enumerate(levels_of(chunks)):
        assert [place for at, place in taken if at == level] == list(range(size))
    assert desk.finish(piece) == "kept"
    assert desk.ledger.take("h") is None


@given(
    chunks=st.integers(1, 300),
    workers=st.integers(1, 9),
    order=st.randoms(use_true_random=False),
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_in_whatever_order_values_are_kept_they_are_merged_in_theirs(
    redis: "Redis", chunks: int, workers: int, order: random.Random
) -> None:
    with own_desk(redis) as desk:
        desk.begin(chunks)
        seen: list[Piece] = []
        held: dict[str, Piece] = {}
        while not (seen and seen[-1].join):
            free = [f"h{i}" for i in range(workers) if f"h{i}" not in held]
            piece = desk.ledger.take(free[0]) if free else None
            if piece is not None:
                check(piece, chunks)
                seen.append(piece)
                held[free[0]] = piece
            else:
                holder = order.choice(list(held))
                assert desk.keep(held.pop(holder), holder) == "kept"
        names = [piece.name for piece in seen]
        assert len(names) == len(set(names)) == sum(levels_of(chunks))
        assert [piece.index for piece in seen if piece.level == 0] == list(range(chunks))
        assert desk.finish(seen[-1], next(iter(held))) == "kept"


def test_merged_values_take_the_place_of_what_they_were_merged_from(desk: Desk) -> None:
    run_id = desk.begin(65)
    while (piece := desk.take()).level == 0:
        desk.keep(piece)
    work = desk.fields(f"axiomatic:work:{run_id}")
    assert [work[f"v:0.{place}"] for place in range(64)] == [f"[{place}]" for place in range(64)]
    desk.keep(piece)
    work = desk.fields(f"axiomatic:work:{run_id}")
    assert [work[f"v:0.{place}"] for place in range(64)] == [""] * 64
    assert json.loads(work["v:1.0"]) == list(range(64))
    assert work["done"] == "64"
