"""The site's own memory: one SQLite file, written by one thread, read by anybody in the process."""
