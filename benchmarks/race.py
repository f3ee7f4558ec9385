"""Speed of simulated races on one core: ``python -m benchmarks.race [--json]``.

Each kind of track simulates the same 38 drivers: compiled races, judged by the kernel and put into
blocks as in a job. They are compared with what other tools do: one normal draw for each driver,
sorted by NumPy, without laps led, cautions or wrecks.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np

from benchmarks.figures import Figure, Reference, print_object
from core.race import (
    BLOCK_SCENARIOS,
    ConstraintSpec,
    DriverConstraints,
    TrackConstraints,
    draw_races,
    generate_scenarios,
    load_priors,
)
from core.randomness import Purpose, stream
from core.slate import DRAFTKINGS_CLASSIC, TrackType

DRIVERS = 38
RACES = 20_000
LAPS = {
    TrackType.SUPERSPEEDWAY: (200, 36),
    TrackType.INTERMEDIATE: (267, 60),
    TrackType.SHORT: (400, 120),
    TrackType.ROAD: (95, 26),
}


def field_of(kind: TrackType, drivers: int = DRIVERS) -> ConstraintSpec:
    """A race of drivers in teams of four and three makes, the skilled in front on the grid."""
    laps, window = LAPS[kind]
    priors = load_priors()[kind]
    return ConstraintSpec(
        drivers=tuple(
            DriverConstraints(
                driver_id=f"d{i}",
                skill=0.95 - 0.9 * i / drivers,
                start_position=i + 1,
                team=f"team {i // 4}",
                manufacturer=f"make {i % 3}",
            )
            for i in range(drivers)
        ),
        track=TrackConstraints(kind, laps, 0.5, 1.0, priors.cautions_mean, window),
        priors=priors,
    )


def _best(work: Callable[[], object], repeats: int = 5) -> float:
    """Least processor seconds of several runs, the first of which compiles."""
    work()
    took = []
    for _ in range(repeats):
        started = time.thread_time()
        work()
        took.append(time.thread_time() - started)
    return min(took)


def _independent_draws() -> None:
    """Do what peers do: every driver's finish drawn alone, put in order, scored nowhere."""
    rng = np.random.default_rng(1)
    skill = np.linspace(1.0, -1.0, DRIVERS)
    for _ in range(RACES // BLOCK_SCENARIOS):
        np.argsort(-(skill + rng.standard_normal((BLOCK_SCENARIOS, DRIVERS))), axis=1)


def measure() -> list[Figure]:
    """Measure every kind of track."""
    figures = []
    peer = Reference("independent normal draws, ordered by NumPy", _best(_independent_draws))
    for kind in TrackType:
        spec = field_of(kind)
        for name, work in (
            ("compiled races", lambda spec=spec: draw_races(spec, _stream(), RACES)),
            ("judged, in blocks", lambda spec=spec: generate_scenarios(spec, RACES, 1)),
            (
                "judged and scored",
                lambda spec=spec: generate_scenarios(spec, RACES, 1)[0].points(DRAFTKINGS_CLASSIC),
            ),
        ):
            seconds = _best(work)
            figures.append(
                Figure(
                    name=f"{kind}: {name}",
                    work=f"{RACES} races of {DRIVERS} drivers, "
                    f"{1e6 * seconds / RACES:.1f} microseconds each",
                    seconds=seconds,
                    per_second=RACES / seconds,
                    reference=peer,
                    ratio=peer.seconds / seconds,
                )
            )
    return figures


def _stream() -> np.random.Generator:
    return stream(1, Purpose.SCENARIOS, 0, 0)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.race", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    options = parser.parse_args()
    results = measure()
    for figure in results:
        figure.say(as_json=options.json)
    if options.json:
        print_object(results)


if __name__ == "__main__":
    main()
