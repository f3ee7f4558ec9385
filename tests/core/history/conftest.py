"""Made-up past races, and the directory of real ones where there is one."""

import csv
import importlib
from pathlib import Path

import numpy as np
import pytest

from core.slate.tracks import TrackType

REAL_DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"
DRIVERS = 14
LAPS = 60


@pytest.fixture(scope="session")
def real_data():
    if not (REAL_DATA / "cup_races.csv").is_file():
        pytest.skip("the real race data is not beside this checkout (../shared/data)")
    return REAL_DATA


@pytest.fixture(scope="session")
def scoringrules():
    """The package of scores that ours are compared with: its import compiles for some seconds."""
    return importlib.import_module("scoringrules")


def write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="session")
def made_up_data(tmp_path_factory):
    """Write 11 seasons of 4 races, one a kind of track, in which driver 0 is the best and so on."""
    folder = tmp_path_factory.mktemp("races")
    rng = np.random.default_rng(1)
    races, results, loops, flags = [], [], [], []
    for season in range(2015, 2026):
        for number, kind in enumerate(TrackType, start=1):
            key = {"season": season, "round": number}
            order = np.argsort(np.arange(DRIVERS) + 3.0 * rng.standard_normal(DRIVERS))
            grid = np.argsort(np.arange(DRIVERS) + 3.0 * rng.standard_normal(DRIVERS))
            led = np.zeros(DRIVERS, dtype=int)
            led[order[:4]] = rng.multinomial(LAPS - 4, [0.4, 0.3, 0.2, 0.1]) + 1
            fastest = rng.multinomial(LAPS - 20, np.full(DRIVERS, 1 / DRIVERS))
            cautions = int(rng.integers(3, 7))
            races.append(
                {
                    **key,
                    "date": f"{season}-0{number}-10",
                    "track": f"Made-up {kind}",
                    "track_type": kind.value,
                    "length_mi": 1.5,
                    "sched_laps": LAPS,
                    "actual_laps": LAPS,
                    "cautions": cautions,
                    "lead_changes": int(rng.integers(5, 12)),
                    "nongreen_laps": 4 * cautions,
                }
            )
            for finish, driver in enumerate(order, start=1):
                name = f"Driver {driver}"
                out = finish > DRIVERS - 2
                results.append(
                    {
                        **key,
                        "driver": name,
                        "car": str(10 + driver),
                        "make": ("Chevrolet", "Ford", "Toyota")[driver % 3],
                        "owner": f"Team {driver // 3}",
                        "start": int((grid == driver).argmax()) + 1,
                        "finish": finish,
                        "finish_unofficial": finish,
                        "laps": LAPS - 10 if out else LAPS,
                        "laps_led": led[driver],
                        "laps_led_loop": led[driver],
                        "fastest_laps": fastest[driver],
                        "dnf_class": ("crash" if finish == DRIVERS else "mechanical")
                        if out
                        else "running",
                    }
                )
                loops.append({**key, "driver": name, "rating": 120 - 5 * finish})
            flags.extend(
                {**key, "flag": "yellow", "reason": reason}
                for reason in ("end of stage 1", "#1,2 accident turn 3", "debris", "#4 accident")
            )
            flags.append({**key, "flag": "green", "reason": ""})
    write(folder / "cup_races.csv", races)
    write(folder / "cup_results.csv", results)
    write(folder / "loop_stats.csv", loops)
    write(folder / "caution_segments.csv", flags)
    return folder
