"""Grading the race model on past races: the work of ``axiomatic backtest``."""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from core.errors import InvalidInput
from core.history import Refitting, read_races, read_yellow_flags
from core.history.backtest import backtest
from core.history.forecast import Priors
from core.history.grading.calibration import calibration_document
from core.history.grading.report import BacktestReport
from core.history.grading.report_document import report_document
from core.history.grading.report_table import report_table
from core.history.salaries import read_slate_salaries
from core.race import TrackPriors
from core.race.priors import PRIORS_VERSION
from core.slate.tracks import TrackType
from web.cli.escaping import escape
from web.cli.parallel import spread
from web.cli.plots import draw_backtest
from web.cli.readable import readable_json
from web.cli.run import make_folder


@dataclass(frozen=True, slots=True)
class BacktestOptions:
    """The command line of ``axiomatic backtest``."""

    data_dir: Path
    first_date: str
    last_date: str
    out: Path
    scenarios: int
    seed: int
    parameters: Path | None
    record: Path | None
    as_json: bool


@dataclass(frozen=True, slots=True)
class _Fitted:
    """Parameters of a file, and the date of the last race that they were fitted to."""

    until: str
    priors: Priors


def grade(options: BacktestOptions) -> None:
    """Grade the model, write table, plots and result, and print one of them.

    Raises
    ------
    InvalidInput
        ``--record`` together with ``--parameters``, a file that is no fit, or what
        :func:`~core.history.backtest.backtest` refuses.
    """
    if options.parameters is not None and options.record is not None:
        raise InvalidInput(
            {
                "--record": "the summary that answers carry is graded walk-forward, each race with "
                "parameters fitted to earlier races; leave out --parameters."
            }
        )
    fitted = None if options.parameters is None else _read_parameters(options.parameters)
    in_sample = fitted is not None and fitted.until >= options.first_date
    if fitted is not None and in_sample:
        Console(stderr=True).print(
            f"[yellow]note[/] {escape(str(options.parameters))} was fitted to races up to "
            f"{fitted.until}, so grades of races from {options.first_date} on are not of "
            "forecasts.",
            soft_wrap=True,
        )
    console = Console(stderr=True, quiet=options.as_json)
    make_folder(options.out)
    races = read_races(options.data_dir)
    flags = read_yellow_flags(options.data_dir, {race.key: race.track_type for race in races})
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
            options.first_date,
            options.last_date,
            scenarios=options.scenarios,
            seed=options.seed,
            fit=Refitting(apply=apply) if fitted is None else fitted.priors,
            slates=read_slate_salaries(options.data_dir),
            progress=lambda share, what: bars.update(bar, completed=share, description=what),
        )
    document = {
        **report_document(report),
        "parameters_to": None if fitted is None else fitted.until,
        "in_sample": in_sample,
    }
    files = _write(report, document, options)
    if options.as_json:
        click.echo(json.dumps({**document, "files": files}))
        return
    click.echo(report_table(report))
    for name, path in files.items():
        Console().print(f"[green]{name:>12}[/] {escape(path)}", soft_wrap=True)


def _write(
    report: BacktestReport, document: dict[str, Any], options: BacktestOptions
) -> dict[str, str]:
    table, result = options.out / "table.txt", options.out / "result.json"
    table.write_text(report_table(report) + "\n", encoding="utf-8")
    result.write_text(readable_json(document) + "\n", encoding="utf-8")
    files = {"table": table, "result": result, **draw_backtest(report, options.out)}
    if options.record is not None:
        make_folder(options.record.parent)
        summary = readable_json(calibration_document(report))
        options.record.write_text(summary + "\n", encoding="utf-8")
        files["record"] = options.record
    return {name: str(path) for name, path in files.items()}


def _read_parameters(path: Path) -> _Fitted:
    """The parameters of a file that ``axiomatic fit`` wrote."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        version = document.get("version")
        if version != PRIORS_VERSION:
            raise InvalidInput({"--parameters": f"{path} is of {_named(version)}; fit again."})
        return _Fitted(
            until=_iso_date(document["to"]),
            priors={
                TrackType(kind): TrackPriors.from_mapping(entry["parameters"])
                for kind, entry in document["track_types"].items()
            },
        )
    except KeyError as error:
        raise InvalidInput({"--parameters": f"{path} is no fit: it lacks {error}."}) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidInput({"--parameters": f"{path} is no fit ({error})."}) from error


def _iso_date(value: object) -> str:
    with suppress(ValueError):
        if isinstance(value, str) and date.fromisoformat(value).isoformat() == value:
            return value
    raise ValueError(f"its date 'to' is {json.dumps(value)}, not YYYY-MM-DD")


def _named(version: object) -> str:
    named = "no version" if version is None else f"version {version}"
    return f"{named}, not {PRIORS_VERSION}"
