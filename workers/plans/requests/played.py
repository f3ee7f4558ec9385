"""What a request holds whose lineups are put into a contest."""

from typing import Protocol

from workers.plans.requests.contest import ContestTerms
from workers.plans.requests.races import Simulated


class Played(Simulated, Protocol):
    """A request whose lineups may be put into a contest."""

    @property
    def contest(self) -> ContestTerms | None:
        """The contest, if one is played."""

    @property
    def given_ownership(self) -> tuple[float, ...] | None:
        """The field's ownership by driver where the request gives it, percent of entries."""

    @property
    def own_entries(self) -> int:
        """Lineups entered."""

    @property
    def salary_cap_usd(self) -> int:
        """What an opposing lineup may cost."""


def terms_of(request: Played) -> ContestTerms:
    """The contest of a request that has one.

    Raises
    ------
    TypeError
        It has none: its plan should have no stage that asks.
    """
    if request.contest is None:
        raise TypeError("this request plays no contest")
    return request.contest
