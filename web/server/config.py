"""gunicorn's configuration: ``gunicorn --config python:web.server.config "web.app:create_app()"``.

Every way to start the API uses it; what is left to the command line is where to listen and how many
processes there are.
"""

from typing import Any

from web import shared_counts
from web.gate.binding import require_users
from web.server.connections import MOST_CONNECTIONS
from web.server.worker import BufferingWorker

worker_class = "web.server.worker.BufferingWorker"
threads = 16
worker_connections = MOST_CONNECTIONS
keepalive = 15
# an answer that was asked to wait takes up to 60 s
graceful_timeout = 75
timeout = 60
limit_request_line = 4_094
limit_request_fields = 60
limit_request_field_size = 8_190
# what a proxy says of a request is believed by the application's own setting, never by address
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}
control_socket_disable = True


def on_starting(server: Any) -> None:
    """Check the installation before anything listens.

    Raises
    ------
    SystemExit
        Another worker class was asked for, whose connections nothing bounds; or other machines
        could reach an installation without users.
    """
    if server.cfg.worker_class is not BufferingWorker:
        raise SystemExit(
            "Leave the worker class to web.server.config (GUNICORN_CMD_ARGS may name another): "
            "no other bounds slow clients."
        )
    require_users(server.cfg.address)
    # before the application is loaded, in the processes that count
    server.axiomatic_counts = shared_counts.share()


def on_exit(server: Any) -> None:
    """Remove what the processes counted."""
    shared_counts.remove(getattr(server, "axiomatic_counts", None))


def when_ready(server: Any) -> None:
    """Note that the addresses are bound and the first processes are about to start."""
    del server
