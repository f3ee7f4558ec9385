"""What each kind of job does, stage by stage."""
