"""Whether this worker is stopping: a flag that its children read without asking Redis."""

import mmap

# one byte that the pool's children share with their parent, who forks them
_stopping = mmap.mmap(-1, 1)


def take_no_more() -> None:
    """Keep this worker's children from taking further pieces."""
    _stopping[0] = 1


def may_take() -> bool:
    """Whether a child of this worker may take another piece."""
    return _stopping[0] == 0
