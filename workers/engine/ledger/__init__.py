"""The truth about every job, in Redis: who waits, who runs what until when, what is done.

It is changed by small Lua scripts alone, each of them one move that happens whole or not at all:

- a job is begun, its stages are installed one after the other, it ends once;
- a piece (a chunk, a merge of values, a stage's join) is taken under a lease, and its value is kept
  once, however often it was computed;
- what nobody holds any more is handed out again.

Celery's messages are hints: each is a turn at taking pieces. Lost, doubled or late messages change
how fast a job is done, never what it gives.
"""

from workers.engine.ledger.ledger import (
    GRACE_SECONDS,
    LEASE_SECONDS,
    MOST_TRIES,
    VERSION_GRACE_SECONDS,
    Begin,
    Begun,
    Ledger,
    Load,
    Next,
    Piece,
    holder_name,
)

__all__ = [
    "GRACE_SECONDS",
    "LEASE_SECONDS",
    "MOST_TRIES",
    "VERSION_GRACE_SECONDS",
    "Begin",
    "Begun",
    "Ledger",
    "Load",
    "Next",
    "Piece",
    "holder_name",
]
