"""The API as it is served: gunicorn with the server's own configuration, on a real socket."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

START_SECONDS = 240.0


@contextmanager
def served(redis_url: str, log: Path, **environment: str) -> Iterator[int]:
    """One web process; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", "--config", "python:web.server.config"]
    with log.open("ab") as output:
        running = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{port}", "web.app:create_app()"],
            env={**os.environ, "REDIS_URL": redis_url, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + START_SECONDS
    try:
        while True:
            with suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{port}/health").is_success:
                    break
            assert running.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield port
    finally:
        running.terminate()
        running.wait()


def send(port: int, *pieces: bytes, seconds: float = 30.0) -> bytes:
    """What the server answers to some bytes, until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as client:
        for piece in pieces:
            client.sendall(piece)
        answer = b""
        while data := client.recv(65_536):
            answer += data
    return answer
