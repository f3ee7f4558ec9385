"""What each kind of job is asked: everything that its result depends on."""
