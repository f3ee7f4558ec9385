"""Processes of one server count their requests together."""

from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families as families

from tests.system.served import served
from workers.installation.settings import Settings


def healthy(port: int) -> float:
    """How often /health was answered, as whichever process is asked says."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    (count,) = (
        sample.value
        for family in families(text)
        for sample in family.samples
        if sample.name == "axiomatic_http_request_seconds_count"
        and sample.labels == {"route": "/health", "method": "GET", "status": "200"}
    )
    return count


def test_any_process_tells_what_all_have_answered(settings: Settings, tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    with served(settings.redis_url, log, GUNICORN_CMD_ARGS="--workers 3") as port:
        before = healthy(port)
        for _ in range(30):
            # each on a connection of its own, which any of the three may take
            assert httpx.get(f"http://127.0.0.1:{port}/health").is_success
        assert [healthy(port) - before for _ in range(9)] == 9 * [30]
