"""The user's own numbers in an answer: how far the simulated races follow them."""

from core.slate import Slate
from core.wording import listed
from workers.engine.facts import Facts
from workers.engine.stages import Json
from workers.plans.requests.races import Simulated
from workers.plans.stages.knowledge import KNOWLEDGE

_LEAST_NOTED_POINTS, _LEAST_NOTED_SCALE = 0.5, 0.995
_OWN = ("projected_points", "win_odds", "top5_odds", "finish_median", "ownership_percent")
_MOST_AT_LIMIT = 0.25  # share of the drivers with numbers; above it there is a note


def shown_knowledge(request: Simulated, facts: Facts) -> Json | None:
    """How far the races were moved, as the API shows it, or ``None`` where they were not."""
    known = facts.get(KNOWLEDGE)
    if known is None:
        return None
    diagnostics = known.diagnostics.to_json()
    names = {driver.driver_id: driver.name for driver in request.slate.drivers}
    drivers = [{"name": names[fit["driver_id"]], **fit} for fit in diagnostics["drivers"]]
    return {**diagnostics, "drivers": drivers}


def _not_followed(slate: Slate) -> list[str]:
    """Notes that the races do not follow a slate's numbers, where it has any."""
    notes = []
    racing = [driver for driver in slate.drivers if not driver.out]
    if any(driver.projected_points is not None for driver in racing):
        notes.append(
            "The objective mean uses your projected points; the simulated races do not follow them."
        )
    others = ("win_odds", "top5_odds", "finish_median")
    if any(getattr(driver, name) is not None for driver in racing for name in others):
        notes.append("The simulated races do not follow your odds and finish medians.")
    return notes


def _left_out(request: Simulated) -> list[str]:
    """Notes on drivers whose numbers the races ignore, and why."""
    known = request.knowledge
    out: list[str] = []
    winless: list[str] = []
    for index, driver in enumerate(request.slate.drivers):
        own = [getattr(driver, name) for name in _OWN]
        if driver.out:
            out += [driver.name] if any(number is not None for number in own) else []
            continue
        if (
            known is not None
            and driver.win_odds is not None
            and known.win_probability[index] is None
        ):
            winless.append(driver.name)
    return [
        f"{what} are ignored: {listed(names)}."
        for what, names in (
            ("Your numbers for drivers who do not race", out),
            ("Win odds of drivers who may not win, or of the only one who may,", winless),
        )
        if names
    ]


def knowledge_notes(request: Simulated, facts: Facts) -> list[str]:
    """Notes on the user's numbers that the races do not follow."""
    shown = shown_knowledge(request, facts)
    if shown is None:
        return _not_followed(request.slate)
    notes = _left_out(request)
    less, scale = shown["offset_points"], shown["scale"]
    changes = [f"{scale:.2f} times"] if scale < _LEAST_NOTED_SCALE else []
    if abs(less) >= _LEAST_NOTED_POINTS:
        changes.append(f"{abs(less):.1f} {'less' if less > 0 else 'more'}")
    if changes:
        notes.append(
            f"Projected points sum to {shown['total_projected']:.0f} over all drivers, and a race "
            f"scores {shown['total_simulated']:.0f} in all: in your view of the race each "
            f"projection counts {', '.join(changes)}."
        )
    missed = [fit["name"] for fit in shown["drivers"] if not fit["reached"]]
    if missed:
        notes.append(
            f"Your view of the race misses some of your numbers for {listed(missed)}; "
            "scenario_diagnostics.knowledge shows by how much."
        )
    held = [fit["name"] for fit in shown["drivers"] if fit["held"]]
    if held:
        notes.append(
            f"The races come no nearer to your numbers for {listed(held)}: your rules would "
            "reject too many of them."
        )
    limits = sum(fit["at_limit"] for fit in shown["drivers"])
    if limits > _MOST_AT_LIMIT * len(shown["drivers"]):
        notes.append(
            f"{limits} of {len(shown['drivers'])} drivers are as strong or as weak as the model "
            "allows: your numbers together are far from any simulated race."
        )
    return notes
