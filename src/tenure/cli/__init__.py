"""The command line: verbs by noun over the public API, and the server's own tools; one table of exit codes."""
