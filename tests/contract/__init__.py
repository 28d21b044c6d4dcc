"""One suite that every database behind the store must pass: the same tests on SQLite and on PostgreSQL."""
