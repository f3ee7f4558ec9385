"""Made-up ensembles, and what is refused, for the tests of scores and of calibration."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st

from core.errors import InvalidInput

# few values so that they tie, and halves so that an outcome also falls between them
ticks = st.integers(-9, 9).map(lambda half: half / 2)
ensembles = st.lists(ticks, min_size=1, max_size=25)
weighted = st.lists(st.tuples(ticks, st.integers(0, 4)), min_size=1, max_size=15).filter(
    lambda pairs: any(weight for _, weight in pairs)
)
plenty = settings(max_examples=100, deadline=None)


def refused(field, call, *arguments, **options):
    with pytest.raises(InvalidInput) as caught:
        call(*arguments, **options)
    return list(caught.value.messages) == [field]
