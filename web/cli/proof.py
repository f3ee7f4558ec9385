"""A result's search in words: how much was looked at, and what its tail gains."""

from typing import Any

from workers.plans.objectives import OBJECTIVES, Unit

Json = dict[str, Any]

_CLEAR_ERRORS = 2.0


def search_lines(proof: Json, objective: str) -> list[str]:
    """A line for each walk over the legal lineups, and one for the portfolio's upper bound."""
    unit = OBJECTIVES[objective].unit
    walks = proof["walks"]
    lines = [_walk(walk, unit, "all" if len(walks) > 1 else None) for walk in walks]
    chosen = proof["portfolio"]
    if chosen is not None:
        lines.append(
            f"chosen together: worth {chosen['worth']:,.3f} points a lineup; no portfolio within "
            f"the limits is worth more than {chosen['bound']:,.3f}."
        )
    return lines


def _walk(walk: Json, unit: Unit, without_regime: str | None) -> str:
    races = walk["regime"] or without_regime
    where = "" if races is None else f"{races.replace('_', ' ')} races: "
    line = (
        f"{where}{walk['legal_lineups']:,} legal lineups: {walk['pruned']:,} excluded by a bound, "
        f"{walk['looked_at']:,} looked at, {walk['evaluated']:,} computed"
    )
    if walk["bound"] is None:
        return f"{line}; none is left out."
    if unit is Unit.USD:
        return f"{line}; none left out wins more than {walk['bound']:,.2f} USD a race."
    return f"{line}; none left out is worth more than {walk['bound']:,.2f} points."


def tail_line(validation: Json) -> str:
    """What the tail's best lineup gains on fresh races, and whether that is more than noise."""
    proof = validation["proof"]
    if proof["tail_optimal"]["drivers"] == proof["mean_optimal"]["drivers"]:
        return "the tail's best lineup is the mean's best lineup too."
    gain, error = validation["tail_improvement"], validation["tail_improvement_se"]
    lost, lost_error = validation["mean_sacrifice"], validation["mean_sacrifice_se"]
    if validation["beyond_noise"]:
        verdict = "more than noise"
    elif gain < -_CLEAR_ERRORS * error:
        verdict = "it was chosen on too few races, give more --scenarios"
    else:
        verdict = "no more than noise, more --scenarios would tell"
    stays = validation["stability"]["recurrence"]
    return (
        f"on fresh races the tail's best lineup {'gains' if gain >= 0 else 'loses'} "
        f"{abs(gain):.1f} ± {error:.1f} points in its tail ({verdict}) and "
        f"{'gives up' if lost >= 0 else 'adds'} {abs(lost):.1f} ± {lost_error:.1f} of mean. "
        f"Resampled races choose it again in {100 * stays:.0f}% of cases."
    )
