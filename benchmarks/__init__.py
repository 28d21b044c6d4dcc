"""What the product costs on this machine, measured beside the machine's own limits: `python -m benchmarks`."""
