"""Secrets that speak for a user for a while: a session, half a sign-in, a link to set a new password; by digest alone.

`now` is real time everywhere here: moving a sandbox's clock signs no user in or out.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from tenure.core.timeline import Instant
from tenure.store.engine import Connection
from tenure.store.schema import memberships, sessions, users

IDLE: Final = 2 * 3_600
"""Seconds without a request after which a session has ended."""
LIFE: Final = 12 * 3_600
"""Seconds after which a session has ended, however busy."""
NOTED_EVERY: Final = 60
"""Seconds: the last use is written down no more often, since it is a write."""


EACH: Final = 100
"""What one user may have open of each purpose: one more ends the user's own oldest."""


class SecretPurpose(StrEnum):
    """What a secret is good for."""

    SESSION = "session"
    SECOND_FACTOR = "second_factor"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - what a link is for


class AccountSession(msgspec.Struct, frozen=True):
    """One such secret; `last_use` counts for sessions only."""

    digest: bytes
    id: str
    user: str
    membership: str | None
    purpose: str
    created: Instant
    expires: Instant
    last_use: Instant
    address: str
    browser: str | None = None
    """With what it was opened, in words; None where nothing was said."""

    def is_over(self, now: Instant) -> bool:
        """Whether it has ended at `now`."""
        idle = self.purpose == SecretPurpose.SESSION and now >= self.last_use + IDLE
        return idle or now >= self.expires


class SignedIn(msgspec.Struct, frozen=True):
    """A session with the membership it stands in, as it is at this moment."""

    session: AccountSession
    kind: str
    provider: str | None
    customer: str | None
    role: str
    email: str


_SESSION = sa.select(*[sessions.c[name] for name in AccountSession.__struct_fields__])
_BY_DIGEST = _SESSION.where(sessions.c.digest == sa.bindparam("of"), sessions.c.purpose == sa.bindparam("for"))
_WITH_MEMBERSHIP = (
    sa.select(
        *[sessions.c[name] for name in AccountSession.__struct_fields__],
        memberships.c.kind,
        memberships.c.provider,
        memberships.c.customer,
        memberships.c.role,
        users.c.email,
    )
    .join_from(
        sessions,
        memberships,
        sa.and_(sessions.c.membership == memberships.c.id, sessions.c.user == memberships.c.user),
    )
    .join(users, sessions.c.user == users.c.id)
    .where(sessions.c.purpose == SecretPurpose.SESSION)
)
_SIGNED_IN = _WITH_MEMBERSHIP.where(sessions.c.digest == sa.bindparam("of"))
_SIGNED_IN_BY_ID = _WITH_MEMBERSHIP.where(sessions.c.id == sa.bindparam("of"))
_OPEN = _SESSION.where(sessions.c.user == sa.bindparam("who"), sessions.c.purpose == SecretPurpose.SESSION).order_by(
    sessions.c.last_use.desc(), sessions.c.id.desc()
)
_USED = sessions.update().where(sessions.c.digest == sa.bindparam("of")).values(last_use=sa.bindparam("now"))
_MOVE = (
    sessions.update()
    .where(sessions.c.id == sa.bindparam("of"), sessions.c.user == sa.bindparam("who"))
    .values(membership=sa.bindparam("into"))
)
_END = sessions.delete().where(sessions.c.id == sa.bindparam("of"))
_END_OTHERS = sessions.delete().where(sessions.c.user == sa.bindparam("who"), sessions.c.id != sa.bindparam("but"))
_END_OTHER_SESSIONS = sessions.delete().where(
    sessions.c.user == sa.bindparam("who"),
    sessions.c.id != sa.bindparam("but"),
    sessions.c.purpose.in_([SecretPurpose.SESSION, SecretPurpose.SECOND_FACTOR]),
)
_OWN = (sessions.c.user == sa.bindparam("who"), sessions.c.purpose == sa.bindparam("for"))
_NEWEST = sa.select(sessions.c.id).where(*_OWN).order_by(sessions.c.created.desc(), sessions.c.id.desc()).limit(EACH)
_END_OLDEST = sessions.delete().where(*_OWN, sessions.c.id.not_in(_NEWEST.scalar_subquery()))
_COLLECT = sessions.delete().where(
    sa.or_(
        sessions.c.expires <= sa.bindparam("now"),
        sa.and_(sessions.c.purpose == SecretPurpose.SESSION, sessions.c.last_use <= sa.bindparam("idle")),
    )
)


def open_session(conn: Connection, new: AccountSession) -> None:
    """Good from now on; beyond `EACH` of a purpose the user's own oldest ends."""
    conn.execute(sessions.insert(), msgspec.structs.asdict(new))
    conn.execute(_END_OLDEST, {"who": new.user, "for": new.purpose})


def find_session(conn: Connection, digest: bytes, purpose: SecretPurpose, now: Instant) -> AccountSession | None:
    """What has that digest and that purpose, unless it has ended at `now`."""
    row = conn.execute(_BY_DIGEST, {"of": digest, "for": purpose}).one_or_none()
    found = None if row is None else AccountSession(*row)
    return None if found is None or found.is_over(now) else found


def signed_in(conn: Connection, digest: bytes, now: Instant) -> SignedIn | None:
    """The session of that digest, unless it has ended at `now`, with the role that its user has now."""
    return _signed_in(conn.execute(_SIGNED_IN, {"of": digest}).one_or_none(), now)


def by_id(conn: Connection, session: str, now: Instant) -> SignedIn | None:
    """As `signed_in`, for a session already known by its id."""
    return _signed_in(conn.execute(_SIGNED_IN_BY_ID, {"of": session}).one_or_none(), now)


def note_use(conn: Connection, digest: bytes, now: Instant) -> None:
    """Note a request; callers do so every `NOTED_EVERY` seconds."""
    conn.execute(_USED, {"of": digest, "now": now})


def move_session(conn: Connection, session: str, user: str, membership: str) -> None:
    """The session stands in another membership of the same user from now on."""
    conn.execute(_MOVE, {"of": session, "who": user, "into": membership})


def end_session(conn: Connection, session: str) -> bool:
    """Over at once; False when it was."""
    return conn.execute(_END, {"of": session}).rowcount == 1


def end_all(conn: Connection, user: str, *, but: str = "") -> int:
    """Everything that speaks for the user ends, sent links included, except the session `but`; how many."""
    return conn.execute(_END_OTHERS, {"who": user, "but": but}).rowcount


def open_sessions(conn: Connection, user: str, now: Instant) -> list[AccountSession]:
    """The user's sessions that have not ended at `now`, last used first; at most `EACH`."""
    found = [AccountSession(*row) for row in conn.execute(_OPEN, {"who": user})]
    return [each for each in found if not each.is_over(now)]


def end_others(conn: Connection, user: str, *, but: str) -> None:
    """Every session of the user but `but` ends, and every sign-in that is half done; links that were sent stay."""
    conn.execute(_END_OTHER_SESSIONS, {"who": user, "but": but})


def collect(conn: Connection, now: Instant) -> int:
    """Forget what has ended; how many."""
    return conn.execute(_COLLECT, {"now": now, "idle": now - IDLE}).rowcount


def _signed_in(row: Sequence[Any] | None, now: Instant) -> SignedIn | None:
    found = None if row is None else SignedIn(AccountSession(*row[:-5]), *row[-5:])
    return None if found is None or found.session.is_over(now) else found
