"""The rules of a request's lineups and the limits of its portfolio."""

from core.errors import InvalidInput
from core.lineups import Group, LineupRules, PortfolioLimits, portfolio_limits, require_legal
from core.slate import Slate
from web.asked.slates import Given, indices


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
    excluded = indices(slate, given["excludes"], "excludes")
    rules = LineupRules(
        salaries_usd=tuple(driver.salary_usd for driver in slate.drivers),
        roster_size=slate.rules.roster_size,
        salary_cap_usd=given.get("salary_cap", slate.rules.salary_cap_usd),
        min_salary_usd=given["min_salary"],
        locks=indices(slate, given["locks"], "locks"),
        excludes=tuple(sorted({*excluded, *out})),
        groups=tuple(groups),
    )
    require_legal(rules)
    return rules


def _group(slate: Slate, name: str, given: Given) -> Group:
    members = indices(slate, given["drivers"], f"{name}.drivers")
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
        Group(f"stack of {team}", tuple(members), least, most, when=tuple(members))
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
        return dict(zip(indices(slate, list(fractions), where), fractions.values(), strict=True))

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
