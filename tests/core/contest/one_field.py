"""A contest against one known field."""

from core.contest import play_fields


def simulate_contest(points, field, own_lineups, payouts, asked_percent=None):
    return play_fields(points, [(field, None)], own_lineups, payouts, asked_percent)
