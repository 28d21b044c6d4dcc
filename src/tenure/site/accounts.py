"""The secrets of local accounts: sessions, one-time passwords, second factors, and who a shown secret stands for.

How users prove who they are is `http.accounts`; what is kept is `store.tenants`.
"""

import base64
import hmac
from collections.abc import Callable
from typing import Final

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from tenure.core.policy.rules import Role
from tenure.core.timeline import HOUR, Instant
from tenure.http.accounts.account_store import FailureCounter
from tenure.http.auth import Principal
from tenure.site import ids
from tenure.site.folder import Draw, SiteSecrets
from tenure.site.roles import scopes_of
from tenure.site.store import users
from tenure.site.store.users import SiteSession
from tenure.site.store.writer import Connection

SESSION, TICKET = "session", "second factor"
LIFE: Final = 12 * HOUR
"""Seconds that a session lasts."""
PREFIX: Final = "tss_"
COUNTERS: Final = 4_096
"""Names are counted in so many bins, so that made-up ones cannot fill the store."""


class SiteAccountSecrets:
    """What opens and closes the secrets of one site's accounts; time is real time, whatever a sandbox's clock says."""

    def __init__(self, secrets: SiteSecrets, draw: Draw, clock: Callable[[], Instant]) -> None:
        self._digests, self._box = secrets.derive_key("accounts"), SecretBox(secrets.derive_key("second factors"))
        self.draw, self.clock = draw, clock

    def secret_digest(self, secret: str) -> bytes:
        """Under which a secret is kept."""
        return hmac.digest(self._digests, secret.encode(), "sha256")

    def open_session(
        self, conn: Connection, user: str, purpose: str, life: int, browser: str = ""
    ) -> tuple[str, SiteSession]:
        """A new session or ticket: its secret, shown once, and what is kept."""
        now, secret = self.clock(), f"{PREFIX}{self.draw(24).hex()}"
        made = SiteSession(ids.new_id("ses", now, self.draw), user, now + life, browser)
        users.open_session(conn, self.secret_digest(secret), made, purpose)
        return secret, made

    def find_principal(self, conn: Connection, secret: str) -> Principal | None:
        """The user of a session, with what the role permits now: no scope while the password is temporary."""
        found = users.find_session(conn, self.secret_digest(secret), SESSION, self.clock())
        user = None if found is None else users.find(conn, found.user)
        if found is None or user is None:
            return None
        scopes = frozenset[str]() if user.temporary else scopes_of(user.role)
        return Principal(kind=Role.SITE, role=user.role, scopes=scopes, token_id=found.id, user=user.id, name=user.name)

    def draw_password(self) -> str:
        """A password to begin with: 80 random bits in groups that can be read out."""
        text = base64.b32encode(self.draw(10)).decode().lower()
        return "-".join(text[start : start + 4] for start in range(0, len(text), 4))

    def seal_factor(self, user: str, secret: str) -> bytes:
        """A second factor's secret as kept; of no use for another user."""
        return bytes(self._box.encrypt(f"{user} {secret}".encode(), self.draw(SecretBox.NONCE_SIZE)))

    def open_factor(self, user: str, sealed: bytes | None) -> str:
        """It again; empty where there is none, or it is another's."""
        try:
            owner, _, secret = ("" if sealed is None else self._box.decrypt(sealed).decode()).partition(" ")
        except CryptoError:
            return ""
        return secret if owner == user else ""

    def recovery_digest(self, user: str, code: str) -> bytes:
        """Under which a recovery code is kept."""
        return self.secret_digest(f"recovery {user} {code}")

    def counter_key(self, kind: str, name: str) -> str:
        """Where failed tries of a name are counted."""
        number = int.from_bytes(self.secret_digest(f"{kind} {name}")[:4], "big") % COUNTERS
        return f"{kind} {number}"

    def network_counters(self, address: str) -> tuple[FailureCounter, ...]:
        """None: behind the console every address would be this computer's."""
        return ()
