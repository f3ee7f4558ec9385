"""Compiled loops over lineups: arrays and records of arrays in and out; plain twins in the tests.

Three walks (:mod:`.walk_values`, :mod:`.walk_tail`, :mod:`.walk_steps`) look at every legal lineup
of a :class:`~core.lineups.board.Board`, by the same branch (:mod:`.branch`) under the same rules,
and put what they find on the same heap (:mod:`.heap`). Positions count from the dearest eligible
driver. What is compared is summed in integers first, so a result cannot depend on the order of the
walk.
"""
