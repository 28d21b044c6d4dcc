"""What a lease allows, judged where it is held: server, site, device and application read it with the same
functions."""
