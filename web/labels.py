"""The API's names for core's arguments: the one place where errors are renamed for the API.

An argument that is not named here has the same name in both. So has a rule that a request numbers
itself, such as ``groups.0``.
"""

from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any

from core.errors import (
    AxiomaticError,
    BrokenRule,
    Infeasible,
    InvalidInput,
    Problem,
    Subject,
    with_rules,
)
from core.race import DriverConstraints
from core.slate import Driver, Veto

KEYS: Mapping[str, str] = {
    "alphas": "cvar_alphas",
    "entry_fee": "contest_buyin",
    "entry_fee_cents": "contest_buyin",
    "fields_per_block": "n_contest_sims",
    "max_per_driver": "max_ownership_per_driver",
    "max_total": "max_total_ownership",
    "min_low": "min_low_ownership_drivers",
    "min_salary_usd": "min_salary",
    "own_lineups": "lineups",
    "ownership_percent": "ownership_estimates",
    "penalty": "leverage_penalty",
    "race_laps": "scenario_config.race_length",
    "roster_size": "n_drivers",
    "salary_cap_usd": "salary_cap",
    "salary_usd": "salary",
    "seed": "random_seed",
    "size_tier": "contest_size_tier",
    "vetoes": "veto_rules",
    "weights": "cvar_weights",
}
"""Keys of requests by argument of core."""

DRIVER_KEYS: Mapping[str, str] = {
    **{part.name: part.name for record in (Driver, DriverConstraints) for part in fields(record)},
    **dict.fromkeys(Veto, "veto_rules"),
    "salary_usd": "salary",
    "vetoes": "veto_rules",
}
"""Keys of a request's driver by argument of core, for errors about one driver."""


def key_of(key: str, subject: Subject = None) -> str:
    """The request's key of an argument of core: ``salary_cap``, ``drivers.d3.skill``."""
    if subject is not None and key in DRIVER_KEYS:
        return f"drivers.{subject}.{DRIVER_KEYS[key]}"
    return KEYS.get(key, key)


def errors_of(error: InvalidInput) -> dict[str, list[str]]:
    """Messages by key of the request; for a file with its line, as in ``salaries line 7``."""
    errors: dict[str, list[str]] = {}
    for problem in error.problems:
        key = key_of(problem.key, problem.subject)
        where = key if problem.at is None else f"{key} {problem.at}"
        errors.setdefault(where, []).append(problem.message)
    return errors


def rule_name(rule: BrokenRule) -> str:
    """A rule as the API names it: ``salary_cap``, ``max_driver_exposure of Chase Elliott``."""
    key = KEYS.get(rule.key, rule.key)
    return key if rule.subject is None else f"{key} of {rule.subject}"


def conflict_errors(error: Infeasible) -> dict[str, list[str]]:
    """The conflict's message under each key of its rules; the message names all of them."""
    names = [rule_name(rule) for rule in error.rules]
    wrong = [key_of(rule.key, rule.subject) for rule in error.rules] or ["body"]
    return {key: [with_rules(error.reason, names)] for key in wrong}


def conflict_members(error: Infeasible) -> dict[str, Any]:
    """The rules in conflict as an answer lists them: in words, and by key, subject and limit."""
    return {
        "limits": [rule_name(rule) for rule in error.rules],
        "largest": error.largest,
        "conflict": [
            {
                "field": key_of(rule.key, rule.subject),
                "subject": rule.subject,
                "limit": rule.limit,
            }
            for rule in error.rules
        ],
    }


def described(error: AxiomaticError) -> dict[str, Any]:
    """The reason of a failed job, as its status document has it."""
    if isinstance(error, InvalidInput):
        errors = errors_of(error)
        reason = "; ".join(f"{key}: {' '.join(errors[key])}" for key in errors)
        return {"reason": reason, "errors": errors}
    if isinstance(error, Infeasible):
        return {"reason": error.reason, **conflict_members(error)}
    return {"reason": str(error)}


@contextmanager
def blamed_on(key: str) -> Iterator[None]:
    """Report every error of the block under one key, from which core's arguments were read.

    Raises
    ------
    InvalidInput
        Input in the block is invalid, or rules are in conflict; the error names ``key``.
    """
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput([Problem(key, each.message) for each in error.problems]) from None
    except Infeasible as error:
        raise InvalidInput({key: error.reason}) from None


@contextmanager
def inside(part: str, keys: Container[str]) -> Iterator[None]:
    """Report errors of the block on these keys of a request's part as ``part.key``.

    Raises
    ------
    InvalidInput
        Input in the block is invalid.
    """
    try:
        yield
    except InvalidInput as error:
        named = [(key_of(each.key, each.subject), each) for each in error.problems]
        raise InvalidInput(
            [
                replace(each, key=f"{part}.{key}", subject=None)
                if key.partition(".")[0] in keys
                else each
                for key, each in named
            ]
        ) from None
