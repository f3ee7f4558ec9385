"""Grading forecasts: scores, baselines, whole races beside real ones, and the report."""
