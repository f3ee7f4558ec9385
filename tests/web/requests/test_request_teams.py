"""The limits by team and the race have the same teams: the request's, else those of past races."""

from typing import Any

import pytest

from core.errors import InvalidInput
from core.race import load_known_drivers
from tests.web.requests.alone import ALONE
from web.requests import optimize_request
from web.schemas.optimize import OptimizeSchema
from workers.plans.requests.optimize import OptimizeRequest

KNOWN = sorted(load_known_drivers().drivers.values(), key=lambda driver: driver.name)[:14]


def asked(*, first: dict[str, Any] | None = None, **changes: Any) -> OptimizeRequest:
    """A request with known drivers without their teams; ``first`` has keys of the first one."""
    drivers: list[dict[str, Any]] = [
        {"driver_id": f"k{i}", "name": driver.name.upper(), "salary": 10_400 - 400 * i}
        for i, driver in enumerate(KNOWN)
    ]
    drivers[0] |= first or {}
    config = {"track_id": "kansas"}
    given = OptimizeSchema().load({"drivers": drivers, "scenario_config": config, **changes})
    return optimize_request(given, ALONE)


@pytest.mark.parametrize("first", [{}, {"team": None}, {"team": "Mine", "manufacturer": "Own"}])
def test_slate_race_and_limits_have_the_same_teams(first: dict[str, Any]) -> None:
    request = asked(first=first)
    teams = [driver.team for driver in KNOWN]
    makes = [driver.manufacturer for driver in KNOWN]
    teams[0] = first.get("team") or teams[0]
    makes[0] = first.get("manufacturer") or makes[0]
    assert [driver.team for driver in request.slate.drivers] == teams
    assert [driver.manufacturer for driver in request.slate.drivers] == makes
    assert [driver.team for driver in request.spec.drivers] == teams
    assert [driver.manufacturer for driver in request.spec.drivers] == makes
    limited = {place: team.name for team in request.limits.teams for place in team.members}
    assert [limited[place] for place in range(len(teams))] == teams


def test_stacks_and_single_teams_are_limited_by_teams_of_past_races() -> None:
    team = KNOWN[3].team
    request = asked(min_stack=1, max_stack=2, max_team_exposure={team: 0.25})
    (limit,) = [each for each in request.limits.teams if each.name == team]
    assert (limit.most, limit.explicit) == (0.25, True)
    members = tuple(i for i, driver in enumerate(KNOWN) if driver.team == team)
    assert limit.members == members
    least, most = (
        next(g for g in request.rules.groups if (g.name, g.subject) == (name, team))
        for name in ("min_stack", "max_stack")
    )
    assert (least.members, least.when, least.at_least) == (members, members, 1)
    assert (most.members, most.when, most.at_most) == (members, members, 2)


def test_who_is_unknown_and_told_of_no_team_cannot_be_stacked() -> None:
    with pytest.raises(InvalidInput, match="Nobody Atall has no team"):
        asked(first={"name": "Nobody Atall"}, min_stack=2)
