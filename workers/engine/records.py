"""The records that cross from one piece of a job to the next, as Redis holds them.

MessagePack keeps every float as it is, infinities and NaN among them, where JSON has no word for
those.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import TypeVar

import msgspec

from workers.engine.arrays import ArrayRef

RecordT = TypeVar("RecordT")

_ENCODER = msgspec.msgpack.Encoder()


class KeptPart(msgspec.Struct, frozen=True):
    """A part of a stage, as the ledger keeps it until it is merged.

    Parameters
    ----------
    part
        The part, encoded.
    arrays
        The arrays that the job holds for it, as often as it holds them.
    """

    part: msgspec.Raw
    arrays: tuple[ArrayRef, ...]


def encode(record: object) -> bytes:
    """A record as bytes."""
    return _ENCODER.encode(record)


def decode(data: bytes | msgspec.Raw, kind: type[RecordT]) -> RecordT:
    """The record of a kind that :func:`encode` turned into bytes.

    Raises
    ------
    msgspec.ValidationError
        The bytes hold another kind of record.
    """
    return msgspec.msgpack.decode(data, type=kind)


def references(record: object) -> Iterator[ArrayRef]:
    """Every reference to arrays in a record, in order of its fields.

    Records are msgspec structs and dataclasses; references may lie in tuples, lists and the values
    of mappings as well.
    """
    if isinstance(record, ArrayRef):
        yield record
    elif isinstance(record, Mapping):
        for value in record.values():
            yield from references(value)
    elif isinstance(record, tuple | list):
        for value in record:
            yield from references(value)
    elif isinstance(record, msgspec.Struct):
        for name in record.__struct_fields__:
            yield from references(getattr(record, name))
    elif is_dataclass(record):
        for field in fields(record):
            yield from references(getattr(record, field.name))
