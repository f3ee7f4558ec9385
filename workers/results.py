"""Celery's Redis result backend, without a subscription for every task sent."""

from typing import Any

from celery.backends.redis import RedisBackend


class ResultBackend(RedisBackend):
    """Results in Redis, read when asked for.

    Celery subscribes whoever sends a task to its result, so that waiting for it is quick. We send
    and never wait, we look: the subscriptions would only pile up, one a task, as long as the
    process lives.
    """

    def on_task_call(self, producer: Any, task_id: str) -> None:
        """Subscribe to nothing."""

    def add_pending_result(
        self, result: Any, weak: bool = False, start_drainer: bool = True
    ) -> Any:
        """Keep no list of results that are not there yet."""
        del weak, start_drainer
        return result

    def remove_pending_result(self, result: Any) -> Any:
        """Have nothing to take off that list."""
        return result
