"""pydfs-lineup-optimizer at the portfolio benchmark's work, in an environment of its own.

It needs a PuLP of its own, years older than this project's, so ``make peers`` installs it apart and
:mod:`benchmarks.lineups` runs this file there: ``python peer_pydfs.py SALARIES N EXPOSURE SHARED``.
It reads AvgPointsPerGame as the projection and prints the seconds its search took and the lineups'
driver ids as JSON; starting Python and reading the file are not timed.
"""

import json
import sys
import time

from pydfs_lineup_optimizer import Site, Sport, get_optimizer


def main() -> None:
    """Choose lineups and print them."""
    salaries, n, exposure, shared = sys.argv[1:]
    optimizer = get_optimizer(Site.DRAFTKINGS, Sport.NASCAR)
    optimizer.load_players_from_csv(salaries)
    optimizer.set_max_repeating_players(int(shared))
    began = time.perf_counter()
    lineups = [
        [player.id for player in lineup]
        for lineup in optimizer.optimize(int(n), max_exposure=float(exposure))
    ]
    print(json.dumps({"seconds": time.perf_counter() - began, "lineups": lineups}))


if __name__ == "__main__":
    main()
