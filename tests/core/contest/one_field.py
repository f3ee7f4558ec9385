"""A contest against one known field."""

from core.contest import play_fields


def simulate_contest(points, field, own_lineups, payouts, target_percent=None):
    return play_fields(points, [(field, None)], own_lineups, payouts, target_percent)
