"""The base of what a result is described by."""

from marshmallow import Schema


class Part(Schema):
    """A part of a result."""

    class Meta:
        """Results are shown as they are stored."""

        unknown = "include"
