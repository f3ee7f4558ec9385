"""What the scenario cache did for a job is counted with the values that are kept, so once."""

from tests.workers.engine.ledger.desk import ENDED, Desk


def counted(desk: Desk, run_id: str) -> tuple[str | None, str | None]:
    job = desk.job(run_id)
    return job.get("cache_hits"), job.get("cache_misses")


def test_a_job_that_recalls_nothing_and_misses_nothing_counts_nothing(desk: Desk) -> None:
    run_id = desk.begin(2)
    desk.take_and_keep()
    assert counted(desk, run_id) == (None, None)


def test_the_counts_of_all_pieces_add_up(desk: Desk) -> None:
    run_id = desk.begin(3)
    for cached in ((0, 20), (5, 15)):
        assert desk.keep(desk.take(), cached=cached) == "kept"
    assert counted(desk, run_id) == ("5", "35")
    assert desk.keep(desk.take(), cached=(7, 0)) == "kept"
    assert counted(desk, run_id) == ("12", "35")


def test_a_piece_that_was_computed_twice_is_counted_once(desk: Desk) -> None:
    run_id = desk.begin(2)
    late = desk.take("late")
    desk.end_leases()
    again = desk.take("again")
    assert (late.index, again.index) == (0, 0)
    assert desk.keep(again, "again", cached=(0, 4)) == "kept"
    assert desk.keep(late, "late", cached=(4, 0)) == "twice"
    assert counted(desk, run_id) == ("0", "4")


def test_a_value_that_is_not_kept_is_not_counted(desk: Desk) -> None:
    run_id = desk.begin(1)
    assert desk.keep(desk.take(), stored=["gone"], cached=(1, 1)) == "lost"
    assert counted(desk, run_id) == (None, None)
    piece = desk.take("other")
    assert desk.ledger.cancel(run_id)
    assert desk.keep(piece, "other", cached=(1, 1)) == "ended"
    assert counted(desk, run_id) == (None, None)


def test_the_counts_stay_with_the_record_of_a_job_that_has_ended(desk: Desk) -> None:
    run_id = desk.begin(1)
    assert desk.keep(desk.take(), cached=(3, 1)) == "kept"
    assert desk.finish(desk.take()) == "kept"
    assert counted(desk, run_id) == ("3", "1")
    assert desk.keys_of(run_id) == ENDED
