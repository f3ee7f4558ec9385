"""Matching drivers' names across files that spell them differently."""

import re
import unicodedata

_SUFFIXES = {"jr", "sr", "ii", "iii", "iv"}


def plain_name(name: str) -> str:
    """Name without what files disagree on: accents, case, dots, ``Jr.``, spacing, word order."""
    last, comma, first = name.partition(",")
    if comma and first.replace(".", "").strip().lower() not in _SUFFIXES:
        name = f"{first} {last}"
    bare = unicodedata.normalize("NFKD", name)
    letters = "".join(c for c in bare if not unicodedata.combining(c)).lower().replace(".", "")
    words = re.sub(r"[^a-z0-9]+", " ", re.sub(r"['\u2019`]", "", letters)).split()
    while len(words) > 1 and words[-1] in _SUFFIXES:
        words.pop()
    return " ".join(words)
