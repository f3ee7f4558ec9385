"""What objectives have been worth in real contests: in answers and on the pages alike."""

from pathlib import Path

import pytest

from core.contest import typical_payouts
from core.field import load_market
from core.lineups import LineupRules
from core.portfolio import portfolio_limits
from core.race import ConstraintCompiler
from core.slate import Slate
from workers.engine.arrays import Memory
from workers.engine.in_process import run_here
from workers.plans import optimize
from workers.plans.answers.optimize import luck_notes
from workers.plans.answers.replayed import Replayed, replayed
from workers.plans.objectives import OBJECTIVES
from workers.plans.requests.contest import ContestTerms
from workers.plans.requests.market import MarketView
from workers.plans.requests.optimize import OptimizeRequest

ROOT = Path(__file__).parents[3]


def cells(record: Replayed) -> str:
    """Cash and ROI as the tables of the pages have them."""
    cash, roi = ([100.0 * each for each in figures] for figures in (record.cash, record.roi))
    return (
        f"{cash[0]:.1f} | {cash[1]:.1f} ± {cash[2]:.1f} | {roi[0]:+.0f} | "
        f"{roi[1]:+.0f} ± {roi[2]:.0f} |"
    )


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_readme_has_the_figures_that_answers_say(objective: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"| `{objective}` | {cells(replayed()[objective])}" in readme


def test_an_answer_with_a_contest_says_what_its_objective_was_worth(slate: Slate) -> None:
    request = OptimizeRequest(
        slate=slate,
        spec=ConstraintCompiler().compile(slate, race_laps=60),
        n_scenarios=1_000,
        seed=7,
        rules=LineupRules(tuple(d.salary_usd for d in slate.drivers), 6, 50_000),
        limits=portfolio_limits(slate, 4, max_driver_exposure=1.0, max_team_exposure=1.0),
        objective="mean",
        validate_tail=False,
        contest=ContestTerms(typical_payouts(400, 500)),
        market=MarketView(
            load_market(),
            load_market().conviction,
            ConstraintCompiler().compile(slate, race_laps=60),
        ),
    )
    notes = run_here(optimize.PLAN, request, Memory())["notes"]
    assert replayed()["mean"].sentence("mean") in notes
    # figures of five slates are no promise: the error stands beside them
    assert any(note.startswith("On 5 real slates") and " ± " in note for note in notes)


@pytest.mark.parametrize(
    ("fresh", "chosen_on", "error", "noted"),
    [
        (0.1, 0.6, 0.05, True),
        (0.1, 0.6, 0.4, False),
        (0.4, 0.6, 0.02, False),
        (-0.2, 0.1, 0.05, True),
    ],
)
def test_a_choice_that_was_mostly_luck_is_a_note(
    fresh: float, chosen_on: float, error: float, noted: bool
) -> None:
    report = {"roi": fresh, "roi_se": error}
    in_sample = {"roi": chosen_on, "roi_se": error}
    notes = luck_notes(report, in_sample)
    assert len(notes) == noted
    assert luck_notes({"roi": None, "roi_se": None}, in_sample) == []
    if noted:
        assert f"{chosen_on:+.0%}" in notes[0]
        assert f"{fresh:+.0%}" in notes[0]
