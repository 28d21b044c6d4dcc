"""Text that users typed, made fit for a mail: no links, no line breaks, no characters that hide or turn text around.

A name is put into mails that go to others in the provider's name, so that a user who may choose one could write to
strangers. Whether a mail goes out at all is bounded elsewhere (`store.emails`).
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from tenure.http.outgoing.smtp import is_mailbox

LONGEST: Final = 300
"""Characters of one value."""
GONE: Final = "[…]"
"""Stands where a link was."""
LINKS: Final = frozenset({"link", "renew_url", "url", "server"})
"""Made by the server itself or, for buttons, checked as an address; everything else is text."""
SECRETS: Final = frozenset({"token", "activation_code"})
ADDRESSES: Final = frozenset({"email", "inviter"})
"""May be one plain mailbox, of a user with an account, and are text otherwise."""

_JOINER = "\u2060"
_LINK: Final = re.compile(
    r"\S*(?:[a-z][a-z0-9+.-]*:/|//|www\.|@\S+\.)\S*|\S*\w\.\w{2,}[/:?#]\S*|(?:mailto|tel|javascript|data):\S*", re.I
)
_DOMAIN: Final = re.compile(r"(?<=\w)\.(?=[^\W\d]\w)")


def harmless_text(text: str) -> str:
    """`text` on one line without links; a dot inside a word is joined invisibly, so that no program makes it a link.

    Example: `Your parcel waits: http://evil.example/x` becomes `Your parcel waits: […]`, and `Booking.com B.V.`
    still reads the same.
    """
    # One spelling first: full-width letters and the like would be turned into a link by the reader's program.
    plain = unicodedata.normalize("NFKC", text)
    shown = "".join(each if each == " " or _is_shown(each) else " " for each in plain)
    without = _LINK.sub(GONE, " ".join(shown.split()))
    return _DOMAIN.sub(f".{_JOINER}", without[:LONGEST])


def harmless_values(values: Mapping[str, str]) -> dict[str, str]:
    """Everything that an email is filled with, each as what it is."""
    return {name: _harmless_value(name, value) for name, value in values.items()}


def _harmless_value(name: str, value: str) -> str:
    if name in LINKS or name in SECRETS or (name in ADDRESSES and is_mailbox(value)):
        return value
    return harmless_text(value)


def _is_shown(char: str) -> bool:
    """Neither control nor format character (which hide, join or turn text around), and assigned to something."""
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
