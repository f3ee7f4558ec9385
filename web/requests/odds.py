"""The bookmaker's prices of a request."""

from core.errors import InvalidInput, Problem
from core.race import UserKnowledge
from core.race.prices import Matchup, Taken, load_odds_weights
from core.slate import Slate
from web.requests.slates import Body, indices
from workers.plans.requests.market import MarketView
from workers.plans.requests.odds import OddsTerms

_KEY = "matchups"


def odds_of(
    slate: Slate, body: Body, knowledge: UserKnowledge | None, market: MarketView | None
) -> OddsTerms | None:
    """The prices of a request; ``None`` without any that races go part of the way towards.

    Odds to win and to be in the top five are part of what the user knows; at one's own view of the
    race they are met with the rest of it.

    Raises
    ------
    InvalidInput
        A driver who is not on the slate or does not race, one driver twice in a pair, no price or
        prices that cannot be a pair's, a pair given twice, or matchups where
        ``calibration_enabled`` is false.
    """
    matchups = _matchups(slate, body)
    if matchups and not body.get("scenario_config", {}).get("calibration_enabled", True):
        raise InvalidInput(
            {_KEY: "move the races, but calibration_enabled is false; leave one of them out."}
        )
    listed = knowledge is not None and knowledge.has_odds
    priced = any(d.win_odds is not None or d.top5_odds is not None for d in slate.drivers)
    if body["odds_taken"] != Taken.EARLY and not matchups and not priced:
        message = f"{body['odds_taken']}, but there are no odds; give some, or leave it out."
        raise InvalidInput({"odds_taken": message})
    if not matchups and (market is None or not listed):
        return None
    racing = [driver for driver in slate.drivers if not driver.out]
    spots = sum(driver.start_position is not None for driver in racing)
    return OddsTerms(
        weights=load_odds_weights(),
        grid_known=2 * spots >= len(racing),
        listed=listed,
        taken=Taken(body["odds_taken"]),
        matchups=matchups,
    )


def no_matchups(body: Body) -> None:
    """Refuse prices where the request brings its own scores.

    Raises
    ------
    InvalidInput
        On ``matchups``.
    """
    if body[_KEY]:
        raise InvalidInput({_KEY: "move simulated races, not given scores; leave them out."})


def _matchups(slate: Slate, body: Body) -> tuple[Matchup, ...]:
    matchups: list[Matchup] = []
    problems: list[Problem] = []
    first: dict[frozenset[int], int] = {}
    for number, entry in enumerate(body[_KEY]):
        where = f"{_KEY}.{number}"
        try:
            matchup = _matchup(slate, entry, where, body["odds_taken"])
        except InvalidInput as error:
            problems += error.problems
            continue
        pair = frozenset({matchup.driver_a, matchup.driver_b})
        if pair in first:
            names = " and ".join(slate.drivers[index].name for index in sorted(pair))
            message = f"{names} are {_KEY}.{first[pair]} already; give each pair once."
            problems.append(Problem(where, message))
        first.setdefault(pair, number)
        matchups.append(matchup)
    if problems:
        raise InvalidInput(problems)
    return tuple(matchups)


def _matchup(slate: Slate, entry: Body, where: str, taken: str) -> Matchup:
    if entry["driver_a"] == entry["driver_b"]:
        message = f"{entry['driver_b']!r} is driver_a too; give two drivers."
        raise InvalidInput({f"{where}.driver_b": message})
    driver_a = _racing(slate, entry["driver_a"], f"{where}.driver_a")
    driver_b = _racing(slate, entry["driver_b"], f"{where}.driver_b")
    odds = entry.get("odds_a"), entry.get("odds_b")
    try:
        return Matchup(driver_a, driver_b, *odds, Taken(entry.get("taken", taken)))
    except InvalidInput as error:
        names = f"{slate.drivers[driver_a].name} against {slate.drivers[driver_b].name}"
        raise InvalidInput(
            [Problem(f"{where}.{each.key}", f"{names}: {each.message}") for each in error.problems]
        ) from None


def _racing(slate: Slate, driver_id: str, where: str) -> int:
    """Index of a driver who races."""
    (index,) = indices(slate, [driver_id], where)
    driver = slate.drivers[index]
    if driver.out:
        message = f"{driver.name} ({driver_id}) does not race; leave the pair out."
        raise InvalidInput({where: message})
    return index
