"""Runs: each run's outcomes, and what is held back, to be released."""
