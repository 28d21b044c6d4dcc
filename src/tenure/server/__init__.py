"""The activation server: it knows every subscription, accepts codes, answers synchronisation and signs leases."""
