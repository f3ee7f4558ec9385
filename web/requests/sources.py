"""What a request may refer to outside itself."""

from collections.abc import Callable
from dataclasses import dataclass

from core.slate import Slate


@dataclass(frozen=True, slots=True)
class Sources:
    """What a request may refer to outside itself, as whoever asks has it.

    Parameters
    ----------
    stored_slate
        The caller's stored slate of an id; raises where there is none.
    ownership_model
        The installation's own ownership model as JSON; ``None`` = the one that the project ships.
    """

    stored_slate: Callable[[str], Slate]
    ownership_model: str | None = None
