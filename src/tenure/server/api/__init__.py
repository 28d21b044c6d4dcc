"""The activation server's public HTTP API: the only way to its state (ADR 2)."""
