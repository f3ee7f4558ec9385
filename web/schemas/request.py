"""Requests' objects: a field that there is not is refused, and the nearest that there is named."""

import difflib
from collections.abc import Iterable
from typing import Any

from marshmallow import Schema, ValidationError

_UNKNOWN = "Unknown field."
_LONGEST = 80


def no_such(name: str, known: Iterable[str], noun: str) -> str:
    """The refusal of a name that is none of those known, with the nearest where one is alike."""
    # what is longer than any name is like none, and would be compared for minutes
    near = difflib.get_close_matches(name, sorted(known), 1) if len(name) <= _LONGEST else []
    return f"no such {noun}" + (f"; the nearest is {near[0]}." if near else ".")


class RequestSchema(Schema):
    """An object of a request."""

    error_messages = {"unknown": _UNKNOWN, "type": "give a JSON object."}  # noqa: RUF012

    def handle_error(self, error: ValidationError, data: Any, *, many: bool, **kwargs: Any) -> None:
        """Name the nearest field beside each that there is not."""
        del data, many, kwargs
        names = [field.data_key or name for name, field in self.load_fields.items()]
        if isinstance(error.messages, dict):
            for name, messages in error.messages.items():
                if messages == [_UNKNOWN]:
                    messages[:] = [no_such(str(name), names, "field")]
