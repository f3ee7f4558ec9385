"""``axiomatic demo``: the example slate through the whole house."""

from importlib import resources
from pathlib import Path

import click
from rich.console import Console

from web.cli.request import RunOptions, prepare
from web.cli.run import connected, finish, make_folder, work

EXAMPLE_TRACK = "las_vegas"


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out/demo"),
    show_default=True,
)
@click.option(
    "--workers", type=click.IntRange(1, 256), help="Worker processes; one a core by default."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON and nothing else.")
def demo(out: Path, workers: int | None, as_json: bool) -> None:
    """Run the example: 150 lineups, 10,000 races, a contest of 10,000 entries."""
    console = Console(stderr=True, quiet=as_json)
    with resources.as_file(resources.files("web") / "example") as folder:
        options = RunOptions(
            salaries=folder / "DKSalaries.csv",
            out=out,
            drivers=folder / "drivers.csv",
            track=EXAMPLE_TRACK,
            request={"n_lineups": 150, "objective": "dollars"},
            contest=folder / "contest.csv",
        )
        make_folder(out)
        with connected(None, workers, console) as client:
            result = work(options, prepare(options), client, console)
    finish(result, as_json)
