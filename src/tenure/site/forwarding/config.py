"""How a forwarding is set up: where to, from which severity on, which kinds; its secrets are kept apart and sealed.

What an administrator may write is judged in `config_checks`.
"""

from typing import Literal

import msgspec
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from tenure.core.timeline import Instant
from tenure.http.outgoing.signing import SigningSecret
from tenure.site.folder import Draw, SiteSecrets
from tenure.site.forwarding.kinds import at_least
from tenure.site.store.events import EventFilter, Severity

Security = Literal["starttls", "tls", "none"]


class MailTarget(msgspec.Struct, frozen=True, kw_only=True):
    """By e-mail."""

    host: str
    port: int
    security: Security
    sender: str
    recipients: tuple[str, ...]
    user: str = ""
    authorities: str = ""
    """Further certificate authorities that are believed (PEM)."""


class WebhookTarget(msgspec.Struct, frozen=True, kw_only=True):
    """By webhook."""

    url: str
    authorities: str = ""


class ForwardingConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One forwarding; exactly one of `mail` and `webhook` is there."""

    name: str
    severity: Severity
    """The lowest that is forwarded."""
    kinds: tuple[str, ...] = ()
    """None named: every kind."""
    active: bool = True
    mail: MailTarget | None = None
    webhook: WebhookTarget | None = None

    def wanted_events(self, own: str) -> EventFilter:
        """Which events it forwards; `own` is its id, for it does not tell of itself."""
        return EventFilter(severities=at_least(self.severity), kinds=self.kinds, not_about=own)


class ForwardingSecrets(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is shown once or never."""

    password: str = ""
    key: bytes = b""
    """Of a webhook's signatures."""
    former: bytes = b""
    """The key before it, while it signs too."""
    former_until: Instant = 0

    @property
    def signing(self) -> tuple[SigningSecret, ...]:
        """The keys of a webhook, the newest first."""
        former = (SigningSecret(self.former, self.former_until),) if self.former else ()
        return (SigningSecret(self.key), *former)

    def with_signing(self, secrets: tuple[SigningSecret, ...]) -> "ForwardingSecrets":
        """With other keys, the newest first."""
        new, *old = secrets
        former = old[0] if old else SigningSecret(b"")
        return msgspec.structs.replace(self, key=new.key, former=former.key, former_until=former.until or 0)


class _Bound(msgspec.Struct, frozen=True):
    owner: str
    hidden: ForwardingSecrets


class SecretVault:
    """Seals secrets; sealed ones are of no use for another forwarding or another site."""

    def __init__(self, secrets: SiteSecrets, draw: Draw) -> None:
        self._box, self.draw = SecretBox(secrets.derive_key("forwardings")), draw

    def seal(self, owner: str, hidden: ForwardingSecrets) -> bytes:
        """As they are kept."""
        plain = msgspec.msgpack.encode(_Bound(owner, hidden))
        return bytes(self._box.encrypt(plain, self.draw(SecretBox.NONCE_SIZE)))

    def open(self, owner: str, sealed: bytes) -> ForwardingSecrets | None:
        """Them again; None where they are another's."""
        try:
            found = msgspec.msgpack.decode(self._box.decrypt(sealed), type=_Bound)
        except (CryptoError, msgspec.MsgspecError, UnicodeDecodeError):
            return None
        return found.hidden if found.owner == owner else None


def read_config(body: bytes) -> ForwardingConfig:
    """What `write_config` wrote."""
    return msgspec.json.decode(body, type=ForwardingConfig)


def write_config(config: ForwardingConfig) -> bytes:
    """As it is kept."""
    return msgspec.json.encode(config)
