"""How a worker stops: its children finish the pieces they are on, take no more, and it leaves."""

import os
import signal
import threading
import time

from billiard import active_children, pool
from celery.apps.worker import Worker as CeleryWorker
from redis.exceptions import RedisError

from workers.engine.connection import connect_briefly
from workers.engine.holders import active_holders
from workers.engine.ledger import Ledger
from workers.engine.stop_flag import take_no_more

_POLL_SECONDS = 0.05

_LEAVE_SECONDS = 10.0
"""How long Celery may take to stop once the pieces are done or given up."""


# A child that ends waits, in tenths of a second, until its parent has read what it sent: for half a
# minute if the parent is stopping and reads no more. The ledger has what counts: a second will do.
pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT = 10


class PromptWorker(CeleryWorker):
    """Celery's worker, whose soft shutdown ends as soon as its children hold no piece.

    Celery's own shutdown sleeps its whole time-out if anything runs when it begins, however soon
    that ends. This shutdown asks the ledger instead.
    """

    def wait_for_soft_shutdown(self) -> bool:
        """Wait until no child holds a piece, or ``AXIOMATIC_STOP_SECONDS`` are over."""
        take_no_more()
        holders = active_holders()
        redis = connect_briefly(self.app.config.settings)
        ledger = Ledger(redis, self.app.config.version)
        until = time.monotonic() + float(self.app.conf.worker_soft_shutdown_timeout)
        idle = 0
        # idle twice: a child about to take a piece when the flag was set has it a moment later
        while idle < 2 and time.monotonic() < until:
            time.sleep(_POLL_SECONDS)
            idle = 0 if _any_held(ledger, holders) else idle + 1
        redis.close()
        # while Redis is away Celery's heartbeat waits for it for ever, and the shutdown for that
        leaving = threading.Timer(_LEAVE_SECONDS, self._leave)
        leaving.daemon = True
        leaving.start()
        return True

    def _leave(self) -> None:
        for process in active_children():
            if process.pid is not None:
                os.kill(process.pid, signal.SIGKILL)
        os._exit(1)


def _any_held(ledger: Ledger, holders: list[str]) -> bool:
    try:
        return ledger.any_held(holders)
    except RedisError:
        return True
