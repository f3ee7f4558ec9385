import pytest

from core.wording import listed, many


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 drivers"), (1, "1 driver"), (1_500, "1,500 drivers")]
)
def test_one_is_counted_in_the_singular(count, said):
    assert many(count, "driver") == said


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ("a", "a"),
        ("ab", "a and b"),
        ("abc", "a, b and c"),
        ("abcdefghijklmn", "a, b, c, d, e, f, g, h, i, j, k, l and 2 more"),
    ],
)
def test_names_are_listed_and_of_many_the_first_twelve(names, text):
    assert listed(names) == text
