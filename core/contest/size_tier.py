"""Size tiers of contests: small, medium or large."""

from enum import StrEnum


class SizeTier(StrEnum):
    """Size of a contest; larger contests tend to be more top-heavy."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


def size_tier_of(field_size: int) -> SizeTier:
    """Size tier of a contest: small under 5,000 entries, medium to 20,000, large above."""
    if field_size < 5_000:
        return SizeTier.SMALL
    return SizeTier.MEDIUM if field_size <= 20_000 else SizeTier.LARGE
