"""A thread in every worker that reports it, renews its children's leases and rescues lost work.

Any one surviving worker is enough: once a second the ledger lets one of them look after all jobs.
"""

import json
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

from celery import bootsteps, signals
from redis.exceptions import RedisError

from workers.engine.config import EngineConfig
from workers.engine.connection import connect_briefly
from workers.engine.holders import active_holders, process_of
from workers.engine.ledger import Held, Ledger
from workers.engine.outcomes import error_document, over_time
from workers.engine.stop_flag import may_take, take_no_more
from workers.engine.tasks import publish_turns

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 1.0

GRACE_SECONDS = 0.9
"""How long a child may go on with a piece whose job has ended, or after the end of its time.

It notices both where it looks (:data:`core.cancelling.CheckCancelled`), but not within compiled
code. Its worker sees it at the next heartbeat, and ends it at the one after.
"""

KILL_AFTER_SECONDS = 15
"""A child whose time is over and whose worker does not end it is killed by Celery after so long."""

_POOL_SECONDS = 0.25

_STUCK_SECONDS = 60.0
"""A worker whose main thread has not moved for so long takes no messages: it counts as absent."""


class Reaper(threading.Thread):
    """Reports its worker once a second until the process ends, also during the worker's shutdown.

    Parameters
    ----------
    config
        Of the engine.
    node
        The worker's name.
    slots
        Its children that take turns.
    processes
        Called for the numbers of its children's processes.
    """

    def __init__(
        self,
        config: EngineConfig,
        node: str,
        slots: int,
        processes: Callable[[], Collection[int]],
    ) -> None:
        super().__init__(name="reaper", daemon=True)
        self._config = config
        self._missing = 0
        self._node = node
        self._processes = processes
        self._seen: dict[Held, float] = {}
        self.slots = slots
        self._moved = time.monotonic()
        self._ended = threading.Event()

    def run(self) -> None:
        """Report once a second; a failed report is repeated a second later."""
        # a connection of its own: children forked meanwhile must not inherit a lock that it holds
        redis = connect_briefly(self._config.settings)
        ledger = Ledger(redis, self._config.version)
        while True:
            looks_after = _tried(lambda: self._report(ledger))
            # tried apart: what cannot be ended must not keep reports back
            _tried(lambda: self._end_overdue(ledger))
            if looks_after:
                # tried apart: a job that cannot be ended must not keep the turns of others back
                _tried(lambda: ledger.look_after(self._config.settings.keep_seconds))
                self._missing = _tried(lambda: ledger.turns(self._config.queue)) or 0
            if self._ended.wait(HEARTBEAT_SECONDS):
                break
        with suppress(RedisError):
            ledger.leave(self._node)
        redis.close()

    def _report(self, ledger: Ledger) -> bool:
        stuck = time.monotonic() - self._moved > _STUCK_SECONDS
        # by then both time limits have passed: the child is not waited for any longer
        longest = self._config.settings.chunk_limit_seconds + 2 * KILL_AFTER_SECONDS
        return ledger.heartbeat(self._node, -1 if stuck else self.slots, longest, active_holders())

    def _end_overdue(self, ledger: Ledger) -> None:
        """End children that go on with a job that has ended, or with a piece that had its time.

        Time is counted from when a state was first seen, by a clock that nobody can set.
        """
        now = time.monotonic()
        held = ledger.held(active_holders())
        self._seen = {each: self._seen.get(each, now) for each in held}
        limit = self._config.settings.chunk_limit_seconds
        for each, first in self._seen.items():
            if now - first < GRACE_SECONDS + (0 if each.over else limit):
                continue
            error = over_time(limit)
            why = ("", "") if each.over else (json.dumps(error_document(error)), str(error))
            process = process_of(each.holder)
            # once condemned it is handed nothing else: what is killed is what was looked at
            if process in self._processes() and ledger.condemn(each, *why):
                log.warning(
                    "child %d is ended: %s", process, why[1] or f"the job of {each.lease} has ended"
                )
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)

    def on_main_thread(self) -> None:
        """Publish the turns that are missing, and note that the worker's main thread moves.

        The main thread calls it: that thread forks the pool's children, and a child forked while
        another thread holds a lock of the broker's connection would wait for the lock for ever.
        """
        self._moved = time.monotonic()
        missing, self._missing = self._missing, 0
        if missing:
            publish_turns(missing, "waiting pieces", "")

    def end(self) -> None:
        """Stop reporting and sign the worker off."""
        self._ended.set()
        self.join(2 * HEARTBEAT_SECONDS)


def _tried(do: Callable[[], Any]) -> Any:
    try:
        return do()
    except RedisError as error:
        log.warning("Redis is away: %s", error)
    except Exception:
        log.exception("a heartbeat failed")
    return None


class ReaperStep(bootsteps.StartStopStep):
    """Starts the thread with Celery's worker, once the pool's children are forked."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        super().__init__(worker, **kwargs)
        self._reaper: Reaper | None = None

    def start(self, worker: Any) -> None:
        """Start the thread, and call it from the main thread again and again."""
        self._reaper = Reaper(
            worker.app.config,
            worker.hostname,
            worker.concurrency,
            lambda: worker.pool.info.get("processes", ()),
        )
        worker.timer.call_repeatedly(_POOL_SECONDS, self._see_to_pool, (worker,))
        self._reaper.start()
        signals.worker_shutdown.connect(self._sign_off, sender=worker)

    def _see_to_pool(self, worker: Any) -> None:
        # while a pool stops, another thread runs its timers and the main thread waits
        stopping = not may_take() or threading.current_thread() is not threading.main_thread()
        if stopping or self._reaper is None:
            return
        self._reaper.on_main_thread()
        # refill a killed child's place now: Celery's own timer would take five seconds
        maintain = getattr(worker.pool, "maintain_pool", None)
        if maintain is not None:
            maintain()

    def stop(self, worker: Any) -> None:  # noqa: ARG002  (as Celery calls it)
        """Take no more turns, but keep reporting: children that finish still need their leases."""
        take_no_more()
        if self._reaper is not None:
            self._reaper.slots = 0

    def terminate(self, worker: Any) -> None:
        """Sign off: the children are dead, and the leases of their pieces run out."""
        self.stop(worker)
        self._sign_off()

    def _sign_off(self, **_: object) -> None:
        if self._reaper is not None:
            self._reaper.end()
