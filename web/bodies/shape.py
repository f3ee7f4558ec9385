"""Whether a document has more of anything than its schema can use, found without reading parts.

marshmallow counts a list after it has read its elements, and reads every one of them though the
first is wrong already. So lengths and unknown names come first, here, and the reading is bounded.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from core.wording import many
from web.schemas.request import no_such
from web.schemas.values import ScoreMatrix

MOST_ITEMS = 200
"""Items of a list, or keys of an object, whose schema has no number of its own."""
MOST_UNKNOWN = 100
"""Unknown names after which no more are looked for."""

Errors = dict[str, list[str]]


def misshapen(schema: Schema, document: Any) -> Errors:
    """What there is too much of, by field; empty where the document may be read.

    Parameters
    ----------
    schema
        Of the request.
    document
        The request; of another type than the schema's it is left to the schema.
    """
    errors: Errors = {}
    unknown: Errors = {}
    _object(schema, document, "", errors, unknown)
    if errors:
        return errors
    return unknown if len(unknown) >= MOST_UNKNOWN else {}


def _object(schema: Schema, document: Any, path: str, errors: Errors, unknown: Errors) -> None:
    if not isinstance(document, dict):
        return
    known = {field.data_key or name: field for name, field in schema.load_fields.items()}
    for name, value in document.items():
        field = known.get(name)
        if field is not None:
            _field(field, value, f"{path}{name}", errors, unknown)
        elif len(unknown) < MOST_UNKNOWN:
            unknown[f"{path}{name}"] = [no_such(name, known, "field")]
        else:
            return


def _field(
    field: fields.Field[Any], value: Any, path: str, errors: Errors, unknown: Errors
) -> None:
    if isinstance(field, fields.Nested):
        _object(field.schema, value, f"{path}.", errors, unknown)
    elif isinstance(value, list) and isinstance(field, fields.List):
        if message := _too_long(field, value):
            errors[path] = [message]
        elif not isinstance(field, ScoreMatrix):
            for index, item in enumerate(value):
                _field(field.inner, item, f"{path}.{index}", errors, unknown)
    elif isinstance(value, list | dict) and len(value) > MOST_ITEMS:
        noun = "item" if isinstance(value, list) else "key"
        errors[path] = [f"{many(len(value), noun)}; give {MOST_ITEMS} at most."]
    elif isinstance(value, Mapping):
        _keys(value, path, errors)


def _too_long(field: fields.Field[Any], value: list[Any]) -> str | None:
    lengths = [each for each in field.validators if isinstance(each, validate.Length)]
    for length in lengths:
        if length.max is not None and len(value) > length.max:
            try:
                length(value)
            except ValidationError as error:
                return str(error.messages[0])
    if not lengths and len(value) > MOST_ITEMS:
        return f"{many(len(value), 'item')}; give {MOST_ITEMS} at most."
    return None


def _keys(value: Mapping[str, Any], path: str, errors: Errors) -> None:
    for name in value:
        if len(name) > MOST_ITEMS:
            errors[path] = [f"a key has {len(name):,} characters; give {MOST_ITEMS} at most."]
            return
