"""The engine: jobs cut into chunks, run on any workers, joined; it knows no kind of job."""
