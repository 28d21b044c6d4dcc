"""The activation server: it knows every subscription, accepts codes, answers synchronization and signs leases."""
