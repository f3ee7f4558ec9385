"""The contest of a request: its prizes, its size, its ownership."""

from collections.abc import Sequence

import numpy as np

from core.contest import Payouts, payouts_from_tiers, read_cents, typical_payouts
from core.errors import InvalidInput
from core.field import read_ownership, require_lineup, without
from core.slate import Slate
from core.wording import many
from web.labels import blamed_on
from web.requests.ownership import with_known_ownership
from web.requests.slates import Body
from web.schemas.contests import FEWEST_SCENARIOS
from workers.plans.requests.contest import (
    FILE_OWNERSHIP,
    REQUEST_OWNERSHIP,
    ContestTerms,
)

# about an hour of a core
MAX_ENTRIES = 500_000_000_000


def contest_of(
    slate: Slate,
    contest: Body,
    lineups: int,
    cap_usd: int,
    scenarios: int,
    ownership_model: str | None,
    chosen_by: Sequence[float] | None = None,
    halves: int = 1,
) -> ContestTerms:
    """The contest of a request, its ownership checked against the slate.

    Parameters
    ----------
    slate, contest
        The slate, and the contest as its schema has read it.
    lineups, cap_usd, scenarios
        Own entries, what an opponent's lineup may cost, and how many races are played.
    ownership_model
        The installation's own model as JSON; ``None`` = the shipped one.
    chosen_by
        The ownership that lineups are chosen by, percent by driver; ``None`` = they are not.
    halves
        2 where as many races again are played to judge the lineups on.

    Raises
    ------
    InvalidInput
        Prizes that are none, a field smaller than the own entries, ownership that does not add up.
    Infeasible
        Ownership that no mix of legal lineups has.
    """
    fee_cents = read_cents(contest["contest_buyin"], "contest_buyin")
    _require_bounded(contest, scenarios, halves)
    if contest["field_size"] <= lineups:
        raise InvalidInput(
            {
                "field_size": f"{contest['field_size']} entries with {lineups} own lineups among "
                "them "
                f"leave no opponent; give {lineups + 1} or more."
            }
        )
    entry_limit = contest.get("entry_limit")
    if entry_limit is not None and entry_limit < lineups:
        raise InvalidInput(
            {
                "entry_limit": f"{entry_limit}, but {lineups} lineups are yours; enter at most "
                f"{many(entry_limit, 'lineup')}, raise the limit, or choose another preset."
            }
        )
    payouts = _payouts(contest, fee_cents)
    percent, source = _ownership(slate, contest, cap_usd, chosen_by)
    return ContestTerms(
        payouts=payouts,
        ownership_percent=percent,
        ownership_source=source,
        fields_per_block=contest["n_contest_sims"],
        uncertain=contest.get("ownership_uncertainty"),
        ownership_model=ownership_model if percent is None else None,
        entry_limit=entry_limit,
    )


def require_racing(slate: Slate, percent: Sequence[float], key: str) -> None:
    """Refuse ownership of drivers who do not race: nobody's lineup can hold them.

    Raises
    ------
    InvalidInput
        On ``key``, the drivers named.
    """
    owned = [
        driver.name
        for driver, share in zip(slate.drivers, percent, strict=True)
        if driver.out and share > 0.0
    ]
    if owned:
        raise InvalidInput({key: f"{', '.join(owned)} does not race; give 0, and his to others."})


def _require_bounded(contest: Body, scenarios: int, halves: int) -> None:
    """Refuse a contest that would keep the workers for hours."""
    fields, entries = contest["n_contest_sims"], halves * contest["field_size"]
    if entries * fields * scenarios <= MAX_ENTRIES:
        return
    races = f"{halves} x " if halves > 1 else ""
    ways = []
    if (fewer := MAX_ENTRIES // (entries * fields)) >= FEWEST_SCENARIOS:
        ways.append(f"{fewer:,} races")
    if (fewer := MAX_ENTRIES // (entries * scenarios)) >= 1:
        ways.append(f"{fewer:,} fields")
    raise InvalidInput(
        {
            "n_scenarios": f"{races}{scenarios:,} races x {fields:,} fields of "
            f"{contest['field_size']:,} entries; give at most {' or '.join(ways)} for this contest."
        }
    )


def _payouts(contest: Body, fee_cents: int) -> Payouts:
    if "payouts" not in contest:
        return typical_payouts(contest["field_size"], fee_cents, contest.get("contest_size_tier"))
    if "contest_size_tier" in contest:
        raise InvalidInput({"contest_size_tier": "give payouts or a tier, not both."})
    tiers = [
        {"from": tier["first"], "to": tier["last"], "prize": tier["prize"]}
        for tier in contest["payouts"]
    ]
    return payouts_from_tiers(tiers, contest["field_size"], contest["contest_buyin"])


def _ownership(
    slate: Slate, contest: Body, cap_usd: int, chosen_by: Sequence[float] | None
) -> tuple[tuple[float, ...] | None, str]:
    """The ownership of the opposing field in percent of entries, and where it comes from.

    It is the contest's own, else what lineups are chosen by, else that of the drivers file. It is
    ``None`` and left to the model where the file lacks some who race; the model keeps those it has.
    Whether a mix of legal lineups has the ownership, and the nearest that one has, the job finds.
    """
    size = slate.rules.roster_size
    if "ownership_estimates" in contest:
        estimates: dict[str, float] = contest["ownership_estimates"]
        slate.index_of(list(estimates), "ownership_estimates")
        percent = [estimates.get(driver.driver_id, 0.0) for driver in slate.drivers]
        require_racing(slate, percent, "ownership_estimates")
        key, source = "ownership_estimates", REQUEST_OWNERSHIP
    elif chosen_by is not None:
        percent = list(chosen_by)
        key, source = "ownership_estimates", REQUEST_OWNERSHIP
    elif any(driver.ownership_percent is None for driver in slate.drivers if not driver.out):
        with_known_ownership(slate, cap_usd, "drivers.ownership_percent")
        return None, ""
    else:
        percent = [driver.ownership_percent or 0.0 for driver in slate.drivers]
        key, source = "drivers.ownership_percent", FILE_OWNERSHIP
    with blamed_on(key):
        read = read_ownership(percent, size)
        owned = without(read, np.array([driver.out for driver in slate.drivers]), size)
        require_lineup(slate.salaries_usd, owned, size, cap_usd)
    return tuple(owned.tolist()), source
