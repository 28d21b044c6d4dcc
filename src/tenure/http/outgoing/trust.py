"""Whom TLS believes when something is sent: the system's authorities, and further ones that an operator names."""

import ssl


def outgoing_context(ca_file: str = "", authorities: str = "") -> ssl.SSLContext:
    """A context that checks names; `ca_file` and `authorities` (PEM) are trusted in addition to the system's.

    Raises OSError (`ssl.SSLError` is one) for a file or text in which there is no certificate.
    """
    made = ssl.create_default_context()
    if ca_file:
        made.load_verify_locations(ca_file)
    if authorities:
        made.load_verify_locations(cadata=authorities)
    return made
