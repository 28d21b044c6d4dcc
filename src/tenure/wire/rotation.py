"""Planned change of online keys, step by step, each step refusing the order that would lock a client out
[spec: key-rotation].

Publish, wait out the refresh interval, use, close, keep as long as anything it signed may live, retire. The functions
make the next unsigned `RootDocument`; signing it with the root keys is `root.sign_document`.
"""

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Instant
from tenure.wire.keys import Purpose
from tenure.wire.root import OnlineKey, RootDocument, RootKey, check_document

REFRESH = 2 * DAY
"""Seconds in which every client that is in touch has fetched a new root: a day and its jitter, with one miss."""
LONGEST_AMNESTY = 30 * DAY


def first_document(
    id_: str,
    root_keys: tuple[RootKey, ...],
    threshold: int,
    keys: tuple[OnlineKey, ...],
    now: Instant,
    expires: Instant,
) -> RootDocument | Refused:
    """Version 1. Its keys may be used at once (`published` is 0): no client can hold an older root.

    Refuses with `root_rejected` what no reader would accept.
    """
    first = tuple(msgspec.structs.replace(key, published=0) for key in keys)
    made = RootDocument(
        id=id_, version=1, issued=now, expires=expires, threshold=threshold, root_keys=root_keys, keys=first
    )
    fault = check_document(made)
    return made if fault is None else fault


def publish_key(document: RootDocument, key: OnlineKey, now: Instant, expires: Instant) -> RootDocument | Refused:
    """The next version, in which `key` can be verified but is not yet used.

    Refuses with `already_exists` an id or public key that is known, with `root_rejected` what no reader would accept.
    """
    known: list[OnlineKey | RootKey] = [*document.keys, *document.root_keys]
    if any(key.kid == other.kid or key.x == other.x for other in known):
        return Refused(RefusalCode.ALREADY_EXISTS, f"{key.kid}, or its public key, is in the document already.", "kid")
    published = msgspec.structs.replace(key, published=now)
    return _next_version(document, (*document.keys, published), now, expires)


def usable_key(document: RootDocument, kid: str, now: Instant, refresh: int = REFRESH) -> OnlineKey | Refused:
    """The key `kid` if the server may sign with it at `now`.

    Refuses with `key_unknown`, or `key_not_for_this` and `when`: earlier than `refresh` seconds after its publication
    clients that hold an older root would refuse what it signs.
    """
    key = document.find_key(kid)
    if key is None:
        return Refused(RefusalCode.KEY_UNKNOWN, f"{kid} is not published.")
    ready = max(key.nbf, key.published + refresh)
    if now < ready:
        return Refused(RefusalCode.KEY_NOT_FOR_THIS, f"{kid} is not with every client yet.", when=ready)
    if now >= key.naf:
        return Refused(RefusalCode.KEY_NOT_FOR_THIS, f"{kid} signs nothing any more.")
    return key


def signing_key(
    document: RootDocument, purpose: Purpose, product: str, now: Instant, refresh: int = REFRESH
) -> OnlineKey | Refused:
    """The newest key that may sign for `purpose` and `product` at `now`; `key_not_for_this` when there is none."""
    fitting = (key for key in document.keys if key.purpose is purpose and key.covers(product))
    ready = [key for key in fitting if not isinstance(usable_key(document, key.kid, now, refresh), Refused)]
    if not ready:
        return Refused(RefusalCode.KEY_NOT_FOR_THIS, f"No key may sign for {purpose.value} of {product} now.")
    return max(ready, key=lambda key: (key.published, key.nbf, key.kid))


def last_resort(
    document: RootDocument, purpose: Purpose, product: str, now: Instant, refresh: int = REFRESH
) -> OnlineKey | Refused:
    """As `signing_key`; where no key is ready, the newest that waits for clients to hear of it signs at once.

    That is the case after a revocation. A client that meets a key it does not know fetches the next root documents and
    looks again, so that it is served on the same contact; to wait for `refresh` would serve no client meanwhile.
    Example: key A is revoked and B published at 12:00; with no other key B signs from 12:00 on, not two days later.
    """
    key = signing_key(document, purpose, product, now, refresh)
    return signing_key(document, purpose, product, now, 0) if isinstance(key, Refused) else key


def replace_key(
    document: RootDocument, kid: str, key: OnlineKey, now: Instant, expires: Instant
) -> RootDocument | Refused:
    """The next version, with `key` in the place of `kid`, at once: for one that was stolen and is the last of its kind.

    Refuses with `key_unknown`, and like `publish_key`.
    """
    if document.find_key(kid) is None:
        return Refused(RefusalCode.KEY_UNKNOWN, f"{kid} is not published.")
    known: list[OnlineKey | RootKey] = [*document.keys, *document.root_keys]
    if any(key.kid == other.kid or key.x == other.x for other in known):
        return Refused(RefusalCode.ALREADY_EXISTS, f"{key.kid}, or its public key, is in the document already.", "kid")
    published = msgspec.structs.replace(key, published=now)
    return _next_version(document, (*(each for each in document.keys if each.kid != kid), published), now, expires)


def close_key(
    document: RootDocument, kid: str, now: Instant, expires: Instant, refresh: int = REFRESH
) -> RootDocument | Refused:
    """The next version, in which `kid` signs nothing dated from `now` on; what it signed stays verifiable.

    Refuses with `key_unknown`, or `key_not_for_this` while no other key that is ready could take over.
    """
    key = document.find_key(kid)
    if key is None:
        return Refused(RefusalCode.KEY_UNKNOWN, f"{kid} is not published.")
    if now <= key.nbf:
        return Refused(RefusalCode.KEY_NOT_FOR_THIS, f"{kid} is not in use yet.", when=key.nbf + 1)
    others = msgspec.structs.replace(document, keys=tuple(other for other in document.keys if other.kid != kid))
    for product in key.products:
        successor = signing_key(others, key.purpose, product, now, refresh)
        if isinstance(successor, Refused):
            return Refused(successor.code, f"Without {kid} nothing could sign for {key.purpose.value} of {product}.")
    closed = msgspec.structs.replace(key, naf=min(key.naf, now))
    return _next_version(document, tuple(closed if other is key else other for other in document.keys), now, expires)


def verifiable_until(key: OnlineKey) -> Instant:
    """The instant before which something signed by `key` may still have to be verified.

    A lease signed in its last second lives `longest`; a successor staged with it begins at that end at the latest and
    lives as long again; an amnesty moves both.
    """
    return key.naf + 2 * key.longest + LONGEST_AMNESTY


def retire_key(document: RootDocument, kid: str, now: Instant, expires: Instant) -> RootDocument | Refused:
    """The next version without `kid`.

    Refuses with `key_unknown`, or `key_not_for_this` and `when`, while leases signed by it can still live.
    """
    key = document.find_key(kid)
    if key is None:
        return Refused(RefusalCode.KEY_UNKNOWN, f"{kid} is not published.")
    when = verifiable_until(key)
    if now < when:
        return Refused(RefusalCode.KEY_NOT_FOR_THIS, f"What {kid} signed may still have to be verified.", when=when)
    return revoke_key(document, kid, now, expires)


def revoke_key(document: RootDocument, kid: str, now: Instant, expires: Instant) -> RootDocument | Refused:
    """The next version without `kid`, at once, also where clients lose service by it: for a key that was stolen.

    Everything it signed is refused by every reader that holds the new version. Refuses with `key_unknown`.
    """
    if document.find_key(kid) is None:
        return Refused(RefusalCode.KEY_UNKNOWN, f"{kid} is not published.")
    return _next_version(document, tuple(key for key in document.keys if key.kid != kid), now, expires)


def _next_version(
    document: RootDocument, keys: tuple[OnlineKey, ...], now: Instant, expires: Instant
) -> RootDocument | Refused:
    made = msgspec.structs.replace(document, version=document.version + 1, issued=now, expires=expires, keys=keys)
    fault = check_document(made)
    return made if fault is None else fault
