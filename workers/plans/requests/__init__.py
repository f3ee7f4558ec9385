"""The request of each kind of job: everything that its result depends on."""
