"""From what a schema has read to what the rooms take: slates, races, rules, contests."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np

from core.contest import Payouts, payouts_from_tiers, read_cents, typical_payouts
from core.errors import Infeasible, InvalidInput
from core.field import fit_field, nearest_ownership, read_ownership, without
from core.lineups import Group, LineupRules, TailTarget, require_legal
from core.portfolio import PortfolioLimits, portfolio_limits
from core.race import ConstraintCompiler, ConstraintSpec
from core.slate import (
    TICKS_PER_POINT,
    Driver,
    Slate,
    Veto,
    find_track,
)
from web.api.slates import known
from web.services import stored_blobs
from workers.contest_sim import ContestSimRequest
from workers.contest_stage import (
    FILE_OWNERSHIP,
    GIVEN_OWNERSHIP,
    REPAIRED_OWNERSHIP,
    ContestTerms,
)
from workers.optimize_request import Objective, OptimizeRequest
from workers.race_stage import block_count, selects

Given = Mapping[str, Any]

# a chunk, one block of races at the least, takes a minute or so at the most, a job an hour of a
# core
MAX_BLOCK_ENTRIES = 50_000_000
MAX_ENTRIES = 1_000_000_000_000


def _driver(given: Given) -> Driver:
    fields = {key: value for key, value in given.items() if key not in {"salary", "veto_rules"}}
    return Driver(
        **{"name": given["driver_id"], **fields},
        salary_usd=given["salary"],
        vetoes=frozenset(Veto(rule) for rule in given.get("veto_rules", [])),
    )


def slate_of(given: Given) -> Slate:
    """Give the slate a request names or holds, with the track it says.

    Raises
    ------
    InvalidInput
        Neither a slate nor drivers or both, drivers that make no slate, an unknown track or none.
    """
    if ("slate_id" in given) == ("drivers" in given):
        raise InvalidInput({"slate_id": "give either slate_id or drivers."})
    if "slate_id" in given:
        slate = known(given["slate_id"])
    else:
        slate = Slate(tuple(_driver(driver) for driver in given["drivers"]))
    named = given.get("scenario_config", {}).get("track_id")
    if named is not None:
        try:
            slate = replace(slate, track=find_track(named))
        except InvalidInput as error:
            raise InvalidInput({"scenario_config.track_id": error.problems["track_id"]}) from None
    return slate


def race_of(slate: Slate, given: Given) -> ConstraintSpec:
    """Compile the race of a request.

    Raises
    ------
    InvalidInput
        No track is known, or a driver's numbers contradict each other.
    """
    if slate.track is None:
        raise InvalidInput(
            {"scenario_config.track_id": "the slate names no track; give one, las_vegas say."}
        )
    laps = given.get("scenario_config", {}).get("race_length")
    return ConstraintCompiler().compile(slate, race_laps=laps)


def _indices(slate: Slate, ids: Sequence[str], where: str) -> tuple[int, ...]:
    return tuple(int(place) for place in slate.index_of(ids, where))


def rules_of(slate: Slate, given: Given) -> LineupRules:
    """Give the rules that every lineup of a request obeys.

    Raises
    ------
    InvalidInput
        An unknown driver, or rules that contradict each other.
    Infeasible
        No lineup can be afforded.
    """
    groups = [
        _group(slate, f"groups.{number}", group) for number, group in enumerate(given["groups"])
    ]
    if "min_stack" in given or "max_stack" in given:
        groups += _stacks(slate, given)
    out = {place for place, driver in enumerate(slate.drivers) if driver.out}
    excluded = _indices(slate, given["excludes"], "excludes")
    rules = LineupRules(
        salaries_usd=tuple(driver.salary_usd for driver in slate.drivers),
        roster_size=slate.rules.roster_size,
        salary_cap_usd=given.get("salary_cap", slate.rules.salary_cap_usd),
        min_salary_usd=given["min_salary"],
        locks=_indices(slate, given["locks"], "locks"),
        excludes=tuple(sorted({*excluded, *out})),
        groups=tuple(groups),
    )
    require_legal(rules)
    return rules


def _group(slate: Slate, name: str, given: Given) -> Group:
    members = _indices(slate, given["drivers"], f"{name}.drivers")
    most = min(len(set(members)), slate.rules.roster_size)
    if len(set(members)) < len(members):
        raise InvalidInput({f"{name}.drivers": "names a driver twice."})
    if given["at_least"] > most:
        raise InvalidInput(
            {f"{name}.at_least": f"{given['at_least']}; a lineup holds {most} of them at most."}
        )
    return Group(name, members, given["at_least"], given["at_most"])


def _stacks(slate: Slate, given: Given) -> list[Group]:
    least, most = given.get("min_stack", 1), given.get("max_stack", slate.rules.roster_size)
    if least > most:
        raise InvalidInput({"min_stack": f"{least} is above max_stack {most}."})
    teams: dict[str, list[int]] = {}
    for place, driver in enumerate(slate.drivers):
        if driver.team is None:
            raise InvalidInput(
                {"min_stack": f"{driver.name} has no team; give every driver's to stack by team."}
            )
        teams.setdefault(driver.team, []).append(place)
    return [
        Group(f"stack of {team}", tuple(members), least, most, or_none=True)
        for team, members in sorted(teams.items())
    ]


def limits_of(slate: Slate, rules: LineupRules, given: Given) -> PortfolioLimits:
    """Give the limits on a request's portfolio.

    Raises
    ------
    InvalidInput
        An exposure of an unknown driver or team, or a minimum above its maximum.
    """

    def split(name: str) -> tuple[float | None, dict[str, float]]:
        value = given.get(name)
        if isinstance(value, dict):
            single = {key: part for key, part in value.items() if key != "default"}
            return value.get("default"), single
        return value, {}

    most, driver_most = split("max_driver_exposure")
    least, driver_least = split("min_driver_exposure")
    team_most, by_team = split("max_team_exposure")
    teams = {driver.team for driver in slate.drivers}
    unknown = sorted(set(by_team) - {team for team in teams if team is not None})
    if unknown:
        raise InvalidInput(
            {"max_team_exposure": f"no driver of this slate is in team {', '.join(unknown[:5])}."}
        )

    def by_index(fractions: dict[str, float], where: str) -> dict[int, float]:
        return dict(zip(_indices(slate, list(fractions), where), fractions.values(), strict=True))

    limits = portfolio_limits(
        slate,
        given["n_lineups"],
        max_driver_exposure=most,
        min_driver_exposure=least or 0.0,
        max_team_exposure=team_most,
        driver_max=by_index(driver_most, "max_driver_exposure"),
        driver_min=by_index(driver_least, "min_driver_exposure"),
        team_max=by_team,
        locks=rules.locks,
        min_unique=given["min_unique"],
    )
    for driver in limits.drivers:
        if driver.least > driver.most:
            raise InvalidInput(
                {
                    "min_driver_exposure": f"{driver.name}: {driver.least:g} is above the maximum "
                    f"of {driver.most:g}."
                }
            )
    return limits


def contest_of(
    slate: Slate, given: Given, lineups: int, cap_usd: int, scenarios: int
) -> ContestTerms:
    """Give the contest of a request, its ownership checked against the slate.

    Raises
    ------
    InvalidInput
        Prizes that are none, a field smaller than the own entries, ownership that does not add up.
    Infeasible
        Ownership that no mix of legal lineups has.
    """
    fee_cents = read_cents(given["contest_buyin"], "contest_buyin")
    _require_bounded(given, scenarios)
    if given["field_size"] <= lineups:
        raise InvalidInput(
            {
                "field_size": f"{given['field_size']} entries with {lineups} own lineups among "
                "them "
                f"leave no opponent; give {lineups + 1} or more."
            }
        )
    payouts = _payouts(given, fee_cents)
    percent, source = _ownership(slate, given, cap_usd)
    return ContestTerms(payouts, percent, source, given["n_contest_sims"])


def _require_bounded(given: Given, scenarios: int) -> None:
    """Refuse a contest that would keep a worker for hours: a chunk must end, and soon."""
    entries = given["field_size"] * given["n_contest_sims"]
    if entries > MAX_BLOCK_ENTRIES:
        raise InvalidInput(
            {
                "n_contest_sims": f"{given['n_contest_sims']} fields of {given['field_size']} "
                f"entries for every block of races; give {MAX_BLOCK_ENTRIES // given['field_size']}"
                " at most."
            }
        )
    if entries * scenarios > MAX_ENTRIES:
        raise InvalidInput(
            {
                "n_scenarios": f"{scenarios} races x {entries} entries; give "
                f"{MAX_ENTRIES // entries} at most for this contest."
            }
        )


def _payouts(given: Given, fee_cents: int) -> Payouts:
    if "payouts" not in given:
        return typical_payouts(given["field_size"], fee_cents, given.get("contest_size_tier"))
    if "contest_size_tier" in given:
        raise InvalidInput({"contest_size_tier": "give payouts or a tier, not both."})
    tiers = [
        {"from": tier["first"], "to": tier["last"], "prize": tier["prize"]}
        for tier in given["payouts"]
    ]
    return payouts_from_tiers(tiers, given["field_size"], given["contest_buyin"])


def _ownership(slate: Slate, given: Given, cap_usd: int) -> tuple[tuple[float, ...] | None, str]:
    """Give the request's ownership, else the slate's where every racing driver has it, and whose.

    Ownership of the request must fit the cap; the drivers file's is moved to the nearest that does,
    because its user is elsewhere by now, and the answer says so.
    """
    size = slate.rules.roster_size
    names = [driver.name for driver in slate.drivers]
    if "ownership_estimates" in given:
        estimates: dict[str, float] = given["ownership_estimates"]
        slate.index_of(list(estimates), "ownership_estimates")
        percent = [estimates.get(driver.driver_id, 0.0) for driver in slate.drivers]
        model = fit_field(slate.salaries_usd, percent, size, cap_usd, names)
        return model.ownership_percent, GIVEN_OWNERSHIP
    if any(driver.ownership_percent is None for driver in slate.drivers if not driver.out):
        return None, ""
    try:
        filed = read_ownership([d.ownership_percent or 0.0 for d in slate.drivers], size)
        owned = without(filed, np.array([driver.out for driver in slate.drivers]), size)
    except InvalidInput as error:
        raise InvalidInput({"drivers.ownership_percent": list(*error.problems.values())}) from None
    try:
        model = fit_field(slate.salaries_usd, owned, size, cap_usd, names)
    except Infeasible as error:
        try:
            near = nearest_ownership(slate.salaries_usd, owned, size, cap_usd)
        except Infeasible:
            raise InvalidInput({"drivers.ownership_percent": error.reason}) from None
        return tuple(near.tolist()), f"{REPAIRED_OWNERSHIP}: {error.reason}"
    return model.ownership_percent, FILE_OWNERSHIP


def optimize_request(given: Given) -> OptimizeRequest:
    """Give the whole optimize request, checked against the slate.

    Raises
    ------
    InvalidInput
        A field that cannot be used, named.
    Infeasible
        Rules under which no lineup is legal.
    """
    slate = slate_of(given)
    spec = race_of(slate, given)
    rules = rules_of(slate, given)
    limits = limits_of(slate, rules, given)
    objective = Objective(given["objective"])
    scenarios = given.get("scenario_config", {}).get("n_scenarios", 10_000)
    target = TailTarget(tuple(given["cvar_alphas"]), tuple(given["cvar_weights"]))
    target.require_scenarios(_selected(scenarios))
    contest = given.get("contest")
    if contest is None and objective is Objective.DOLLARS:
        raise InvalidInput({"contest": "the objective 'dollars' needs the contest to win them in."})
    return OptimizeRequest(
        slate=slate,
        spec=spec,
        n_scenarios=scenarios,
        seed=given["random_seed"],
        rules=rules,
        limits=limits,
        objective=objective,
        target=target,
        diversity_weight=given["correlation_weight"],
        contest=None
        if contest is None
        else contest_of(slate, contest, given["n_lineups"], rules.salary_cap_usd, scenarios),
        validate_tail=given["validate_tail_objective"],
        include_calibration=given["include_calibration"],
    )


def _selected(n_scenarios: int) -> int:
    """Give how many of the scenarios lineups are chosen on: the fewest in either half."""
    blocks = block_count(n_scenarios)
    full = n_scenarios // blocks
    return full * min(sum(selects(block) for block in range(blocks)), blocks // 2)


def contest_sim_request(given: Given) -> ContestSimRequest:
    """Give the whole contest-sim request, checked against the slate.

    Raises
    ------
    InvalidInput
        A field that cannot be used, named.
    Infeasible
        Ownership that no mix of legal lineups has.
    """
    slate = slate_of(given)
    cap = given.get("salary_cap", slate.rules.salary_cap_usd)
    lineups = _lineups(slate, given["lineups"], cap)
    rows = given.get("scenario_driver_scores")
    scenarios = given["n_scenarios"] if rows is None else len(rows)
    contest = contest_of(slate, given, len(lineups), cap, scenarios)
    spec = race_of(slate, given) if rows is None else None
    # last of all: what is refused leaves nothing in Redis
    scores = None if rows is None else _store_scores(slate, rows)
    return ContestSimRequest(
        slate=slate,
        lineups=lineups,
        contest=contest,
        n_scenarios=scenarios,
        seed=given["random_seed"],
        salary_cap_usd=cap,
        spec=spec,
        scores=scores,
    )


def _lineups(
    slate: Slate, given: Sequence[Sequence[str]], cap_usd: int
) -> tuple[tuple[int, ...], ...]:
    size = slate.rules.roster_size
    problems: dict[str, list[str]] = {}
    lineups = []
    for number, ids in enumerate(given):
        where = f"lineups.{number}"
        if len(ids) != size or len(set(ids)) != size:
            problems[where] = [f"{len(set(ids))} different drivers; a lineup has {size}."]
            continue
        places = _indices(slate, ids, where)
        cost = sum(slate.drivers[place].salary_usd for place in places)
        if cost > cap_usd:
            problems[where] = [f"costs {cost} USD, above the salary cap of {cap_usd}."]
        lineups.append(tuple(sorted(places)))
    if problems:
        raise InvalidInput(dict(list(problems.items())[:20]))
    return tuple(lineups)


def _store_scores(slate: Slate, rows: Sequence[Sequence[float]]) -> str:
    """Store the user's points and give their blob."""
    if any(len(row) != len(slate) for row in rows):
        raise InvalidInput(
            {"scenario_driver_scores": f"give one number for each of the slate's {len(slate)}."}
        )
    ticks = np.round(np.array(rows, dtype=np.float64) * TICKS_PER_POINT)
    return stored_blobs().put(points=ticks.astype(np.int16))


def encode(request: OptimizeRequest | ContestSimRequest) -> bytes:
    """Give a request as the job record keeps it."""
    return msgspec.json.encode(request)
