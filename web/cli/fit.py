"""``axiomatic fit``: the race model's parameters from a directory of past races."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from web.cli.escaping import escape
from web.cli.parallel import spread
from web.cli.readable import readable_json
from web.cli.run import make_folder

DATA_DIR = click.Path(exists=True, file_okay=False, path_type=Path)
DATE = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("data_dir", type=DATA_DIR)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("out/priors.json"),
    show_default=True,
    help="File that the parameters go into.",
)
@click.option(
    "--before", type=DATE, metavar="DATE", help="Use races before this date alone (YYYY-MM-DD)."
)
@click.option("--json", "as_json", is_flag=True, help="Print the fit as JSON and nothing else.")
def fit(data_dir: Path, out: Path, before: datetime | None, as_json: bool) -> None:
    """Fit the race model to the past races in DATA_DIR and write its parameters."""
    from core.history import fit_document  # noqa: PLC0415  (compiled code, for this one command)
    from core.slate.tracks import TrackType  # noqa: PLC0415

    make_folder(out.parent)
    columns = (TextColumn("{task.description:>13}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True, quiet=as_json)
    with spread() as apply, Progress(*columns, console=console, transient=True) as bars:
        bar = bars.add_task("reading", total=1 + len(TrackType))
        document = fit_document(
            data_dir,
            None if before is None else before.date().isoformat(),
            progress=lambda what: bars.update(bar, advance=1, description=what),
            apply=apply,
        )
    out.write_text(readable_json(document) + "\n", encoding="utf-8")
    if as_json:
        click.echo(json.dumps(document))
    else:
        _show(document, out, Console())


def _show(document: dict[str, Any], out: Path, console: Console) -> None:
    table = Table(title="What the parameters rest on")
    table.add_column("track type")
    table.add_column("races", justify="right")
    table.add_column("from")
    table.add_column("to")
    for kind, entry in document["track_types"].items():
        table.add_row(kind, str(entry["races"]), entry["from"], entry["to"])
    console.print(table)
    console.print(f"[green]parameters[/] {escape(str(out))}", soft_wrap=True)
