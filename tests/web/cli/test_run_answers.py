"""The output of ``axiomatic run``: refusals, the search, the tail, ownership."""

import io
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from rich.console import Console

from core.errors import Infeasible
from web.cli.main import cli, main
from web.cli.proof import search_lines, tail_line
from web.cli.summary import show
from web.client import Client, ImpossibleRequest

IN_CONFLICT = {
    "detail": "20 lineups were asked for, and no 20 legal lineups hold locks of A and max_stack.",
    "errors": {"locks": ["..."], "max_stack": ["..."]},
    "limits": ["n_lineups", "locks of A", "max_stack"],
    "largest": 7,
    "conflict": [
        {"field": "n_lineups", "subject": None, "limit": 20},
        {"field": "locks", "subject": "A", "limit": None},
        {"field": "groups.0", "subject": None, "limit": None},
        {"field": "max_driver_exposure", "subject": "B", "limit": 0.35},
    ],
}


def answering(status: int, document: dict[str, Any]) -> Client:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/jobs/r1"):
            job = {"run_id": "r1", "status": "failed", "progress": 1.0, "stage": None}
            return httpx.Response(200, json=job)
        return httpx.Response(status, json=document)

    http = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://server")
    return Client(http)


def left_by(
    call: Callable[[], object], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> tuple[object, str]:
    """Exit code and standard error of a command line whose only command makes this call."""
    monkeypatch.setattr(cli, "main", lambda **_: call())
    with pytest.raises(SystemExit) as left:
        main([])
    return left.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("status", "call", "kind", "code", "word"),
    [
        (422, lambda c: c.start("optimize", {}), ImpossibleRequest, 2, "refused"),
        (409, lambda c: c.follow("r1", lambda _: None), Infeasible, 1, "failed"),
    ],
)
def test_rules_in_conflict_are_named_with_how_many_lineups_they_leave(
    status: int,
    call: Callable[[Client], object],
    kind: type[Exception],
    code: int,
    word: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = answering(status, IN_CONFLICT)
    with pytest.raises(kind):
        call(client)
    left, said = left_by(lambda: call(client), capsys, monkeypatch)
    assert left == code
    assert said.splitlines() == [
        f"{word}: {IN_CONFLICT['detail']}",
        "Rules in conflict: n_lineups 20 (--lineups), locks of A (--lock), groups.0, "
        "max_driver_exposure 0.35 of B (--max-exposure).",
        "Largest number of lineups known to be possible: 7.",
    ]


def test_a_field_that_cannot_be_used_is_named_without_talk_of_conflict(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = answering(422, {"detail": "1 field", "errors": {"min_unique": ["9; give 1 to 8."]}})
    left, said = left_by(lambda: client.start("optimize", {}), capsys, monkeypatch)
    assert (left, said) == (2, "--min-unique: 9; give 1 to 8.\n")


WALK = {
    "regime": None,
    "legal_lineups": 2_446_140,
    "pruned": 2_227_838,
    "looked_at": 218_302,
    "evaluated": 3_834,
    "bound": 352.691,
}


def test_a_search_is_told_in_counts_of_legal_lineups() -> None:
    assert search_lines({"walks": [WALK], "portfolio": None}, "multi_cvar") == [
        "2,446,140 legal lineups: 2,227,838 excluded by a bound, 218,302 looked at, 3,834 "
        "computed; none left out is worth more than 352.69 points."
    ]


def test_searches_by_kind_of_race_say_which_and_dollars_are_no_points() -> None:
    by_regime = {"walks": [WALK | {"regime": "fuel_mileage"}, WALK | {"bound": None}]}
    fuel, every = search_lines({**by_regime, "portfolio": None}, "multi_cvar")
    assert fuel.startswith("fuel mileage races: 2,446,140 legal lineups")
    assert every.startswith("all races: ")
    assert every.endswith("computed; none is left out.")
    (dollars,) = search_lines({"walks": [WALK], "portfolio": None}, "dollars")
    assert dollars.endswith("more than 352.69 USD a race.")


def test_lineups_chosen_together_are_told_with_their_bound() -> None:
    chosen = {"walks": [], "portfolio": {"worth": 201.5216, "bound": 201.5264}}
    assert search_lines(chosen, "mean") == [
        "chosen together: worth 201.522 points a lineup; no portfolio within the limits is worth "
        "more than 201.526."
    ]


def told(gain: float, error: float, *, beyond: bool, same: bool = False) -> dict[str, Any]:
    return {
        "tail_improvement": gain,
        "tail_improvement_se": error,
        "mean_sacrifice": 5.49,
        "mean_sacrifice_se": 0.31,
        "actually_optimizing_tail": gain > 0,
        "beyond_noise": beyond,
        "stability": {"recurrence": 0.405},
        "proof": {
            "tail_optimal": {"drivers": ["a", "b"]},
            "mean_optimal": {"drivers": ["a", "b" if same else "c"]},
        },
    }


@pytest.mark.parametrize(
    ("tail", "said"),
    [
        (told(1.2, 0.4, beyond=True), "gains 1.2 ± 0.4 points in its tail (more than noise) and "
         "gives up 5.5 ± 0.3 of mean."),
        (told(1.2, 0.8, beyond=False), "tail (no more than noise, more --scenarios would tell)"),
        (told(-1.2, 0.8, beyond=False), "loses 1.2 ± 0.8 points in its tail (no more than noise"),
        (told(-6.2, 0.8, beyond=False), "chosen on too few races, give more --scenarios)"),
    ],
)  # fmt: skip
def test_the_tails_gain_is_told_with_its_error_and_what_it_is_worth(
    tail: dict[str, Any], said: str
) -> None:
    line = tail_line(tail)
    assert said in line
    assert line.endswith("Resampled races choose it again in 40% of cases.")


def test_one_lineup_that_is_best_by_both_is_no_comparison() -> None:
    same = tail_line(told(0.0, 0.0, beyond=False, same=True))
    assert same == "the tail's best lineup is the mean's best lineup too."


def result(**more: Any) -> dict[str, Any]:
    driver = {"driver_id": "1", "name": "Ann", "salary": 9_000}
    lineup = {"drivers": [driver], "total_salary": 49_900, "mean": 200.1, "cvar_99": 320.2}
    return {
        "lineups": [lineup | {"roi": 0.1, "expected_duplicates": 3.2, **more.pop("lineup", {})}],
        "exposure": {"1": 1.0},
        "notes": [],
        "scenario_diagnostics": {"knowledge": None},
        "run_config": {"objective": "multi_cvar"},
        "proof": {"walks": [WALK], "portfolio": None},
        "files": {},
        **more,
    }


def printed(answer: dict[str, Any]) -> str:
    with Console(width=200, record=True, file=io.StringIO()) as console:
        show(json.loads(json.dumps(answer)), console)
    return console.export_text()


def test_leverage_shows_ownership_and_score_by_lineup_and_over_all() -> None:
    leverage = {
        "avg_ownership": 17.2,
        "max_ownership": 28.4,
        "leverage_score": 198.7,
        "regime": "fuel_mileage",
    }
    metrics = {
        "avg_lineup_ownership": 17.25,
        "min_lineup_ownership": 14.3,
        "max_lineup_ownership": 24.7,
        "low_ownership_driver_count": 8,
        "diversification_score": 0.929,
    }
    over_all = {"avg_leverage_score": 198.7, "regimes": {"fuel_mileage": 1}}
    text = printed(result(lineup=leverage, ownership_metrics=metrics, portfolio_metrics=over_all))
    for words in ("fuel mileage: Ann", "17/28%", "198.7", "0.929", "lineups for fuel mileage"):
        assert words in text
    assert "dupes" not in text


def test_without_leverage_nothing_is_said_of_it() -> None:
    text = printed(result(tail_validation=told(1.2, 0.4, beyond=True)))
    assert "dupes" in text
    assert "score" not in text
    assert "search 2,446,140 legal lineups" in text
    assert "tail on fresh races the tail's best lineup gains 1.2" in text
