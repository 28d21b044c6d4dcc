"""Amnesties: when the vendor's own servers were out, a signed notice moves every offline deadline (B15,
[spec: amnesty]).

Published notices come with answers and can be handed round as files; what they move is `core.standing`'s to say.
"""

import msgspec

from tenure.core.commands import Word
from tenure.core.refusals import Code, Refused
from tenure.core.standing import Amnesty, moved_by
from tenure.core.timeline import DAY, Instant
from tenure.server.keyring import LONGEST_LEASE, KeyRing
from tenure.store.catalogue import DOCUMENTS, Stamp
from tenure.store.engine import Connection
from tenure.wire.keys import Purpose
from tenure.wire.notices import Notice, seal_notice
from tenure.wire.seal import Typ, unwrap

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


def sealed_anew(keys: KeyRing, published: Published, now: Instant) -> Published:
    """The notice under a key that counts: a revoked one's seal would be refused by whoever knows of it.

    A seal that nobody can make now is left out (empty), and made when there is a key again.
    """
    return msgspec.structs.replace(
        published,
        real=_under_a_good_key(keys, published.notice, published.real, now, sandbox=False),
        sandbox=_under_a_good_key(keys, published.notice, published.sandbox, now, sandbox=True),
    )


def _under_a_good_key(keys: KeyRing, notice: Notice, sealed: str, now: Instant, *, sandbox: bool) -> str:
    envelope = unwrap(sealed.encode(), Typ.NOTICE)
    if not isinstance(envelope, Refused) and keys.knows(envelope.kid, sandbox=sandbox):
        return sealed
    if not keys.can_sign(Purpose.NOTICE, "*", now, sandbox=sandbox):
        return ""
    signer = keys.signer(Purpose.NOTICE, "*", now, sandbox=sandbox)
    entry = keys.root_of(sandbox=sandbox).document.find(signer.kid)
    # A key signs only what is dated inside its own window.
    dated = notice.iat if entry is None else max(notice.iat, entry.nbf)
    return seal_notice(msgspec.structs.replace(notice, iat=dated), signer).decode()


def outages(conn: Connection) -> tuple[Amnesty, ...]:
    """The amnesties that may still matter to somebody."""
    return tuple(Amnesty(each.notice.since, each.notice.until) for each in current(conn))


def moved_word(until: Instant, published: tuple[Amnesty, ...]) -> int:
    """Seconds by which amnesties move the end of a word that is over at `until`, whenever it was signed."""
    return moved_by(until - LONGEST_LEASE, published)


def prolonged(words: tuple[Word, ...], published: tuple[Published, ...]) -> tuple[Word, ...]:
    """What sites hold, with every amnesty that may reach their leases: nothing is given back before that
    [spec: giving-back]."""
    if not published:
        return words
    amnesties = tuple(Amnesty(each.notice.since, each.notice.until) for each in published)
    return tuple(msgspec.structs.replace(word, until=word.until + moved_word(word.until, amnesties)) for word in words)
