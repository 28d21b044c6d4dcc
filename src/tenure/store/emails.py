"""Mails that wait to be sent: put down in the transaction of their cause, sealed, for they may carry a link's secret.

Which template says what, and how a mail travels, is left to the server's messages.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
import sqlalchemy as sa

from tenure.core.timeline import DAY, Instant
from tenure.store import ids
from tenure.store.dialects import insert_or_ignore
from tenure.store.due_times import FARTHEST, is_due
from tenure.store.engine import Connection
from tenure.store.schema import email_cursors, emails, outbox_heads, providers
from tenure.store.sealed import AnswerCipher

PURPOSE = "email"
TO_ONE_MAILBOX: Final = 60
"""Mails a day of one provider to one mailbox: many subscriptions may end on one day."""
SANDBOX_TO_ONE_MAILBOX: Final = 10
ASKED_FOR: Final = frozenset({"invitation", "payment_requested", "password_reset", "email_test", "code_waiting"})
"""Templates of mails that a user or a caller causes by asking for them, as often as they like."""
ASKED_TO_ONE_MAILBOX: Final = 10
"""Of those, a day, of all providers together."""
OF_ONE_PROVIDER: Final = 5_000
"""Mails a day."""
SANDBOX_OF_ONE_PROVIDER: Final = 100
TOO_MANY: Final = "too many mails went to this mailbox, or out of this account, in one day"


class StoredEmail(msgspec.Struct, frozen=True):
    """A mail as it stands; `due` None: it is not tried any more (sent, or given up with `fault`).

    It is claimed by moving `due` on before it is tried, so that two processes never try it at once.
    """

    id: str
    provider: str | None
    recipient: str
    template: str
    body: bytes
    created: Instant
    due: Instant | None
    tries: int
    sent: Instant | None
    fault: str

    def template_values(self, safe: AnswerCipher) -> dict[str, str] | None:
        """What the template is filled with; None when the body cannot be opened or was wiped."""
        opened = safe.decrypt(self.body, PURPOSE) if self.body else None
        return None if opened is None else msgspec.json.decode(opened, type=dict[str, str])


_EMAIL = sa.select(*[emails.c[name] for name in StoredEmail.__struct_fields__])
_DUE = _EMAIL.where(is_due(emails.c.due)).order_by(emails.c.due).limit(sa.bindparam("most"))
_CLAIMABLE = _DUE.with_for_update(skip_locked=True)
"""Those that another process is claiming at this moment are its own (PostgreSQL; SQLite has one writer)."""
_MINE = emails.c.provider.is_not_distinct_from(sa.bindparam("tenant", type_=emails.c.provider.type))
_PAGE = _EMAIL.where(_MINE, emails.c.id > sa.bindparam("after")).order_by(emails.c.id).limit(sa.bindparam("most"))
_PAGE_BACK = (
    _EMAIL.where(_MINE, emails.c.id < sa.bindparam("after")).order_by(emails.c.id.desc()).limit(sa.bindparam("most"))
)
_SINCE = emails.c.created > sa.bindparam("since")
_TO_MAILBOX = sa.select(emails.c.created).where(
    emails.c.mailbox == sa.bindparam("box"), _SINCE, emails.c.fault != TOO_MANY
)
_TO_MAILBOX_OF = _TO_MAILBOX.where(_MINE)
_TO_MAILBOX_ASKED = _TO_MAILBOX.where(emails.c.template.in_(sorted(ASKED_FOR)))
_OF_PROVIDER = sa.select(emails.c.created).where(_MINE, _SINCE, emails.c.fault != TOO_MANY)
_IS_SANDBOX = sa.select(providers.c.sandbox).where(providers.c.id == sa.bindparam("tenant"))
LAST = "zzzz"
"""Comes after every id."""
_MARK = (
    emails.update()
    .where(emails.c.id == sa.bindparam("of"))
    .values(
        body=sa.bindparam("new_body"),
        due=sa.bindparam("new_due"),
        tries=emails.c.tries + 1,
        sent=sa.bindparam("new_sent"),
        fault=sa.bindparam("new_fault"),
    )
)
_GET = _EMAIL.where(
    emails.c.id == sa.bindparam("of"),
    emails.c.provider.is_not_distinct_from(sa.bindparam("tenant", type_=emails.c.provider.type)),
)
_CLAIM = (
    emails.update()
    .where(emails.c.id == sa.bindparam("of"), emails.c.due == sa.bindparam("seen"))
    .values(due=sa.bindparam("until"))
)
_COUNT = sa.select(
    sa.func.count(emails.c.due),
    sa.func.count(sa.case((sa.and_(emails.c.due.is_(None), emails.c.sent.is_(None)), 1))),
).select_from(emails)
_BEHIND = (
    sa.select(outbox_heads.c.provider, sa.func.coalesce(email_cursors.c.seq, 0))
    .outerjoin(email_cursors, email_cursors.c.provider == outbox_heads.c.provider)
    .where(outbox_heads.c.seq > sa.func.coalesce(email_cursors.c.seq, 0))
    .order_by(outbox_heads.c.provider)
    .limit(sa.bindparam("most"))
)
_BEGIN = insert_or_ignore(email_cursors, "provider")
_READ = (
    email_cursors.update()
    .where(email_cursors.c.provider == sa.bindparam("tenant"), email_cursors.c.seq == sa.bindparam("from_seq"))
    .values(seq=sa.bindparam("to_seq"))
)
_COLLECT = emails.delete().where(emails.c.due.is_(None), emails.c.created < sa.bindparam("before"))


def add_email(
    conn: Connection,
    safe: AnswerCipher,
    provider: str | None,
    recipient: str,
    template: str,
    values: Mapping[str, str],
    now: Instant,
) -> StoredEmail:
    """A mail to `recipient`, due at once (`now` in real time); None as provider means the vendor.

    One beyond the bounds (`possible_from`) is put down as given up, so that a provider who looks for it sees why.
    """
    body = safe.encrypt(msgspec.json.encode(dict(values)), PURPOSE)
    email = StoredEmail(ids.new_id("eml", now), provider, recipient, template, body, now, now, 0, None, "")
    if possible_from(conn, provider, recipient, template, now) > now:
        email = msgspec.structs.replace(email, due=None, fault=TOO_MANY)
    _insert_email(conn, email)
    return email


def possible_from(conn: Connection, provider: str | None, recipient: str, template: str, now: Instant) -> Instant:
    """From when on the provider (None: the vendor) may send that mail to `recipient`: `now`, unless a bound is reached.

    This server must not fill a stranger's mailbox: bounds on the mails of a day to one mailbox, in all and by one
    provider, and of one provider; a sandbox's are lower, because its clock can be moved as often as one likes.
    Example: of 300 invitations to one address within an hour 10 go out; the 11th is possible a day after the first.
    """
    asked = {"tenant": provider, "box": mailbox_of(recipient), "since": now - DAY}
    sandbox = bool(conn.scalar(_IS_SANDBOX, asked)) if provider else False
    bounds = [
        (_TO_MAILBOX_OF, SANDBOX_TO_ONE_MAILBOX if sandbox else TO_ONE_MAILBOX),
        (_OF_PROVIDER, SANDBOX_OF_ONE_PROVIDER if sandbox else OF_ONE_PROVIDER),
    ]
    if template in ASKED_FOR:
        bounds.append((_TO_MAILBOX_ASKED, ASKED_TO_ONE_MAILBOX))
    latest = now
    for counted, most in bounds:
        # The newest `most` mails: when there are so many, the oldest of them has to be a day ago first.
        newest = list(conn.scalars(counted.order_by(emails.c.created.desc()).limit(most), asked))
        if len(newest) >= most:
            latest = max(latest, newest[-1] + DAY)
    return latest


def mailbox_of(recipient: str) -> str:
    """The mailbox behind an address: lower case, without the `+tag` that many servers ignore."""
    name, _, domain = recipient.lower().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"


def _insert_email(conn: Connection, email: StoredEmail) -> None:
    conn.execute(emails.insert(), msgspec.structs.asdict(email) | {"mailbox": mailbox_of(email.recipient)})


def due(conn: Connection, now: Instant, limit: int = 50) -> list[StoredEmail]:
    """At most `limit` mails to be tried now, longest due first."""
    return [StoredEmail(*row) for row in conn.execute(_DUE, {"now": now, "far": now + FARTHEST, "most": limit})]


def claim(conn: Connection, now: Instant, until: Instant, limit: int) -> list[StoredEmail]:
    """Claim at most `limit` mails that are due: no other worker tries them before `until`."""
    found = conn.execute(_CLAIMABLE, {"now": now, "far": now + FARTHEST, "most": limit}).all()
    return [
        email
        for email in (StoredEmail(*row) for row in found)
        if conn.execute(_CLAIM, {"of": email.id, "seen": email.due, "until": until}).rowcount == 1
    ]


def get_email(conn: Connection, provider: str | None, email_id: str) -> StoredEmail | None:
    """The provider's mail of that id (None: the vendor's own)."""
    row = conn.execute(_GET, {"of": email_id, "tenant": provider}).one_or_none()
    return None if row is None else StoredEmail(*row)


def resend_email(conn: Connection, of: StoredEmail, now: Instant) -> StoredEmail:
    """The same mail once more, due at once; what came of the first one stays as it is."""
    new = StoredEmail(ids.new_id("eml", now), of.provider, of.recipient, of.template, of.body, now, now, 0, None, "")
    _insert_email(conn, new)
    return new


def mark_due(conn: Connection, email: StoredEmail, now: Instant, soon: int) -> StoredEmail:
    """A mail that waits is due at once; one due within `soon` seconds may be claimed, and is left alone."""
    if email.due is None or email.due <= now + soon:
        return email
    conn.execute(_CLAIM, {"of": email.id, "seen": email.due, "until": now})
    return msgspec.structs.replace(email, due=now)


def count_emails(conn: Connection) -> tuple[int, int]:
    """How many mails of all tenants (wait, were given up)."""
    waiting, given_up = conn.execute(_COUNT).one()
    return waiting, given_up


def page(conn: Connection, provider: str | None, after: str = "", limit: int = 50) -> list[StoredEmail]:
    """At most `limit` mails of the provider (None: the vendor's own) with ids after `after`."""
    return [StoredEmail(*row) for row in conn.execute(_PAGE, {"tenant": provider, "after": after, "most": limit})]


def page_back(conn: Connection, provider: str | None, before: str = LAST, limit: int = 50) -> list[StoredEmail]:
    """As `page`, newest first: ids before `before`."""
    asked = {"tenant": provider, "after": before, "most": limit}
    return [StoredEmail(*row) for row in conn.execute(_PAGE_BACK, asked)]


def mark_sent(conn: Connection, email: StoredEmail, now: Instant) -> None:
    """It is out; its text is deleted."""
    _mark_email(conn, email, b"", None, now, "")


def mark_failed(conn: Connection, email: StoredEmail, fault: str, again: Instant | None) -> None:
    """It did not go out because of `fault`; tried again at `again`, given up when None.

    What was given up stays sealed until it is collected, so that it can be sent once more.
    """
    _mark_email(conn, email, email.body, again, None, fault)


def collect(conn: Connection, before: Instant) -> int:
    """Forget mails put down before that instant that are sent or given up; how many."""
    return conn.execute(_COLLECT, {"before": before}).rowcount


def providers_behind(conn: Connection, limit: int = 50) -> list[tuple[str, int]]:
    """At most `limit` pairs (provider, number up to which its feed was read for mails) with more to read."""
    return [(provider, seq) for provider, seq in conn.execute(_BEHIND, {"most": limit})]


def read_up_to(conn: Connection, provider: str, since: int, until: int) -> bool:
    """The feed after `since` up to `until` has become mails; False when another process was first."""
    conn.execute(_BEGIN[conn.dialect.name], {"provider": provider, "seq": 0})
    asked = {"tenant": provider, "from_seq": since, "to_seq": until}
    return conn.execute(_READ, asked).rowcount == 1


def _mark_email(
    conn: Connection, email: StoredEmail, body: bytes, due: Instant | None, sent: Instant | None, fault: str
) -> None:
    marks = {"of": email.id, "new_body": body, "new_due": due, "new_sent": sent, "new_fault": fault}
    conn.execute(_MARK, marks)
