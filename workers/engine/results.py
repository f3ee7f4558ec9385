"""Celery's Redis result backend, where the ledger alone writes results."""

from typing import Any, cast

from celery.backends.redis import RedisBackend

from workers.engine.ledger.keys import WORK

_GROUP_KEYS = ("", ".j", ".t", ".s", ".d", ".c")


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

    def on_chord_part_return(
        self, request: Any, state: Any, result: Any, propagate: Any = None, **kwargs: Any
    ) -> Any:
        """Count a turn of a chord, unless its stage is over; then nothing of it is to be left."""
        run_id, stage = request.chord["kwargs"]["run_id"], request.chord["kwargs"]["stage"]
        if self._goes_on(run_id, stage):
            super().on_chord_part_return(request, state, result, propagate, **kwargs)
            self.forget_if_over(request.group, run_id, stage)

    def forget_if_over(self, group: str, run_id: str, stage: int) -> None:
        """Leave nothing of a chord whose stage was over before all of it had been written."""
        if not self._goes_on(run_id, stage):
            self.client.delete(*(self.get_key_for_group(group, end) for end in _GROUP_KEYS))

    def _goes_on(self, run_id: str, stage: int) -> bool:
        now = cast("bytes | None", self.client.hget(WORK + run_id, "stage"))
        return now is not None and int(now) == stage

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
