"""JSON for people: values that fit a line stand on one, others are indented."""

import json
from typing import Any

_LINE = 100


def readable_json(value: Any, indent: int = 0, before: int = 0) -> str:
    """The JSON text of plain data, its objects and lists on one line where they fit.

    Parameters
    ----------
    value
        What :func:`json.dumps` takes; no NaN.
    indent, before
        Blanks that lines after the first start with, and characters before the first.
    """
    flat = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if len(flat) + before < _LINE or not value or not isinstance(value, dict | list):
        return flat
    inner = " " * (indent + 1)
    if isinstance(value, dict):
        names = [f"{json.dumps(str(name), ensure_ascii=False)}: " for name in value]
        parts = list(value.values())
        brackets = "{}"
    else:
        names, parts, brackets = [""] * len(value), value, "[]"
    lines = [
        inner + name + readable_json(part, indent + 1, indent + 1 + len(name))
        for name, part in zip(names, parts, strict=True)
    ]
    return f"{brackets[0]}\n" + ",\n".join(lines) + f"\n{' ' * indent}{brackets[1]}"
