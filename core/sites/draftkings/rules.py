"""DraftKings' NASCAR Classic: six drivers, and scoring checked against totals it published."""

from core.sites.rules import TICKS_PER_POINT, SiteRules

DRAFTKINGS_CLASSIC = SiteRules(
    site="DraftKings",
    roster_size=6,
    salary_cap_usd=50_000,
    # 45, then from 42 one point less a position, two less after 10th, 20th and 30th
    finish_points=(
        45,
        *range(42, 33, -1),
        *range(32, 22, -1),
        *range(21, 11, -1),
        *range(10, 0, -1),
    ),
    ticks_per_position=TICKS_PER_POINT,
    ticks_per_lap_led=5,
    ticks_per_fastest_lap=9,
)
