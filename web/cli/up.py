"""``axiomatic up``: an installation on this machine, kept running."""

import os
import secrets
import socket
import sys
import time
from importlib.util import find_spec

import click
from rich.console import Console

from web.cli.run import started
from web.stack import Stack
from workers.installation import dashboard

_CHECK_SECONDS = 1.0


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        # as servers do, so that a port that was in use a moment ago counts as free
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise click.UsageError(f"port {port} is in use; give another with --port.") from None


def _flower_login() -> str | None:
    """A login made for this run; ``None`` where the environment has a sound one."""
    if os.environ.get("FLOWER_BASIC_AUTH") or os.environ.get("FLOWER_AUTH"):
        dashboard.command(os.environ)
        return None
    return f"axiomatic:{secrets.token_urlsafe(12)}"


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65_535))
@click.option(
    "--workers", type=click.IntRange(1, 256), help="Worker processes; one a core by default."
)
@click.option("--flower", is_flag=True, help="Start Flower as well, on the port after the API's.")
def up(port: int, workers: int | None, flower: bool) -> None:
    """Start store, workers and API on the loopback interface; Ctrl-C stops them."""
    if flower and find_spec("flower") is None:
        raise click.UsageError(f"Flower is not installed: {sys.executable} -m pip install flower")
    for taken in [port, port + 1][: 1 + flower]:
        _require_free(taken)
    login = _flower_login() if flower else None
    console = Console()
    stack = Stack(workers, port, port + 1 if flower else None, login)
    with started(stack, console):
        console.print(f"API       http://127.0.0.1:{port}/api/v1/docs/")
        if flower:
            console.print(f"Flower    http://127.0.0.1:{port + 1}")
        if login is not None:
            # the password is shown here only, and the next run makes another
            user, _, password = login.partition(":")
            console.print(f"          user {user}, password {password}", highlight=False)
        console.print("Ctrl-C stops everything.")
        while True:
            stack.check()
            time.sleep(_CHECK_SECONDS)
