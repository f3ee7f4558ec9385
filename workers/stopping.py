"""How a worker stops: its children finish the pieces they are on, take no more, and it leaves."""

import time

from billiard import pool
from celery.apps.worker import Worker as CeleryWorker
from redis.exceptions import RedisError

from workers.connection import connect_briefly
from workers.ledger import Ledger
from workers.reaper import active_holders
from workers.settings import Settings
from workers.sharing import take_no_more
from workers.version import VERSION

_POLL_SECONDS = 0.05


# A child that ends waits until its parent has read what it sent, in tenths of a second: for half a
# minute where the parent, told to stop at that moment, reads no more. What counts is in the ledger.
pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT = 10


class PromptWorker(CeleryWorker):
    """Celery's worker, whose soft shutdown ends when its pieces do.

    Celery's own waits its whole time-out if anything runs when it begins, however soon that ends:
    it sleeps in a signal's handler, where it learns nothing. The ledger knows.
    """

    def wait_for_soft_shutdown(self) -> bool:
        """Wait until no child holds a piece, or ``AXIOMATIC_STOP_SECONDS`` are over."""
        take_no_more()
        holders = active_holders()
        redis = connect_briefly(Settings.from_environment())
        ledger = Ledger(redis, VERSION)
        until = time.monotonic() + float(self.app.conf.worker_soft_shutdown_timeout)
        idle = 0
        # twice: a child that was about to take a piece when it was told has it a moment later
        while idle < 2 and time.monotonic() < until:
            time.sleep(_POLL_SECONDS)
            idle = 0 if _any_held(ledger, holders) else idle + 1
        redis.close()
        return True


def _any_held(ledger: Ledger, holders: list[str]) -> bool:
    try:
        return ledger.any_held(holders)
    except RedisError:
        return True
