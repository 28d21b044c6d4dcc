"""Amnesties: when the vendor's own servers were out, a signed notice moves every offline deadline (B15, spec 3.9).

Published notices come with answers and can be handed round as files; what they move is `core.standing`'s to say.
"""

import msgspec

from tenure.core.commands import Word
from tenure.core.refusals import Code, Refused
from tenure.core.standing import Amnesty, moved_by
from tenure.core.timeline import DAY
from tenure.server.keyring import LONGEST_LEASE, KeyRing
from tenure.store.catalogue import DOCUMENTS, Stamp
from tenure.store.engine import Connection
from tenure.wire.keys import Purpose
from tenure.wire.notices import Notice, seal_notice

NOTICES = "notices"
LONGEST = 30 * DAY
"""An outage counts for at most so long."""
CARRIED = 8
"""So many notices an answer may carry; the newest count."""


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """One notice as stored: what it says, and its two seals."""

    notice: Notice
    real: str
    """Sealed for production."""
    sandbox: str
    """Sealed for sandboxes, which go by another root document."""


def publish(
    conn: Connection, keys: KeyRing, issuer: str, amnesty: Amnesty, text: str, stamp: Stamp
) -> Published | Refused:
    """Seal and store an amnesty for an outage; refuses `field_invalid` for one that is none."""
    since, until, now = amnesty.since, amnesty.until, stamp.now
    if not since < until:
        return Refused(Code.FIELD_INVALID, "An outage ends after it began.", "until")
    if until - since > LONGEST:
        return Refused(Code.FIELD_INVALID, "An amnesty covers at most 30 days.", "since")
    if until > now + DAY:
        return Refused(Code.FIELD_INVALID, "An outage that lies ahead is none yet.", "until")
    last = DOCUMENTS.last(conn, NOTICES)
    number = 1 if last is None else last.version + 1
    notice = Notice(iss=issuer, jti=f"amnesty-{number}", iat=now, kind="amnesty", since=since, until=until, text=text)
    sealed = [
        seal_notice(notice, keys.signer(Purpose.NOTICE, "*", now, sandbox=sandbox)).decode()
        for sandbox in (False, True)
    ]
    published = Published(notice=notice, real=sealed[0], sandbox=sealed[1])
    kept = DOCUMENTS.publish(conn, NOTICES, number - 1, msgspec.json.encode(published), stamp)
    return kept if isinstance(kept, Refused) else published


def current(conn: Connection) -> tuple[Published, ...]:
    """The notices that may still matter to somebody, oldest first."""
    editions = DOCUMENTS.all(conn, NOTICES)
    return tuple(msgspec.json.decode(each.body, type=Published) for each in editions[-CARRIED:])


def prolonged(words: tuple[Word, ...], published: tuple[Published, ...]) -> tuple[Word, ...]:
    """What sites hold, with every amnesty that may reach their leases: nothing is given back before that (2.4)."""
    if not published:
        return words
    amnesties = [Amnesty(each.notice.since, each.notice.until) for each in published]
    return tuple(
        msgspec.structs.replace(word, until=word.until + moved_by(word.until - LONGEST_LEASE, amnesties))
        for word in words
    )
