"""Celery's Redis result backend, in which the ledger alone writes results."""

from typing import Any, cast

from celery.backends.redis import RedisBackend

from workers.engine.ledger.keys import WORK

_GROUP_KEYS = ("", ".j", ".t", ".s", ".d", ".c")


class ResultBackend(RedisBackend):
    """Results in Redis: written at a job's end, read on request.

    The value a task returns is not a result. The ledger writes a job's result under the job's id,
    in one step with the job's end. If Celery wrote the tasks' own results as well, a chord that
    lost a message would leave failures under ids that nobody knows.

    Celery also subscribes the sender of a task to its result. Our senders never wait for a task,
    they read the ledger: the subscriptions would only pile up, one a task, for the process's life.
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
        """Store nothing; a task's own value is not a result."""
        del task_id, state, traceback, request, kwargs
        return result

    def on_chord_part_return(
        self, request: Any, state: Any, result: Any, propagate: Any = None, **kwargs: Any
    ) -> Any:
        """Count a finished turn of a chord, unless the chord's stage is over."""
        run_id, stage = request.chord["kwargs"]["run_id"], request.chord["kwargs"]["stage"]
        if self._goes_on(run_id, stage):
            super().on_chord_part_return(request, state, result, propagate, **kwargs)
            self.forget_if_over(request.group, run_id, stage)

    def forget_if_over(self, group: str, run_id: str, stage: int) -> None:
        """Delete a chord's keys if its stage ended before all of them had been written."""
        if not self._goes_on(run_id, stage):
            self.client.delete(*(self.get_key_for_group(group, end) for end in _GROUP_KEYS))

    def _goes_on(self, run_id: str, stage: int) -> bool:
        now = cast("bytes | None", self.client.hget(WORK + run_id, "stage"))
        return now is not None and int(now) == stage

    def on_task_call(self, producer: Any, task_id: str) -> None:
        """Subscribe to no result."""

    def add_pending_result(
        self, result: Any, weak: bool = False, start_drainer: bool = True
    ) -> Any:
        """Keep no list of pending results."""
        del weak, start_drainer
        return result

    def remove_pending_result(self, result: Any) -> Any:
        """Leave the list of pending results alone: it is empty."""
        return result
