"""Which connections leave where there are too many."""

import pytest

from web.server.connections import LARGE_BYTES, Connection, Connections, Stage, TooMany


class Crowd:
    def __init__(self, **limits: int) -> None:
        self.all = Connections(**limits)
        self.left: list[str] = []

    def come(self, name: str, address: str = "one") -> Connection:
        connection = Connection(address, lambda: self.left.append(name))
        self.all.enter(connection)
        return connection


def test_the_oldest_unfinished_connection_of_a_crowded_address_leaves() -> None:
    crowd = Crowd(most_unfinished=2)
    for name in "abc":
        crowd.come(name)
    crowd.come("d", "another")
    assert crowd.left == ["a"]


def test_a_connection_at_work_does_not_leave() -> None:
    crowd = Crowd(most_unfinished=1)
    busy = crowd.come("busy")
    assert crowd.all.work(busy)
    crowd.come("b")
    crowd.come("c")
    assert crowd.left == ["b"]


def test_a_connection_that_has_to_leave_begins_no_work() -> None:
    crowd = Crowd(most_unfinished=1)
    first = crowd.come("a")
    crowd.come("b")
    assert not crowd.all.work(first)


def test_the_largest_crowd_makes_room_for_a_new_connection() -> None:
    crowd = Crowd(most=3)
    crowd.come("alone", "quiet")
    crowd.come("a", "loud")
    crowd.come("b", "loud")
    crowd.come("new", "quiet")
    assert crowd.left == ["a"]
    assert len(crowd.all) == 3


def test_where_all_are_at_work_nobody_comes_in() -> None:
    crowd = Crowd(most=1)
    crowd.all.work(crowd.come("a"))
    with pytest.raises(TooMany):
        crowd.come("b")
    assert crowd.left == []


def test_for_want_of_room_the_oldest_large_body_leaves() -> None:
    crowd = Crowd(most_bytes=2 * LARGE_BYTES)
    small, first, second = crowd.come("small"), crowd.come("first"), crowd.come("second")
    crowd.all.hold(small, 10)
    crowd.all.hold(first, LARGE_BYTES)
    crowd.all.hold(second, LARGE_BYTES)
    assert crowd.left == ["first"]
    with pytest.raises(TooMany):
        crowd.all.hold(second, 2 * LARGE_BYTES)


def test_what_an_ended_connection_held_is_free() -> None:
    crowd = Crowd(most_bytes=LARGE_BYTES)
    first = crowd.come("first")
    crowd.all.hold(first, LARGE_BYTES)
    crowd.all.exit(first)
    crowd.all.hold(crowd.come("second"), LARGE_BYTES)
    assert crowd.left == []


def test_only_connections_without_a_request_leave_when_the_server_stops() -> None:
    crowd = Crowd()
    for name, stage in (("r", Stage.READING), ("f", Stage.FETCHING), ("i", Stage.IDLE)):
        crowd.all.wait_for_client(crowd.come(name), stage)
    crowd.all.dismiss_idle()
    assert crowd.left == ["i"]
