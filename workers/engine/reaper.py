"""A thread in every worker: it says it is there, keeps its children's leases, sees to the rest.

Any one surviving worker is enough: the ledger lets one a second look after the whole.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from celery import bootsteps, signals
from redis.exceptions import RedisError

from workers.engine.config import EngineConfig
from workers.engine.connection import connect_briefly
from workers.engine.holders import active_holders
from workers.engine.ledger import Ledger
from workers.engine.stop_flag import may_take, take_no_more
from workers.engine.tasks import publish_turns

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0

KILL_AFTER_SECONDS = 15
"""How long after a chunk was told that its time is over its child is killed."""

_STUCK_SECONDS = 60.0
"""A worker whose main thread has not moved for so long takes no messages: it is not there."""


class Reaper(threading.Thread):
    """Ticks once a second until its process ends, through a worker's shutdown too.

    Parameters
    ----------
    config
        Of the engine.
    node
        The worker's name.
    slots
        Its children that take turns.
    """

    def __init__(self, config: EngineConfig, node: str, slots: int) -> None:
        super().__init__(name="reaper", daemon=True)
        self._config = config
        self._missing = 0
        self._node = node
        self.slots = slots
        self._moved = time.monotonic()
        self._ended = threading.Event()

    def run(self) -> None:
        """Tick; what fails is tried again a second later."""
        # its own connection: the children, forked while we run, must find no lock of ours held
        redis = connect_briefly(self._config.settings)
        ledger = Ledger(redis, self._config.version)
        while True:
            looks_after = _tried(lambda: self._tick(ledger))
            if looks_after:
                # one after the other: a job that cannot be ended must not stop the turns of others
                _tried(lambda: ledger.look_after(self._config.settings.keep_seconds))
                self._missing = _tried(lambda: ledger.turns(self._config.queue)) or 0
            if self._ended.wait(TICK_SECONDS):
                break
        with suppress(RedisError):
            ledger.leave(self._node)
        redis.close()

    def _tick(self, ledger: Ledger) -> bool:
        stuck = time.monotonic() - self._moved > _STUCK_SECONDS
        # a child that neither time limit has ended by then is not waited for
        longest = self._config.settings.chunk_limit_seconds + 2 * KILL_AFTER_SECONDS
        return ledger.tick(self._node, -1 if stuck else self.slots, longest, active_holders())

    def on_main_thread(self) -> None:
        """Publish the turns that are missing, and note that the worker's main thread moves.

        Not in this thread: the pool forks children in the main one, and a child that is forked
        while another thread holds a lock of the broker's connection waits for it for ever.
        """
        self._moved = time.monotonic()
        missing, self._missing = self._missing, 0
        if missing:
            publish_turns(missing, "waiting pieces", "")

    def end(self) -> None:
        """Stop ticking and sign off."""
        self._ended.set()
        self.join(2 * TICK_SECONDS)


def _tried(do: Callable[[], Any]) -> Any:
    try:
        return do()
    except RedisError as error:
        log.warning("Redis is away: %s", error)
    except Exception:
        log.exception("a tick failed")
    return None


class ReaperStep(bootsteps.StartStopStep):
    """Celery's way to start the thread with the worker, once the pool's children are forked."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        super().__init__(worker, **kwargs)
        self._reaper: Reaper | None = None

    def start(self, worker: Any) -> None:
        """Start ticking."""
        self._reaper = Reaper(worker.app.config, worker.hostname, worker.concurrency)
        worker.timer.call_repeatedly(TICK_SECONDS, self._every_second, (worker,))
        self._reaper.start()
        signals.worker_shutdown.connect(self._sign_off, sender=worker)

    def _every_second(self, worker: Any) -> None:
        # a pool that stops has another thread call what its timers have, while the main one waits
        stopping = not may_take() or threading.current_thread() is not threading.main_thread()
        if stopping or self._reaper is None:
            return
        self._reaper.on_main_thread()
        # a killed child's place is filled at once, or, by Celery's own timer, after five seconds
        maintain = getattr(worker.pool, "maintain_pool", None)
        if maintain is not None:
            maintain()

    def stop(self, worker: Any) -> None:  # noqa: ARG002  (as Celery calls it)
        """Take no more turns, and go on ticking: children that finish need their leases yet."""
        take_no_more()
        if self._reaper is not None:
            self._reaper.slots = 0

    def terminate(self, worker: Any) -> None:
        """Sign off: the children are ended, and the leases of what they held run out."""
        self.stop(worker)
        self._sign_off()

    def _sign_off(self, **_: object) -> None:
        if self._reaper is not None:
            self._reaper.end()
