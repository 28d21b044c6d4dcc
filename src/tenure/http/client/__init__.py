"""The client of our own APIs: what is sent and what an answer means, told once for portal, console, and commands."""
