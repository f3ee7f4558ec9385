"""Two hundred followers of jobs on one web process, over real sockets."""

import socket
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
from flask.testing import FlaskClient

from tests.system.served import served
from tests.system.test_bad_input import optimize
from workers.installation.settings import Settings

FOLLOWERS = 200


def test_two_hundred_follow_at_once_and_the_rest_of_the_api_answers(
    settings: Settings, client: FlaskClient, tmp_path: Path
) -> None:
    # no worker runs: the job stands still until it is cancelled
    run_id = client.post("/api/v1/optimize", json=optimize()).json["run_id"]
    path = f"/api/v1/jobs/{run_id}"
    with served(settings.redis_url, tmp_path / "api.log") as port, ExitStack() as open_now:
        get = f"GET {path}/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
        streams = []
        for _ in range(FOLLOWERS):
            stream = socket.create_connection(("127.0.0.1", port), timeout=60)
            open_now.enter_context(stream)
            stream.sendall(get)
            streams.append(stream)
        for stream in streams:
            assert b"200 OK" in stream.recv(65_536)
        url = f"http://127.0.0.1:{port}"
        one_more = httpx.get(f"{url}{path}/events")
        assert one_more.status_code == 429
        assert one_more.headers["Retry-After"]
        assert httpx.get(f"{url}/health").status_code == 200
        assert httpx.head(f"{url}{path}/events").headers["Content-Type"].startswith("text/event")
        assert httpx.delete(f"{url}{path}").json()["status"] == "cancelled"
        for stream in streams:
            said = b""
            while data := stream.recv(65_536):
                said += data
            assert said.count(b"event: end") == 1
        # their places are free again, once the server has seen that they are gone
        deadline = time.monotonic() + 30
        while (again := httpx.get(f"{url}{path}/events")).status_code == 429:
            assert time.monotonic() < deadline
        assert "event: end" in again.text
        assert "retry: 2000" in again.text
        ended = httpx.get(f"{url}{path}/events", headers={"Last-Event-ID": "end"})
        assert (ended.status_code, ended.content) == (204, b"")
