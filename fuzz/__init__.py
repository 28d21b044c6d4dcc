"""Fuzzing of every parser that reads bytes of strangers: what must hold, and a defect that must be found."""
