"""The activation server's public HTTP API: the only door to its state (ADR 2)."""
