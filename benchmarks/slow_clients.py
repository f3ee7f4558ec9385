"""The API under slow clients and bad bodies: ``python -m benchmarks.slow_clients``.

Starts a Redis and a web process of its own. Silent connections send nothing, dripping ones a byte
of a request a second; those that the server closed are opened again within a second. Beside them
``/health`` is asked on a new connection each time.
"""

import argparse
import http.client
import json
import os
import resource
import selectors
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Process
from pathlib import Path

import httpx

from benchmarks.bad_bodies import KINDS, PATHS, body
from workers.installation.embedded_store import EmbeddedStore

DRIP = b"POST /api/v1/optimize HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: " + b"a" * 4_000


@contextmanager
def serving(
    config: str = "--config python:web.server.config --log-level warning",
) -> Iterator[tuple[int, int]]:
    """A web process: its port, and the id of gunicorn's master."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with EmbeddedStore() as store:
        command = [sys.executable, "-m", "gunicorn", *config.split()]
        running = subprocess.Popen(  # noqa: S603
            [*command, "--bind", f"127.0.0.1:{port}", "web.app:create_app()"],
            env={**os.environ, "REDIS_URL": store.url},
        )
        try:
            while True:
                with suppress(httpx.TransportError):
                    if httpx.get(f"http://127.0.0.1:{port}/health").is_success:
                        break
                time.sleep(0.1)
            yield port, running.pid
        finally:
            running.terminate()
            running.wait()


def crowd(port: int, silent: int, dripping: int) -> None:
    """Hold connections open for ever, one byte a second on those that drip."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4_096)), hard))
    selector = selectors.DefaultSelector()
    sent: dict[socket.socket, int] = {}

    def connect(drips: bool) -> None:
        with suppress(OSError):
            client = socket.create_connection(("127.0.0.1", port), timeout=5)
            client.setblocking(False)
            selector.register(client, selectors.EVENT_READ, drips)
            if drips:
                sent[client] = 0

    next_drip = time.monotonic()
    while True:
        for key, _events in selector.select(0.2):
            client = key.fileobj
            assert isinstance(client, socket.socket)
            data = b""
            with suppress(OSError):
                data = client.recv(65_536)
            if not data:
                selector.unregister(client)
                sent.pop(client, None)
                client.close()
        if time.monotonic() >= next_drip:
            next_drip += 1.0
            open_drips = len(sent)
            for _ in range(silent - (len(selector.get_map()) - open_drips)):
                connect(False)
            for _ in range(dripping - open_drips):
                connect(True)
            for client in list(sent):
                with suppress(OSError):
                    client.send(DRIP[sent[client] : sent[client] + 1])
                    sent[client] += 1


def ask(port: int, seconds: float) -> list[float]:
    """Seconds that /health took, asked on a new connection each time; ten times a second."""
    took = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begun = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/health")
            sound = connection.getresponse().status == 200
        except OSError:
            sound = False
        took.append(time.perf_counter() - begun if sound else float("inf"))
        connection.close()
        time.sleep(0.1)
    return took


def shown(took: list[float]) -> dict[str, float]:
    """The figures of some durations, in milliseconds."""
    in_order = sorted(took)
    return {
        "requests": len(in_order),
        "failed": in_order.count(float("inf")),
        "median_ms": round(1_000 * statistics.median(in_order), 1),
        "p99_ms": round(1_000 * in_order[min(len(in_order) - 1, int(0.99 * len(in_order)))], 1),
        "max_ms": round(1_000 * in_order[-1], 1),
    }


def slow(seconds: float, config: str) -> dict[str, dict[str, float]]:
    """How long /health takes with nobody else there, and in a crowd of slow clients."""
    with serving(config) as (port, _):
        alone = ask(port, seconds / 3)
        others = Process(target=crowd, args=(port, 300, 300), daemon=True)
        others.start()
        # the crowd is there
        time.sleep(3.0)
        try:
            beside = ask(port, seconds)
        finally:
            others.kill()
    return {"alone": shown(alone), "beside_600_slow": shown(beside)}


def most_memory_mb(master: int) -> float:
    """The most memory that any web process had, in MiB (Linux)."""
    peaks = []
    for child in Path(f"/proc/{master}/task/{master}/children").read_text().split():
        status = Path(f"/proc/{child}/status").read_text()
        peaks.append(int(status.split("VmHWM:")[1].split()[0]) / 1024)
    return max(peaks)


def bad(sizes: list[int], config: str) -> list[dict[str, object]]:
    """How long each kind of bad body takes on every endpoint, and what memory it leaves behind."""
    results: list[dict[str, object]] = []
    with serving(config) as (port, master), httpx.Client(timeout=120) as client:
        for size in sizes:
            for path in PATHS:
                for kind in KINDS:
                    content, media = body(kind, path, size * 1024 * 1024)
                    begun = time.perf_counter()
                    try:
                        reply = client.post(
                            f"http://127.0.0.1:{port}{path}",
                            content=content,
                            headers={"Content-Type": media},
                        )
                        status: object = reply.status_code
                        length = len(reply.content)
                    except httpx.HTTPError as error:
                        status, length = repr(error), 0
                    results.append(
                        {
                            "mb": size,
                            "path": path,
                            "kind": kind,
                            "status": status,
                            "seconds": round(time.perf_counter() - begun, 2),
                            "answer_bytes": length,
                            "peak_mb": round(most_memory_mb(master)),
                        }
                    )
                    print(json.dumps(results[-1]), file=sys.stderr, flush=True)
    return results


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--sizes", type=int, nargs="*", default=[1, 16, 64])
    parser.add_argument("--only", choices=["slow", "bad"])
    parser.add_argument("--config", default="--config python:web.server.config --log-level warning")
    options = parser.parse_args()
    document: dict[str, object] = {"load": os.getloadavg()}
    if options.only != "bad":
        document["slow"] = slow(options.seconds, options.config)
    if options.only != "slow":
        results = bad(options.sizes, options.config)
        document["slowest"] = sorted(results, key=lambda each: -float(str(each["seconds"])))[:5]
        document["peak_mb"] = max(float(str(each["peak_mb"])) for each in results)
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
