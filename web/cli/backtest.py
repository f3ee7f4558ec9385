"""``axiomatic backtest``: the race model graded on past races, walk-forward."""

from datetime import datetime
from pathlib import Path

import click

from web.cli.fit import DATA_DIR, DATE
from web.cli.options import FILE

MOST_SEED = 2**32 - 1


@click.command(name="backtest")
@click.argument("data_dir", type=DATA_DIR)
@click.option(
    "--from",
    "first",
    type=DATE,
    metavar="DATE",
    required=True,
    help="First date graded (YYYY-MM-DD).",
)
@click.option(
    "--to", "last", type=DATE, metavar="DATE", required=True, help="Last date graded (YYYY-MM-DD)."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out/backtest"),
    show_default=True,
    help="Folder for table, plots and result.",
)
@click.option(
    "--scenarios",
    type=click.IntRange(100, 100_000),
    default=4_000,
    show_default=True,
    help="Races to simulate for each race graded.",
)
@click.option("--seed", type=click.IntRange(0, MOST_SEED), default=42, show_default=True)
@click.option(
    "--parameters",
    type=FILE,
    help="Grade the parameters that `axiomatic fit` wrote; else they are fitted as the races go.",
)
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the calibration summary that results carry; not together with --parameters.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON and nothing else.")
def backtest_command(
    data_dir: Path,
    first: datetime,
    last: datetime,
    out: Path,
    scenarios: int,
    seed: int,
    parameters: Path | None,
    record: Path | None,
    as_json: bool,
) -> None:
    """Grade forecasts of the races in DATA_DIR, each made from what was known before it."""
    from web.cli.grading import BacktestOptions, grade  # noqa: PLC0415  (compiled code, for this one command)

    grade(
        BacktestOptions(
            data_dir=data_dir,
            first_date=first.date().isoformat(),
            last_date=last.date().isoformat(),
            out=out,
            scenarios=scenarios,
            seed=seed,
            parameters=parameters,
            record=record,
            as_json=as_json,
        )
    )
