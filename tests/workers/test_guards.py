"""Guards over the whole application: every message has a consumer, and no task is hidden."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from workers.app import QUEUE, app
from workers.engine.results import ResultBackend
from workers.engine.stages import Plan
from workers.installation.settings import Settings
from workers.plans.registry import PLANS

ROOT = Path(__file__).parents[2]


def test_every_task_is_registered_and_goes_to_the_queue_that_workers_take(
    settings: Settings,
) -> None:
    app.loader.import_default_modules()
    own = sorted(name for name in app.tasks if name.startswith("axiomatic."))
    assert own == ["axiomatic.join", "axiomatic.turn"]
    for name in own:
        assert app.amqp.router.route({}, name)["queue"].name == QUEUE
    assert [queue.name for queue in app.amqp.queues.values()] == [QUEUE]


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_a_plan_is_filed_under_its_kind(plan: Plan[object]) -> None:
    assert PLANS[plan.kind] is plan


def test_a_message_lost_with_its_child_comes_again() -> None:
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.broker_transport_options["visibility_timeout"] >= 3_600
    assert app.conf.accept_content == ["json"]


def test_results_come_without_a_subscription_for_each(settings: Settings) -> None:
    assert type(app.backend) is ResultBackend


@pytest.mark.parametrize("room", ["core", "workers"])
def test_imports_go_one_way(room: str) -> None:
    above = {"core": "celery|kombu|redis|flask|marshmallow|workers|web", "workers": "flask|web"}
    upward = re.compile(rf"^\s*(?:from|import)\s+(?:{above[room]})\b", re.MULTILINE)
    for path in (ROOT / room).rglob("*.py"):
        assert not upward.search(path.read_text(encoding="utf-8")), path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "needless"),
    [
        ("workers.engine.tasks", ("flask", "marshmallow", "web")),
        # each takes a good part of a second, before so much as the help is shown
        ("web.cli", ("flask", "celery", "numba", "scipy", "sklearn")),
        ("workers.plans.objectives", ("celery", "numba", "numpy", "scipy")),
    ],
)
def test_a_process_loads_nothing_of_what_it_does_not_need(
    module: str, needless: tuple[str, ...]
) -> None:
    code = f"import sys, {module}; print([m for m in {needless} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
