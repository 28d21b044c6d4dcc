"""What a server answers to those that hold its leases and seats: what it signs, how far that reaches, and what follows
from the request. Values in, values out: the servers gather what is known, ask here, and store what follows.
"""
