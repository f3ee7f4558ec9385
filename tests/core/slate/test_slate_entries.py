import numpy as np
import pytest

from core.errors import InvalidInput
from core.slate import Driver, Slate, fill_entries

HEADER = "Entry ID,Contest Name,Contest ID,Entry Fee,D,D,D,D,D,D,,Instructions"
LINEUPS = np.array([[0, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6]], dtype=np.uint8)


@pytest.fixture
def seven() -> Slate:
    return Slate(tuple(Driver(str(i), f"Driver {i}", 9_000 - i) for i in range(7)))


def entries(*rows: str) -> bytes:
    return "\r\n".join([HEADER, *rows]).encode("utf-8-sig")


def test_every_contest_begins_with_the_first_lineup(seven: Slate) -> None:
    text = fill_entries(
        seven, LINEUPS, entries("1,A,91,$4,,,,,,,,x", "2,B,92,$4,,,,,,,,", "3,A,91,$4,,,,,,,,")
    )
    lines = text.splitlines()
    assert lines[1].split(",")[4] == "Driver 0 (0)"
    assert lines[2].split(",")[4] == "Driver 0 (0)"
    assert lines[3].split(",")[4] == "Driver 1 (1)"
    assert lines[1].endswith(",,x")


def test_a_lineup_already_entered_is_replaced(seven: Slate) -> None:
    text = fill_entries(seven, LINEUPS, entries("1,A,91,$4,a,b,c,d,e,f,,"))
    assert text.splitlines()[1].split(",")[4:10] == [f"Driver {i} ({i})" for i in range(6)]


@pytest.mark.parametrize(
    ("data", "contests", "field", "said"),
    [
        (b"Entry ID,D,D\n1,,\n", None, "entries", "the header is not"),
        (entries(), None, "entries", "holds no entry"),
        (entries("1,A,91,$4,,,,,,,,"), ["90"], "contest_ids", "90"),
        (
            entries(*[f"{i},A,91,$4,,,,,,,," for i in range(3)]),
            None,
            "entries",
            "holds 3 entries and there are 2 lineups",
        ),
        (b"", None, "entries", "empty"),
    ],
)
def test_a_file_that_cannot_be_filled_is_refused(
    seven: Slate, data: bytes, contests: list[str] | None, field: str, said: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        fill_entries(seven, LINEUPS, data, contests)
    assert said in refused.value.messages[field][0]
