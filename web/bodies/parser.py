"""The reader of a view's arguments: the body that was read once, its shape checked beforehand."""

from typing import Any

import flask_smorest
from flask import Request, g
from marshmallow import Schema
from webargs.core import missing
from webargs.flaskparser import FlaskParser

from web.bodies.shape import misshapen
from web.problems import refused


class CheckedParser(FlaskParser):
    """Reads JSON arguments out of the document that :mod:`web.bodies.reading` has read."""

    def load_json(self, req: Request, schema: Schema) -> Any:
        """The body's document.

        Raises
        ------
        Problem
            It has more of anything than the schema can use.
        """
        del req
        document = g.get("document", missing)
        if errors := misshapen(schema, document):
            raise refused(errors)
        return document


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """A blueprint whose views take checked JSON arguments."""

    ARGUMENTS_PARSER = CheckedParser()
