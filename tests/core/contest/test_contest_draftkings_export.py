"""A contest's detail as DraftKings serves it, made up here in its shape."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.contest import PrizeTier, payouts_from_site_export, read_payout_table
from core.errors import InvalidInput


def cash(first: int, last: int, usd: float) -> dict[str, Any]:
    said = f"${usd:,.2f}"
    return {
        "minPosition": first,
        "maxPosition": last,
        "payoutDescriptions": [
            {
                "order": 1,
                "payoutDescription": said,
                "payoutDescriptionType": "Text",
                "quantity": 1,
                "value": usd,
            }
        ],
        "tierPayoutDescriptions": {"Cash": said},
    }


def ticket(place: int, last: int, name: str, value: float | None) -> dict[str, Any]:
    return {
        "minPosition": place,
        "maxPosition": last,
        "payoutDescriptions": [{"payoutDescription": name, "value": value}],
        "tierPayoutDescriptions": {"Ticket": name},
    }


def contest(*tiers: dict[str, Any], **more: Any) -> dict[str, Any]:
    detail = {
        "contestKey": "190001",
        "name": "NAS $3K Made Up",
        "entryFee": 10.0,
        "maximumEntries": 400,
        "entries": 17,
        "isGuaranteed": True,
        "payoutSummary": list(tiers),
        **more,
    }
    return {"contestDetail": detail, "errorStatus": {}}


def read(*tiers: dict[str, Any], tickets: dict[str, object] | None = None, **more: Any) -> Any:
    return read_payout_table(json.dumps(contest(*tiers, **more)), None, tickets)


def test_cash_tiers_fee_and_the_size_of_the_full_contest_are_read() -> None:
    payouts = read(cash(1, 1, 1_000), cash(2, 2, 500.5), cash(3, 80, 16.25), totalPayouts=2_768.0)
    assert payouts.tiers == (
        PrizeTier(1, 1, 100_000),
        PrizeTier(2, 2, 50_050),
        PrizeTier(3, 80, 1_625),
    )
    assert (payouts.field_size, payouts.entry_fee_cents, payouts.label) == (400, 1_000, "")


def test_without_a_maximum_the_entries_there_are_count() -> None:
    detail = contest(cash(1, 2, 50))["contestDetail"]
    del detail["maximumEntries"]
    # the detail may be unwrapped, and a place alone needs no last
    del detail["payoutSummary"][0]["maxPosition"]
    payouts = payouts_from_site_export(detail)
    assert (payouts.field_size, payouts.places_paid) == (17, 1)


@pytest.mark.parametrize(
    "tier",
    [
        {"minPosition": 1, "maxPosition": 1, "tierPayoutDescriptions": {"Cash": "$1,234.50"}},
        {"minPosition": 1, "payoutDescriptions": [{"value": 1234.5}]},
        {"minPosition": 1, "payoutDescriptions": [{"payoutDescription": "$1,234.50"}]},
        {"minPosition": "1", "payoutDescriptions": [{"value": 411.5, "quantity": 3}]},
        {
            "minPosition": 1,
            "payoutDescriptions": [{"value": 1000.0}, {"value": 234.5}],
        },
    ],
)
def test_an_amount_is_read_from_whichever_place_says_it(tier: dict[str, Any]) -> None:
    assert read(tier).tiers == (PrizeTier(1, 1, 123_450),)


def test_a_ticket_counts_at_face_value_unless_the_caller_knows_better() -> None:
    tiers = (ticket(1, 2, "$50 Cup Seat", 50.0), cash(3, 10, 15))
    by_face = read(*tiers, totalPayouts=220)
    assert by_face.tiers == (PrizeTier(1, 2, 5_000), PrizeTier(3, 10, 1_500))
    assert "tickets counted as money: $50 Cup Seat at $50.00" in by_face.label
    known = read(*tiers, tickets={"$50  cup seat": 42.5}, totalPayouts=220)
    assert known.prize_cents(2) == 4_250
    assert "$50 Cup Seat at $42.50" in known.label


@pytest.mark.parametrize("value", [None, 0, 0.0])
def test_a_ticket_without_a_value_is_refused_by_tier_and_name(value: float | None) -> None:
    tiers = (cash(1, 1, 100), ticket(2, 6, "Tour Seat", value))
    with pytest.raises(InvalidInput) as refused:
        read(*tiers)
    assert list(refused.value.messages) == ["payouts tier 2"]
    assert "places 2 to 6 win 'Tour Seat'" in str(refused.value)
    assert "--ticket 'Tour Seat=20'" in str(refused.value)
    # its pool cannot be checked then, but cash alone must not exceed it
    assert read(*tiers, tickets={"Tour Seat": 20}, totalPayouts=300).prize_pool_cents == 20_000
    assert read(*tiers, tickets={"Tour Seat": 0}).places_paid == 1
    with pytest.raises(InvalidInput, match="totalPayouts"):
        read(*tiers, tickets={"Tour Seat": 20}, totalPayouts=99)


def test_cash_and_a_ticket_in_one_tier_add() -> None:
    both = {
        "minPosition": 1,
        "maxPosition": 2,
        "payoutDescriptions": [
            {"payoutDescription": "Tour Seat", "value": 30.0},
            {"payoutDescription": "$100.00", "value": 100.0},
        ],
        "tierPayoutDescriptions": {"Cash": "$100.00", "Ticket": "Tour Seat"},
    }
    assert read(both, totalPayouts=260).prize_cents(1) == 13_000
    # a total that counts cash alone is no contradiction
    assert read(both, totalPayouts=200).prize_cents(1) == 13_000
    with pytest.raises(InvalidInput, match=r"\$200.00 in cash, \$260.00 with tickets"):
        read(both, totalPayouts=250)
    del both["payoutDescriptions"][0]  # type: ignore[attr-defined]
    with pytest.raises(InvalidInput, match="win 'Tour Seat'"):
        read(both)
    assert read(both, tickets={"tour seat": "5.25"}).prize_cents(1) == 10_525


def test_a_description_that_fits_none_of_a_tiers_prizes_is_refused() -> None:
    unclear = {
        "minPosition": 1,
        "payoutDescriptions": [{"payoutDescription": "$100 and a seat", "value": 130.0}],
        "tierPayoutDescriptions": {"Cash": "$100.00", "Ticket": "Tour Seat"},
    }
    with pytest.raises(InvalidInput, match=r"which of Cash, Ticket is '.100 and a seat'"):
        read(unclear)


@pytest.mark.parametrize(
    ("tiers", "more", "field", "said"),
    [
        ([cash(1, 1, 90)], {"totalPayouts": 100.0}, "payouts", "win $90.00 in cash, but"),
        ([cash(1, 500, 1)], {}, "payouts", "beyond the 400 entries"),
        ([cash(1, 1, 5), cash(3, 4, 1)], {}, "payouts", "2 to 2"),
        ([cash(1, 1, 5), cash(2, 2, 9)], {}, "payouts", "more than the"),
        ([cash(0, 1, 5)], {}, "payouts tier 1 minPosition", "whole number"),
        ([{"minPosition": 1}], {}, "payouts tier 1", "no prize"),
        ([{"minPosition": 1, "payoutDescriptions": ["$5"]}], {}, "payouts tier 1", "objects"),
        ([{"minPosition": 1, "payoutDescriptions": "$5"}], {}, "payouts tier 1", "malformed"),
        (
            [{**cash(1, 1, 5), "tierPayoutDescriptions": {"Cash": "$50.00"}}],
            {},
            "payouts tier 1",
            "$50.00 is written, but the value is 5.00",
        ),
        (
            [{"minPosition": 1, "tierPayoutDescriptions": {"Cash": "a lot"}}],
            {},
            "payouts tier 1 Cash",
            "no amount",
        ),
        ([], {}, "payouts", "no place wins"),
        ([cash(1, 1, 5)], {"payoutSummary": {}}, "payouts", "no list of tiers"),
        ([cash(1, 1, 5)], {"entryFee": None}, "entry_fee", "None"),
        ([cash(1, 1, 5)], {"maximumEntries": "many"}, "field_size", "many"),
        ([cash(1, 1, 5)], {"totalPayouts": "1e9999999"}, "payouts totalPayouts", "no amount"),
    ],
)
def test_a_detail_that_cannot_be_played_is_refused_by_name(
    tiers: list[dict[str, Any]], more: dict[str, Any], field: str, said: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(*tiers, **more)
    assert list(refused.value.messages) == [field]
    assert said in str(refused.value)


def test_a_ticket_named_wrongly_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(InvalidInput, match="no 'tuor seat' among the prizes; the file has Tour"):
        read(ticket(1, 1, "Tour Seat", 30), tickets={"Tuor Seat": 5})
    with pytest.raises(InvalidInput, match="the file has no ticket"):
        read(cash(1, 1, 30), tickets={"Tour Seat": 5})


def test_of_several_details_the_one_of_the_id_is_read() -> None:
    several = [contest(cash(1, 1, 5)), contest(cash(1, 1, 7), contestKey=190002)]
    text = json.dumps(several)
    assert read_payout_table(text, "190002").prize_cents(1) == 700
    with pytest.raises(InvalidInput, match="2 contests; give one of 190001, 190002"):
        read_payout_table(text)
    with pytest.raises(InvalidInput, match="no contest of id '3'; the file has 190001"):
        read_payout_table(text, "3")


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 40), st.integers(1, 5_000_000), st.integers(0, 300_000)),
        min_size=1,
        max_size=12,
    ),
    st.booleans(),
)
def test_any_ladder_of_cash_and_tickets_comes_back_to_the_cent(
    spans: list[tuple[int, int, int]], stated: bool
) -> None:
    spans = sorted(spans, key=lambda span: -(span[1] + span[2]))
    tiers, first, pool = [], 1, 0
    for places, cents, seat in spans:
        tier = cash(first, first + places - 1, cents / 100)
        if seat:
            tier["payoutDescriptions"].append({"payoutDescription": "Seat", "value": seat / 100})
            tier["tierPayoutDescriptions"]["Ticket"] = "Seat"
        tiers.append(tier)
        first += places
        pool += places * (cents + seat)
    payouts = read(*tiers, **({"totalPayouts": pool / 100} if stated else {}))
    assert payouts.prize_pool_cents == pool
    assert [t.prize_cents for t in payouts.tiers] == [cents + seat for _, cents, seat in spans]


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 500)
    | st.floats()
    | st.sampled_from(["$5.00", "Seat", "", "1e400", "\x00"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Cash", "Ticket", "value", "quantity", "payoutDescription"]), inner
        )
    ),
    max_leaves=8,
)
NAMES = ["minPosition", "maxPosition", "payoutDescriptions", "tierPayoutDescriptions"]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from(NAMES), JUNK), max_size=3) | JUNK,
    st.dictionaries(st.sampled_from(["entryFee", "maximumEntries", "totalPayouts"]), JUNK),
)
def test_whatever_a_detail_holds_it_is_read_or_refused(summary: Any, more: dict[str, Any]) -> None:
    detail = contest(cash(1, 1, 5), payoutSummary=summary, **more)
    try:
        payouts = read_payout_table(json.dumps(detail))
    except InvalidInput:
        return
    assert payouts.prize_pool_cents > 0
