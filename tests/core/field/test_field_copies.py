"""The computed probabilities of copies by which a field is graded."""

from dataclasses import replace
from itertools import combinations, permutations

import numpy as np
import pytest
from scipy.stats import poisson

from benchmarks.field_copies import (
    Classes,
    Expected,
    group_sizes,
    legal_lineups,
    log_chance_given_one,
    log_chance_of_most_copied,
)
from core.field import fit_field, nearest_ownership, sample_field
from core.randomness import Purpose, stream

SALARIES = np.array([9_000, 8_000, 7_000, 6_000, 5_000, 4_000, 3_000])
CAP_USD = 18_500
ENTRIES = 100


def model_with(sources):
    near = nearest_ownership(SALARIES, [60, 50, 50, 45, 40, 30, 25], 3, CAP_USD)
    model = fit_field(SALARIES, near, 3, CAP_USD, appetite=4.0)
    return replace(model, sources=sources)


def sizes_one_by_one(entrants, concentration):
    """Enumerate every order in which entrants can choose sources."""
    ways = {(): 1.0}
    for before in range(entrants):
        after = {}
        for groups, chance in ways.items():
            new = chance * concentration / (concentration + before)
            after[(*groups, 1)] = after.get((*groups, 1), 0.0) + new
            for place, size in enumerate(groups):
                grown = (*groups[:place], size + 1, *groups[place + 1 :])
                after[grown] = after.get(grown, 0.0) + chance * size / (concentration + before)
        ways = after
    return [
        sum(chance * groups.count(size) for groups, chance in ways.items())
        for size in range(1, entrants + 1)
    ]


@pytest.mark.parametrize("concentration", [0.3, 2.0, 40.0])
def test_groups_are_as_large_as_when_entrants_come_one_after_another(concentration):
    expected = sizes_one_by_one(6, concentration)
    assert group_sizes(6, concentration, 6) == pytest.approx(expected, rel=1e-9)
    # a source of more followers than there are entrants does not exist
    assert group_sizes(6, concentration, 9)[6:].tolist() == [0.0] * 3


def test_every_legal_lineup_is_listed_once():
    listed = {tuple(lineup) for lineup in legal_lineups(SALARIES, 3, CAP_USD)}
    assert listed == {
        lineup for lineup in combinations(range(7), 3) if SALARIES[list(lineup)].sum() <= CAP_USD
    }
    assert len(listed) == len(legal_lineups(SALARIES, 3, CAP_USD))


@pytest.mark.parametrize(
    ("sources", "entrant_share"), [(None, 1.0), (0.05, 1.0), (1.0, 1.0), (0.05, 0.4)]
)
def test_chances_of_copies_sum_to_one_and_to_the_copies_expected(sources, entrant_share):
    model = replace(model_with(sources), entrant_share=entrant_share)
    lineups = legal_lineups(SALARIES, 3, CAP_USD)
    expected = Expected.of(model, ENTRIES, lineups)
    assert expected.copies == pytest.approx(ENTRIES * model.chances(lineups), rel=0.03, abs=2e-6)
    chances = np.exp(expected.log_chances(600))
    assert chances.sum(axis=0) == pytest.approx(1.0, abs=1e-6)
    assert np.arange(601) @ chances == pytest.approx(expected.copies, rel=1e-4)


def test_without_sources_copies_are_poisson():
    lineups = legal_lineups(SALARIES, 3, CAP_USD)
    expected = Expected.of(model_with(None), ENTRIES, lineups)
    assert np.exp(expected.log_chances(12)) == pytest.approx(
        poisson.pmf(np.arange(13)[:, None], expected.copies), rel=1e-9
    )
    copies = np.arange(len(lineups)) % 4 + 1
    given_one = poisson.pmf(copies, expected.copies) / (1.0 - poisson.pmf(0, expected.copies))
    assert np.exp(log_chance_given_one(expected, copies)) == pytest.approx(given_one, rel=1e-9)


@pytest.mark.parametrize(("sources", "entrant_share"), [(None, 1.0), (0.3, 1.0), (0.1, 0.5)])
def test_the_chance_of_a_list_is_how_often_contests_have_it(sources, entrant_share):
    # few entries: the chance of one list can be counted
    model, entries = replace(model_with(sources), entrant_share=entrant_share), 12
    lineups = legal_lineups(SALARIES, 3, CAP_USD)
    best = lineups[np.argsort(-model.chances(lineups))[:2]]
    classes = Classes.of(model, entries, lineups)
    worked_out, counted = 0.0, 0
    wanted = [(3, 2), (4, 2), (3, 3), (4, 3)]
    for first, second in permutations(range(2)):
        listed = Expected.of(model, entries, best[[first, second]])
        for copies in wanted:
            if copies[0] > copies[1] or first < second:
                worked_out += np.exp(log_chance_of_most_copied(classes, listed, np.array(copies)))
    contests = 4_000
    for number in range(contests):
        field = sample_field(model, entries, stream(number, Purpose.FIELD))
        both = sorted(field.copies_of(np.ascontiguousarray(best)).tolist(), reverse=True)
        others = sorted(field.copies.tolist(), reverse=True)
        counted += tuple(both) in wanted and others[:2] == both
    # the number of entries is fixed, and only its mean is in the formula: the sums differ a little
    assert worked_out == pytest.approx(counted / contests, rel=0.2)
    assert counted > 100
