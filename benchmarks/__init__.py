"""The measurements behind the project's claims of speed: ``python -m benchmarks.engine``."""
