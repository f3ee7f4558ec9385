"""The children of this worker that have a turn."""

from contextlib import suppress

from workers.engine.ledger import holder_name


def process_of(holder: str) -> int:
    """Number of the process that a name of :func:`active_holders` stands for."""
    return int(holder.split("|")[1])


def active_holders() -> list[str]:
    """Names of the children of this worker that have a turn, as the ledger knows them."""
    # senders import this module too, and have no worker
    from celery.worker import state  # noqa: PLC0415

    while True:
        # a copy, as the main thread changes the set meanwhile
        with suppress(RuntimeError):
            return [
                holder_name(request.hostname, request.worker_pid, str(request.id))
                for request in tuple(state.active_requests)
            ]
