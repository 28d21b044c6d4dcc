"""Failures tried with the real programs: `python -m drills` kills what may die and counts what was lost."""
