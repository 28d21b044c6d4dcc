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
from tenure.store.engine import Connection
from tenure.store.schema import letters, mailed, outbox_heads, providers
from tenure.store.sealed import AnswerCipher

PURPOSE = "letter"
TO_ONE_MAILBOX: Final = 60
"""Mails a day of one provider to one mailbox: many subscriptions may end on one day."""
SANDBOX_TO_ONE_MAILBOX: Final = 10
ASKED_FOR: Final = frozenset({"invitation", "payment_requested", "password_reset", "mail_test", "code_waiting"})
"""Templates of mails that somebody causes by asking for them, as often as he likes."""
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


_LETTER = sa.select(*[letters.c[name] for name in StoredEmail.__struct_fields__])
_DUE = _LETTER.where(letters.c.due <= sa.bindparam("now")).order_by(letters.c.due).limit(sa.bindparam("most"))
_MINE = letters.c.provider.is_not_distinct_from(sa.bindparam("tenant", type_=letters.c.provider.type))
_PAGE = _LETTER.where(_MINE, letters.c.id > sa.bindparam("after")).order_by(letters.c.id).limit(sa.bindparam("most"))
_PAGE_BACK = (
    _LETTER.where(_MINE, letters.c.id < sa.bindparam("after")).order_by(letters.c.id.desc()).limit(sa.bindparam("most"))
)
_SINCE = letters.c.created > sa.bindparam("since")
_TO_MAILBOX = sa.select(letters.c.created).where(
    letters.c.mailbox == sa.bindparam("box"), _SINCE, letters.c.fault != TOO_MANY
)
_TO_MAILBOX_OF = _TO_MAILBOX.where(_MINE)
_TO_MAILBOX_ASKED = _TO_MAILBOX.where(letters.c.template.in_(sorted(ASKED_FOR)))
_OF_PROVIDER = sa.select(letters.c.created).where(_MINE, _SINCE, letters.c.fault != TOO_MANY)
_IS_SANDBOX = sa.select(providers.c.sandbox).where(providers.c.id == sa.bindparam("tenant"))
LAST = "zzzz"
"""Comes after every id."""
_MARK = (
    letters.update()
    .where(letters.c.id == sa.bindparam("of"))
    .values(
        body=sa.bindparam("new_body"),
        due=sa.bindparam("new_due"),
        tries=letters.c.tries + 1,
        sent=sa.bindparam("new_sent"),
        fault=sa.bindparam("new_fault"),
    )
)
_GET = _LETTER.where(
    letters.c.id == sa.bindparam("of"),
    letters.c.provider.is_not_distinct_from(sa.bindparam("tenant", type_=letters.c.provider.type)),
)
_CLAIM = (
    letters.update()
    .where(letters.c.id == sa.bindparam("of"), letters.c.due == sa.bindparam("seen"))
    .values(due=sa.bindparam("until"))
)
_COUNT = sa.select(
    sa.func.count(letters.c.due),
    sa.func.count(sa.case((sa.and_(letters.c.due.is_(None), letters.c.sent.is_(None)), 1))),
).select_from(letters)
_BEHIND = (
    sa.select(outbox_heads.c.provider, sa.func.coalesce(mailed.c.seq, 0))
    .outerjoin(mailed, mailed.c.provider == outbox_heads.c.provider)
    .where(outbox_heads.c.seq > sa.func.coalesce(mailed.c.seq, 0))
    .order_by(outbox_heads.c.provider)
    .limit(sa.bindparam("most"))
)
_BEGIN = insert_or_ignore(mailed, "provider")
_READ = (
    mailed.update()
    .where(mailed.c.provider == sa.bindparam("tenant"), mailed.c.seq == sa.bindparam("from_seq"))
    .values(seq=sa.bindparam("to_seq"))
)
_COLLECT = letters.delete().where(letters.c.due.is_(None), letters.c.created < sa.bindparam("before"))


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

    One beyond the bounds (`possible_from`) is put down as given up, so that whoever looks for it sees why.
    """
    body = safe.encrypt(msgspec.json.encode(dict(values)), PURPOSE)
    letter = StoredEmail(ids.new_id("let", now), provider, recipient, template, body, now, now, 0, None, "")
    if possible_from(conn, provider, recipient, template, now) > now:
        letter = msgspec.structs.replace(letter, due=None, fault=TOO_MANY)
    _insert_email(conn, letter)
    return letter


def possible_from(conn: Connection, provider: str | None, recipient: str, template: str, now: Instant) -> Instant:
    """From when on the provider (None: the vendor) may send that mail to `recipient`: `now`, unless a bound is reached.

    Nobody's mailbox is filled through this server: bounds on the mails of a day to one mailbox, in all and by one
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
        newest = list(conn.scalars(counted.order_by(letters.c.created.desc()).limit(most), asked))
        if len(newest) >= most:
            latest = max(latest, newest[-1] + DAY)
    return latest


def mailbox_of(recipient: str) -> str:
    """The mailbox behind an address: lower case, without the `+tag` that many servers ignore."""
    name, _, domain = recipient.lower().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"


def _insert_email(conn: Connection, letter: StoredEmail) -> None:
    conn.execute(letters.insert(), msgspec.structs.asdict(letter) | {"mailbox": mailbox_of(letter.recipient)})


def due(conn: Connection, now: Instant, limit: int = 50) -> list[StoredEmail]:
    """At most `limit` mails to be tried now, longest due first."""
    return [StoredEmail(*row) for row in conn.execute(_DUE, {"now": now, "most": limit})]


def claim(conn: Connection, now: Instant, until: Instant, limit: int) -> list[StoredEmail]:
    """At most `limit` mails to be tried now that nobody else tries before `until`."""
    return [
        letter
        for letter in due(conn, now, limit)
        if conn.execute(_CLAIM, {"of": letter.id, "seen": letter.due, "until": until}).rowcount == 1
    ]


def letter(conn: Connection, provider: str | None, letter_id: str) -> StoredEmail | None:
    """The provider's mail of that id (None: the vendor's own)."""
    row = conn.execute(_GET, {"of": letter_id, "tenant": provider}).one_or_none()
    return None if row is None else StoredEmail(*row)


def resend_email(conn: Connection, of: StoredEmail, now: Instant) -> StoredEmail:
    """The same mail once more, due at once; what came of the first one stays as it is."""
    new = StoredEmail(ids.new_id("let", now), of.provider, of.recipient, of.template, of.body, now, now, 0, None, "")
    _insert_email(conn, new)
    return new


def mark_due(conn: Connection, letter: StoredEmail, now: Instant, soon: int) -> StoredEmail:
    """A mail that waits is due at once; one due within `soon` seconds may be claimed, and is left alone."""
    if letter.due is None or letter.due <= now + soon:
        return letter
    conn.execute(_CLAIM, {"of": letter.id, "seen": letter.due, "until": now})
    return msgspec.structs.replace(letter, due=now)


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


def mark_sent(conn: Connection, letter: StoredEmail, now: Instant) -> None:
    """It is out; its text is deleted."""
    _mark_email(conn, letter, b"", None, now, "")


def mark_failed(conn: Connection, letter: StoredEmail, fault: str, again: Instant | None) -> None:
    """It did not go out because of `fault`; tried again at `again`, given up when None.

    What was given up stays sealed until it is collected, so that it can be sent once more.
    """
    _mark_email(conn, letter, letter.body, again, None, fault)


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
    conn: Connection, letter: StoredEmail, body: bytes, due: Instant | None, sent: Instant | None, fault: str
) -> None:
    marks = {"of": letter.id, "new_body": body, "new_due": due, "new_sent": sent, "new_fault": fault}
    conn.execute(_MARK, marks)
