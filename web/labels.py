"""What a request calls the arguments of core: the one place where errors take the API's names.

An argument that is not named here has the same name in both, and so has a rule that the request
named itself, such as ``groups.0``.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
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

FIELDS: Mapping[str, str] = {
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
"""Fields of requests by argument of core."""

DRIVER_FIELDS: Mapping[str, str] = {
    **{part.name: part.name for record in (Driver, DriverConstraints) for part in fields(record)},
    **dict.fromkeys(Veto, "veto_rules"),
    "salary_usd": "salary",
    "vetoes": "veto_rules",
}
"""Fields of a request's driver by argument of core, where the subject is one driver."""


def field_of(key: str, subject: Subject = None) -> str:
    """The request's field of an argument: ``salary_cap``, ``drivers.d3.skill``."""
    if subject is not None and key in DRIVER_FIELDS:
        return f"drivers.{subject}.{DRIVER_FIELDS[key]}"
    return FIELDS.get(key, key)


def errors_of(error: InvalidInput) -> dict[str, list[str]]:
    """What is wrong by field of the request; in a file by the place, as in ``salaries line 7``."""
    errors: dict[str, list[str]] = {}
    for problem in error.problems:
        field = field_of(problem.key, problem.subject)
        place = field if problem.at is None else f"{field} {problem.at}"
        errors.setdefault(place, []).append(problem.message)
    return errors


def rule_name(rule: BrokenRule) -> str:
    """A rule as the API names it: ``salary_cap``, ``max_driver_exposure of Chase Elliott``."""
    field = FIELDS.get(rule.key, rule.key)
    return field if rule.subject is None else f"{field} of {rule.subject}"


def conflict_errors(error: Infeasible) -> dict[str, list[str]]:
    """The conflict under each field that has a part in it, the rules named."""
    names = [rule_name(rule) for rule in error.rules]
    wrong = [field_of(rule.key, rule.subject) for rule in error.rules] or ["body"]
    return {field: [with_rules(error.reason, names)] for field in wrong}


def conflict_members(error: Infeasible) -> dict[str, Any]:
    """The rules in conflict as an answer lists them: in words, and field, subject and bound."""
    return {
        "limits": [rule_name(rule) for rule in error.rules],
        "largest": error.largest,
        "conflict": [
            {
                "field": field_of(rule.key, rule.subject),
                "subject": rule.subject,
                "limit": rule.limit,
            }
            for rule in error.rules
        ],
    }


def described(error: AxiomaticError) -> dict[str, Any]:
    """Why a job failed, as its status document has it."""
    if isinstance(error, InvalidInput):
        errors = errors_of(error)
        reason = "; ".join(f"{field}: {' '.join(errors[field])}" for field in errors)
        return {"reason": reason, "errors": errors}
    if isinstance(error, Infeasible):
        return {"reason": error.reason, **conflict_members(error)}
    return {"reason": str(error)}


@contextmanager
def blamed_on(field: str) -> Iterator[None]:
    """Put every refusal of the block on one field, from which the arguments of core were read.

    Raises
    ------
    InvalidInput
        On ``field``, for input that cannot be used and for rules in conflict alike.
    """
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput([Problem(field, each.message) for each in error.problems]) from None
    except Infeasible as error:
        raise InvalidInput({field: error.reason}) from None
