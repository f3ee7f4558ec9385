"""A contest as a site itself serves it: size, fee and prizes read by whichever site knows it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.amounts import CENTS_PER_USD
from core.contest.payouts import Payouts, PrizeTier, payouts_from_cents
from core.errors import InvalidInput
from core.sites import SITES, ContestExport, ContestRows


def is_site_export(values: Mapping[str, Any]) -> bool:
    """Whether a JSON object is a contest as one of the sites serves it."""
    return _export_of(values) is not None


def payouts_from_site_export(
    values: Mapping[str, Any], tickets: Mapping[str, object] | None = None
) -> Payouts:
    """Payouts of a contest as a site serves it; the label states the value of each ticket.

    Parameters
    ----------
    values
        Parsed JSON, best with its numbers kept as text.
    tickets
        USD that a ticket is worth, by its name in the file; 0 leaves the ticket out.

    Raises
    ------
    InvalidInput
        On ``payouts``: no site's contest. Or what the site's reader or :class:`Payouts` refuses.
    """
    export = _export_of(values)
    if export is None:
        known = " or ".join(site.name for site in SITES.values() if site.contest_export)
        raise InvalidInput({"payouts": f"no contest as {known} serves it."})
    contest = export.read(values, tickets)
    tiers = [PrizeTier(*prize) for prize in contest.prizes]
    payouts = payouts_from_cents(tiers, contest.field_size, contest.entry_fee_cents)
    return replace(payouts, label=_label(contest)) if contest.tickets else payouts


def _export_of(values: Mapping[str, Any]) -> ContestExport | None:
    exports = (site.contest_export for site in SITES.values())
    return next((export for export in exports if export and export.recognises(values)), None)


def _label(contest: ContestRows) -> str:
    counted = ", ".join(
        f"{name} at ${cents / CENTS_PER_USD:,.2f}" for name, cents in contest.tickets
    )
    return f"the contest's own prizes, tickets counted as money: {counted}"
