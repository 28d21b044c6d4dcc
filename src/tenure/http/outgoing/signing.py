"""Signatures as Standard Webhooks has them: HMAC with the webhook's secrets (v1) and the server's Ed25519 key (v1a).

https://github.com/standard-webhooks/standard-webhooks says what they mean.
"""

import base64
import hmac
from collections.abc import Iterable, Sequence

import msgspec

from tenure.core.timeline import Instant
from tenure.wire.keys import Signer

SECRET_BYTES = 32
OVERLAP_HOURS_MOST = 168
"""For so long at most a secret signs next to the one that replaced it."""


class SigningSecret(msgspec.Struct, frozen=True):
    """One secret of a receiver; `until` is set once a newer one has replaced it."""

    key: bytes
    until: Instant | None = None


def secrets_at(known: Iterable[SigningSecret], now: Instant) -> tuple[SigningSecret, ...]:
    """Those that sign at `now`, the newest first."""
    return tuple(each for each in known if each.until is None or now < each.until)


def rotate_secrets(known: Sequence[SigningSecret], key: bytes, until: Instant) -> tuple[SigningSecret, ...]:
    """The new one, and the newest of those known, which signs too `until` then: two sign at once at most."""
    return (SigningSecret(key), *(SigningSecret(each.key, until) for each in known[:1]))


def signature_headers(
    message: str, body: bytes, secrets: Iterable[SigningSecret], signer: Signer | None, now: Instant
) -> list[tuple[str, str]]:
    """The three headers that prove who sent `body`; one signature for each secret that is still good."""
    signed = f"{message}.{now}.".encode() + body
    marks = [f"v1,{_header_text(hmac.digest(secret.key, signed, 'sha256'))}" for secret in secrets]
    if signer is not None:
        marks.append(f"v1a,{_header_text(signer.sign(signed))}")
    return [("webhook-id", message), ("webhook-timestamp", str(now)), ("webhook-signature", " ".join(marks))]


def shown_secret(secret: bytes) -> str:
    """A secret as it is shown, once: `whsec_…`."""
    return f"whsec_{_header_text(secret)}"


def shown_key(public: bytes) -> str:
    """The server's public key as receivers configure it: `whpk_…`."""
    return f"whpk_{_header_text(public)}"


def _header_text(data: bytes) -> str:
    return base64.b64encode(data).decode()
