"""How long work is told that its answer is no longer wanted."""

from collections.abc import Callable

CheckCancelled = Callable[[], None]
"""Called again and again by work that takes long; it raises once the answer is no longer wanted."""


def never_cancelled() -> None:
    """Let the work go on: the default of a ``check_cancelled``."""
