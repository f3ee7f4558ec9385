"""``axiomatic run``: a salary file in; lineups, figures and the upload file out."""

import json
import math
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from core.errors import InvalidInput
from core.slate import find_track, plain_name, read_salaries, track_named_in
from core.slate.tables import decode, number, read_table
from web.cli.summary import show
from web.client import Client, Json
from web.stack import Stack
from workers.objective import Objective

if TYPE_CHECKING:
    from core.contest import Payouts

DEFAULT_TRACK = "kansas"


class _Finite(click.FloatRange):
    """A number that JSON can carry."""

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """Refuse what is not finite."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


class _Address(click.ParamType):  # type: ignore[type-arg]  # generic only lately
    """A server's address."""

    name = "url"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """Refuse what is no address of a web server."""
        try:
            url = httpx.URL(str(value))
        except httpx.InvalidURL:
            url = httpx.URL("")
        if url.scheme not in {"http", "https"} or not url.host:
            self.fail(f"{value!r}; give an address such as http://127.0.0.1:8000.", param, ctx)
        return str(value)


FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OBJECTIVES = [objective.value for objective in Objective]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run is asked for, from the command line."""

    salaries: Path
    drivers: Path | None
    track: str | None
    lineups: int
    scenarios: int
    objective: str
    contest: Path | None
    field_size: int
    fee: float
    ownership: Path | None
    max_exposure: float | None
    seed: int
    out: Path


def track_id_of(asked: Asked, slate_file: Path) -> tuple[str, str | None]:
    """Give the track's id, and a warning where it is a guess.

    Sponsors' race names say little of the track, so the file's name counts first.
    """
    if asked.track is not None:
        return find_track(asked.track).track_id, None
    named = track_named_in(slate_file.stem)
    if named is not None:
        return named.track_id, f"Track {named.track_id}: taken from the file's name."
    race = _race_name(slate_file)
    named = track_named_in(race)
    if named is not None:
        return named.track_id, f"Track {named.track_id}: taken from the race's name, {race!r}."
    return DEFAULT_TRACK, (
        f"No track given: simulated as {DEFAULT_TRACK}, a typical intermediate oval. "
        "Say --track ID: it changes everything."
    )


def _race_name(salaries: Path) -> str:
    try:
        return read_salaries(salaries.read_bytes()).race_name
    except InvalidInput:
        return ""  # the server says what is wrong with it


def _payouts(asked: Asked) -> "Payouts | None":
    if asked.contest is None:
        return None
    from core.contest import read_payout_table  # noqa: PLC0415  (half a second, for this alone)

    return read_payout_table(decode(asked.contest.read_bytes(), "contest"))


def _contest(asked: Asked, payouts: "Payouts | None", slate: Json) -> Json:
    contest: Json = {"field_size": asked.field_size, "contest_buyin": asked.fee}
    if payouts is not None:
        contest = {
            "field_size": payouts.field_size,
            "contest_buyin": payouts.entry_fee_cents / 100,
            "payouts": [
                {"from": tier.first, "to": tier.last, "prize": tier.prize_cents / 100}
                for tier in payouts.tiers
            ],
        }
    if asked.ownership is not None:
        contest["ownership_estimates"] = _ownership(asked.ownership, slate)
    return contest


def _ownership(path: Path, slate: Json) -> dict[str, float]:
    """Read ``driver`` (name or id) and ``ownership_percent`` columns."""
    by_name = {plain_name(driver["name"]): driver["driver_id"] for driver in slate["drivers"]}
    by_name |= {driver["driver_id"]: driver["driver_id"] for driver in slate["drivers"]}
    header, rows = read_table(path.read_bytes(), "ownership")
    columns = [cell.lower() for cell in header]
    if not {"driver", "ownership_percent"} <= set(columns):
        raise InvalidInput({"ownership": "the header lacks driver or ownership_percent."})
    estimates: dict[str, float] = {}
    problems: dict[str, str] = {}
    for line, row in rows:
        cells = dict(zip(columns, row, strict=False))
        name, percent = cells["driver"], number(cells["ownership_percent"].removesuffix("%"))
        driver_id = by_name.get(name) or by_name.get(plain_name(name))
        if driver_id is None:
            problems[f"ownership line {line}"] = f"driver {name!r} is not on the slate."
        elif percent is None:
            problems[f"ownership line {line}"] = (
                f"ownership_percent {cells['ownership_percent']!r}; give percent of entries."
            )
        else:
            estimates[driver_id] = percent
    if problems:
        raise InvalidInput(problems)
    return estimates


@contextmanager
def connected(server: str | None, workers: int | None, console: Console) -> Iterator[Client]:
    """Give a client of a running server, or of an installation started for this command."""
    if server is not None:
        with httpx.Client(base_url=server, timeout=60.0) as http:
            yield Client(http)
        return
    with started(Stack(workers), console) as stack, stack.client() as http:
        yield Client(http, stack.check)


@contextmanager
def started(stack: Stack, console: Console) -> Iterator[Stack]:
    """Start an installation, saying so while it starts, and stop it after the block."""
    with ExitStack() as parts:
        with console.status("Starting the store, the workers and the API .."):
            parts.enter_context(stack)
        yield stack


def work(asked: Asked, client: Client, console: Console) -> Json:
    """Do a run and write its files; gives the result, with where the files are."""
    payouts = _payouts(asked)
    track_id, warning = track_id_of(asked, asked.salaries)
    slate = client.add_slate(asked.salaries, asked.drivers, track_id)
    request: Json = {
        "slate_id": slate["slate_id"],
        "n_lineups": asked.lineups,
        "objective": asked.objective,
        "scenario_config": {"n_scenarios": asked.scenarios},
        "random_seed": asked.seed,
        "include_calibration": False,
        "contest": _contest(asked, payouts, slate),
    }
    if asked.max_exposure is not None:
        request["max_driver_exposure"] = asked.max_exposure
    run_id = client.start("optimize", request)
    try:
        result = _follow(client, run_id, console)
    except KeyboardInterrupt:
        client.cancel(run_id)
        raise
    if warning:
        result["notes"].insert(0, warning)
    upload, answer = asked.out / "lineups.csv", asked.out / "result.json"
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

        def tell(job: Json) -> None:
            bars.update(bar, completed=job["progress"], description=job["stage"] or "waiting")

        return client.follow(run_id, tell)


@click.command()
@click.argument("salaries", type=FILE)
@click.option("--drivers", type=FILE, help="CSV: grid, teams, projections, ownership, rules.")
@click.option("--track", help="Track id or name, such as las_vegas; else taken from the file name.")
@click.option("--lineups", default=20, show_default=True, help="Lineups, 1 to 150.")
@click.option("--scenarios", default=10_000, show_default=True, help="Races to simulate.")
@click.option("--objective", type=click.Choice(OBJECTIVES), default="multi_cvar", show_default=True)
@click.option(
    "--contest", type=FILE, help="Payout table: CSV (Place,Payout,Field Size,Entry Fee) or JSON."
)
@click.option("--field-size", default=10_000, show_default=True, help="Entries, without --contest.")
@click.option(
    "--fee",
    type=_Finite(),
    default=10.0,
    show_default=True,
    help="Entry fee in USD, without --contest.",
)
@click.option("--ownership", type=FILE, help="CSV: driver,ownership_percent.")
@click.option(
    "--max-exposure", type=_Finite(0, 1), help="Most of the lineups one driver may be in, 0 to 1."
)
@click.option("--seed", default=42, show_default=True)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out"),
    show_default=True,
)
@click.option(
    "--server",
    type=_Address(),
    help="Address of a running server; else one is started for this run.",
)
@click.option(
    "--workers", type=click.IntRange(1, 256), help="Worker processes; one a core by default."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON and nothing else.")
def run(server: str | None, workers: int | None, as_json: bool, **options: Any) -> None:
    """Pick lineups for a DraftKings salary file and write the upload file."""
    asked = Asked(**options)
    console = Console(stderr=True, quiet=as_json)
    # what can be refused without a server is refused before one is started
    _payouts(asked)
    track_id_of(asked, asked.salaries)
    make_folder(asked.out)
    with connected(server, workers, console) as client:
        result = work(asked, client, console)
    finish(result, as_json)


def make_folder(out: Path) -> None:
    """Make the folder that files go into, and see that they can.

    Raises
    ------
    InvalidInput
        They cannot.
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
