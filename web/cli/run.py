"""``axiomatic run``: a salary file in; lineups, figures and the upload file out."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from core.errors import InvalidInput
from web.cli.options import (
    FILE,
    Address,
    contest_options,
    leverage_options,
    rule_options,
    slate_options,
)
from web.cli.request import Prepared, RunOptions, prepare
from web.cli.summary import show
from web.client import Client, Json, open_http, signed
from web.stack import Stack


@contextmanager
def connected(server: str | None, workers: int | None, console: Console) -> Iterator[Client]:
    """A client of a running server, or of an installation started for this command."""
    if server is not None:
        with open_http(server) as http:
            yield Client(http, say=_say_on(console), lasting=True)
        return
    with started(Stack(workers), console) as stack, stack.client() as http:
        # REDIS_URL may name an installation that has users
        http.headers.update(signed(os.environ))
        yield Client(http, stack.check, _say_on(console))


def _say_on(console: Console) -> Callable[[str], None]:
    """A function that prints a message on standard error, unless the console is a quiet one."""
    told = Console(stderr=True, quiet=console.quiet)
    return partial(told.print, highlight=False, soft_wrap=True, markup=False)


@contextmanager
def started(stack: Stack, console: Console) -> Iterator[Stack]:
    """Start an installation, show that it starts, and stop it after the block."""
    # on standard error: what a command answers stands on standard output alone
    stack.say = _say_on(console)
    told = Console(stderr=True, quiet=console.quiet)
    with ExitStack() as parts:
        with told.status("Starting the store, the workers and the API .."):
            parts.enter_context(stack)
        yield stack


def work(options: RunOptions, prepared: Prepared, client: Client, console: Console) -> Json:
    """Do a run and write its files; returns the result, with the files' paths."""
    site = options.request.get("site")
    slate = client.add_slate(options.salaries, options.drivers, prepared.track_id, site)
    run_id = None
    try:
        run_id = client.start(prepared.kind, {"slate_id": slate["slate_id"], **prepared.body})
        result = _follow(client, run_id, console)
    except KeyboardInterrupt:
        if client.lasting:
            # also where nothing but the answer is to be printed: standard error is not the answer
            click.echo(client.way_back(run_id), err=True)
        elif run_id is not None:
            client.cancel(run_id)
        raise
    # which is another one where the server had lost the first
    run_id = str(result["run_id"])
    if prepared.note is not None:
        result["notes"].insert(0, prepared.note)
    upload, answer = options.out / "lineups.csv", options.out / "result.json"
    upload.write_text(client.lineups_csv(run_id), encoding="utf-8", newline="")
    answer.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return {**result, "files": {"lineups": str(upload), "result": str(answer)}}


def _follow(client: Client, run_id: str, console: Console) -> Json:
    columns = (
        TextColumn("{task.description:>10}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        bar = bars.add_task("waiting", total=1.0)

        def show_progress(job: Json) -> None:
            bars.update(bar, completed=job["progress"], description=job["stage"] or "waiting")

        return client.follow(run_id, show_progress)


@click.command()
@click.argument("salaries", type=FILE)
@slate_options
@contest_options
@rule_options
@leverage_options
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out"),
    show_default=True,
)
@click.option(
    "--server",
    type=Address(),
    help="Address of a running server; else one is started for this run.",
)
@click.option(
    "--workers", type=click.IntRange(1, 256), help="Worker processes; one a core by default."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON and nothing else.")
def run(server: str | None, workers: int | None, as_json: bool, **options: Any) -> None:
    """Pick lineups for a site's salary file and write the upload file."""
    if server is not None and workers is not None:
        raise InvalidInput({"--workers": "is for a run of its own; leave it out with --server."})
    chosen = _run_options(options)
    console = Console(stderr=True, quiet=as_json)
    # errors that need no server are reported before one is started
    prepared = prepare(chosen)
    make_folder(chosen.out)
    with connected(server, workers, console) as client:
        result = work(chosen, prepared, client, console)
    finish(result, as_json)


def _run_options(options: Json) -> RunOptions:
    """The options, those of the request apart; an absent one leaves the API's default to count."""
    own = {field.name for field in fields(RunOptions)}
    request = {
        name: value
        for name, value in options.items()
        # not by truth: zero is a value
        if name not in own and value is not None and value is not False and value != ()
    }
    return RunOptions(
        **{name: value for name, value in options.items() if name in own}, request=request
    )


def make_folder(out: Path) -> None:
    """Make the folder that files go into.

    Raises
    ------
    InvalidInput
        No files can be written there.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise InvalidInput({"--out": f"{out}: {error.strerror}."}) from None


def finish(result: Json, as_json: bool) -> None:
    """Print a result, for a program or for a person."""
    if as_json:
        click.echo(json.dumps(result))
    else:
        show(result, Console())
