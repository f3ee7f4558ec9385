"""How big a contest is: small, medium or large."""

from enum import StrEnum


class SizeTier(StrEnum):
    """How big a contest is, which is how top-heavy it tends to be."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


def size_tier_of(field_size: int) -> SizeTier:
    """Tier of a contest by its entries: small under 5,000, medium to 20,000, large above."""
    if field_size < 5_000:
        return SizeTier.SMALL
    return SizeTier.MEDIUM if field_size <= 20_000 else SizeTier.LARGE
