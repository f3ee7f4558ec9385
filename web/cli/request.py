"""The request of a run: the command line and the files it names, read before anything starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInput
from core.slate import Slate, find_track, read_salaries, track_named_in
from core.tables import decode
from web.cli.driver_names import names_of
from web.cli.matchups_file import read_matchups_file
from web.cli.ownership_file import read_ownership_file
from web.cli.rules import LEVERAGE_RULES, rules_of
from web.client import Json

if TYPE_CHECKING:
    from core.contest import Payouts

DEFAULT_TRACK = "kansas"
DEFAULT_FIELD_SIZE = 10_000
DEFAULT_FEE_USD = 10.0


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The command line of a run; what is ``None`` or absent is left to files and the API.

    Parameters
    ----------
    salaries, drivers
        The slate's files.
    track
        Its track, an id or a name.
    request
        Fields of the request given as options, by the API's name.
    n_scenarios
        Races to simulate.
    rules_file
        JSON, see :func:`~web.cli.rules.rules_of`.
    contest, contest_id
        A file of prizes, and which of the contests in it.
    tickets
        What its tickets are worth, ``NAME=USD`` each.
    field_size, contest_buyin
        Entries and fee of the contest; beside a file they must be the file's.
    entry_limit
        Entries that one person may enter into it.
    ownership
        A file of ownership.
    matchups
        A file of prices of pairs, which stands in for those of the rules file.
    out
        The folder that files go into.
    """

    salaries: Path
    out: Path
    drivers: Path | None = None
    track: str | None = None
    request: Mapping[str, Any] = field(default_factory=dict)
    n_scenarios: int | None = None
    rules_file: Path | None = None
    contest: Path | None = None
    contest_id: str | None = None
    tickets: Sequence[str] = ()
    field_size: int | None = None
    contest_buyin: float | None = None
    entry_limit: int | None = None
    ownership: Path | None = None
    matchups: Path | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that lacks the slate's id alone.

    Parameters
    ----------
    kind
        Kind of the job.
    body
        The request's fields.
    track_id
        The slate's track.
    note
        A note on a track that is a guess, and on prizes that are not all cash.
    """

    kind: str
    body: Json
    track_id: str
    note: str | None


def prepare(options: RunOptions) -> Prepared:
    """The request of a run, all its files read.

    Raises
    ------
    InvalidInput
        A file that cannot be used, an unknown track, a driver who is not on the slate, rules on
        ownership without leverage, another size or fee than the contest's file says.
    """
    slate = read_salaries(options.salaries.read_bytes(), options.request.get("site"))
    names = names_of(slate)
    track_id, track_note = _track(options, slate)
    chosen = rules_of(options.rules_file, options.request, names)
    kind = _kind(chosen)
    contest, prizes_note = _contest(options)
    if options.entry_limit is not None:
        contest["entry_limit"] = options.entry_limit
    body: Json = {"contest": contest, **chosen}
    if options.n_scenarios is not None:
        body["scenario_config"] = {"n_scenarios": options.n_scenarios}
    if options.ownership is not None:
        # leverage uses this ownership, and so does the contest
        holder = contest if kind == "optimize" else body
        holder["ownership_estimates"] = read_ownership_file(
            options.ownership.read_bytes(), names, slate.rules.roster_size
        )
    if options.matchups is not None:
        body["matchups"] = read_matchups_file(options.matchups.read_bytes(), names)
    notes = [note for note in (track_note, prizes_note) if note]
    return Prepared(kind, body, track_id, " ".join(notes) or None)


def _kind(rules: Json) -> str:
    if "leverage_penalty" in rules:
        return "optimize-with-leverage"
    useless = sorted(LEVERAGE_RULES & set(rules))
    if useless:
        remedy = "is for leverage: give --leverage PENALTY too, 0 for limits on ownership alone."
        raise InvalidInput(dict.fromkeys(useless, remedy))
    return "optimize"


def _track(options: RunOptions, slate: Slate) -> tuple[str, str | None]:
    """The track's id, and a note where it is a guess.

    Races are named after sponsors rather than tracks, so the file's name is read first.
    """
    if options.track is not None:
        return find_track(options.track).track_id, None
    named = track_named_in(options.salaries.stem)
    if named is not None:
        return named.track_id, f"Track {named.track_id}: taken from the file's name."
    race = slate.race_name
    named = track_named_in(race)
    if named is not None:
        return named.track_id, f"Track {named.track_id}: taken from the race's name, {race!r}."
    return DEFAULT_TRACK, (
        f"No track is named, so the race is simulated at {DEFAULT_TRACK}, a typical intermediate "
        "oval. Give --track ID: the track changes every figure."
    )


def _payouts(path: Path, contest_id: str | None, tickets: Mapping[str, object]) -> "Payouts":
    from core.contest import read_payout_table  # noqa: PLC0415  (half a second, for this alone)

    return read_payout_table(decode(path.read_bytes(), "contest"), contest_id, tickets)


def _tickets(texts: Sequence[str]) -> dict[str, object]:
    """What tickets are worth by name, of texts ``NAME=USD``."""
    worth: dict[str, object] = {}
    for one in texts:
        name, equals, usd = one.rpartition("=")
        if not equals or not name.strip() or not usd.strip():
            raise InvalidInput({"--ticket": f"{one!r}; give NAME=USD, such as 'Tour Seat=20'."})
        worth[name.strip()] = usd.strip()
    return worth


def _contest(options: RunOptions) -> tuple[Json, str]:
    """The contest, and a note on prizes that are not all cash."""
    tickets = _tickets(options.tickets)
    if options.contest is None:
        if tickets or options.contest_id is not None:
            raise InvalidInput(
                {"--contest": "missing; give the file that --contest-id and --ticket refer to."}
            )
        size = DEFAULT_FIELD_SIZE if options.field_size is None else options.field_size
        fee = DEFAULT_FEE_USD if options.contest_buyin is None else options.contest_buyin
        return {"field_size": size, "contest_buyin": fee}, ""
    payouts = _payouts(options.contest, options.contest_id, tickets)
    _require_same(options, payouts)
    contest: Json = {
        "field_size": payouts.field_size,
        "contest_buyin": payouts.entry_fee_cents / 100,
        "payouts": [
            {"from": tier.first, "to": tier.last, "prize": tier.prize_cents / 100}
            for tier in payouts.tiers
        ],
    }
    return contest, f"Prizes: {payouts.label}." if payouts.label else ""


def _require_same(options: RunOptions, payouts: "Payouts") -> None:
    """Refuse a size or fee that is not the file's: only one of them can be what is meant."""
    problems: dict[str, str] = {}
    if options.field_size not in {None, payouts.field_size}:
        problems["--field-size"] = (
            f"{options.field_size:,}, but the payout file has {payouts.field_size:,}; leave it out."
        )
    fee = payouts.entry_fee_cents / 100
    if options.contest_buyin not in {None, fee}:
        problems["--fee"] = (
            f"{options.contest_buyin:.12g}, but the payout file has {fee:g}; leave it out."
        )
    if problems:
        raise InvalidInput(problems)
