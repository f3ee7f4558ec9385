"""The state of every job, in Redis: pieces that wait, leases on pieces, and values that are kept.

Only small Lua scripts change it, each a single move that happens whole or not at all:

- a job begins, its stages are installed one after the other, it ends once;
- a piece (a chunk, a merge of values, a stage's join) is taken under a lease, and its value is kept
  once, however often it was computed;
- a piece whose lease has ended is handed out again.

Celery's messages are hints: each is a turn at taking pieces. Lost, doubled or late messages change
how soon a job is done, never its result.
"""

from workers.engine.ledger.ledger import (
    GRACE_SECONDS,
    LEASE_SECONDS,
    MOST_TRIES,
    VERSION_GRACE_SECONDS,
    Begin,
    Begun,
    Held,
    Ledger,
    Load,
    Next,
    Piece,
    Waiting,
    holder_name,
)

__all__ = [
    "GRACE_SECONDS",
    "LEASE_SECONDS",
    "MOST_TRIES",
    "VERSION_GRACE_SECONDS",
    "Begin",
    "Begun",
    "Held",
    "Ledger",
    "Load",
    "Next",
    "Piece",
    "Waiting",
    "holder_name",
]
