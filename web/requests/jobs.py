"""Requests for lineups and for contest simulations, as the workers take them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.lineups import LineupRules, TailTarget
from core.portfolio import require_possible
from core.slate import TICKS_PER_POINT, Slate
from core.wording import many
from web.labels import inside
from web.requests.contests import contest_of
from web.requests.leverage import leverage_of, leveraged
from web.requests.market import market_of, no_market
from web.requests.odds import no_matchups, odds_of
from web.requests.ownership import with_known_ownership
from web.requests.plain_fields import plain_fields
from web.requests.rules import limits_of, rules_of
from web.requests.slates import (
    Body,
    indices,
    knowledge_of,
    race_of,
    scenario_count,
    simulated_count,
    slate_of,
)
from web.requests.sources import Sources
from web.schemas.contests import DEFAULT_SCENARIOS, FEWEST_SCENARIOS, MOST_SCENARIOS
from web.schemas.objectives import WITH_RANDOMNESS
from web.schemas.presets import PRESETS
from workers.engine.submission import Attachments
from workers.plans.objectives import OBJECTIVES, Objective
from workers.plans.requests.contest_sim import ContestSimRequest
from workers.plans.requests.optimize import Leverage, OptimizeRequest
from workers.plans.requests.ownership import OwnershipRequest


def optimize_request(body: Body, sources: Sources) -> OptimizeRequest:
    """The whole optimize request, checked against the slate.

    Raises
    ------
    InvalidInput
        A field that cannot be used, named.
    Infeasible
        Rules under which no lineup is legal, limits that no portfolio holds: the smallest set of
        them in conflict, and the largest number of lineups possible.
    """
    slate = _with_roster(slate_of(body, sources), body)
    rules = rules_of(slate, body)
    return _optimize(slate, rules, None, body, sources)


def leverage_request(body: Body, sources: Sources) -> OptimizeRequest:
    """The whole optimize-with-leverage request, checked against the slate.

    Raises
    ------
    InvalidInput, Infeasible
        As :func:`optimize_request`, the rules on ownership among the rules.
    """
    slate = _with_roster(slate_of(body, sources), body)
    plain = rules_of(slate, body)
    if "ownership_estimates" not in body:
        with_known_ownership(slate, plain.salary_cap_usd, "drivers.ownership_percent")
    leverage = leverage_of(slate, body, plain.salary_cap_usd, sources.ownership_model)
    rules = leveraged(plain, leverage, body)
    return _optimize(slate, rules, leverage, body, sources)


def _with_roster(slate: Slate, body: Body) -> Slate:
    """The slate with as many drivers in a lineup as the request has."""
    size = body.get("n_drivers", slate.rules.roster_size)
    if size == slate.rules.roster_size:
        return slate
    return replace(slate, rules=replace(slate.rules, roster_size=size))


def _optimize(
    slate: Slate,
    rules: LineupRules,
    leverage: Leverage | None,
    body: Body,
    sources: Sources,
) -> OptimizeRequest:
    spec = race_of(slate, body)
    limits = limits_of(slate, rules, body)
    objective = OBJECTIVES[body["objective"]]
    scenarios = scenario_count(body)
    target = TailTarget(tuple(body["cvar_alphas"]), tuple(body["cvar_weights"]))
    target.require_scenarios(scenarios)
    contest = body.get("contest")
    if contest is None and objective.needs_contest:
        need = f"the objective {objective.name!r} needs the contest that lineups are put into."
        raise InvalidInput({"contest": need})
    _require_own(objective, body)
    _require_prizes(body)
    randomness = _randomness(slate, objective, body)
    require_possible(rules, limits)
    market = market_of(slate, body, sources.ownership_model, plays=contest is not None)
    knowledge = knowledge_of(slate, body)
    if contest is None and leverage is None:
        # the market's view reads it, as a contest does
        slate = with_known_ownership(slate, rules.salary_cap_usd, "drivers.ownership_percent")
    terms = None
    if contest is not None:
        # else the slate's, which the contest reads for itself
        chosen_by = None
        if leverage is not None and "ownership_estimates" in body:
            chosen_by = leverage.ownership_percent
        with inside("contest", contest):
            terms = contest_of(
                slate,
                contest,
                body["n_lineups"],
                rules.salary_cap_usd,
                scenarios,
                sources.ownership_model,
                chosen_by,
                halves=2,
            )
    return OptimizeRequest(
        slate=slate,
        spec=spec,
        n_scenarios=simulated_count(scenarios),
        seed=body["random_seed"],
        rules=rules,
        limits=limits,
        objective=objective.name,
        target=target,
        contest=terms,
        validate_tail=body["validate_tail_objective"],
        knowledge=knowledge,
        market=market,
        odds=odds_of(slate, body, knowledge, market),
        leverage=leverage,
        randomness=randomness,
        **plain_fields(OptimizeRequest, body, ("objective", "contest", "randomness")),
    )


def _require_own(objective: Objective, body: Body) -> None:
    """Refuse the fields of other objectives."""
    problems = {
        name: f"is for the objective {other.name!r}; leave it out with {objective.name!r}."
        for other in OBJECTIVES.values()
        for name in other.fields
        if name in body and name not in objective.fields
    }
    if problems:
        raise InvalidInput(problems)


def _require_prizes(body: Body) -> None:
    """Refuse typical prizes, which are a tournament's, for a preset of another kind of contest."""
    preset = PRESETS.get(body.get("preset", ""))
    if preset is None or preset.typical_prizes or "payouts" in body.get("contest", {"payouts": ()}):
        return
    raise InvalidInput(
        {
            "contest.payouts": f"missing; a {preset.name} pays otherwise than the tournaments that "
            "typical prizes are of: give the contest's own."
        }
    )


def _randomness(slate: Slate, objective: Objective, body: Body) -> tuple[float, ...] | None:
    """Shares by which the drivers' projections are moved, or ``None``: nobody's are."""
    shares = body.get("randomness")
    if shares is None:
        return None
    every, by_id = (
        (shares.get("default", 0.0), shares) if isinstance(shares, dict) else (shares, {})
    )
    single = {name: share for name, share in by_id.items() if name != "default"}
    moved = np.full(len(slate), every)
    moved[list(indices(slate, list(single), "randomness"))] = list(single.values())
    if not moved.any():
        return None
    if not objective.takes_randomness:
        raise InvalidInput(
            {
                "randomness": "moves projections, and the objective "
                f"{objective.name!r} is looked for in simulated races; "
                f"use {WITH_RANDOMNESS}."
            }
        )
    return tuple(moved.tolist())


def contest_sim_request(body: Body, sources: Sources) -> tuple[ContestSimRequest, Attachments]:
    """The whole contest-sim request, checked against the slate, and the arrays it refers to.

    Raises
    ------
    InvalidInput
        A field that cannot be used, named.
    Infeasible
        Ownership that no mix of legal lineups has.
    """
    slate = slate_of(body, sources)
    cap = body.get("salary_cap", slate.rules.salary_cap_usd)
    lineups = _lineups(slate, body["lineups"], cap)
    rows = body.get("scenario_driver_scores")
    scenarios = _scenarios(body.get("n_scenarios"), rows)
    if rows is not None:
        no_market(body)
        no_matchups(body)
    contest = contest_of(slate, body, len(lineups), cap, scenarios, sources.ownership_model)
    spec = race_of(slate, body) if rows is None else None
    knowledge = market = odds = None
    if rows is None:
        knowledge = knowledge_of(slate, body)
        market = market_of(slate, body, sources.ownership_model, plays=True)
        odds = odds_of(slate, body, knowledge, market)
    attachments = Attachments()
    scores = None if rows is None else attachments.add({"points": _ticks(slate, rows)})
    request = ContestSimRequest(
        slate=slate,
        lineups=lineups,
        contest=contest,
        n_scenarios=scenarios,
        seed=body["random_seed"],
        salary_cap_usd=cap,
        spec=spec,
        scores=scores,
        knowledge=knowledge,
        market=market,
        odds=odds,
        **plain_fields(ContestSimRequest, body, ("lineups", "n_scenarios")),
    )
    return request, attachments


def _scenarios(n_scenarios: int | None, rows: Sequence[Sequence[float]] | None) -> int:
    """How many races are played: the user's own, or as many as are to be simulated."""
    if rows is None:
        if n_scenarios is not None and n_scenarios < FEWEST_SCENARIOS:
            allowed = f"give {FEWEST_SCENARIOS} to {MOST_SCENARIOS}"
            raise InvalidInput({"n_scenarios": f"{n_scenarios}; {allowed}."})
        return DEFAULT_SCENARIOS if n_scenarios is None else n_scenarios
    if n_scenarios not in {None, len(rows)}:
        raise InvalidInput(
            {
                "n_scenarios": f"{n_scenarios:,}, but scenario_driver_scores has "
                f"{many(len(rows), 'row')}; leave it out."
            }
        )
    return len(rows)


def _lineups(
    slate: Slate, id_lists: Sequence[Sequence[str]], cap_usd: int
) -> tuple[tuple[int, ...], ...]:
    size = slate.rules.roster_size
    problems: dict[str, list[str]] = {}
    lineups = []
    for number, ids in enumerate(id_lists):
        where = f"lineups.{number}"
        twice = [name for name, count in Counter(ids).items() if count > 1]
        if twice:
            problems[where] = [
                f"{', '.join(map(repr, twice))} stands in it more than once; give {size} different "
                "drivers."
            ]
            continue
        if len(ids) != size:
            problems[where] = [f"{many(len(ids), 'driver')}; a lineup has {size}."]
            continue
        drivers = indices(slate, ids, where)
        cost = sum(slate.drivers[index].salary_usd for index in drivers)
        if cost > cap_usd:
            problems[where] = [f"costs {cost} USD, above the salary cap of {cap_usd}."]
        lineups.append(tuple(sorted(drivers)))
    if problems:
        raise InvalidInput(dict(list(problems.items())[:20]))
    return tuple(lineups)


def _ticks(slate: Slate, rows: Sequence[Sequence[float]]) -> npt.NDArray[np.int16]:
    """The user's points in ticks, i16 ``[N, D]``."""
    for index, row in enumerate(rows):
        if len(row) != len(slate):
            raise InvalidInput(
                {
                    "scenario_driver_scores": f"row {index}: {many(len(row), 'number')}; give one "
                    f"for each of the slate's {len(slate)} drivers."
                }
            )
    ticks = np.round(np.array(rows, dtype=np.float64) * TICKS_PER_POINT)
    return ticks.astype(np.int16)


def encode(request: OptimizeRequest | ContestSimRequest | OwnershipRequest) -> bytes:
    """A request as the job's record keeps it."""
    return msgspec.json.encode(request)
