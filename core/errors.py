"""What can be wrong with a request, a type each: the field, the value and what would be right."""

from collections.abc import Mapping, Sequence


class AxiomaticError(Exception):
    """Anything this project refuses or fails on purpose, with a sentence for the user."""


class InvalidInput(AxiomaticError):
    """The input cannot be used: each named field has one or more problems.

    Parameters
    ----------
    problems
        From field (``salaries line 7``, ``n_lineups``) to what is wrong and what would be right.
    """

    def __init__(self, problems: Mapping[str, str | Sequence[str]]) -> None:
        self.problems: dict[str, list[str]] = {
            field: [said] if isinstance(said, str) else list(said)
            for field, said in problems.items()
        }
        super().__init__(
            "; ".join(f"{field}: {' '.join(said)}" for field, said in self.problems.items())
        )


class Infeasible(AxiomaticError):
    """The limits, each legal by itself, leave no answer together.

    Parameters
    ----------
    reason
        One sentence for the user.
    limits
        The names of the limits in conflict, as the request spells them.
    largest
        The largest number of lineups that could be had, where one was asked for and it is known.
    """

    def __init__(
        self, reason: str, *, limits: Sequence[str] = (), largest: int | None = None
    ) -> None:
        self.reason = reason
        self.limits = tuple(limits)
        self.largest = largest
        super().__init__(reason)
