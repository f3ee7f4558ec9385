"""What a client that follows a job is sent, and what one that comes back is not sent again."""

import json
from dataclasses import replace
from typing import Any

import pytest

from web.events import END, Follower
from workers.engine.jobs import Job, JobStatus

JOB = Job(
    run_id="a" * 32,
    kind="optimize",
    owner="one",
    status=JobStatus.RUNNING,
    stage="races",
    progress=0.25,
    created_at=1.0,
    started_at=2.0,
    ended_at=None,
    error=None,
    scenario_cache=None,
)
DONE = replace(JOB, status=JobStatus.COMPLETED, stage="done", progress=1.0, ended_at=3.0)


def follower(job: Job = JOB, last_id: str | None = None) -> Follower:
    return Follower(job, last_id, lambda _: None)


def events(follower: Follower) -> list[tuple[str, str, dict[str, Any]]]:
    """The events to take: id, name and data."""
    data, _ = follower.take()
    lines = [block.split("\n") for block in data.decode().split("\n\n") if block.startswith("id: ")]
    return [(one[4:], name[7:], json.loads(data[6:])) for one, name, data in lines]


def test_a_new_client_is_told_the_stage_the_progress_and_when_to_come_back() -> None:
    stream = follower()
    assert stream.take()[0].startswith(b"retry: 2000\n\n")
    stream = follower()
    assert [(name, data) for _, name, data in events(stream)] == [
        ("stage", {"stage": "races"}),
        ("progress", {"progress": 0.25, "stage": "races"}),
    ]
    assert events(stream) == []


@pytest.mark.parametrize("heard", [1, 2])
def test_who_comes_back_gets_what_was_not_sent_and_nothing_twice(heard: int) -> None:
    all_of_them = events(follower())
    last_id = all_of_them[heard - 1][0]
    assert events(follower(JOB, last_id)) == all_of_them[heard:]


def test_progress_never_falls_over_reconnections_either() -> None:
    stream = follower(JOB, events(follower())[-1][0])
    stream.see(replace(JOB, progress=0.1))
    assert events(stream) == []
    stream.see(replace(JOB, stage="walk", progress=0.2))
    assert [data for _, _, data in events(stream)] == [{"stage": "walk"}]
    stream.see(replace(JOB, stage="walk", progress=0.3))
    assert [data["progress"] for _, _, data in events(stream)] == [0.3]


def test_a_job_that_ends_ends_the_stream_with_its_document() -> None:
    stream = follower()
    stream.take()
    stream.see(DONE)
    data, going = stream.take()
    assert not going
    assert data.count(b"id: end\nevent: end\n") == 1
    assert stream.take() == (b"", False)


def test_a_job_that_is_gone_ends_the_stream_and_says_so() -> None:
    stream = follower()
    stream.take()
    stream.see(None)
    assert [(one, data["status"]) for one, _, data in events(stream)] == [(END, "unknown")]


@pytest.mark.parametrize("last_id", ["", "nonsense", "9.0000 races", "0.2500 \x00", "a" * 10_000])
def test_an_id_that_is_none_of_ours_begins_anew(last_id: str) -> None:
    assert len(events(follower(JOB, last_id))) == 2


def test_a_server_is_woken_for_news_only() -> None:
    stream, woken = follower(), []
    stream.wake_with(lambda: woken.append(True))
    stream.take()
    stream.see(JOB)
    assert not woken
    stream.see(DONE)
    assert woken
