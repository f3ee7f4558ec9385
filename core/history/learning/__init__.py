"""Fitting the race model's parameters to past races."""
