"""Celery's Redis result backend, where the ledger alone writes results."""

from typing import Any

from celery.backends.redis import RedisBackend


class ResultBackend(RedisBackend):
    """Results in Redis, written with a job's end and read when asked for.

    What a task returns is nobody's result: a job's is written by the ledger, in one step with the
    job's end, under the job's id. Were Celery to write others, a chord that lost a message would
    leave failures under ids nobody knows.

    Celery also subscribes whoever sends a task to its result, so that waiting for it is quick. We
    send and never wait, we look: the subscriptions would only pile up, one a task, as long as the
    process lives.
    """

    def _store_result(
        self,
        task_id: str,
        result: Any,
        state: str,
        traceback: Any = None,
        request: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Store nothing."""
        del task_id, state, traceback, request, kwargs
        return result

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
