"""The mathematics of Axiomatic: pure functions and frozen data.

Nothing below this package knows of a network, a clock or a queue. A job passes through its rooms in
one direction: :mod:`core.sites`, :mod:`core.slate`, :mod:`core.race`, :mod:`core.field`,
:mod:`core.lineups`, :mod:`core.contest`, :mod:`core.portfolio`.
"""
