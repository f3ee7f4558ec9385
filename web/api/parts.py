"""The parts of a multipart request: files, and texts beside them."""

from flask import request
from marshmallow import Schema

from core.errors import InvalidInput
from web.schemas.request import no_such


def texts_beside(files: type[Schema]) -> dict[str, str]:
    """The parts without a file name, by name.

    Parameters
    ----------
    files
        The schema that describes every part of the request.

    Raises
    ------
    InvalidInput
        A part that the schema does not have, or one that stands there twice.
    """
    known = set(files().fields)
    problems = {name: no_such(name, known, "part") for name in _names() if name not in known}
    for name in known:
        if _names().count(name) > 1:
            problems[name] = f"{_names().count(name)} parts have this name; send one."
    if problems:
        raise InvalidInput(problems)
    return request.form.to_dict()


def _names() -> list[str]:
    """The name of each part, as often as it stands there."""
    return [name for name, _ in (*request.files.items(multi=True), *request.form.items(multi=True))]
