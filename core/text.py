"""Which texts may be kept: those that show as they are, and that no program takes for a command.

A name that begins with ``=``, ``+``, ``-`` or ``@`` is a formula in a spreadsheet (OWASP, "CSV
Injection"), a control character may drive a terminal, and characters of no width or of another
direction make two names look like one.
"""

import re

_UNSEEN = (
    "\\x00-\\x1f\\x7f-\\x9f"  # controls
    "\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u3164\\uffa0"  # of no width
    "\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f"  # of no width, or of another direction
    "\\ufeff\\ufff9-\\ufffb"  # marks of order and of annotation
    "\\ud800-\\udfff"  # halves of characters
)

PATTERN = f"^(?!\\s*[=+\\-@])[^{_UNSEEN}]*$"
"""Regular expression, in Python's and in ECMA's grammar, of a text that may be kept."""

_SOUND = re.compile(PATTERN.replace("$", r"\Z"))
_ANY_UNSEEN = re.compile(f"[{_UNSEEN}]")


def flaw(text: str) -> str | None:
    """Why a text may not be kept, and what to give instead; ``None`` if it may."""
    if _SOUND.match(text):
        return None
    unseen = _ANY_UNSEEN.search(text)
    if unseen is None:
        return f"begins with {text.lstrip()[0]}, as a spreadsheet's formula does; leave that out."
    code = f"U+{ord(unseen[0]):04X}"
    return f"holds a character that cannot be seen, {code} at {unseen.start() + 1}; leave it out."


def visible(text: str) -> str:
    """A text with ``?`` for each character that cannot be seen; line ends stay."""
    return "\n".join(_ANY_UNSEEN.sub("?", line) for line in text.split("\n"))


def shown(text: str, most: int = 80) -> str:
    """A text as a message may show it: characters that cannot be seen are ``?``, the end is cut."""
    plain = _ANY_UNSEEN.sub("?", text[: most + 1])
    return plain if len(plain) <= most else plain[: most - 2] + ".."
