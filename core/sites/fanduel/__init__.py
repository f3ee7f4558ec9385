"""FanDuel: NASCAR."""
