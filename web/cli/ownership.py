"""``axiomatic ownership``: learning what fields own from contests that were played."""

from datetime import datetime
from pathlib import Path

import click

from web.cli.fit import DATE
from web.cli.options import FILE


@click.group()
def ownership() -> None:
    """Estimate what the field owns."""


@ownership.command()
@click.argument("standings", nargs=-1, required=True, type=FILE)
@click.option(
    "--salaries", type=FILE, help="Salary file of their slate; else DKSalaries.csv beside them."
)
@click.option("--drivers", type=FILE, help="CSV: grid, projections, withdrawn drivers.")
@click.option("--track", help="Track id or name, such as las_vegas; else taken from the files.")
@click.option("--date", type=DATE, metavar="DATE", help="Of the race (YYYY-MM-DD).")
@click.option(
    "--driver-effects",
    is_flag=True,
    help="Fit a weight of each driver's own; useful with many slates.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("out/ownership.json"),
    show_default=True,
    help="File of the model; the contests learnt from are kept beside it.",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=42, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON and nothing else.")
def learn(
    standings: tuple[Path, ...],
    salaries: Path | None,
    drivers: Path | None,
    track: str | None,
    date: datetime | None,
    driver_effects: bool,
    out: Path,
    seed: int,
    as_json: bool,
) -> None:
    """Learn from the contest-standings exports of one slate, on top of what was learnt before."""
    from web.cli.learning import LearnOptions, learn_from, salaries_beside  # noqa: PLC0415  (compiled)

    learn_from(
        LearnOptions(
            standings=standings,
            salaries=salaries or salaries_beside(standings),
            drivers=drivers,
            track=track,
            race_date=None if date is None else date.date().isoformat(),
            driver_effects=driver_effects,
            out=out,
            seed=seed,
            as_json=as_json,
        )
    )
