"""Learning ownership from played contests: the work of ``axiomatic ownership learn``."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from core.errors import InvalidInput
from core.field import standings_on
from core.field.estimators import (
    HybridOwnershipEstimator,
    OwnershipSlate,
    PlayedContest,
    examples_of,
    ownership_model,
    played_from_json,
    played_to_json,
    shipped_ownership_model,
    to_json,
)
from core.race import ConstraintCompiler, generate_scenarios
from core.slate import (
    TICKS_PER_POINT,
    Slate,
    apply_driver_file,
    find_track,
    read_salaries,
    track_named_in,
)
from web.cli.escaping import escape
from web.cli.readable import readable_json
from web.cli.run import make_folder

SCENARIOS = 5_000


@dataclass(frozen=True, slots=True)
class LearnOptions:
    """The command line of ``axiomatic ownership learn``."""

    standings: tuple[Path, ...]
    salaries: Path
    drivers: Path | None
    track: str | None
    race_date: str | None
    driver_effects: bool
    out: Path
    seed: int
    as_json: bool


def salaries_beside(standings: Sequence[Path]) -> Path:
    """The salary file that lies beside the first of the exports.

    Raises
    ------
    InvalidInput
        There is none.
    """
    path = standings[0].parent / "DKSalaries.csv"
    if not path.is_file():
        raise InvalidInput(
            {"--salaries": f"no {path} either; give the salary file that the contests were of."}
        )
    return path


def learn_from(options: LearnOptions) -> None:
    """Learn, write the model and its contests, and print its errors before and after.

    Raises
    ------
    InvalidInput
        A file that is not what it should be, named with line and column; no track; two files of one
        contest.
    """
    slate = _slate(options)
    kept_in = options.out.with_suffix(".contests.json")
    earlier = _earlier(kept_in)
    before = ownership_model(options.out if options.out.exists() else None)
    new, warnings = _played(options, slate, earlier)
    make_folder(options.out.parent)
    kept = [old for old in earlier if not any(_one_contest(old, contest) for contest in new)]
    contests = kept + new
    rows = examples_of(contests)
    with Console(stderr=True, quiet=options.as_json).status("Learning .."):
        shipped = shipped_ownership_model()
        model = HybridOwnershipEstimator(
            driver_effects=options.driver_effects, members=shipped.members
        ).fit(rows.x, rows.y, rows.groups, rows.slates, prior=shipped)
    document = {
        "contests": [
            {
                "contest": contest.contest_id,
                "entries": contest.slate.entries,
                "drivers": int(np.isfinite(contest.ownership_percent).sum()),
                "mae_before": _error(before, contest),
                "mae_after": _error(model, contest),
            }
            for contest in new
        ],
        "learnt_before": len(kept) < len(earlier),
        "mae_left_out": round(model.fold_error_[model.ensemble_method], 3),
        "own_contests": len(contests),
        "own_slates": len({contest.slate_id for contest in contests}),
        "model": model.about_,
        "warnings": [*slate.warnings, *warnings],
        "files": {"model": str(options.out), "contests": str(kept_in)},
    }
    # the contests are written first, as the model can be fitted to them again
    _write_whole(kept_in, played_to_json(contests))
    _write_whole(options.out, to_json(model))
    if options.as_json:
        click.echo(json.dumps(document))
    else:
        _show(document, Console())


def _write_whole(path: Path, document: Any) -> None:
    """Write a file in one step: a server that reads it meanwhile has it whole, new or old."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(readable_json(document) + "\n", encoding="utf-8")
    beside.replace(path)


def _slate(options: LearnOptions) -> Slate:
    with _blaming(options.salaries):
        slate = read_salaries(options.salaries.read_bytes())
    if options.drivers is not None:
        with _blaming(options.drivers):
            slate = apply_driver_file(slate, options.drivers.read_bytes())
    if options.track is not None:
        return replace(slate, track=find_track(options.track))
    names = (slate.race_name, options.salaries.stem, *(path.stem for path in options.standings))
    track = next((named for name in names if (named := track_named_in(name)) is not None), None)
    if track is None:
        raise InvalidInput({"--track": "no file names the track; give it, such as las_vegas."})
    return replace(slate, track=track)


def _played(
    options: LearnOptions, slate: Slate, earlier: Sequence[PlayedContest]
) -> tuple[list[PlayedContest], list[str]]:
    """The contests of the exports, and warnings about them."""
    points, skill = _projected(slate, options.seed)
    slate_id = sha256(options.salaries.read_bytes()).hexdigest()[:16]
    # a date given with an earlier contest of this slate holds for it
    dates = [contest.slate.race_date for contest in earlier if contest.slate_id == slate_id]
    race_date = options.race_date or next((date for date in dates if date is not None), None)
    played: list[PlayedContest] = []
    warnings: list[str] = []
    for path in options.standings:
        with _blaming(path):
            if slate.site.read_standings is None:
                raise InvalidInput(
                    {"standings": f"no export of {slate.site.name}'s standings is known."}
                )
            standings = slate.site.read_standings(path.read_bytes(), slate.rules.roster_size)
            on = standings_on(slate, standings)
        if not standings.finished:
            warnings.append(f"{path}: the race was still on when it was exported.")
        before_lock = OwnershipSlate.of(
            slate,
            projected_points=points,
            skill=skill,
            entries=on.entries,
            race_date=race_date,
        )
        # the features leave out the ownership that is learnt, as it was not known before the
        # contest
        before_lock = replace(before_lock, ownership_percent=np.empty(0))
        contest_id = _contest_id(path, slate_id)
        contest = PlayedContest(contest_id, slate_id, before_lock, on.ownership_percent)
        twin = next((i for i, one in enumerate(played) if _one_contest(one, contest)), None)
        if twin is not None:
            also = options.standings[twin]
            where = "" if also == path else f", as {also} too"
            raise InvalidInput(
                {str(path): f"contest {contest_id} is given twice{where}; give it once."}
            )
        warnings += [
            f"{path}: this contest was learnt before as {old.contest_id}, which it replaces."
            for old in earlier
            if old.contest_id != contest_id and _one_contest(old, contest)
        ]
        played.append(contest)
    return played, warnings


def _projected(slate: Slate, seed: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Projected points, the user's own where a driver has them, and skill; each ``[D]``."""
    spec = ConstraintCompiler().compile(slate)
    scenarios, _ = generate_scenarios(spec, SCENARIOS, seed)
    simulated = scenarios.points(slate.rules).mean(axis=0) / TICKS_PER_POINT
    points = [
        mean if driver.projected_points is None else driver.projected_points
        for driver, mean in zip(slate.drivers, simulated, strict=True)
    ]
    return np.array(points), np.array([driver.skill for driver in spec.drivers])


def _contest_id(path: Path, slate_id: str) -> str:
    """The contest's number from the export's name, or else the name and the slate's hash."""
    number = re.match(r"contest-standings-(\d{6,})", path.stem)
    return f"{path.stem} of {slate_id[:8]}" if number is None else number[1]


def _one_contest(one: PlayedContest, other: PlayedContest) -> bool:
    """Whether two records are one contest: by its number, or by what was played in it.

    If both have the site's number, the numbers decide, as two contests may have equal ownership.
    """
    if one.contest_id == other.contest_id:
        return True
    numbered = one.contest_id.isdecimal() and other.contest_id.isdecimal()
    return not numbered and one.plays_as(other)


def _earlier(path: Path) -> list[PlayedContest]:
    if not path.exists():
        return []
    with _blaming(path):
        try:
            return played_from_json(json.loads(path.read_text(encoding="utf-8")))
        except ValueError as error:
            raise InvalidInput({"contests": f"is no JSON ({error})."}) from error


@contextmanager
def _blaming(path: Path) -> Iterator[None]:
    """Prefix what is wrong with a file's name."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(
            [replace(each, key=f"{path}: {each.key}") for each in error.problems]
        ) from error


def _error(model: HybridOwnershipEstimator, contest: PlayedContest) -> float:
    missed = np.abs(model.forecast(contest.slate).percent - contest.ownership_percent)
    return round(float(np.nanmean(missed[contest.slate.racing])), 3)


def _show(document: dict[str, Any], console: Console) -> None:
    table = Table(title="Mean absolute error, percent of entries")
    for column in ("contest", "entries", "drivers", "before", "after"):
        table.add_column(column, justify="left" if column == "contest" else "right")
    for contest in document["contests"]:
        table.add_row(
            escape(contest["contest"]),
            f"{contest['entries']:,}",
            str(contest["drivers"]),
            f"{contest['mae_before']:.2f}",
            f"{contest['mae_after']:.2f}",
        )
    console.print(table)
    console.print(
        "The errors after are on contests that the model has now learnt from. On slates left out "
        f"of the fit its error is {document['mae_left_out']:.2f}, over "
        f"{document['own_contests']} contests of your own."
    )
    if document["learnt_before"]:
        console.print(
            "[yellow]note[/] the model before had already learnt from some of these contests."
        )
    for warning in document["warnings"]:
        console.print(f"[yellow]note[/] {escape(warning)}")
    for name, path in document["files"].items():
        console.print(f"[green]{name:>12}[/] {escape(path)}", soft_wrap=True)
