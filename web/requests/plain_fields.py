"""Fields of a request that a job takes as they are."""

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any


def plain_fields(
    record: type, body: Mapping[str, Any], built: Collection[str] = ()
) -> dict[str, Any]:
    """The fields of a request that a record has under the same name.

    So a field that needs no work on its way is named where it is declared and where it is used.

    Parameters
    ----------
    record
        A dataclass.
    body
        The request, as its schema has read it.
    built
        Names that are left out: the record's field is made of the request's.
    """
    names = [field.name for field in fields(record) if field.name not in built]
    return {name: body[name] for name in names if name in body}
