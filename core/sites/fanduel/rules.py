"""FanDuel's NASCAR contests: five drivers, and scoring not checked against totals it published."""

from core.sites.rules import TICKS_PER_POINT, SiteRules

FANDUEL = SiteRules(
    site="FanDuel",
    roster_size=5,
    salary_cap_usd=50_000,
    # 43 for the win, 40 for 2nd, then from 38 one point less a position
    finish_points=(43, 40, *range(38, 0, -1)),
    ticks_per_position=TICKS_PER_POINT // 2,
    ticks_per_lap_led=2,
    ticks_per_fastest_lap=0,
    ticks_per_lap_completed=2,
)
