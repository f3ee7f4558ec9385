"""How many requests the API answers, and how long each took."""

import time

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Histogram, multiprocess

from web.shared_counts import are_shared

_NO_ROUTE = "none"

# from a tenth of the fastest answer up to what a caller waits for with Prefer: wait=60
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)

REQUESTS = Histogram(
    "axiomatic_http_request_seconds",
    "Time to an answer's first byte, by route, method and status.",
    ("route", "method", "status"),
    buckets=_SECONDS,
)


def add_requests(registry: CollectorRegistry) -> None:
    """Add the counts of all processes of this server to a registry."""
    if are_shared():
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REQUESTS)


def register(app: Flask) -> None:
    """Measure every request of ``app``."""

    @app.before_request
    def _begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def _end(response: Response) -> Response:
        # a request that is refused before this module sees it is timed from here
        seconds = time.perf_counter() - g.get("began", time.perf_counter())
        # the rule and not the path: ids would make a series for each job
        route = request.url_rule.rule if request.url_rule else _NO_ROUTE
        method = request.method if request.method in _METHODS else "other"
        REQUESTS.labels(route, method, str(response.status_code)).observe(seconds)
        return response


_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
