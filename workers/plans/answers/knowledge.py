"""What an answer says of the user's own numbers: how far the races follow them."""

from core.slate import Slate
from workers.engine.stages import Facts, Json
from workers.plans.stages.knowledge import NAME, Informed

_LEAST_NOTED_POINTS, _LEAST_NOTED_SCALE = 0.5, 0.995
_MOST_AT_LIMIT = 0.25  # of the drivers of whom something is said


def shown(request: Informed, facts: Facts) -> Json | None:
    """Give how far the races were moved, as the API shows it, or ``None`` where they were not."""
    if NAME not in facts:
        return None
    found: Json = facts[NAME]["diagnostics"]
    names = {driver.driver_id: driver.name for driver in request.slate.drivers}
    drivers = [{"name": names[fit["driver_id"]], **fit} for fit in found["drivers"]]
    return {**found, "drivers": drivers}


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more


def _untold(slate: Slate) -> list[str]:
    """Say that races do not follow a slate's numbers, where it has any."""
    notes = []
    if any(driver.projected_points is not None for driver in slate.drivers):
        notes.append(
            "Projected points count for the mean objective and the ownership estimate; the "
            "simulated races do not follow them."
        )
    others = ("win_odds", "top5_odds", "finish_median")
    if any(getattr(driver, name) is not None for driver in slate.drivers for name in others):
        notes.append("The simulated races do not follow the odds and finish medians given.")
    return notes


def _left_out(request: Informed) -> list[str]:
    """Name whose numbers no race can follow, and why."""
    known = request.knowledge
    if known is None:
        return []
    out: list[str] = []
    winless: list[str] = []
    for place, driver in enumerate(request.slate.drivers):
        told = (driver.projected_points, driver.win_odds, driver.top5_odds, driver.finish_median)
        if driver.out:
            out += [driver.name] if any(number is not None for number in told) else []
            continue
        if driver.win_odds is not None and known.win_probability[place] is None:
            winless.append(driver.name)
    return [
        f"{what} not counted: {_listed(names)}."
        for what, names in (
            ("Who does not race has no part in it, numbers said of them are", out),
            ("Win odds of who may not win, or alone may, are", winless),
        )
        if names
    ]


def knowledge_notes(request: Informed, facts: Facts) -> list[str]:
    """Say what of the user's numbers the races do not follow."""
    found = shown(request, facts)
    if found is None:
        return _untold(request.slate)
    notes = _left_out(request)
    less, scale = found["offset_points"], found["scale"]
    changes = [f"{scale:.2f} times"] if scale < _LEAST_NOTED_SCALE else []
    if abs(less) >= _LEAST_NOTED_POINTS:
        changes.append(f"{abs(less):.1f} {'less' if less > 0 else 'more'}")
    if changes:
        notes.append(
            f"Projected points sum to {found['total_projected']:.0f} over the field, and a race "
            f"hands out {found['total_simulated']:.0f}: in the simulated races each counts "
            f"{', '.join(changes)}."
        )
    missed = [fit["name"] for fit in found["drivers"] if not fit["reached"]]
    if missed:
        notes.append(
            f"No race agrees with all that is said of {_listed(missed)}; "
            "scenario_diagnostics.knowledge says by how much."
        )
    held = [fit["name"] for fit in found["drivers"] if fit["held"]]
    if held:
        notes.append(
            f"The rules throw too many races out for {_listed(held)} to go further towards what is "
            "said of them."
        )
    limits = sum(fit["at_limit"] for fit in found["drivers"])
    if limits > _MOST_AT_LIMIT * len(found["drivers"]):
        notes.append(
            f"{limits} of {len(found['drivers'])} drivers are as strong or as weak as a race can "
            "make them: what is said of them all together lies far from any race."
        )
    return notes
