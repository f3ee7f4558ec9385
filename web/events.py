"""Followers of jobs: server-sent events of many streams out of one look at Redis a moment.

A thread of the process looks at all followed jobs together, in one exchange with Redis. A stream
keeps no queue: what there is to send is the difference between the job as it stands and what the
client has, so a slow client misses steps and no news. An event's id is that state, and a client
that comes back with it goes on from there, on whatever process.
"""

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError

from core.errors import AxiomaticError
from web.job_document import shown_job
from workers.engine.jobs import Job, Jobs

LOOK_SECONDS = 0.2
STILL_HERE_SECONDS = 1.0
RETRY_MILLISECONDS = 2_000
"""After how long a client whose stream broke comes back."""
END = "end"
"""Id of the last event: a client that has it has everything."""

_ID = re.compile(r"([01]\.\d{4}) ([\w -]{0,80})")


class TooManyFollowers(AxiomaticError):
    """A user follows as many jobs as the installation allows."""


@dataclass
class _Sent:
    """What a client has."""

    stage: str = ""
    progress: float = -1.0

    @property
    def id(self) -> str:
        return f"{max(0.0, self.progress):.4f} {self.stage}"


def _sent(last_id: str | None) -> _Sent:
    """What the client with the event ``last_id`` has; nothing where that is no id of ours."""
    known = _ID.fullmatch(last_id or "")
    return _Sent(known[2], float(known[1])) if known else _Sent()


class Follower:
    """One stream of a job's events: what a WSGI server sends, piece by piece.

    A server that can be woken asks for more when it is, see :class:`web.server.answers.Stream`; any
    other iterates, and gives a thread to it.
    """

    def __init__(self, job: Job, last_id: str | None, leave: Callable[["Follower"], None]) -> None:
        self.run_id = job.run_id
        self._job: Job | None = job
        self._sent = _sent(last_id)
        self._leave = leave
        self._wake: Callable[[], None] = lambda: None
        self._written_at = float("-inf")
        self._begun = self._ended = False

    def wake_with(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` whenever there may be something to take."""
        self._wake = wake

    def see(self, job: Job | None) -> None:
        """Note where the job is now; ``None`` = it is gone."""
        silent = time.monotonic() - self._written_at
        news = job != self._job
        self._job = job
        if news or silent >= STILL_HERE_SECONDS:
            self._wake()

    def take(self) -> tuple[bytes, bool]:
        """The events that the client does not have yet, and whether there will be more."""
        text = "" if self._begun else f"retry: {RETRY_MILLISECONDS}\n\n"
        self._begun = True
        text += "".join(self._events())
        if not text and time.monotonic() - self._written_at >= STILL_HERE_SECONDS:
            text = ": still here\n\n"
        if text:
            self._written_at = time.monotonic()
        return text.encode(), not self._ended

    def _events(self) -> Iterator[str]:
        job, sent = self._job, self._sent
        if self._ended:
            return
        if job is None:
            self._ended = True
            gone = {
                "run_id": self.run_id,
                "status": "unknown",
                "error": f"No job {self.run_id}; it has expired.",
            }
            yield _event("end", END, gone)
            return
        # it never falls, whichever process said the last one
        progress = max(job.progress, sent.progress)
        if job.stage != sent.stage:
            sent.stage = job.stage
            yield _event("stage", sent.id, {"stage": job.stage})
        if progress > sent.progress:
            sent.progress = progress
            yield _event("progress", sent.id, {"progress": progress, "stage": job.stage})
        if job.status.ended:
            self._ended = True
            yield _event("end", END, shown_job(job))

    def close(self) -> None:
        """Follow no more."""
        self._leave(self)

    def __iter__(self) -> Iterator[bytes]:
        more = threading.Event()
        self.wake_with(more.set)
        going = True
        while going:
            more.clear()
            data, going = self.take()
            if data:
                yield data
            if going:
                more.wait()


class Followers:
    """All streams of one process.

    Parameters
    ----------
    jobs
        The job records.
    most_each
        Streams of one user.
    """

    def __init__(self, jobs: Jobs, most_each: int) -> None:
        self._jobs, self._most_each = jobs, most_each
        self._lock = threading.Lock()
        self._following: dict[Follower, str] = {}
        self._of: Counter[str] = Counter()
        self._looking = False

    def follow(self, job: Job, user: str, last_id: str | None) -> Follower:
        """A stream of a job's events, to be closed by whoever has it.

        Parameters
        ----------
        job
            The job, as it stands.
        user
            Who follows it.
        last_id
            Id of the last event that the client has.

        Raises
        ------
        TooManyFollowers
            The user has as many streams already.
        """
        follower = Follower(job, last_id, self._leave)
        with self._lock:
            if self._of[user] >= self._most_each:
                raise TooManyFollowers(
                    f"You have {self._of[user]} event streams here, and may have no more; end one, "
                    "or ask for the job's status instead."
                )
            self._of[user] += 1
            self._following[follower] = user
            if not self._looking:
                self._looking = True
                threading.Thread(target=self._look, name="followers", daemon=True).start()
        return follower

    def _leave(self, follower: Follower) -> None:
        with self._lock:
            user = self._following.pop(follower, None)
            if user is not None:
                self._of[user] -= 1
                self._of += Counter()  # forgets users who follow nothing

    def _look(self) -> None:
        """Look at the followed jobs, all at once, again and again until nobody follows any."""
        while True:
            time.sleep(LOOK_SECONDS)
            with self._lock:
                following = list(self._following)
                if not following:
                    self._looking = False
                    return
            try:
                jobs = self._jobs.several({each.run_id for each in following})
            except RedisError:
                # the streams stay, and go on when Redis is back
                continue
            for follower in following:
                follower.see(jobs.get(follower.run_id))


def _event(name: str, event_id: str, data: dict[str, Any]) -> str:
    return f"id: {event_id}\nevent: {name}\ndata: {json.dumps(data, sort_keys=True)}\n\n"
