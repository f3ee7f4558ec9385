"""What a pool's children know from their parent without asking anybody: whether it stops."""

import mmap

# one byte that the pool's children share with their parent, who forks them
_stopping = mmap.mmap(-1, 1)


def take_no_more() -> None:
    """Let this worker's children take no further pieces."""
    _stopping[0] = 1


def may_take() -> bool:
    """Say whether a child may take another piece."""
    return _stopping[0] == 0
