"""The installation's own ownership model, read and checked once when the API starts."""

import json
from pathlib import Path

from core.errors import InvalidInput, Problem

_VARIABLE = "AXIOMATIC_OWNERSHIP_MODEL"


def read_own_model(path: str | None) -> str | None:
    """A fitted model as JSON text; ``None`` where no file is named, for the shipped one.

    Raises
    ------
    InvalidInput
        The file cannot be read, or holds no fitted model.
    """
    if path is None:
        return None
    from core.field.estimators import from_json  # noqa: PLC0415  (loads scikit-learn, for this)

    try:
        text = Path(path).read_text(encoding="utf-8")
        from_json(json.loads(text))
    except (OSError, ValueError) as error:
        raise InvalidInput({_VARIABLE: f"cannot read {path}: {error}."}) from None
    except InvalidInput as error:
        problems = [Problem(_VARIABLE, f"{path} {each.message}") for each in error.problems]
        raise InvalidInput(problems) from None
    return text
