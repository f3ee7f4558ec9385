import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.contest import (
    TYPICAL_PAYOUTS,
    Payouts,
    PrizeTier,
    load_tier_curves,
    payouts_from_tiers,
    read_payout_csv,
    read_payout_json,
    read_payout_table,
    size_tier_of,
    typical_payouts,
)
from core.errors import InvalidInput

SHARED = Path(__file__).resolve().parents[3] / ".." / "shared"
HEADER = "Place,Payout,Field Size,Entry Fee\n"


def shared(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"no {name}: the real payout tables are not part of the project")
    return path.read_text(encoding="utf-8")


def ladders():
    path = SHARED / "data" / "payouts_constructed.json"
    return json.loads(path.read_text(encoding="utf-8"))["contests"] if path.exists() else []


def test_prizes_by_place_pool_and_ladder_follow_from_the_tiers():
    payouts = payouts_from_tiers(
        [{"from": 2, "to": 3, "prize": 10.5}, {"from": 1, "to": 1, "prize": "$1,000"}], 10, 20
    )
    assert payouts.tiers == (PrizeTier(1, 1, 100_000), PrizeTier(2, 3, 1_050))
    assert [payouts.prize_cents(place) for place in (1, 2, 3, 4)] == [100_000, 1_050, 1_050, 0]
    assert payouts.prize_pool_cents == 102_100
    assert payouts.places_paid == 3
    assert payouts.entry_fee_cents == 2_000
    micros = [0, 1_000_000_000, 1_010_500_000, 1_021_000_000]
    assert payouts.ladder_micros.tolist() == micros


def test_tiers_of_no_prize_at_the_end_are_left_out():
    payouts = payouts_from_tiers(
        [{"from": 1, "prize": 5}, {"from": 2, "to": 10, "prize": 0}], 10, 1
    )
    assert payouts.places_paid == 1


@pytest.mark.parametrize(
    ("tiers", "field", "said"),
    [
        ([{"from": 1, "to": 1, "prize": 9}, {"from": 3, "to": 4, "prize": 5}], "payouts", "2 to 2"),
        ([{"from": 1, "to": 3, "prize": 9}, {"from": 3, "to": 4, "prize": 5}], "payouts", "inside"),
        ([{"from": 2, "to": 3, "prize": 9}], "payouts", "start at 1"),
        ([{"from": 1, "to": 11, "prize": 9}], "payouts", "beyond the 10 entries"),
        ([{"from": 3, "to": 1, "prize": 9}], "payouts", "ends before"),
        ([{"from": 1, "prize": 9}, {"from": 2, "prize": 10}], "payouts", "more than the"),
        ([{"from": 1, "prize": float("nan")}], "payouts tier 1 prize", "nan"),
        ([{"from": 1, "prize": -3}], "payouts tier 1 prize", "negative"),
        ([{"from": 1, "prize": 0.125}], "payouts tier 1 prize", "whole number of cents"),
        ([{"from": 1, "prize": True}], "payouts tier 1 prize", "no amount"),
        ([{"from": 1.5, "prize": 3}], "payouts tier 1 from", "whole number"),
        ([{"to": 1, "prize": 3}], "payouts tier 1", "{from, to, prize}"),
        ([{"from": 1, "prize": 0}], "payouts", "no place wins"),
        ([], "payouts", "no place wins"),
        ([{"from": 1, "prize": 10**10}], "payouts", "prize pool is over"),
    ],
)
def test_tiers_that_make_no_contest_are_refused_by_name(tiers, field, said):
    with pytest.raises(InvalidInput) as refused:
        payouts_from_tiers(tiers, 10, 5)
    assert list(refused.value.messages) == [field]
    assert said in str(refused.value)


def test_a_negative_fee_and_an_empty_field_are_refused():
    with pytest.raises(InvalidInput) as refused:
        Payouts(-1, 0, (PrizeTier(1, 1, 5),))
    assert {"entry_fee_cents", "field_size"} <= set(refused.value.messages)


def test_a_csv_with_ranges_dollars_and_commas_is_read():
    payouts = read_payout_csv(
        "\ufeffPlace,Payout,Field Size,Entry Fee\r\n"
        '1,"$1,200.50","10,000",$10\r\n2 - 3,90.25,,\r\n\r\n'
    )
    assert payouts.tiers == (PrizeTier(1, 1, 120_050), PrizeTier(2, 3, 9_025))
    assert (payouts.field_size, payouts.entry_fee_cents) == (10_000, 1_000)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("Place,Payout\n1,5\n", "payouts header"),
        (HEADER + "first,5,10,1\n", "payouts line 2 Place"),
        (HEADER + "1,5,10,1\n2,lots,10,1\n", "payouts line 3 Payout"),
        (HEADER + "1,5,10,1\n2,4,11,1\n", "payouts line 3 Field Size"),
        (HEADER + "1,5,10,1\n2,4,10,1.50\n", "payouts line 3 Entry Fee"),
        (HEADER + "1,5,ten,1\n", "payouts line 2 Field Size"),
        (HEADER + "1,5,,\n", "payouts"),
        (HEADER, "payouts"),
        (HEADER + "1,5,10,1\n3,4,10,1\n", "payouts"),
    ],
)
def test_a_csv_that_cannot_be_read_is_refused_by_line_and_column(text, field):
    with pytest.raises(InvalidInput) as refused:
        read_payout_csv(text)
    assert list(refused.value.messages) == [field]


def test_json_amounts_are_decimals_and_both_kinds_of_file_are_told_apart():
    text = '{"entries": 4, "contest_buyin": 0.1, "tiers": [{"from": 1, "to": 1, "prize": 0.29}]}'
    payouts = read_payout_table(text)
    assert (payouts.entry_fee_cents, payouts.prize_cents(1)) == (10, 29)
    assert read_payout_table(HEADER + "1,0.29,4,0.10\n") == payouts


@pytest.mark.parametrize("text", ["{", "[]", '{"entries": 4}', '{"entries": 4, "tiers": 3}'])
def test_json_that_is_no_payout_table_is_refused(text):
    with pytest.raises(InvalidInput):
        read_payout_json(text)


@pytest.mark.parametrize(
    ("name", "size", "paid", "pool"),
    [
        ("bench/contest_structure.csv", 10_000, 2_200, 84_780),
        ("bench/payouts_150k.csv", 150_000, 33_000, 1_272_800),
    ],
)
def test_the_bench_contests_are_read_to_the_cent(name, size, paid, pool):
    payouts = read_payout_table(shared(name))
    assert (payouts.field_size, payouts.places_paid) == (size, paid)
    assert payouts.prize_pool_cents == 100 * pool
    assert payouts.entry_fee_cents == 1_000


@pytest.mark.skipif(not ladders(), reason="the ladders are not part of the project")
def test_every_known_ladder_is_read_and_sums_to_its_pool():
    read = [payouts_from_tiers(c["tiers"], c["entries"], c["entry_fee"]) for c in ladders()]
    assert len(read) == 8
    for payouts, contest in zip(read, ladders(), strict=True):
        assert payouts.prize_pool_cents == 100 * contest["prize_pool"]
        assert payouts.ladder_micros[-1] == 1_000_000 * contest["prize_pool"]


def check_typical(payouts, size, fee):
    curve = load_tier_curves()[size_tier_of(size)].curve
    assert payouts.label == TYPICAL_PAYOUTS
    assert payouts.prize_pool_cents == round(size * fee * Fraction(85, 100))
    prizes = [tier.prize_cents for tier in payouts.tiers]
    assert prizes == sorted(prizes, reverse=True)
    assert fee < prizes[-1]
    assert payouts.places_paid == max(1, round(size * curve.paid_share))


@pytest.mark.slow
@pytest.mark.parametrize("fee", [1, 2, 25, 2_000])
def test_typical_prizes_are_sound_for_every_small_field(fee):
    for size in range(2, 400):
        check_typical(typical_payouts(size, fee), size, fee)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 500_000), st.integers(1, 1_000_000))
def test_typical_prizes_are_sound_for_every_field_and_fee(size, fee):
    check_typical(typical_payouts(size, fee), size, fee)


def test_a_larger_tier_is_more_top_heavy():
    first = [
        typical_payouts(30_000, 500, tier).prize_cents(1) for tier in ("small", "medium", "large")
    ]
    assert first == sorted(first)
    assert first[0] < first[2]
    assert typical_payouts(30_000, 500) == typical_payouts(30_000, 500, "large")
    assert [size_tier_of(n).value for n in (4_999, 5_000, 20_000, 20_001)] == [
        "small",
        "medium",
        "medium",
        "large",
    ]


def test_typical_prizes_put_the_share_for_first_that_the_curve_of_their_tier_has():
    for size in (4_000, 10_000, 100_000):
        payouts = typical_payouts(size, 2_000)
        share = load_tier_curves()[size_tier_of(size)].curve.first_share
        # rounding leaves at most a cent a paid place to the winner
        assert payouts.prize_cents(1) / payouts.prize_pool_cents == pytest.approx(share, abs=1e-3)


@pytest.mark.parametrize(
    ("size", "fee", "tier", "field"),
    [
        (1, 500, None, "field_size"),
        (100, 0, None, "entry_fee_cents"),
        (100, -5, None, "entry_fee_cents"),
        (100, 5, "huge", "size_tier"),
    ],
)
def test_a_contest_nobody_can_guess_the_prizes_of_is_refused(size, fee, tier, field):
    with pytest.raises(InvalidInput) as refused:
        typical_payouts(size, fee, tier)
    assert list(refused.value.messages) == [field]


def test_the_ladder_cannot_be_written_to():
    ladder = typical_payouts(100, 500).ladder_micros
    with pytest.raises(ValueError, match="read-only"):
        ladder[0] = 1
    assert np.all(np.diff(ladder) > 0)


@pytest.mark.skipif(not ladders(), reason="the ladders are not part of the project")
def test_every_ladder_is_read_from_its_file_by_id():
    text = shared("data/payouts_constructed.json")
    for contest in ladders():
        payouts = read_payout_table(text, contest["id"])
        assert payouts.field_size == contest["entries"]
        assert payouts.prize_pool_cents == 100 * contest["prize_pool"]
        assert payouts.places_paid == contest["tiers"][-1]["to"]
    with pytest.raises(InvalidInput, match="the file holds 8 contests; give one of SE_392_24"):
        read_payout_table(text)


def test_a_pool_that_its_tiers_do_not_sum_to_is_refused_with_both_figures():
    contest = {"id": 7, "entries": 4, "entry_fee": 1, "tiers": [{"from": 1, "prize": 3}]}
    right = json.dumps({"contests": [contest | {"prize_pool": "3.00"}]})
    assert read_payout_table(right, "7") == read_payout_table(right)
    with pytest.raises(InvalidInput, match=r"4 USD is stated, but the tiers sum to 3\.00"):
        read_payout_table(json.dumps(contest | {"prize_pool": 4}))


@pytest.mark.parametrize(
    ("text", "contest_id", "tickets", "field"),
    [
        ('{"contests": []}', None, None, "payouts"),
        ('[{"entries": 3}, 4]', None, None, "payouts"),
        ("[" * 100_000, None, None, "payouts"),
        ('{"entries": 4, "entry_fee": 1, "tiers": []}', None, {"Seat": 5}, "tickets"),
        (HEADER + "1,5,10,1\n", "7", None, "contest_id"),
        (HEADER + "1,5,10,1\n", None, {"Seat": 5}, "tickets"),
    ],
)
def test_a_file_that_holds_no_such_contest_is_refused(text, contest_id, tickets, field):
    with pytest.raises(InvalidInput) as refused:
        read_payout_table(text, contest_id, tickets)
    assert list(refused.value.messages) == [field]


def test_a_cell_too_long_for_a_csv_is_refused_by_its_line():
    text = f'Place,Payout,Field Size,Entry Fee\n1,"{"9" * 140_000}",10,1\n'
    with pytest.raises(InvalidInput, match=r"payouts line \d: not CSV"):
        read_payout_csv(text)
