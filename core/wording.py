"""How messages count."""


def many(count: int, noun: str) -> str:
    """Give ``1 driver``, ``38 drivers``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
