"""The Celery application and its settings, each with the reason for it."""

import os
from functools import cached_property
from typing import Any

# before NumPy is imported: a worker is one core, and nested thread pools halve throughput
for _threads in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ.setdefault(f"{_threads}_NUM_THREADS", "1")

# Celery prefers these variables to what it is configured with, and they may be another project's:
# one address of Redis holds for all parts of an installation
for _name in ("BROKER_URL", "BROKER_READ_URL", "BROKER_WRITE_URL", "RESULT_BACKEND"):
    os.environ.pop(f"CELERY_{_name}", None)
for _name in ("CONFIG_MODULE", "LOADER", "CUSTOM_WORKER_POOL"):
    os.environ.pop(f"CELERY_{_name}", None)

from celery import Celery  # noqa: E402
from kombu import Queue  # noqa: E402

from workers.engine.config import EngineConfig  # noqa: E402
from workers.engine.connection import CONNECT_SECONDS, REPLY_SECONDS  # noqa: E402

_CHORD_SECONDS = 3600


class Application(Celery):
    """Celery's application, which knows what the engine was handed."""

    _config: EngineConfig | None = None

    @property
    def config(self) -> EngineConfig:
        """What :func:`install` was called with last."""
        if self._config is None:
            raise RuntimeError("the engine has not been handed its settings and plans yet")
        return self._config

    @config.setter
    def config(self, config: EngineConfig) -> None:
        self._config = config

    @cached_property
    def Worker(self) -> Any:  # noqa: N802  (Celery's name)
        """The worker that stops as :mod:`workers.engine.stopping` says."""
        name = "workers.engine.stopping:PromptWorker"
        # typed as taking a class, but it loads one by name as well
        return self.subclass_with_self(name)  # type: ignore[arg-type]


app = Application("axiomatic", include=["workers.engine.tasks"])
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    result_serializer="json",
    # a message for a queue nobody declared is a bug, not a new queue
    task_create_missing_queues=False,
    # a message is done when its pieces are kept, not when a worker has taken it
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    # a killed child's message comes back after this time; by then its last results have arrived
    worker_lost_wait=1.0,
    # the ledger recovers lost work within seconds; a short timeout here would run turns twice
    broker_transport_options={"visibility_timeout": 3600},
    broker_connection_retry_on_startup=True,
    # a worker waits for Redis however long it is away
    broker_connection_max_retries=None,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    # reading a result survives a restart of Redis, as everything else does
    result_backend_always_retry=True,
    result_backend_max_retries=5,
    result_backend_base_sleep_between_retries_ms=100,
    # a chord is of no use once its stage is over
    result_chord_expires=_CHORD_SECONDS,
    worker_hijack_root_logger=False,
    # a sender's event carries the bare name of the task and may come after the worker's: Flower
    # would show that name instead of the stage that asked for the turn
    task_send_sent_event=False,
)


# Celery reads this setting only from configuration objects and modules
app.loader.override_backends = {"redis": "workers.engine.results:ResultBackend"}


def install(config: EngineConfig) -> None:
    """Hand the application its settings and plans; once a process, before the first message."""
    settings = config.settings
    # a Redis that stops answering is given up like one that is gone
    timeouts: dict[str, Any] = {"socket_timeout": REPLY_SECONDS}
    if not settings.redis_url.startswith("unix:"):
        timeouts |= {"socket_connect_timeout": CONNECT_SECONDS, "socket_keepalive": True}
    app.config = config
    app.conf.broker_transport_options.update(timeouts)
    app.conf.update(
        **settings.celery_configuration(),
        **{f"redis_{name}": value for name, value in timeouts.items()},
        task_default_queue=config.queue,
        task_queues=[Queue(config.queue)],
        result_expires=settings.keep_seconds,
        worker_soft_shutdown_timeout=settings.stop_seconds,
    )
