"""What a run asks the API for: the command line and the files it names, read before it starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInput
from core.slate import Slate, find_track, read_salaries, track_named_in
from core.tables import decode
from web.cli.driver_names import names_of
from web.cli.ownership_file import read_ownership_file
from web.cli.rules import LEVERAGE_RULES, rules_of
from web.client import Json

if TYPE_CHECKING:
    from core.contest import Payouts

DEFAULT_TRACK = "kansas"
DEFAULT_FIELD_SIZE = 10_000
DEFAULT_FEE_USD = 10.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run is asked for, from the command line.

    Parameters
    ----------
    field_size, fee
        Of the contest, where given: the defaults without a contest's file, or else its own.
    rules_file
        JSON, see :func:`~web.cli.rules.rules_of`.
    rules
        The rules given as options, by the API's field.
    contest_id
        Which of the contests in the file.
    site
        The contest site; ``None`` = the salary file's.
    tickets
        What its tickets are worth, ``NAME=USD`` each.
    """

    salaries: Path
    drivers: Path | None
    track: str | None
    lineups: int
    scenarios: int
    objective: str
    contest: Path | None
    field_size: int | None
    fee: float | None
    ownership: Path | None
    seed: int
    out: Path
    rules_file: Path | None = None
    rules: Mapping[str, Any] = field(default_factory=dict)
    contest_id: str | None = None
    site: str | None = None
    tickets: Sequence[str] = ()


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
        What to say of the track, where it is a guess, and of prizes that are not all cash.
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
        ownership without leverage, another size or fee than the contest's file says.
    """
    slate = read_salaries(asked.salaries.read_bytes(), asked.site)
    names = names_of(slate)
    track_id, note = _track(asked, slate)
    rules = rules_of(asked.rules_file, asked.rules, names)
    kind = _kind(rules)
    contest, prizes = _contest(asked)
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
        holder["ownership_estimates"] = read_ownership_file(
            asked.ownership.read_bytes(), names, slate.rules.roster_size
        )
    notes = [said for said in (note, prizes) if said]
    return Prepared(kind, body, track_id, " ".join(notes) or None)


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


def _payouts(path: Path, contest_id: str | None, tickets: Mapping[str, object]) -> "Payouts":
    from core.contest import read_payout_table  # noqa: PLC0415  (half a second, for this alone)

    return read_payout_table(decode(path.read_bytes(), "contest"), contest_id, tickets)


def _tickets(said: Sequence[str]) -> dict[str, object]:
    """Read what tickets are worth, ``NAME=USD`` each."""
    worth: dict[str, object] = {}
    for one in said:
        name, equals, usd = one.rpartition("=")
        if not equals or not name.strip() or not usd.strip():
            raise InvalidInput({"--ticket": f"{one!r}; give NAME=USD, such as 'Tour Seat=20'."})
        worth[name.strip()] = usd.strip()
    return worth


def _contest(asked: Asked) -> tuple[Json, str]:
    """Give the contest, and what is to be said of its prizes."""
    tickets = _tickets(asked.tickets)
    if asked.contest is None:
        if tickets or asked.contest_id is not None:
            raise InvalidInput(
                {"--contest": "absent; --contest-id and --ticket speak of its file."}
            )
        size = DEFAULT_FIELD_SIZE if asked.field_size is None else asked.field_size
        fee = DEFAULT_FEE_USD if asked.fee is None else asked.fee
        return {"field_size": size, "contest_buyin": fee}, ""
    payouts = _payouts(asked.contest, asked.contest_id, tickets)
    _require_same(asked, payouts)
    contest: Json = {
        "field_size": payouts.field_size,
        "contest_buyin": payouts.entry_fee_cents / 100,
        "payouts": [
            {"from": tier.first, "to": tier.last, "prize": tier.prize_cents / 100}
            for tier in payouts.tiers
        ],
    }
    return contest, f"Prizes: {payouts.label}." if payouts.label else ""


def _require_same(asked: Asked, payouts: "Payouts") -> None:
    """Refuse a size or fee that is not the file's: only one of them can be what is meant."""
    problems: dict[str, str] = {}
    if asked.field_size not in {None, payouts.field_size}:
        problems["--field-size"] = (
            f"{asked.field_size:,}, but the payout file says {payouts.field_size:,}; leave it out."
        )
    fee = payouts.entry_fee_cents / 100
    if asked.fee not in {None, fee}:
        problems["--fee"] = f"{asked.fee:.12g}, but the payout file says {fee:g}; leave it out."
    if problems:
        raise InvalidInput(problems)
