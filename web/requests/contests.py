"""The contest of a request: its prizes, its size, its ownership."""

from collections.abc import Sequence

import numpy as np

from core.contest import Payouts, payouts_from_tiers, read_cents, typical_payouts
from core.errors import Infeasible, InvalidInput
from core.field import read_ownership, require_lineup, without
from core.slate import Slate
from web.requests.ownership import with_known_ownership
from web.requests.slates import Given
from workers.plans.stages.contest import (
    FILE_OWNERSHIP,
    GIVEN_OWNERSHIP,
    ContestTerms,
)

# about an hour of a core
MAX_ENTRIES = 500_000_000_000


def contest_of(
    slate: Slate,
    given: Given,
    lineups: int,
    cap_usd: int,
    scenarios: int,
    ownership_model: str | None,
    minded: Sequence[float] | None = None,
) -> ContestTerms:
    """The contest of a request, its ownership checked against the slate.

    Parameters
    ----------
    slate, given
        The slate, and the contest's part of the request.
    lineups, cap_usd, scenarios
        Own entries, what an opponent's lineup may cost, and how many races are played.
    ownership_model
        The installation's own model as JSON; ``None`` = the shipped one.
    minded
        The ownership that lineups are chosen by, percent by driver; ``None`` = they are not.

    Raises
    ------
    InvalidInput
        Prizes that are none, a field smaller than the own entries, ownership that does not add up.
    Infeasible
        Ownership that no mix of legal lineups has.
    """
    fee_cents = read_cents(given["contest_buyin"], "contest_buyin")
    _require_bounded(given, scenarios)
    if given["field_size"] <= lineups:
        raise InvalidInput(
            {
                "field_size": f"{given['field_size']} entries with {lineups} own lineups among "
                "them "
                f"leave no opponent; give {lineups + 1} or more."
            }
        )
    payouts = _payouts(given, fee_cents)
    percent, source = _ownership(slate, given, cap_usd, minded)
    return ContestTerms(
        payouts=payouts,
        ownership_percent=percent,
        ownership_source=source,
        fields_per_block=given["n_contest_sims"],
        uncertain=given.get("ownership_uncertainty"),
        ownership_model=ownership_model if percent is None else None,
    )


def require_racing(slate: Slate, percent: Sequence[float], field: str) -> None:
    """Refuse ownership of drivers who do not race: nobody's lineup can hold them.

    Raises
    ------
    InvalidInput
        Naming them.
    """
    owned = [
        driver.name
        for driver, share in zip(slate.drivers, percent, strict=True)
        if driver.out and share > 0.0
    ]
    if owned:
        raise InvalidInput({field: f"{', '.join(owned)} does not race; give 0, and his to others."})


def _require_bounded(given: Given, scenarios: int) -> None:
    """Refuse a contest that would keep the workers for hours."""
    size, fields = given["field_size"], given["n_contest_sims"]
    if size * fields * scenarios > MAX_ENTRIES:
        problem = f"{scenarios:,} races x {fields:,} fields of {size:,} entries; give at most "
        problem += f"{MAX_ENTRIES // (size * fields):,} races"
        if size * scenarios <= MAX_ENTRIES:
            problem += f" or {MAX_ENTRIES // (size * scenarios):,} fields"
        raise InvalidInput({"n_scenarios": f"{problem} for this contest."})


def _payouts(given: Given, fee_cents: int) -> Payouts:
    if "payouts" not in given:
        return typical_payouts(given["field_size"], fee_cents, given.get("contest_size_tier"))
    if "contest_size_tier" in given:
        raise InvalidInput({"contest_size_tier": "give payouts or a tier, not both."})
    tiers = [
        {"from": tier["first"], "to": tier["last"], "prize": tier["prize"]}
        for tier in given["payouts"]
    ]
    return payouts_from_tiers(tiers, given["field_size"], given["contest_buyin"])


def _ownership(
    slate: Slate, given: Given, cap_usd: int, minded: Sequence[float] | None
) -> tuple[tuple[float, ...] | None, str]:
    """Give the contest's ownership, else what lineups mind, else the slate's file's; and whose.

    A file's is for all who race, or some: then all of it is left to the model, which keeps those.
    Whether a mix of legal lineups has it, and the nearest that one has, is found by the job.
    """
    size = slate.rules.roster_size
    if "ownership_estimates" in given:
        estimates: dict[str, float] = given["ownership_estimates"]
        slate.index_of(list(estimates), "ownership_estimates")
        minded = [estimates.get(driver.driver_id, 0.0) for driver in slate.drivers]
        require_racing(slate, minded, "ownership_estimates")
        field, source = "ownership_estimates", GIVEN_OWNERSHIP
    elif minded is not None:
        field, source = "ownership_estimates", GIVEN_OWNERSHIP
    elif any(driver.ownership_percent is None for driver in slate.drivers if not driver.out):
        with_known_ownership(slate, cap_usd, "drivers.ownership_percent")
        return None, ""
    else:
        minded = [driver.ownership_percent or 0.0 for driver in slate.drivers]
        field, source = "drivers.ownership_percent", FILE_OWNERSHIP
    try:
        read = read_ownership(minded, size)
        owned = without(read, np.array([driver.out for driver in slate.drivers]), size)
    except InvalidInput as error:
        raise InvalidInput({field: list(*error.problems.values())}) from None
    try:
        require_lineup(slate.salaries_usd, owned, size, cap_usd)
    except Infeasible as error:
        raise InvalidInput({field: error.reason}) from None
    return tuple(owned.tolist()), source
