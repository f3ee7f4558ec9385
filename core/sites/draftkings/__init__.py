"""DraftKings: NASCAR Classic."""
