"""The errors that this project raises on purpose, as records that the API and commands word.

A key is the name of an argument of the function or record that raises, never a field of the API:
:mod:`web.labels` knows what a request calls it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.wording import listed

Subject = str | int | None
"""Whose an argument is: a driver's or team's name or id, an index, or nobody's in particular."""


class AxiomaticError(Exception):
    """Anything this project refuses or fails on purpose, with a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the input.

    Parameters
    ----------
    key
        The argument or the file.
    message
        The value, and what would be right.
    subject
        Whose the argument is, where it is not the whole input's.
    at
        Where in a file: ``line 7``.
    """

    key: str
    message: str
    subject: Subject = None
    at: str | None = None

    @property
    def name(self) -> str:
        """The key with its subject and place: ``skill of d3``, ``salaries line 7``."""
        name = _name(self.key, self.subject)
        return name if self.at is None else f"{name} {self.at}"


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """One of the rules that leave no answer together.

    Parameters
    ----------
    key
        The argument, or the name that the caller gave a rule of his own.
    subject
        Whose rule it is, where it is one driver's or team's.
    limit
        The bound, in the argument's unit, where the rule is a number.
    """

    key: str
    subject: Subject = None
    limit: float | None = None

    @property
    def name(self) -> str:
        """The key with its subject: ``max_driver_exposure of Chase Elliott``."""
        return _name(self.key, self.subject)


class InvalidInput(AxiomaticError):
    """The input cannot be used.

    Parameters
    ----------
    problems
        What is wrong, one or more: records, or messages by key.
    """

    problems: tuple[Problem, ...]

    def __init__(
        self, problems: Problem | Sequence[Problem] | Mapping[str, str | Sequence[str]]
    ) -> None:
        if isinstance(problems, Problem):
            problems = [problems]
        elif isinstance(problems, Mapping):
            problems = [
                Problem(key, message)
                for key, messages in problems.items()
                for message in ([messages] if isinstance(messages, str) else messages)
            ]
        self.problems = tuple(problems)
        # what it was made of, so that a copy from another process is made of the same
        super().__init__(self.problems)

    @property
    def messages(self) -> dict[str, list[str]]:
        """What is wrong by name, in the order it was found."""
        messages: dict[str, list[str]] = {}
        for problem in self.problems:
            messages.setdefault(problem.name, []).append(problem.message)
        return messages

    def __str__(self) -> str:
        return "; ".join(f"{name}: {' '.join(wrong)}" for name, wrong in self.messages.items())


class Infeasible(AxiomaticError):
    """The rules, each legal by itself, leave no answer together.

    Parameters
    ----------
    reason
        A sentence for the user that names no rule: each door names them in its own words.
    rules
        The rules in conflict.
    largest
        The largest number of lineups that could be had, where one was asked for and it is known.
    """

    def __init__(
        self, reason: str, *, rules: Sequence[BrokenRule] = (), largest: int | None = None
    ) -> None:
        self.reason = reason
        self.rules = tuple(rules)
        self.largest = largest
        super().__init__(reason)

    @property
    def limits(self) -> tuple[str, ...]:
        """The names of the rules in conflict."""
        return tuple(rule.name for rule in self.rules)

    def __str__(self) -> str:
        return with_rules(self.reason, self.limits)


def with_rules(reason: str, names: Sequence[str]) -> str:
    """A reason and the rules that it comes of, by any names for them."""
    if not names:
        return reason
    what = "Rule in the way" if len(names) == 1 else "Rules in conflict"
    return f"{reason} {what}: {listed(names)}."


def _name(key: str, subject: Subject) -> str:
    return key if subject is None else f"{key} of {subject}"
