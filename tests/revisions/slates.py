"""The slates that jobs are recorded on: files by name, everything else made by formula.

Rows of the real salary files are read where they lie and never written into this repository: a
record holds them, so a record is kept outside it.
"""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "web" / "example"
SALARY_CAP_USD = 50_000
ROSTER = 6

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class SlateFiles:
    """A slate as it is uploaded, and what its salary file says, in the file's order.

    Parameters
    ----------
    salaries, drivers
        Contents of the two files; ``drivers`` is ``None`` where there is no drivers file.
    track
        Name of the track, as a user writes it.
    ids, names, salaries_usd
        The drivers.
    """

    salaries: bytes
    drivers: bytes | None
    track: str
    ids: tuple[str, ...]
    names: tuple[str, ...]
    salaries_usd: tuple[int, ...]

    def ownership(self, flatness: int, total: float = 100.0 * ROSTER) -> dict[str, float]:
        """Percent by driver id, falling along the file; the smaller ``flatness``, the steeper."""
        weights = [1.0 / (index + flatness) for index in range(len(self.ids))]
        scale = total / math.fsum(weights)
        return {
            name: round(scale * weight, 2) for name, weight in zip(self.ids, weights, strict=True)
        }

    def lineups(self, count: int) -> list[list[str]]:
        """Different legal lineups, spread over the file."""
        made: list[list[str]] = []
        step = 0
        while len(made) < count:
            step += 1
            places = sorted((step * 5 + seat * (seat + step)) % len(self.ids) for seat in range(6))
            cost = sum(self.salaries_usd[index] for index in places)
            lineup = [self.ids[index] for index in places]
            if len(set(places)) == ROSTER and cost <= SALARY_CAP_USD and lineup not in made:
                made.append(lineup)
        return made

    def scores(self, races: int) -> list[list[float]]:
        """Points by race and driver: a level that falls along the file, and a wide spread."""
        return [
            [
                round(55.0 - index + (race * (index + 3) * 7919 % 997) / 997 * 60 - 30, 2)
                for index in range(len(self.ids))
            ]
            for race in range(races)
        ]

    def projected(self, count: int) -> list[dict[str, Any]]:
        """``driver_data`` of an ownership request: the first drivers with made-up projections."""
        return [
            {
                "driver_id": self.ids[index],
                "salary": self.salaries_usd[index],
                "projected_points": round(58.0 - 1.7 * index + 6.0 * math.sin(index), 2),
                "skill": round(1.0 - index / (count + 5), 3),
                "start_position": index * 7 % count + 1,
            }
            for index in range(count)
        ]

    def inline(self, count: int) -> list[dict[str, Any]]:
        """``drivers`` of a request, with every rule about a driver that there is."""
        drivers: list[dict[str, Any]] = [
            {
                "driver_id": self.ids[index],
                "name": self.names[index],
                # all of the file's price range, so that few drivers still leave legal lineups
                "salary": self.salaries_usd[index * (len(self.ids) - 1) // (count - 1)],
                "team": f"Team {index % 5}",
                "manufacturer": f"Make {index % 3}",
                "start_position": index * 7 % count + 1,
                "skill": round(0.9 - index / (2 * count), 3),
            }
            for index in range(count)
        ]
        drivers[0] |= {"veto_rules": ["may_not_win"], "max_laps_led": 60}
        drivers[1] |= {"starts_from_rear": True, "aggression": 0.8}
        drivers[2] |= {"min_laps_led": 5, "shadow_risk": 0.2}
        drivers[3] |= {"veto_rules": ["rear_start"], "win_odds": 9.0}
        drivers[4] |= {"veto_rules": ["out"]}
        return drivers


def example_slate() -> SlateFiles:
    """The example's drivers and grid."""
    return _slate_files(_example("DKSalaries.csv"), _example("drivers.csv"), "las_vegas")


def gridless_slate() -> SlateFiles:
    """The example's drivers of whom nothing else is known."""
    return _slate_files(_example("DKSalaries.csv"), None, "Kansas")


def told_slate() -> SlateFiles:
    """The example with projections, odds, medians, all ownership and rules in its drivers file."""
    salaries = _example("DKSalaries.csv")
    plain = _slate_files(salaries, None, "las_vegas")
    ownership = list(plain.ownership(10).values())
    rows = list(csv.DictReader(io.StringIO(_example("drivers.csv").decode())))
    for index, row in enumerate(rows):
        row["ownership_percent"] = str(ownership[index])
        row["projected_points"] = f"{52 - index}.5" if index % 4 == 0 else ""
        row["win_odds"] = str(5.0 + 2 * index) if index % 9 == 1 else ""
        row["top5_odds"] = str(2.0 + index / 8) if index % 9 == 2 else ""
        row["finish_median"] = str(6 + index // 2) if index % 9 == 3 else ""
        row["veto_rules"] = "may_not_win" if index == 4 else ""
        row["starts_from_rear"] = "yes" if index == 6 else ""
    return _slate_files(salaries, _table(rows), "las_vegas")


def partly_owned_slate() -> SlateFiles:
    """The example's drivers: three have known ownership, and one is withdrawn."""
    rows = list(csv.DictReader(io.StringIO(_example("drivers.csv").decode())))
    for index, row in enumerate(rows):
        row["ownership_percent"] = {2: "48.5", 9: "3", 20: "22.25"}.get(index, "")
        row["veto_rules"] = "out" if index == 11 else ""
    return _slate_files(_example("DKSalaries.csv"), _table(rows), "Bristol")


def real_slate(path: Path, track: str, *, told: bool) -> SlateFiles:
    """A real salary file; ``told`` adds a made-up grid, teams and ownership of everybody."""
    salaries = path.read_bytes()
    plain = _slate_files(salaries, None, track)
    if not told:
        return plain
    ownership = plain.ownership(9)
    rows = [
        {
            "driver": name,
            "start_position": str(
                index * 7 % len(plain.ids) + 1 if len(plain.ids) % 7 else index + 1
            ),
            "team": f"Team {index % 9}",
            "manufacturer": f"Make {index % 3}",
            "ownership_percent": str(ownership[plain.ids[index]]),
        }
        for index, name in enumerate(plain.names)
    ]
    return _slate_files(salaries, _table(rows), track)


def entries_file(contests: dict[str, int]) -> bytes:
    """A ``DKEntries.csv`` of empty entries, so many in each contest, with instructions beside."""
    header = ["Entry ID", "Contest Name", "Contest ID", "Entry Fee", *["D"] * ROSTER, "", "Notes"]
    entries = [
        [str(7_000_000 + 100 * number + entry), f"Contest {contest}", contest, "$5", *[""] * ROSTER]
        for number, (contest, count) in enumerate(contests.items())
        for entry in range(count)
    ]
    entries[0] += ["", "Do not change the first columns"]
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([header, *entries])
    return text.getvalue().encode()


def _example(name: str) -> bytes:
    return (EXAMPLE / name).read_bytes()


def _slate_files(salaries: bytes, drivers: bytes | None, track: str) -> SlateFiles:
    rows = list(csv.DictReader(io.StringIO(salaries.decode("utf-8-sig"))))
    return SlateFiles(
        salaries,
        drivers,
        track,
        ids=tuple(row["ID"] for row in rows),
        names=tuple(row["Name"] for row in rows),
        salaries_usd=tuple(int(row["Salary"]) for row in rows),
    )


def _table(rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
