"""What a contest's entry limit is assumed to be worth: ``python -m benchmarks.entry_limits``.

Lineups are chosen for the example slate and its contest of 10,000 entries by two objectives, and
played together, on races that they were not chosen on, against the opponents of contests that let
one person enter 1, 3, 20 or 150 lineups; then as if entrants had more entries than is assumed, and
as if nobody copied anybody. All are played in the same races. ``less`` is the ROI less that of the
single-entry contest, with its standard error over blocks of 500 races, each with fields of its own.
``--json`` prints one object.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from importlib import resources

import numpy as np

from core.contest import ContestTally, play_block, summarise
from core.field import FieldModel, entrant_share
from core.lineups import Lineups
from core.sites import Ticks
from core.slate import apply_driver_file, find_track, read_salaries
from web.requests import Sources, optimize_request
from web.schemas.optimize import OptimizeSchema
from workers.engine.arrays import Memory
from workers.engine.in_process import stages_here
from workers.engine.stages import Work
from workers.plans.optimize import PLAN
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.requests.played import terms_of
from workers.plans.stages.field import FIELD, field_spread
from workers.plans.stages.portfolio import chosen_lineups
from workers.plans.stages.races import block_count, block_rows, selects, simulated_points

OBJECTIVES = ("multi_cvar", "mean")
LINEUPS = 20
RACES = 10_000
FIELDS_PER_BLOCK = 20
TRACK = "las_vegas"
SINGLE, NOBODY = "1", "150, nobody copies"


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of opponents: what the lineups earn, and what the field looks like."""

    objective: str
    limit: str
    entries_each: float
    roi: float
    roi_se: float
    less: float
    less_se: float
    cash: float
    different: float
    most_copied: float


def opponents(model: FieldModel) -> Mapping[str, FieldModel]:
    """The field's model under each entry limit, and under other assumptions."""
    by_limit = {
        str(limit): replace(model, entrant_share=entrant_share(limit)) for limit in (1, 3, 20, 150)
    }
    return {
        **by_limit,
        "150, as in the Masters": replace(model, entrant_share=entrant_share(150, 2.19)),
        "150, ten entries each": replace(model, entrant_share=0.1),
        NOBODY: replace(model, sources=None),
    }


def chosen(objective: str) -> Work[OptimizeRequest]:
    """A finished job for the example slate and contest."""
    folder = resources.files("web") / "example"
    slate = read_salaries(folder.joinpath("DKSalaries.csv").read_bytes())
    slate = apply_driver_file(slate, folder.joinpath("drivers.csv").read_bytes())
    slate = replace(slate, track=find_track(TRACK))
    body = OptimizeSchema().load(
        {
            "slate_id": "the example",
            "objective": objective,
            "n_lineups": LINEUPS,
            "scenario_config": {"n_scenarios": RACES},
            "contest": {"field_size": 10_000, "contest_buyin": 10},
            "validate_tail_objective": False,
        }
    )
    return stages_here(PLAN, optimize_request(body, Sources(lambda _: slate)), Memory())


def played(
    work: Work[OptimizeRequest], model: FieldModel, points: Ticks, lineups: Lineups
) -> list[ContestTally]:
    """Tallies of the lineups against fields of a model, for each block that they are judged on."""
    spread = field_spread(work.facts, work.arrays)
    return [
        play_block(
            points[block_rows(block, len(points))],
            model,
            lineups,
            terms_of(work.request).payouts,
            work.request.seed,
            block,
            FIELDS_PER_BLOCK,
            spread=spread,
        )
        for block in range(block_count(len(points)))
        if not selects(block)
    ]


def rows_of(objective: str) -> list[Row]:
    """The rows of one objective."""
    work = chosen(objective)
    points = simulated_points(work.facts, work.arrays)
    lineups = chosen_lineups(work.facts, work.arrays)
    payouts = terms_of(work.request).payouts

    def roi_of(tallies: list[ContestTally]) -> np.ndarray:
        return np.array([summarise(one, payouts, lineups).portfolio.roi for one in tallies])

    rows: list[Row] = []
    single = np.zeros(0)
    for limit, model in opponents(work.facts.of(FIELD).model).items():
        tallies = played(work, model, points, lineups)
        by_block = roi_of(tallies)
        single = by_block if limit == SINGLE else single
        whole = summarise(ContestTally.merge(tallies), payouts, lineups)
        less = by_block - single
        rows.append(
            Row(
                objective=objective,
                limit=limit,
                entries_each=1.0 / model.entrant_share,
                roi=float(whole.portfolio.roi or 0.0),
                roi_se=float(whole.portfolio.roi_se or 0.0),
                less=float(less.mean()),
                less_se=float(less.std(ddof=1) / len(less) ** 0.5),
                cash=whole.portfolio.cash_pct,
                different=float(whole.field["unique"] or 0.0) / payouts.field_size,
                most_copied=float(whole.field["max_duplicates"] or 0),
            )
        )
    return rows


def main() -> None:
    """Print what each assumption is worth."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.entry_limits", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    options = parser.parse_args()
    rows = [row for objective in OBJECTIVES for row in rows_of(objective)]
    if options.json:
        print(json.dumps({"rows": [asdict(row) for row in rows]}))
        return
    for row in rows:
        print(
            f"{row.objective:12s} {row.limit:24s} {row.entries_each:5.1f} entries each  "
            f"ROI {100 * row.roi:+6.1f} ± {100 * row.roi_se:.1f}%  "
            f"less {100 * row.less:+5.1f} ± {100 * row.less_se:.1f}  cash {100 * row.cash:.2f}%  "
            f"different {100 * row.different:.1f}%  most copied {row.most_copied:.0f}"
        )


if __name__ == "__main__":
    main()
