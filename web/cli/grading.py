"""What ``axiomatic backtest`` does once it knows what is asked of it."""

import json
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from core.errors import InvalidInput
from core.history import Refitting, read_races, read_yellow_flags
from core.history.backtest import backtest
from core.history.calibration import calibration_document
from core.history.forecast import Priors
from core.history.report import BacktestReport
from core.history.salaries import read_slate_salaries
from core.race import TrackPriors
from core.race.priors import PRIORS_VERSION
from core.slate.tracks import TrackType
from web.cli.cores import spread
from web.cli.plots import draw_backtest
from web.cli.readable import readable_json
from web.cli.run import make_folder


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line, read."""

    data_dir: Path
    first_date: str
    last_date: str
    out: Path
    scenarios: int
    seed: int
    parameters: Path | None
    record: Path | None
    as_json: bool


def grade(asked: Asked) -> None:
    """Grade, write table, plots and result, and print one of them."""
    console = Console(stderr=True, quiet=asked.as_json)
    given = None
    if asked.parameters is not None:
        given = _read_parameters(asked.parameters, asked.first_date, console)
    make_folder(asked.out)
    races = read_races(asked.data_dir)
    flags = read_yellow_flags(asked.data_dir, {race.key: race.track_type for race in races})
    columns = (
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with spread() as apply, Progress(*columns, console=console, transient=True) as bars:
        bar = bars.add_task("reading", total=1.0)
        report = backtest(
            races,
            flags,
            asked.first_date,
            asked.last_date,
            scenarios=asked.scenarios,
            seed=asked.seed,
            fit=Refitting(apply=apply) if given is None else given,
            slates=read_slate_salaries(asked.data_dir),
            progress=lambda share, what: bars.update(bar, completed=share, description=what),
        )
    files = _write(report, asked)
    if asked.as_json:
        click.echo(json.dumps({**report.to_json(), "files": files}))
        return
    click.echo(report.table())
    for name, path in files.items():
        Console().print(f"[green]{name:>12}[/] {escape(path)}", soft_wrap=True)


def _write(report: BacktestReport, asked: Asked) -> dict[str, str]:
    table, result = asked.out / "table.txt", asked.out / "result.json"
    table.write_text(report.table() + "\n", encoding="utf-8")
    result.write_text(readable_json(report.to_json()) + "\n", encoding="utf-8")
    files = {"table": table, "result": result, **draw_backtest(report, asked.out)}
    if asked.record is not None:
        make_folder(asked.record.parent)
        summary = readable_json(calibration_document(report))
        asked.record.write_text(summary + "\n", encoding="utf-8")
        files["record"] = asked.record
    return {name: str(path) for name, path in files.items()}


def _read_parameters(path: Path, first_date: str, console: Console) -> Priors:
    """Read what ``axiomatic fit`` wrote, and say so if it has seen what it is graded on."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        version, until = document["version"], document["to"]
        priors = {
            TrackType(kind): TrackPriors.from_mapping(entry["parameters"])
            for kind, entry in document["track_types"].items()
        }
    except KeyError as error:
        raise InvalidInput({"--parameters": f"{path} is no fit: it lacks {error}."}) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidInput({"--parameters": f"{path} is no fit ({error})."}) from error
    if version != PRIORS_VERSION:
        raise InvalidInput(
            {"--parameters": f"{path} is of version {version}, not {PRIORS_VERSION}; fit again."}
        )
    if until >= first_date:
        console.print(
            f"[yellow]note[/] {escape(str(path))} was fitted to races up to {until}: "
            f"what is graded from {first_date} on is no forecast."
        )
    return priors
