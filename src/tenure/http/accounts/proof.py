"""The seam between proving who somebody is and letting the person in: whoever proves it hands over a `ProvenEmail`.

Passwords are one way. Another, such as OpenID Connect, verifies the issuer's token and then hands over its verified
e-mail address and the issuer's own; what follows (which person that is, second factor, session, audit) stays the same.
"""

from typing import Final

import msgspec

PASSWORD: Final = "password"  # noqa: S105 - the name of a way to prove who one is
"""The issuer of what is proven by the account's own password."""


class ProvenEmail(msgspec.Struct, frozen=True):
    """An e-mail address whose owner has shown that it is theirs, and who says so."""

    email: str
    """In lower case. An issuer elsewhere must have verified it itself (`email_verified`)."""
    issuer: str
    """`PASSWORD`, or the address of the issuer that vouches for it."""
