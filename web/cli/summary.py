"""A result for a person: lineups, exposures beside ownership, the contest's figures."""

from typing import Any

from rich.console import Console
from rich.table import Table

from core.wording import many
from web.cli.escaping import escape
from web.cli.proof import search_lines, tail_line

Json = dict[str, Any]

_VIEWS = {
    "fitted": "at the fitted conviction",
    "market": "at the market's view",
    "own": "if you alone knew the race",
}
_LINEUPS_SHOWN = 10
_DRIVERS_SHOWN = 15


def _percent(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{100 * value:.{digits}f}%"


def _usd(value: float) -> str:
    return f"{'-' if value < 0 else ''}${abs(value):,.2f}"


def _lineups(result: Json) -> Table:
    lineups = result["lineups"]
    owned = "ownership_metrics" in result
    table = Table(title=f"The first {min(_LINEUPS_SHOWN, len(lineups))} of {len(lineups)} lineups")
    table.add_column("#", justify="right")
    table.add_column("drivers")
    last = ("owned", "score") if owned else ("dupes",)
    for name in ("salary", "mean", "best 1%", "ROI", *last):
        table.add_column(name, justify="right")
    for number, lineup in enumerate(lineups[:_LINEUPS_SHOWN], start=1):
        table.add_row(
            str(number),
            _drivers(lineup),
            f"{lineup['total_salary']:,}",
            f"{lineup['mean']:.1f}",
            f"{lineup['cvar_99']:.1f}",
            _percent(lineup.get("roi"), 0),
            *(_leverage(lineup) if owned else (_duplicates(lineup),)),
        )
    if owned:
        table.caption = "owned: the average and the most owned driver; score: leverage, in points"
    return table


def _drivers(lineup: Json) -> str:
    """A lineup's drivers, the kind of race it was chosen for in front where there is one."""
    names = ", ".join(driver["name"] for driver in lineup["drivers"])
    regime = lineup.get("regime")
    return escape(names) if regime is None else f"[cyan]{_words(regime)}:[/] {escape(names)}"


def _words(regime: str) -> str:
    return regime.replace("_", " ")


def _duplicates(lineup: Json) -> str:
    return f"{lineup['expected_duplicates']:.1f}" if "expected_duplicates" in lineup else "-"


def _leverage(lineup: Json) -> tuple[str, str]:
    owned = f"{lineup['avg_ownership']:.0f}/{lineup['max_ownership']:.0f}%"
    return owned, f"{lineup['leverage_score']:.1f}"


def _exposures(result: Json) -> Table:
    names = {
        driver["driver_id"]: driver for lineup in result["lineups"] for driver in lineup["drivers"]
    }
    ownership = result.get("ownership_percent", {})
    table = Table(title="Exposure beside ownership")
    table.add_column("driver")
    for name in ("salary", "exposure", "ownership", "leverage"):
        table.add_column(name, justify="right")
    ranked = sorted(names, key=lambda i: (-result["exposure"][i], names[i]["name"]))
    for driver_id in ranked[:_DRIVERS_SHOWN]:
        exposure = 100 * result["exposure"][driver_id]
        owned = ownership.get(driver_id)
        table.add_row(
            escape(names[driver_id]["name"]),
            f"{names[driver_id]['salary']:,}",
            f"{exposure:.1f}%",
            "-" if owned is None else f"{owned:.1f}%",
            "-" if owned is None else f"{exposure - owned:+.1f}",
        )
    return table


def _contest(contest: Json, opponents: str) -> Table:
    table = Table(title="The contest, on races the lineups were not chosen on", show_header=False)
    table.add_column("figure")
    table.add_column("value", justify="right")
    in_sample = contest["in_sample"]
    roi = _percent(contest["roi"])
    error = "" if contest["roi_se"] is None else f" ± {_percent(contest['roi_se'])}"
    table.add_row("opponents' ownership", escape(opponents))
    table.add_row("opponents' mean salary", f"{contest['opponents_mean_salary']:,.0f}")
    table.add_row("ROI ± standard error", roi + error)
    if contest["roi"] is not None:
        unknown = contest["roi_unknown_sd"]
        spread = "not told apart from luck" if unknown is None else f"± {_percent(unknown)}"
        table.add_row("ROI, what is not known", spread)
    for name, meaning in _VIEWS.items():
        view = contest["by_conviction"][name]
        if view["roi"] != contest["roi"]:
            table.add_row(f"ROI {meaning}", _percent(view["roi"]))
    table.add_row("ROI on the races searched", _percent(in_sample["roi"]))
    table.add_row("entries that cash", _percent(contest["cash_pct"]))
    table.add_row("share of first place", _percent(contest["win_prob"], 2))
    profit = contest["profit"]
    table.add_row("mean profit", _usd(profit["mean"]))
    table.add_row("mean of the worst 5%", _usd(profit["cvar_5"]))
    table.add_row("contests simulated", f"{contest['n_simulations']:,}")
    return table


def _ownership(result: Json) -> Table:
    table = Table(title="Ownership of the lineups", show_header=False)
    table.add_column("figure")
    table.add_column("value", justify="right")
    ownership, lineups = result["ownership_metrics"], result["portfolio_metrics"]
    for figure, name in (
        ("average lineup's average driver", "avg_lineup_ownership"),
        ("least owned lineup's", "min_lineup_ownership"),
        ("most owned lineup's", "max_lineup_ownership"),
    ):
        table.add_row(figure, f"{ownership[name]:.1f}%")
    table.add_row("different drivers under 10%", str(ownership["low_ownership_driver_count"]))
    table.add_row("diversification, 0 to 1", f"{ownership['diversification_score']:.3f}")
    table.add_row("average leverage score", f"{lineups['avg_leverage_score']:.1f}")
    for regime, count in lineups["regimes"].items():
        table.add_row(f"lineups for {_words(regime)} races", str(count))
    return table


def _knowledge(knowledge: Json, result: Json) -> str:
    """How far the races were moved to the user's numbers, and whose could not be met."""
    line = (
        f"your view is tilted to your numbers for {many(len(knowledge['drivers']), 'driver')}: "
        f"strengths moved by {knowledge['rms_tilt']:.2f} (root mean square; at most "
        f"{knowledge['max_tilt']:.2f})"
    )
    if knowledge["effective_sample_size"] is not None:
        share = knowledge["effective_sample_size"] / knowledge["races_weighed"]
        line += f", as far as a weighting that keeps {100 * share:.0f}% of the untilted races"
    else:
        line += ", farther than any weighting of the untilted races can"
    missed = [driver["name"] for driver in knowledge["drivers"] if not driver["reached"]]
    line += f"; not met: {', '.join(missed)}." if missed else "; all met."
    market = result["scenario_diagnostics"]["market"]
    kept = 1.0 if market is None else market["conviction"]
    return line if kept == 1.0 else f"{line} The simulated races keep {kept:.0%} of that view."


def show(result: Json, console: Console) -> None:
    """Print a result."""
    # what the figures rest on comes before the figures
    for note in result["notes"]:
        console.print(f"[yellow]note[/] {escape(note)}")
    knowledge = result["scenario_diagnostics"]["knowledge"]
    if knowledge is not None:
        console.print(f"[cyan]races[/] {escape(_knowledge(knowledge, result))}")
    console.print(_lineups(result))
    console.print(_exposures(result))
    if "ownership_metrics" in result:
        console.print(_ownership(result))
    if "contest" in result:
        console.print(_contest(result["contest"], result["ownership_source"]))
    for line in search_lines(result["proof"], result["run_config"]["objective"]):
        console.print(f"[cyan]search[/] {escape(line)}")
    if "tail_validation" in result:
        console.print(f"[cyan]tail[/] {escape(tail_line(result['tail_validation']))}")
    for name, path in result["files"].items():
        console.print(f"[green]{name:>8}[/] {escape(path)}", soft_wrap=True)
