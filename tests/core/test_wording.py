import pytest

from core.wording import many


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 drivers"), (1, "1 driver"), (1_500, "1,500 drivers")]
)
def test_one_is_counted_in_the_singular(count, said):
    assert many(count, "driver") == said
