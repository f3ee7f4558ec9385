"""The Celery application and its settings, each with the reason for it."""

import os

# before NumPy is imported: a worker is one core, and nested thread pools halve throughput
for _threads in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ.setdefault(f"{_threads}_NUM_THREADS", "1")

from celery import Celery, signals  # noqa: E402
from kombu import Queue  # noqa: E402

from workers.settings import Settings  # noqa: E402

QUEUE = "axiomatic"

app = Celery("axiomatic", include=["workers.tasks"])
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    result_serializer="json",
    task_default_queue=QUEUE,
    task_queues=[Queue(QUEUE)],
    # a message for a queue nobody declared is a bug, not a new queue
    task_create_missing_queues=False,
    # a chunk is done when its result is stored, not when a worker has taken it
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    # longer than any chunk (see web.asked.contests): a shorter one runs slow chunks twice
    broker_transport_options={"visibility_timeout": 3600},
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
    # Flower names a task by what it does: "optimize scenarios 0-8"
    task_send_sent_event=True,
)


# as a setting Celery reads this only from configuration objects and modules
app.loader.override_backends = {"redis": "workers.results:ResultBackend"}


def configure(settings: Settings) -> None:
    """Point the application at a Redis; once a process, before the first task is sent."""
    app.conf.update(
        broker_url=settings.celery_url,
        result_backend=settings.celery_url,
        result_expires=settings.keep_seconds,
    )


@signals.worker_init.connect
def _prepare_worker(**_: object) -> None:
    """Load compiled code into the parent once: the pool's children inherit it by the fork."""
    # the rooms are imported by the worker, not by whoever only sends it jobs
    from workers.warming import warm  # noqa: PLC0415

    warm()


if "REDIS_URL" in os.environ:
    configure(Settings.from_environment())
