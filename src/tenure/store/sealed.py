"""Answers that hold a secret (a new activation code, a new token) are kept encrypted until they are deleted.

The key is 32 bytes from the server's secret file, never in the database [spec: sealed-responses].
"""

import hashlib

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox


class AnswerCipher:
    """Closes and opens bytes for one purpose each; what was closed for one opens for no other."""

    def __init__(self, key: bytes) -> None:
        self._box = SecretBox(key)

    def encrypt(self, secret: bytes, purpose: str) -> bytes:
        """`secret`, encrypted and authenticated under a fresh nonce."""
        return bytes(self._box.encrypt(_associated_data(purpose) + secret))

    def decrypt(self, closed: bytes, purpose: str) -> bytes | None:
        """What was closed for `purpose`; None when the bytes, the key or the purpose are others."""
        try:
            opened = self._box.decrypt(closed)
        except (CryptoError, ValueError):
            return None
        bound = _associated_data(purpose)
        return opened[len(bound) :] if opened.startswith(bound) else None

    def __repr__(self) -> str:
        return "Safe(…)"


def _associated_data(purpose: str) -> bytes:
    return hashlib.sha256(purpose.encode()).digest()
