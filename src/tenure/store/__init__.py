"""The servers' memory: typed functions of a `Connection` over SQLite and PostgreSQL, and the one writer before them."""
