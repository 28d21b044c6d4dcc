"""State tokens between device and site: authentic markers, not secrets, by which a copy of a device is found
[spec: enrollment]."""

import hmac

from tenure.wire.b64 import encode_text


class StateTokens:
    """Makes and reads the tokens of one site."""

    def __init__(self, key: bytes) -> None:
        """`key`: 32 bytes that only this site knows."""
        self._key = key

    def make_token(self, device: str, count: int) -> str:
        """The token number `count` of a device."""
        mark = hmac.digest(self._key, f"{device}.{count}".encode(), "sha256")[:16]
        return f"{count}.{encode_text(mark)}"

    def read_number(self, device: str, token: str) -> int | None:
        """The number of an authentic token of `device`; None for anything else."""
        count, _, _ = token.partition(".")
        if not (count.isascii() and count.isdigit() and len(count) < 16):
            return None
        expected = self.make_token(device, int(count))
        return int(count) if hmac.compare_digest(expected, token) else None
