"""The Celery application and its settings, each with the reason for it."""

import os
import sys
from contextlib import suppress
from functools import cached_property
from typing import Any

# before NumPy is imported: a worker is one core, and nested thread pools halve throughput
for _threads in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ.setdefault(f"{_threads}_NUM_THREADS", "1")

from celery import Celery, signals  # noqa: E402
from kombu import Queue  # noqa: E402

from core.errors import AxiomaticError, InvalidInput  # noqa: E402
from workers.connection import CONNECT_SECONDS, REPLY_SECONDS  # noqa: E402
from workers.reaper import KILL_AFTER_SECONDS, ReaperStep  # noqa: E402
from workers.settings import Settings  # noqa: E402
from workers.version import VERSION  # noqa: E402

# a version's messages are for its own workers: beside those of another, both go on undisturbed
QUEUE = f"axiomatic-{VERSION}"

_CHORD_SECONDS = 3600


class _Application(Celery):
    @cached_property
    def Worker(self) -> Any:  # noqa: N802  (Celery's name)
        """Give the worker that stops as :mod:`workers.stopping` says."""
        name = "workers.stopping:PromptWorker"
        # its type says a class, and it loads one by name as well
        return self.subclass_with_self(name)  # type: ignore[arg-type]


app = _Application("axiomatic", include=["workers.tasks"])
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    result_serializer="json",
    task_default_queue=QUEUE,
    task_queues=[Queue(QUEUE)],
    # a message for a queue nobody declared is a bug, not a new queue
    task_create_missing_queues=False,
    # a turn is over when its pieces are kept, not when a worker has taken it
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    # a killed child's message comes back after so long; what it had sent before is here by then
    worker_lost_wait=1.0,
    # what is lost is seen to by the ledger within seconds; a short time here runs turns twice
    broker_transport_options={"visibility_timeout": 3600},
    broker_connection_retry_on_startup=True,
    # a worker outlasts any time that Redis is away
    broker_connection_max_retries=None,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    # reading a result outlasts a restart of Redis, as everything else does
    result_backend_always_retry=True,
    result_backend_max_retries=5,
    result_backend_base_sleep_between_retries_ms=100,
    # nothing rests on a chord once its stage is over
    result_chord_expires=_CHORD_SECONDS,
    worker_hijack_root_logger=False,
    # a sender's event has the bare name of the task, and may come after the worker's: Flower would
    # show that instead of the stage that asked for the turn
    task_send_sent_event=False,
)
app.steps["worker"].add(ReaperStep)


# as a setting Celery reads this only from configuration objects and modules
app.loader.override_backends = {"redis": "workers.results:ResultBackend"}


def configure(settings: Settings) -> None:
    """Give the application its settings; once a process, before the first task is sent."""
    # a Redis that answers no more is given up like one that is gone
    timeouts: dict[str, Any] = {"socket_timeout": REPLY_SECONDS}
    if not settings.redis_url.startswith("unix:"):
        timeouts |= {"socket_connect_timeout": CONNECT_SECONDS, "socket_keepalive": True}
    app.conf.broker_transport_options.update(timeouts)
    app.conf.update(
        **settings.celery_configuration(),
        **{f"redis_{name}": value for name, value in timeouts.items()},
        result_expires=settings.keep_seconds,
        worker_soft_shutdown_timeout=settings.stop_seconds,
    )


@signals.worker_init.connect
def _prepare_worker(sender: Any, **_: object) -> None:
    """Refuse a Redis that would lose jobs, and load compiled code into the pool's parent."""
    # the rooms are imported by the worker, not by whoever only sends it jobs
    from workers.startup import require_sound_store  # noqa: PLC0415
    from workers.warming import warm  # noqa: PLC0415

    try:
        settings = Settings.from_environment()
        require_sound_store(settings)
    except AxiomaticError as error:
        # of a signal's errors Celery would make a line in the log, and go on
        sys.exit(f"This worker does not start. {error}")
    # A chunk that runs too long is told so, and if it does not listen, its child is killed. The
    # pool's limits, not the tasks': a sender writes those of its tasks into every message.
    sender.soft_time_limit = settings.chunk_limit_seconds
    sender.time_limit = settings.chunk_limit_seconds + KILL_AFTER_SECONDS
    warm()


@signals.worker_process_init.connect
def _prepare_child(**_: object) -> None:
    """Give a pool's child its memory, and no more."""
    from workers.startup import limit_memory  # noqa: PLC0415

    limit_memory(Settings.from_environment().child_memory_bytes)


if os.environ.get("REDIS_URL"):
    # what is wrong is said by whoever starts a worker, a server or Flower, each in its way
    with suppress(InvalidInput):
        configure(Settings.from_environment())
