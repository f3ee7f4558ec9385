"""Whole requests, as the workers take them."""

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
from web.requests.contests import contest_of
from web.requests.leverage import leverage_of, leveraged
from web.requests.rules import limits_of, rules_of
from web.requests.slates import Given, indices, knowledge_of, race_of, slate_of
from workers.engine.submission import Attachments
from workers.plans.objectives import OBJECTIVES, Objective
from workers.plans.requests.contest_sim import ContestSimRequest
from workers.plans.requests.optimize import Leverage, OptimizeRequest
from workers.plans.requests.ownership import OwnershipRequest
from workers.plans.stages.races import block_count, selects

_SIMULATED = 10_000
_FEWEST_SIMULATED = 1_000


def optimize_request(given: Given) -> OptimizeRequest:
    """Give the whole optimize request, checked against the slate.

    Raises
    ------
    InvalidInput
        A field that cannot be used, named.
    Infeasible
        Rules under which no lineup is legal, limits that no portfolio holds: the smallest set of
        them in conflict, and the largest number of lineups possible.
    """
    slate = _with_roster(slate_of(given), given)
    rules = rules_of(slate, given)
    return _optimize(slate, rules, None, given)


def leverage_request(given: Given) -> OptimizeRequest:
    """Give the whole optimize-with-leverage request, checked against the slate.

    Raises
    ------
    InvalidInput, Infeasible
        As :func:`optimize_request`, the rules on ownership among the rules.
    """
    slate = _with_roster(slate_of(given), given)
    plain = rules_of(slate, given)
    leverage = leverage_of(slate, given)
    rules = leveraged(plain, leverage, given)
    return _optimize(slate, rules, leverage, given)


def _with_roster(slate: Slate, given: Given) -> Slate:
    """Give the slate with as many drivers in a lineup as the request says."""
    size = given.get("n_drivers", slate.rules.roster_size)
    if size == slate.rules.roster_size:
        return slate
    return replace(slate, rules=replace(slate.rules, roster_size=size))


def _optimize(
    slate: Slate, rules: LineupRules, leverage: Leverage | None, given: Given
) -> OptimizeRequest:
    spec = race_of(slate, given)
    limits = limits_of(slate, rules, given)
    objective = OBJECTIVES[given["objective"]]
    scenarios = given.get("scenario_config", {}).get("n_scenarios", 10_000)
    target = TailTarget(tuple(given["cvar_alphas"]), tuple(given["cvar_weights"]))
    target.require_scenarios(_selected(scenarios))
    contest = given.get("contest")
    if contest is None and objective.needs_contest:
        need = f"the objective {objective.name!r} needs the contest that lineups are put into."
        raise InvalidInput({"contest": need})
    _require_own(objective, given)
    randomness = _randomness(slate, objective, given)
    require_possible(rules, limits)
    return OptimizeRequest(
        slate=slate,
        spec=spec,
        n_scenarios=scenarios,
        seed=given["random_seed"],
        rules=rules,
        limits=limits,
        objective=objective.name,
        target=target,
        diversity_weight=given["correlation_weight"],
        contest=None
        if contest is None
        else contest_of(
            slate,
            contest,
            given["n_lineups"],
            rules.salary_cap_usd,
            scenarios,
            # else the slate's, which the contest reads for itself
            leverage.ownership_percent if leverage and "ownership_estimates" in given else None,
        ),
        validate_tail=given["validate_tail_objective"],
        include_calibration=given["include_calibration"],
        knowledge=knowledge_of(slate, given),
        leverage=leverage,
        randomness=randomness,
        **{name: given[name] for name in objective.fields if name in given},
    )


def _require_own(objective: Objective, given: Given) -> None:
    """Refuse the fields of other objectives."""
    problems = {
        name: f"is for the objective {other.name!r}; leave it out with {objective.name!r}."
        for other in OBJECTIVES.values()
        for name in other.fields
        if name in given and name not in objective.fields
    }
    if problems:
        raise InvalidInput(problems)


def _randomness(slate: Slate, objective: Objective, given: Given) -> tuple[float, ...] | None:
    """Give by how much each driver's projections are moved, or ``None``: nobody's."""
    asked = given.get("randomness")
    if asked is None:
        return None
    every, by_id = (asked.get("default", 0.0), asked) if isinstance(asked, dict) else (asked, {})
    single = {name: share for name, share in by_id.items() if name != "default"}
    moved = np.full(len(slate), every)
    moved[list(indices(slate, list(single), "randomness"))] = list(single.values())
    if not moved.any():
        return None
    if not objective.takes_randomness:
        raise InvalidInput(
            {
                "randomness": "moves projections, and the objective "
                f"{objective.name!r} is looked for in simulated races; use mean."
            }
        )
    return tuple(moved.tolist())


def _selected(n_scenarios: int) -> int:
    """Give how many of the scenarios lineups are chosen on: the fewest in either half."""
    blocks = block_count(n_scenarios)
    full = n_scenarios // blocks
    return full * min(sum(selects(block) for block in range(blocks)), blocks // 2)


def contest_sim_request(given: Given) -> tuple[ContestSimRequest, Attachments]:
    """Give the whole contest-sim request, checked against the slate, and the arrays it refers to.

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
    scenarios = _scenarios(given.get("n_scenarios"), rows)
    contest = contest_of(slate, given, len(lineups), cap, scenarios)
    spec = race_of(slate, given) if rows is None else None
    attached = Attachments()
    scores = None if rows is None else attached.add({"points": _ticks(slate, rows)})
    request = ContestSimRequest(
        slate=slate,
        lineups=lineups,
        contest=contest,
        n_scenarios=scenarios,
        seed=given["random_seed"],
        salary_cap_usd=cap,
        spec=spec,
        scores=scores,
        knowledge=knowledge_of(slate, given) if rows is None else None,
    )
    return request, attached


def _scenarios(asked: int | None, rows: Sequence[Sequence[float]] | None) -> int:
    """Give how many races are played: the user's own, or as many as are to be simulated."""
    if rows is None:
        if asked is not None and asked < _FEWEST_SIMULATED:
            raise InvalidInput({"n_scenarios": f"{asked}; give {_FEWEST_SIMULATED} to 100000."})
        return _SIMULATED if asked is None else asked
    if asked not in {None, len(rows)}:
        raise InvalidInput(
            {
                "n_scenarios": f"{asked:,}, but scenario_driver_scores has "
                f"{many(len(rows), 'row')}; leave it out."
            }
        )
    return len(rows)


def _lineups(
    slate: Slate, given: Sequence[Sequence[str]], cap_usd: int
) -> tuple[tuple[int, ...], ...]:
    size = slate.rules.roster_size
    problems: dict[str, list[str]] = {}
    lineups = []
    for number, ids in enumerate(given):
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
        places = indices(slate, ids, where)
        cost = sum(slate.drivers[place].salary_usd for place in places)
        if cost > cap_usd:
            problems[where] = [f"costs {cost} USD, above the salary cap of {cap_usd}."]
        lineups.append(tuple(sorted(places)))
    if problems:
        raise InvalidInput(dict(list(problems.items())[:20]))
    return tuple(lineups)


def _ticks(slate: Slate, rows: Sequence[Sequence[float]]) -> npt.NDArray[np.int16]:
    """Give the user's points in ticks."""
    for place, row in enumerate(rows):
        if len(row) != len(slate):
            raise InvalidInput(
                {
                    "scenario_driver_scores": f"row {place}: {many(len(row), 'number')}; give one "
                    f"for each of the slate's {len(slate)} drivers."
                }
            )
    ticks = np.round(np.array(rows, dtype=np.float64) * TICKS_PER_POINT)
    return ticks.astype(np.int16)


def encode(request: OptimizeRequest | ContestSimRequest | OwnershipRequest) -> bytes:
    """Give a request as the job record keeps it."""
    return msgspec.json.encode(request)
