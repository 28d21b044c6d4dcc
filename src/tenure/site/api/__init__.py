"""The site's local API: what the console and the command line are clients of."""
