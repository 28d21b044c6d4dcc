"""The store by itself: what needs no database, or is SQLite's own; what both databases promise: tests/contract."""
