"""``axiomatic up``: an installation on this machine, kept running."""

import errno
import logging
import os
import secrets
import socket
import sys
import time
from functools import partial
from importlib.util import find_spec
from logging.handlers import RotatingFileHandler
from pathlib import Path

import click
from rich.console import Console

from web.cli.run import started
from web.stack import Stack
from workers.installation import dashboard
from workers.installation.kept_part import log as deaths
from workers.installation.log_files import MOST_BYTES, OLDER
from workers.installation.state_folder import Held, default_folder, hold

_CHECK_SECONDS = 0.2
_HIGHEST_PORT = 65_535


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        # as servers do, so that a port that was in use a moment ago counts as free
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise click.UsageError(port_problem(port, error)) from None


def port_problem(port: int, error: OSError) -> str:
    """Why nobody can listen on a port of the loopback interface, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use; give another with --port."
    if error.errno in {errno.EACCES, errno.EPERM}:
        return (
            f"this user may not listen on port {port} ({error.strerror}); give one of 1024 and "
            "above with --port."
        )
    return f"cannot listen on port {port} of 127.0.0.1: {error.strerror}."


def _flower_login() -> str | None:
    """A login made for this run; ``None`` where the environment has a sound one."""
    if os.environ.get("FLOWER_BASIC_AUTH") or os.environ.get("FLOWER_AUTH"):
        dashboard.command(os.environ)
        return None
    return f"axiomatic:{secrets.token_urlsafe(12)}"


def _make_empty(held: Held, told: Console) -> None:
    stored = held.stored()
    if stored is None:
        told.print(f"--fresh: nothing is stored in {held.path}.", markup=False, highlight=False)
        return
    told.print(
        f"--fresh: removing {stored}, with its slates, jobs and users.",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    held.empty()


def _log_deaths(held: Held, told: Console) -> None:
    """Write what dies and is started again to a log of our own, and show it."""
    file = RotatingFileHandler(
        held.logs / "up.log", maxBytes=MOST_BYTES, backupCount=OLDER, encoding="utf-8"
    )
    for handler in (file, logging.StreamHandler(told.file)):
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
        deaths.addHandler(handler)
    deaths.propagate = False


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, _HIGHEST_PORT))
@click.option(
    "--workers", type=click.IntRange(1, 256), help="Worker processes; one a core by default."
)
@click.option("--flower", is_flag=True, help="Start Flower as well, on the port after the API's.")
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the store and the logs; the user's state folder by default.",
)
@click.option(
    "--fresh",
    is_flag=True,
    help="Remove what that folder's store has, and begin with an empty one.",
)
def up(port: int, workers: int | None, flower: bool, state: Path | None, fresh: bool) -> None:
    """Keep store, workers and API running on the loopback interface; Ctrl-C stops them.

    A part that dies is started again. Slates and jobs are kept in the state folder and are there
    again when this is started again.
    """
    if flower and find_spec("flower") is None:
        raise click.UsageError(f"Flower is not installed: {sys.executable} -m pip install flower")
    if flower and port == _HIGHEST_PORT:
        raise click.UsageError(f"Flower takes the port after --port; give less than {port}.")
    if fresh and os.environ.get("REDIS_URL"):
        raise click.UsageError(
            "--fresh is for a store of our own, but REDIS_URL names another, which is left alone."
        )
    login = _flower_login() if flower else None
    told = Console(stderr=True)
    say = partial(told.print, highlight=False)
    with hold(default_folder() if state is None else state, say) as held:
        # once the processes of a run that was killed have let go of them
        for taken in [port, port + 1][: 1 + flower]:
            _require_free(taken)
        if fresh:
            _make_empty(held, told)
        _log_deaths(held, told)
        stack = Stack(workers, port, port + 1 if flower else None, login, held)
        with started(stack, Console()):
            _show(port, flower, login, held)
            while True:
                stack.mend()
                time.sleep(_CHECK_SECONDS)


def _show(port: int, flower: bool, login: str | None, held: Held) -> None:
    say = partial(Console().print, highlight=False, soft_wrap=True)
    say(f"API       http://127.0.0.1:{port}/api/v1/docs/")
    if flower:
        say(f"Flower    http://127.0.0.1:{port + 1}")
    if login is not None:
        # the password is shown here only, and the next run makes another
        user, _, password = login.partition(":")
        say(f"          user {user}, password {password}", markup=False)
    if not os.environ.get("REDIS_URL"):
        say(f"Store     {held.store}", markup=False)
    say(f"Logs      {held.logs}", markup=False)
    say("Ctrl-C stops everything; slates and jobs are there again at the next start.")
