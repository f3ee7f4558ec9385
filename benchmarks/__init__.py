"""What the project's speed claims rerun: ``python -m benchmarks.engine``."""
