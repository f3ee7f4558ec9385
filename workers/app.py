"""What ``celery --app workers.app`` loads: the engine, handed this installation's plans.

The one module that knows all three wings.
"""

import os
import sys
from contextlib import suppress
from typing import Any

from celery import signals

from core.errors import AxiomaticError, InvalidInput
from workers.engine.application import app, install
from workers.engine.config import EngineConfig, queue_name
from workers.engine.connection import PATIENT
from workers.engine.jobs import Jobs
from workers.engine.reaper import KILL_AFTER_SECONDS, ReaperStep
from workers.installation.logs import dress
from workers.installation.readiness import limit_memory, require_sound_store
from workers.installation.settings import Settings
from workers.installation.versions import VERSION
from workers.plans.registry import PLANS

__all__ = ["QUEUE", "app", "configure", "open_jobs"]

QUEUE = queue_name(VERSION)

app.steps["worker"].add(ReaperStep)


def _config(settings: Settings) -> EngineConfig:
    return EngineConfig(settings, PLANS, VERSION)


def configure(settings: Settings) -> None:
    """Hand the engine an installation's settings; once a process, before the first message."""
    install(_config(settings))


def open_jobs(settings: Settings, retries: int = PATIENT) -> Jobs:
    """The jobs of an installation.

    Parameters
    ----------
    settings
        The installation's.
    retries
        How often a call is tried again while Redis is away.
    """
    return Jobs(_config(settings), retries)


@signals.worker_init.connect
def _prepare_worker(sender: Any, **_: object) -> None:
    """Refuse a Redis that would lose jobs, and load compiled code into the pool's parent."""
    # the code of all rooms is loaded by workers, not by whoever only sends them jobs
    from workers.plans.warming import warm  # noqa: PLC0415

    try:
        settings = Settings.from_environment()
        require_sound_store(settings)
    except AxiomaticError as error:
        # Celery would turn a signal's error into a line of its log, and go on
        sys.exit(f"This worker does not start. {error}")
    # A chunk that runs too long is told so, and if it does not listen, its child is killed. The
    # limits are the pool's, not the tasks': a sender writes those of its tasks into every message.
    sender.soft_time_limit = settings.chunk_limit_seconds
    sender.time_limit = settings.chunk_limit_seconds + KILL_AFTER_SECONDS
    warm()


@signals.after_setup_logger.connect
@signals.after_setup_task_logger.connect
def _prepare_log(logger: Any, **_: object) -> None:
    """Let Celery's log be as the installation's setting says, each line with its job's id."""
    with suppress(InvalidInput):
        dress(logger.handlers, Settings.from_environment().log_format)


@signals.worker_process_init.connect
def _prepare_child(**_: object) -> None:
    """Limit the memory of a pool's child."""
    limit_memory(Settings.from_environment().child_memory_bytes)


if os.environ.get("REDIS_URL"):
    # whoever starts a worker, a server or Flower reports what is wrong, each in its own way
    with suppress(InvalidInput):
        configure(Settings.from_environment())
