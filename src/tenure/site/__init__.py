"""The administration server: keeps the customer's leases, signs seats for devices, shows both to the administrator."""
