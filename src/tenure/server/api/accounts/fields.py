"""Types of the fields about users: what is secret is bounded and nothing else, so that it is never repeated back."""

from typing import Annotated

import msgspec

_MAILBOX = r"[^\x00-\x20\x7f-\xa0\u2028\u2029@]+"
Mailbox = Annotated[str, msgspec.Meta(min_length=3, max_length=254, pattern=rf"^{_MAILBOX}@{_MAILBOX}$(?!\n)")]
"""An e-mail address; kept in lower case."""
KnownDevice = Annotated[str, msgspec.Meta(max_length=128, pattern=r"^[a-z0-9_]*$(?!\n)")]
"""The token that a browser was given when a user signed in with it; empty: it has none."""
BrowserWords = Annotated[str, msgspec.Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)")]
"""The browser that a user signs in with, in words, such as "Firefox on Linux"; for the list of one's own sessions."""
