"""The rules of a request's lineups and the limits of its portfolio."""

from core.errors import InvalidInput
from core.lineups import Group, LineupRules
from core.portfolio import PortfolioLimits, portfolio_limits
from core.slate import Slate
from web.requests.slates import Body, indices


def rules_of(slate: Slate, body: Body) -> LineupRules:
    """The rules that every lineup of a request obeys.

    Raises
    ------
    InvalidInput
        An unknown driver, team or manufacturer, one named twice, bounds with nothing between them.
    """
    groups = [
        _group(slate, f"groups.{number}", group) for number, group in enumerate(body["groups"])
    ]
    groups += [
        _stack(slate, f"stacks.{number}", stack) for number, stack in enumerate(body["stacks"])
    ]
    if "min_stack" in body or "max_stack" in body:
        groups += _stacks(slate, body)
    out = {index for index, driver in enumerate(slate.drivers) if driver.out}
    excluded = indices(slate, body["excludes"], "excludes")
    locks = indices(slate, body["locks"], "locks")
    if gone := sorted(out & set(locks)):
        named = ", ".join(slate.drivers[index].name for index in gone)
        raise InvalidInput({"locks": f"{named} does not race."})
    return LineupRules(
        salaries_usd=tuple(driver.salary_usd for driver in slate.drivers),
        roster_size=slate.rules.roster_size,
        salary_cap_usd=body.get("salary_cap", slate.rules.salary_cap_usd),
        min_salary_usd=body["min_salary"],
        locks=locks,
        excludes=tuple(sorted({*excluded, *out})),
        groups=tuple(groups),
    )


def _group(slate: Slate, name: str, group: Body) -> Group:
    members = indices(slate, group["drivers"], f"{name}.drivers")
    if len(set(members)) < len(members):
        raise InvalidInput({f"{name}.drivers": "names a driver twice."})
    most = min(len(members), slate.rules.roster_size)
    if group["at_least"] > most:
        raise InvalidInput(
            {f"{name}.at_least": f"{group['at_least']}; a lineup holds {most} of them at most."}
        )
    when = indices(slate, group.get("if_any", []), f"{name}.if_any")
    if len(set(when)) < len(when):
        raise InvalidInput({f"{name}.if_any": "names a driver twice."})
    _require_order(name, group)
    return Group(name, members, group["at_least"], group["at_most"], when, group["if_at_least"])


def _require_order(name: str, bounds: Body) -> None:
    if bounds["at_least"] > bounds["at_most"]:
        raise InvalidInput(
            {f"{name}.at_least": f"{bounds['at_least']} is above at_most {bounds['at_most']}."}
        )


def _stack(slate: Slate, name: str, stack: Body) -> Group:
    """The group of a stack of one team, or of one manufacturer."""
    named = [key for key in ("team", "manufacturer") if key in stack]
    if len(named) != 1:
        raise InvalidInput({name: "give a team or a manufacturer."})
    of = named[0]
    cars = [getattr(driver, of) for driver in slate.drivers]
    members = tuple(index for index, called in enumerate(cars) if called == stack[of])
    if not members:
        known = sorted({called for called in cars if called is not None})
        choices = f"there are {', '.join(known)}" if known else f"no driver's {of} is known"
        raise InvalidInput(
            {f"{name}.{of}": f"{stack[of]!r} has no driver on this slate; {choices}."}
        )
    _require_order(name, stack)
    return Group(
        name,
        members,
        stack["at_least"],
        stack["at_most"],
        members if stack["if_used"] else (),
        subject=stack[of],
    )


def _stacks(slate: Slate, body: Body) -> list[Group]:
    least, most = body.get("min_stack", 1), body.get("max_stack", slate.rules.roster_size)
    if least > most:
        raise InvalidInput({"min_stack": f"{least} is above max_stack {most}."})
    teams: dict[str, list[int]] = {}
    for index, driver in enumerate(slate.drivers):
        if driver.team is None:
            raise InvalidInput(
                {"min_stack": f"{driver.name} has no team; give every driver's to stack by team."}
            )
        teams.setdefault(driver.team, []).append(index)
    bounds = {"min_stack": (least, slate.rules.roster_size), "max_stack": (0, most)}
    return [
        Group(name, tuple(members), *bounds[name], when=tuple(members), subject=team)
        for team, members in sorted(teams.items())
        for name in bounds
        if name in body
    ]


def limits_of(slate: Slate, rules: LineupRules, body: Body) -> PortfolioLimits:
    """The limits on a request's portfolio.

    Raises
    ------
    InvalidInput
        An exposure of an unknown driver or team, or a minimum above its maximum.
    """
    if body["min_unique"] > rules.roster_size:
        raise InvalidInput(
            {"min_unique": f"{body['min_unique']}; a lineup has {rules.roster_size} drivers."}
        )

    def split(name: str) -> tuple[float | None, dict[str, float]]:
        value = body.get(name)
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
        return dict(zip(indices(slate, list(fractions), where), fractions.values(), strict=True))

    limits = portfolio_limits(
        slate,
        body["n_lineups"],
        max_driver_exposure=most,
        min_driver_exposure=least or 0.0,
        max_team_exposure=team_most,
        driver_max=by_index(driver_most, "max_driver_exposure"),
        driver_min=by_index(driver_least, "min_driver_exposure"),
        team_max=by_team,
        locks=rules.locks,
        min_unique=body["min_unique"],
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
