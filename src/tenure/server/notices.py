"""Amnesties: when the vendor's own servers were out, a signed notice moves every offline deadline (B15,
[spec: amnesty]).

Published notices come with answers and can be handed round as files; what they move is decided in `lease.standing`.
"""

import msgspec

from tenure.core.lease.standing import OutageAmnesty
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Instant
from tenure.server.keyring import KeyRing
from tenure.store.catalog import DOCUMENTS, WriteStamp
from tenure.store.engine import Connection
from tenure.store.transaction_memo import read_once
from tenure.wire.jws import TokenType, parse_token
from tenure.wire.keys import Purpose
from tenure.wire.notices import SignedNotice, seal_notice

NOTICES = "notices"
LONGEST = 30 * DAY
"""An outage counts for at most so long."""
CARRIED = 8
"""So many notices an answer may carry; the newest count."""


class PublishedNotice(msgspec.Struct, frozen=True, kw_only=True):
    """One notice as stored: what it says, and its two seals."""

    notice: SignedNotice
    real: str
    """Sealed for production."""
    sandbox: str
    """Sealed for sandboxes, which go by another root document."""


def publish_amnesty(
    conn: Connection, keys: KeyRing, issuer: str, amnesty: OutageAmnesty, text: str, stamp: WriteStamp
) -> PublishedNotice | Refused:
    """Seal and store an amnesty for an outage; refuses `field_invalid` for one that is none."""
    since, until, now = amnesty.since, amnesty.until, stamp.now
    if not since < until:
        return Refused(RefusalCode.FIELD_INVALID, "An outage ends after it began.", "until")
    if until - since > LONGEST:
        return Refused(RefusalCode.FIELD_INVALID, "An amnesty covers at most 30 days.", "since")
    if until > now + DAY:
        return Refused(RefusalCode.FIELD_INVALID, "An outage that lies ahead is none yet.", "until")
    last = DOCUMENTS.last(conn, NOTICES)
    number = 1 if last is None else last.version + 1
    notice = SignedNotice(
        iss=issuer, jti=f"amnesty-{number}", iat=now, kind="amnesty", since=since, until=until, text=text
    )
    sealed = [
        seal_notice(notice, keys.signer_for(Purpose.NOTICE, "*", now, sandbox=sandbox)).decode()
        for sandbox in (False, True)
    ]
    published = PublishedNotice(notice=notice, real=sealed[0], sandbox=sealed[1])
    kept = DOCUMENTS.publish(conn, NOTICES, number - 1, msgspec.json.encode(published), stamp)
    return kept if isinstance(kept, Refused) else published


_decode = msgspec.json.Decoder(PublishedNotice).decode


def current_notices(conn: Connection) -> tuple[PublishedNotice, ...]:
    """The notices that count, oldest first: the newest `CARRIED`."""
    editions = DOCUMENTS.all(conn, NOTICES)
    return tuple(_decode(each.body) for each in editions[-CARRIED:])


def sign_again(keys: KeyRing, published: PublishedNotice, now: Instant) -> PublishedNotice:
    """The notice under a key that counts: clients that know of a revocation refuse the seal of the revoked key.

    A seal for which there is no key now is left out (empty), and made when there is a key again.
    """
    return msgspec.structs.replace(
        published,
        real=_under_a_good_key(keys, published.notice, published.real, now, sandbox=False),
        sandbox=_under_a_good_key(keys, published.notice, published.sandbox, now, sandbox=True),
    )


def _under_a_good_key(keys: KeyRing, notice: SignedNotice, sealed: str, now: Instant, *, sandbox: bool) -> str:
    envelope = parse_token(sealed.encode(), TokenType.NOTICE)
    if not isinstance(envelope, Refused) and keys.is_believed(envelope.kid, sandbox=sandbox):
        return sealed
    if not keys.can_sign(Purpose.NOTICE, "*", now, sandbox=sandbox):
        return ""
    signer = keys.signer_for(Purpose.NOTICE, "*", now, sandbox=sandbox)
    entry = keys.root_of(sandbox=sandbox).document.find_key(signer.key_id)
    # A key signs only what is dated inside its own window.
    dated = notice.iat if entry is None else max(notice.iat, entry.nbf)
    return seal_notice(msgspec.structs.replace(notice, iat=dated), signer).decode()


def current_outages(conn: Connection) -> tuple[OutageAmnesty, ...]:
    """The amnesties of the notices that count."""

    def read() -> tuple[OutageAmnesty, ...]:
        return tuple(OutageAmnesty(each.notice.since, each.notice.until) for each in current_notices(conn))

    return read_once(conn, (current_outages,), read)
