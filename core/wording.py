"""Counts and lists in messages."""

from collections.abc import Sequence

_MOST_LISTED = 12


def many(count: int, noun: str) -> str:
    """``1 driver``, ``38 drivers``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """``a, b and c``; of many names the first twelve, and how many more there are."""
    shown = list(names[:_MOST_LISTED])
    if len(names) > _MOST_LISTED:
        shown.append(f"{len(names) - _MOST_LISTED} more")
    return " and ".join(shown) if len(shown) < 3 else f"{', '.join(shown[:-1])} and {shown[-1]}"
