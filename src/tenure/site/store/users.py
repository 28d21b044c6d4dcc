"""Who may sign in at this site, their sessions, recovery codes and failed tries; secrets lie here as digests alone.

What a role permits, and how long a user waits after failed tries, is decided elsewhere.
"""

from collections.abc import Sequence

import msgspec

from tenure.core.timeline import DAY, Instant
from tenure.http.accounts.login_backoff import FailedTries
from tenure.site.store.writer import Connection

SESSIONS_EACH = 100
"""What one user may have open of each purpose."""


class SiteUser(msgspec.Struct, frozen=True):
    """One account."""

    id: str
    name: str
    """An e-mail address or a plain name, in lower case."""
    role: str
    password: str
    """Its Argon2id hash."""
    temporary: int
    """Whether an administrator has set the password, so that the user changes it first."""
    factor: bytes | None
    """The second factor's secret, sealed; None where there is none."""
    step: int
    """The last step of the second factor that was used."""
    created: Instant


class SiteSession(msgspec.Struct, frozen=True):
    """A secret that is good until an instant: of a session, or of a sign-in that is half done."""

    id: str
    user: str
    until: Instant
    browser: str = ""
    """With what it was opened, in words; empty where that said nothing."""


_COLUMNS = "id, name, role, password, temporary, factor, step, created"


def add(conn: Connection, user: SiteUser) -> None:
    """A new account; its name must be free."""
    conn.execute("insert into users values (?, ?, ?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(user))


def find(conn: Connection, user: str) -> SiteUser | None:
    """By id."""
    row = conn.execute(f"select {_COLUMNS} from users where id = ?", (user,)).fetchone()  # noqa: S608 - a constant
    return None if row is None else SiteUser(*row)


def by_name(conn: Connection, name: str) -> SiteUser | None:
    """By name, in lower case."""
    row = conn.execute(f"select {_COLUMNS} from users where name = ?", (name,)).fetchone()  # noqa: S608 - a constant
    return None if row is None else SiteUser(*row)


def all_users(conn: Connection) -> list[SiteUser]:
    """All of them by name; there are never more than a few hundred."""
    rows = conn.execute(f"select {_COLUMNS} from users order by name")  # noqa: S608 - a constant
    return [SiteUser(*row) for row in rows]


def count(conn: Connection) -> int:
    """How many there are."""
    return int(conn.execute("select count(*) from users").fetchone()[0])


def set_role(conn: Connection, user: str, role: str) -> None:
    """From now on; open sessions have it at once."""
    conn.execute("update users set role = ? where id = ?", (role, user))


def set_password(conn: Connection, user: str, password: str, *, temporary: bool) -> None:
    """Another hash."""
    conn.execute("update users set password = ?, temporary = ? where id = ?", (password, int(temporary), user))


def set_factor(conn: Connection, user: str, factor: bytes | None, step: int = 0) -> None:
    """The second factor, or none; recovery codes of the former one are gone."""
    conn.execute("update users set factor = ?, step = ? where id = ?", (factor, step, user))
    conn.execute("delete from recovery where user = ?", (user,))


def use_step(conn: Connection, user: str, step: int) -> bool:
    """Whether that step was not used before; it is now."""
    return conn.execute("update users set step = ? where id = ? and step < ?", (step, user, step)).rowcount == 1


def remove(conn: Connection, user: str) -> None:
    """The account with everything of it."""
    end_sessions(conn, user)
    conn.execute("delete from recovery where user = ?", (user,))
    conn.execute("delete from users where id = ?", (user,))


def open_session(conn: Connection, digest: bytes, session: SiteSession, purpose: str) -> None:
    """Keep a session by the digest of its secret; beyond `SESSIONS_EACH` of a purpose the user's own oldest ends."""
    conn.execute(
        "insert into sessions values (?, ?, ?, ?, ?, ?)",
        (digest, session.id, session.user, purpose, session.until, session.browser),
    )
    conn.execute(
        "delete from sessions where user = ?1 and purpose = ?2 and id not in (select id from sessions"
        " where user = ?1 and purpose = ?2 order by until desc, id desc limit ?3+0)",
        (session.user, purpose, SESSIONS_EACH),
    )


def find_session(conn: Connection, digest: bytes, purpose: str, now: Instant) -> SiteSession | None:
    """The one behind a secret that is still good."""
    row = conn.execute(
        "select id, user, until, browser from sessions where digest = ? and purpose = ? and until > ?",
        (digest, purpose, now),
    ).fetchone()
    return None if row is None else SiteSession(*row)


def open_sessions(conn: Connection, user: str, now: Instant) -> list[SiteSession]:
    """A user's that are still good, newest first; a sign-in that is half done is none."""
    rows = conn.execute(
        "select id, user, until, browser from sessions where user = ? and purpose = 'session' and until > ?"
        " order by until desc, id desc",
        (user, now),
    )
    return [SiteSession(*row) for row in rows]


def end_session(conn: Connection, session_id: str) -> None:
    """End one."""
    conn.execute("delete from sessions where id = ?", (session_id,))


def end_sessions(conn: Connection, user: str, *, but: str = "") -> int:
    """End all of a user's, but for one; how many."""
    return conn.execute("delete from sessions where user = ? and id <> ?", (user, but)).rowcount


def keep_recovery(conn: Connection, user: str, digests: Sequence[bytes]) -> None:
    """These codes and no others."""
    conn.execute("delete from recovery where user = ?", (user,))
    conn.executemany("insert into recovery values (?, ?)", [(user, each) for each in digests])


def use_recovery(conn: Connection, user: str, digest: bytes) -> bool:
    """Whether there was such a code; it is used up now."""
    return conn.execute("delete from recovery where user = ? and digest = ?", (user, digest)).rowcount == 1


def recovery_left(conn: Connection, user: str) -> int:
    """How many codes are left."""
    return int(conn.execute("select count(*) from recovery where user = ?", (user,)).fetchone()[0])


def failed_tries(conn: Connection, key: str) -> FailedTries:
    """What failed under a key."""
    row = conn.execute("select count, last from tries where key = ?", (key,)).fetchone()
    return FailedTries() if row is None else FailedTries(*row)


def add_try(conn: Connection, key: str, now: Instant) -> None:
    """One more."""
    conn.execute(
        "insert into tries values (?, 1, ?) on conflict (key) do update set count = count + 1, last = excluded.last",
        (key, now),
    )


def take_back(conn: Connection, key: str) -> None:
    """The last one was a good one: one less."""
    conn.execute("update tries set count = max(count - 1, 0) where key = ?", (key,))


def reset_tries(conn: Connection, key: str) -> None:
    """Forget what was counted under that key."""
    conn.execute("delete from tries where key = ?", (key,))


def prune_sessions(conn: Connection, now: Instant) -> None:
    """Forget what is over."""
    conn.execute("delete from sessions where until <= ?", (now,))
    conn.execute("delete from tries where last < ?", (now - DAY,))
