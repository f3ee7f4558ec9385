"""Fitted ensembles as JSON: parameters and figures alone, none of the rows they were fitted to."""

import json
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InvalidInput, Problem
from core.field.estimators.ensemble import HybridOwnershipEstimator
from core.field.estimators.features import FEATURES
from core.field.estimators.fitting import FittedTerms
from core.field.estimators.folding import FittedMember
from core.field.estimators.intervals import LEVELS, Misses
from core.field.estimators.methods import METHODS
from core.field.estimators.slates import Floats
from core.field.estimators.stacking import ErrorMoments

OWNERSHIP_VERSION = 1
_KEY = "ownership_model"


def to_json(model: HybridOwnershipEstimator) -> dict[str, Any]:
    """JSON object from which :func:`from_json` rebuilds the fitted ensemble to the bit."""
    terms = {name: member.terms for name, member in model.estimators().items()}
    # which estimators it combines, its members say
    parameters = {name: value for name, value in model.get_params().items() if name != "members"}
    return {
        "version": OWNERSHIP_VERSION,
        "parameters": parameters,
        "contests": model.contests_,
        "slates": model.slates_,
        "days": None if model.days_ is None else list(model.days_),
        "error": model.error_,
        "grade": model.grade_,
        "error_moments": {
            "slates": model.error_moments_.slates,
            "sums": model.error_moments_.sums.tolist(),
        },
        "misses": {
            method: {"slates": missed.slates, "quantiles": missed.quantiles.tolist()}
            for method, missed in model.misses_.items()
        },
        "members": {
            name: {
                "terms": [term.name for term in terms[name]],
                "weights": member.fitted.weights.tolist(),
                "spread": member.fitted.spread.tolist(),
                "precision": member.fitted.precision.tolist(),
                "drivers": member.fitted.drivers.tolist(),
                "driver_weights": member.fitted.driver_weights.tolist(),
                "replicates": member.replicates.tolist(),
            }
            for name, member in model.members_.items()
        },
    }


def from_json(document: object) -> HybridOwnershipEstimator:
    """Fitted ensemble rebuilt from what :func:`to_json` returned.

    Raises
    ------
    InvalidInput
        On ``ownership_model``: ``document`` is not of that form or version.
    """
    if not isinstance(document, dict) or "members" not in document:
        raise InvalidInput({_KEY: "is no fitted ensemble; `axiomatic ownership learn` writes one."})
    if document.get("version") != OWNERSHIP_VERSION:
        raise InvalidInput(
            {
                _KEY: f"is of version {document.get('version')}, not {OWNERSHIP_VERSION}; "
                "learn again."
            }
        )
    try:
        members = tuple(document["members"])
        model = HybridOwnershipEstimator(**document["parameters"], members=members)
        model.check_parameters()
        model.n_features_in_ = len(FEATURES)
        model.members_ = {
            name: _member(document["members"][name], [term.name for term in member.terms])
            for name, member in model.estimators().items()
        }
        moments = document["error_moments"]
        model.error_moments_ = ErrorMoments(
            _array(moments["sums"], (len(members), len(members))), int(moments["slates"])
        )
        model.misses_ = {
            method: Misses(
                _array(document["misses"][method]["quantiles"], LEVELS.shape),
                int(document["misses"][method]["slates"]),
            )
            for method in METHODS
        }
        model.error_ = {name: float(document["error"][name]) for name in (*members, *METHODS)}
        model.contests_, model.slates_ = int(document["contests"]), int(document["slates"])
        days = document["days"]
        model.days_ = None if days is None else (int(days[0]), int(days[1]))
        model.grade_ = dict(document["grade"])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InvalidInput({_KEY: f"is no fitted ensemble ({error}); learn again."}) from error
    return model


def ownership_model(path: Path | None = None) -> HybridOwnershipEstimator:
    """Fitted ensemble of a file, by default the one that the project ships.

    Raises
    ------
    InvalidInput
        The file cannot be read or holds no fitted ensemble.
    """
    if path is None:
        return shipped_ownership_model()
    try:
        return from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise InvalidInput(Problem(_KEY, f"{error}.", at=str(path))) from error
    except InvalidInput as error:
        raise InvalidInput([replace(each, at=str(path)) for each in error.problems]) from error


@cache
def _shipped() -> dict[str, Any]:
    text = resources.files("core.field").joinpath("ownership.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def shipped_ownership_model() -> HybridOwnershipEstimator:
    """Ensemble that the project ships: a copy of its own, whose parameters may be set."""
    return from_json(_shipped())


def _member(entry: dict[str, Any], terms: list[str]) -> FittedMember:
    if entry["terms"] != terms:
        raise ValueError(f"its terms are {entry['terms']}, not {terms}")
    many = len(terms)
    drivers = len(entry["drivers"])
    return FittedMember(
        FittedTerms(
            weights=_array(entry["weights"], (many,)),
            precision=_array(entry["precision"], (many, many)),
            spread=_array(entry["spread"], (many,)),
            drivers=_array(entry["drivers"], (drivers,)),
            driver_weights=_array(entry["driver_weights"], (drivers,)),
        ),
        _array(entry["replicates"], (len(entry["replicates"]), many)),
    )


def _array(values: object, shape: tuple[int, ...]) -> Floats:
    array = np.array(values, dtype=np.float64)
    if not array.size and 0 in shape:
        # JSON does not say how wide a matrix without numbers is
        array = array.reshape(shape)
    if array.shape != shape or not bool(np.isfinite(array).all()):
        raise ValueError(f"numbers of shape {array.shape}, not {shape}, or not finite")
    return array
