"""A thread in every worker: it says it is there, keeps its children's leases, sees to the rest.

Any one surviving worker is enough: the ledger lets one a second look after the whole.
"""

import logging
import threading
from contextlib import suppress
from typing import Any

from celery import bootsteps, signals
from redis.exceptions import RedisError

from workers.connection import connect_briefly
from workers.ledger import Ledger, holder_name
from workers.settings import Settings
from workers.sharing import take_no_more
from workers.version import VERSION

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0


def active_holders() -> list[str]:
    """Name the children of this worker that have a turn."""
    # senders import this module too, and have no worker
    from celery.worker import state  # noqa: PLC0415

    return [
        holder_name(request.hostname, request.worker_pid, str(request.id))
        for request in tuple(state.active_requests)
    ]


class Reaper(threading.Thread):
    """Ticks once a second until its process ends, through a worker's shutdown too.

    Parameters
    ----------
    settings
        Where Redis is.
    node
        The worker's name.
    slots
        Its children that take turns.
    """

    def __init__(self, settings: Settings, node: str, slots: int) -> None:
        super().__init__(name="reaper", daemon=True)
        self._settings = settings
        self._node = node
        self.slots = slots
        self._ended = threading.Event()

    def run(self) -> None:
        """Tick; what fails is tried again a second later."""
        # its own connection: the children, forked while we run, must find no lock of ours held
        redis = connect_briefly(self._settings)
        ledger = Ledger(redis, VERSION)
        while True:
            try:
                self._tick(ledger)
            except RedisError as error:
                log.warning("Redis is away: %s", error)
            except Exception:
                log.exception("a tick failed")
            if self._ended.wait(TICK_SECONDS):
                break
        with suppress(RedisError):
            ledger.leave(self._node)
        redis.close()

    def _tick(self, ledger: Ledger) -> None:
        # the application imports this module for its bootstep
        from workers.app import QUEUE  # noqa: PLC0415
        from workers.tasks import publish_turns  # noqa: PLC0415

        holders = active_holders()
        keep = self._settings.keep_seconds
        turns = ledger.tick(self._node, self.slots, QUEUE, keep, holders)
        if turns:
            publish_turns(turns, "waiting pieces", "")

    def end(self) -> None:
        """Stop ticking and sign off."""
        self._ended.set()
        self.join(2 * TICK_SECONDS)


class ReaperStep(bootsteps.StartStopStep):
    """Celery's way to start the thread with the worker, once the pool's children are forked."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        super().__init__(worker, **kwargs)
        self._reaper: Reaper | None = None

    def start(self, worker: Any) -> None:
        """Start ticking."""
        self._reaper = Reaper(Settings.from_environment(), worker.hostname, worker.concurrency)
        self._reaper.start()
        signals.worker_shutdown.connect(self._sign_off, sender=worker)

    def stop(self, worker: Any) -> None:  # noqa: ARG002  (as Celery calls it)
        """Take no more turns, and go on ticking: children that finish need their leases yet."""
        take_no_more()
        if self._reaper is not None:
            self._reaper.slots = 0

    def terminate(self, worker: Any) -> None:
        """Sign off: the children are ended, and what they still held is handed out again."""
        self.stop(worker)
        self._sign_off()

    def _sign_off(self, **_: object) -> None:
        if self._reaper is not None:
            self._reaper.end()
