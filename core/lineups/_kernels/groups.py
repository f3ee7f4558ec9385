"""Whether a lineup, or any that a branch may become, obeys the locks and the groups of a board."""

import numpy as np

from core.compiled import piece
from core.lineups.board import Groups


@piece
def _shared(mask: np.uint64, members: np.uint64) -> np.int64:
    """How many drivers two bit masks have in common."""
    shared = np.int64(0)
    rest = mask & members
    while rest != np.uint64(0):
        rest &= rest - np.uint64(1)
        shared += 1
    return shared


@piece
def obeys(groups: Groups, mask: np.uint64) -> bool:
    """Whether the lineup of this bit mask holds the locks and obeys every group."""
    if (mask & groups.locked) != groups.locked:
        return False
    for g in range(groups.masks.shape[0]):
        if _shared(mask, groups.masks[g, 1]) < groups.bounds[g, 2]:
            continue
        held = _shared(mask, groups.masks[g, 0])
        if held < groups.bounds[g, 0] or held > groups.bounds[g, 1]:
            return False
    return True


@piece
def could_obey(groups: Groups, mask: np.uint64, position: np.int64, left: int) -> bool:
    """Whether ``left`` drivers after ``position`` may complete a lineup that obeys the groups.

    A driver is a member of at most ``groups.most`` groups, so ``left`` drivers can supply no more
    than ``left`` times as many of the members that all groups lack.
    """
    if _shared(groups.locked & ~mask, groups.locked) > left:
        return False
    after = ~((np.uint64(1) << np.uint64(position + 1)) - np.uint64(1))
    lacking = np.int64(0)
    for g in range(groups.masks.shape[0]):
        if _shared(mask, groups.masks[g, 1]) < groups.bounds[g, 2]:
            continue
        members = groups.masks[g, 0]
        held = _shared(mask, members)
        need = groups.bounds[g, 0] - held
        if held > groups.bounds[g, 1] or need > left:
            return False
        if need > 0:
            if _shared(members, after) < need:
                return False
            lacking += need
    return bool(lacking <= left * groups.most)
