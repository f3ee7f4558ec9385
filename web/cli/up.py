"""``axiomatic up``: an installation on this machine, kept running."""

import time

import click
from rich.console import Console

from web.stack import Stack

_CHECK_SECONDS = 1.0


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65_535))
@click.option(
    "--workers", type=click.IntRange(1, 256), help="Worker processes; one a core by default."
)
@click.option("--flower", is_flag=True, help="Start Flower as well, on the port after the API's.")
def up(port: int, workers: int | None, flower: bool) -> None:
    """Start store, workers and API on the loopback interface; Ctrl-C stops them."""
    console = Console()
    with console.status("Starting the store, the workers and the API .."):
        stack = Stack(workers, port, port + 1 if flower else None).__enter__()
    with stack:
        console.print(f"API       http://127.0.0.1:{port}/api/v1/docs")
        if flower:
            console.print(f"Flower    http://127.0.0.1:{port + 1}")
        console.print("Ctrl-C stops everything.")
        while True:
            stack.check()
            time.sleep(_CHECK_SECONDS)
