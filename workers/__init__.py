"""The Celery application: how a job is cut into chunks, run on any workers, and joined."""
