"""What a run asks the API for: the command line and the files it names, read before it starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInput
from core.slate import Slate, find_track, read_salaries, track_named_in
from core.slate.tables import decode, number, read_table
from web.cli.driver_names import DriverNames, names_of
from web.cli.rules import LEVERAGE_RULES, rules_of
from web.client import Json

if TYPE_CHECKING:
    from core.contest import Payouts

DEFAULT_TRACK = "kansas"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run is asked for, from the command line.

    Parameters
    ----------
    rules_file
        JSON, see :func:`~web.cli.rules.rules_of`.
    rules
        The rules given as options, by the API's field.
    """

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
    seed: int
    out: Path
    rules_file: Path | None = None
    rules: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that lacks the slate's id alone.

    Parameters
    ----------
    kind
        Of the job.
    body
        The request.
    track_id
        Of the slate.
    note
        What to say of the track, where it is a guess.
    """

    kind: str
    body: Json
    track_id: str
    note: str | None


def prepare(asked: Asked) -> Prepared:
    """Read all that a run's request needs.

    Raises
    ------
    InvalidInput
        A file that cannot be used, an unknown track, a driver who is not on the slate, rules on
        ownership without leverage.
    """
    slate = read_salaries(asked.salaries.read_bytes())
    names = names_of(slate)
    track_id, note = _track(asked, slate)
    rules = rules_of(asked.rules_file, asked.rules, names)
    kind = _kind(rules)
    contest = _contest(asked)
    body: Json = {
        "n_lineups": asked.lineups,
        "objective": asked.objective,
        "scenario_config": {"n_scenarios": asked.scenarios},
        "random_seed": asked.seed,
        "include_calibration": False,
        "contest": contest,
        **rules,
    }
    if asked.ownership is not None:
        # leverage counts by it, and so does the contest then
        holder = contest if kind == "optimize" else body
        holder["ownership_estimates"] = _ownership(asked.ownership, names)
    return Prepared(kind, body, track_id, note)


def _kind(rules: Json) -> str:
    if "leverage_penalty" in rules:
        return "optimize-with-leverage"
    useless = sorted(LEVERAGE_RULES & set(rules))
    if useless:
        said = "is for leverage: give --leverage PENALTY too, 0 for limits on ownership alone."
        raise InvalidInput(dict.fromkeys(useless, said))
    return "optimize"


def _track(asked: Asked, slate: Slate) -> tuple[str, str | None]:
    """Give the track's id, and a warning where it is a guess.

    Sponsors' race names say little of the track, so the file's name counts first.
    """
    if asked.track is not None:
        return find_track(asked.track).track_id, None
    named = track_named_in(asked.salaries.stem)
    if named is not None:
        return named.track_id, f"Track {named.track_id}: taken from the file's name."
    race = slate.race_name
    named = track_named_in(race)
    if named is not None:
        return named.track_id, f"Track {named.track_id}: taken from the race's name, {race!r}."
    return DEFAULT_TRACK, (
        f"No track given: simulated as {DEFAULT_TRACK}, a typical intermediate oval. "
        "Say --track ID: it changes everything."
    )


def _payouts(path: Path) -> "Payouts":
    from core.contest import read_payout_table  # noqa: PLC0415  (half a second, for this alone)

    return read_payout_table(decode(path.read_bytes(), "contest"))


def _contest(asked: Asked) -> Json:
    if asked.contest is None:
        return {"field_size": asked.field_size, "contest_buyin": asked.fee}
    payouts = _payouts(asked.contest)
    return {
        "field_size": payouts.field_size,
        "contest_buyin": payouts.entry_fee_cents / 100,
        "payouts": [
            {"from": tier.first, "to": tier.last, "prize": tier.prize_cents / 100}
            for tier in payouts.tiers
        ],
    }


def _ownership(path: Path, names: DriverNames) -> dict[str, float]:
    """Read ``driver`` (name or id) and ``ownership_percent`` columns."""
    header, rows = read_table(path.read_bytes(), "ownership")
    columns = [cell.lower() for cell in header]
    if not {"driver", "ownership_percent"} <= set(columns):
        raise InvalidInput({"ownership": "the header lacks driver or ownership_percent."})
    estimates: dict[str, float] = {}
    problems: dict[str, str] = {}
    for line, row in rows:
        cells = dict(zip(columns, row, strict=False))
        name, percent = cells["driver"], number(cells["ownership_percent"].removesuffix("%"))
        driver_id = names.find(name)
        if driver_id is None:
            problems[f"ownership line {line}"] = names.doubt(name)
        elif driver_id in estimates:
            problems[f"ownership line {line}"] = f"{name!r} stands in the file twice."
        elif percent is None:
            problems[f"ownership line {line}"] = (
                f"ownership_percent {cells['ownership_percent']!r}; give percent of entries."
            )
        else:
            estimates[driver_id] = percent
    if problems:
        raise InvalidInput(problems)
    return estimates
