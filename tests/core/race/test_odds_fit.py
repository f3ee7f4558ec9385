"""The fit of what prices are worth, and the real prices that it reads."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.odds_fit import PRIOR, fit_weight, log_loss
from benchmarks.odds_forecasts import Pairs
from benchmarks.odds_prices import LEAST_NAMES, mean_margin, read_lists, read_pairs
from core.race.prices import Taken


def made_up(weight: float, races: int, pairs: int = 200, seed: int = 1) -> list[Pairs]:
    """Races in which the truth lies at a weight between forecasts and prices."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(races):
        without, gap = rng.normal(0.0, 0.8, pairs), rng.normal(0.0, 0.6, pairs)
        chance = 1.0 / (1.0 + np.exp(-(without + weight * gap)))
        found.append(Pairs((2023, number), without, without + gap, rng.random(pairs) < chance))
    return found


@pytest.mark.parametrize("weight", [0.0, 0.4, 0.9])
def test_a_weight_is_found_within_its_error_and_lies_between_0_and_1(weight: float) -> None:
    fit = fit_weight(made_up(weight, 60))
    assert abs(fit.likeliest - weight) < 3.5 * fit.likeliest_error
    assert 0.02 < fit.likeliest_error < 0.08
    assert 0.0 <= fit.weight <= 1.0
    assert abs(fit.weight - weight) < 0.15
    assert (fit.races, fit.pairs) == (60, 12_000)


def test_prices_that_add_something_gain_on_races_left_out_and_others_do_not() -> None:
    news, noise = fit_weight(made_up(0.8, 40)), fit_weight(made_up(0.0, 40))
    assert news.gain > 5 * news.gain_error
    assert abs(noise.gain) < 3 * noise.gain_error + 1e-3
    # all the way is too far where prices add nothing
    assert noise.at_prices > noise.without


def test_the_fewer_races_the_nearer_is_the_weight_to_the_prior() -> None:
    prior = np.exp(-0.5 * (np.linspace(0, 1, 401) / PRIOR) ** 2)
    mean = float(prior @ np.linspace(0, 1, 401) / prior.sum())
    few, many = fit_weight(made_up(1.0, 4, pairs=12)), fit_weight(made_up(1.0, 80))
    assert few.error > many.error
    assert abs(few.weight - mean) < abs(many.weight - mean)


def test_the_log_loss_is_that_of_the_chances() -> None:
    one = Pairs((2024, 1), np.array([0.0, 1.0]), np.array([2.0, 1.0]), np.array([True, False]))
    chances = 1.0 / (1.0 + np.exp(-np.array([1.0, 1.0])))
    assert log_loss(one, 0.5) == pytest.approx(-np.log([chances[0], 1 - chances[1]]).mean())


def test_the_longest_list_of_each_race_and_time_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "odds"
    folder.mkdir()
    head = "season,round,driver,odds_decimal,book,when,as_of,source,raced\n"
    rows = [
        f"2024,3,Driver {number},{4 + number},{book},{when},2024-03-0{day},page,{raced}"
        for book, when, day, names in (
            ("A", "opening", 1, 12),
            ("B", "published", 2, 14),
            ("C", "closing", 3, 11),
            ("D", "closing", 3, LEAST_NAMES - 1),
        )
        for number in range(names)
        for raced in ("0" if number == 0 else "1",)
    ]
    (folder / "cup_win_odds.csv").write_text(head + "\n".join(rows), encoding="utf-8")
    lists = {one.taken: one for one in read_lists(tmp_path)}
    assert {taken: len(one.odds) for taken, one in lists.items()} == {
        Taken.EARLY: 13,
        Taken.CLOSING: 10,
    }
    assert lists[Taken.EARLY].race == (2024, 3)
    assert "Driver 0" not in lists[Taken.EARLY].odds


def test_the_real_prices_are_those_that_the_weights_rest_on(shared: Path) -> None:
    weights = Path(__file__).parents[3] / "core/race/prices/weights.json"
    shipped = json.loads(weights.read_text(encoding="utf-8"))
    pairs = read_pairs(shared / "data")
    assert shipped["pair_margin"] == pytest.approx(mean_margin(pairs), abs=1e-4)
    assert shipped["sources"]["closing_matchups"]["races"] == len(pairs)


def test_the_page_on_odds_has_the_weights_that_are_shipped() -> None:
    root = Path(__file__).parents[3]
    shipped = json.loads((root / "core/race/prices/weights.json").read_text(encoding="utf-8"))
    page = (root / "docs" / "odds.md").read_text(encoding="utf-8")
    rows = [*shipped["sources"].values(), *shipped["with_practice"].values()]
    for row in rows:
        for figure in (
            f"{row['weight']:.2f} ± {row['error']:.2f}",
            f"{row['likeliest']:.2f} ± {row['likeliest_error']:.2f}",
            f"{row['gain']:+.4f} ± {row['gain_error']:.4f}",
            f"| {row['races']} | {row['pairs']:,} |",
        ):
            assert figure in page
    for row in shipped["in_jobs"].values():
        assert f"{row['gain']:+.4f} ± {row['gain_error']:.4f}" in page
