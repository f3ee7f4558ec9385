"""The parts of a multipart request: files, and texts beside them."""

from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import request
from flask_smorest import Blueprint
from flask_smorest.fields import Upload
from marshmallow import Schema

from core.errors import InvalidInput
from web.schemas.request import no_such

View = Callable[..., Any]


def takes_parts(blueprint: Blueprint, schema: type[Schema]) -> Callable[[View], View]:
    """The decorator of a view that takes a multipart request; the view is given its files.

    Parts that the schema does not have, that stand there twice, or that are files where texts are
    meant or the other way round are refused before anything is read.
    """

    def describe(view: View) -> View:
        described: View = blueprint.arguments(schema, location="files")(view)

        @wraps(described)
        def checked(*args: Any, **kwargs: Any) -> Any:
            _require_sound(schema)
            return described(*args, **kwargs)

        return checked

    return describe


def _require_sound(schema: type[Schema]) -> None:
    known = schema().fields
    files = [name for name, _ in request.files.items(multi=True)]
    texts = [name for name, _ in request.form.items(multi=True)]
    counts = Counter([*files, *texts])
    # of a part whose name cannot be read werkzeug says None
    if any(name is None for name in counts):
        message = f"a part has no name; give it one of {', '.join(known)}."
        raise InvalidInput({"body": message})
    problems = {name: no_such(name, known, "part") for name in counts if name not in known}
    for name, field in known.items():
        if counts[name] > 1:
            problems[name] = f"{counts[name]} parts have this name; send one."
        elif isinstance(field, Upload) and name in texts:
            problems[name] = f"sent as text; send the file itself: curl -F {name}=@FILE."
        elif isinstance(field, Upload) and field.required and name not in files:
            problems[name] = "missing; send the file as a part of this name."
        elif not isinstance(field, Upload) and name in files:
            problems[name] = "sent as a file; send text."
    if problems:
        raise InvalidInput(problems)
