"""Compares the rows that a request goes by with the facts they repeat: registrations, codes, installations, leases.

An edit of such a row with SQL would give a subscription to another customer, a code to another subscription, or a key
to another installation, while every chain stays whole. What is not compared here, and why, stands in `UNCOMPARED`.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from tenure.core.lease.claims import Lease
from tenure.core.subscription import facts as f
from tenure.core.subscription.fold import fold
from tenure.core.subscription.state import SiteState, Subscription
from tenure.store import claim_checks
from tenure.store import facts as histories
from tenure.store.chain import ChainFault, ChainFinding
from tenure.store.engine import Connection
from tenure.store.leases import PRESENT, SUCCESSOR
from tenure.store.schema import codes, facts, leases, sites, subscriptions
from tenure.wire import jws
from tenure.wire.jws import TokenType
from tenure.wire.keys import key_thumbprint

Known = dict[str, tuple[Subscription, tuple[f.Fact, ...]]]
IN_USE, LEFT = "in_use", "left"
"""The states of an installation's row."""
UNCOMPARED: Final = {
    "subscriptions.next_change": "when to look again: a reading settles what is due, whatever it says",
    "subscriptions.created": "shown in no answer and used in no rule",
    "codes.state": "repeats the history, which decides",
    "codes.created": "shown only",
    "sites.name": "what the site calls itself; shown only",
    "sites.version": "what the site last said; every request says it again",
    "sites.body": "what the site last reported (device port, hardware, shares): the next contact replaces it",
    "sites.token": "moves with every contact: an edit makes the site look like a copy, which its provider resolves",
    "sites.last_request": "as sites.token",
    "sites.answer": "signed: an edit is refused by the site",
    "sites.serial": "an edit makes the next lease too old, or skips numbers; the site refuses the first",
    "sites.epoch": "as sites.serial",
    "sites.revision": "decides only whether a new lease is signed",
    "sites.acked_serial": "acknowledged by the site's next contact",
    "sites.lease_until": "repeats the lease",
    "sites.promised_until": "delays money that is given back, at most by a lease",
    "sites.devices": "what the site last reported; the next contact replaces it",
    "sites.next_sync": "shown only",
    "sites.pace": "decides only whether a new lease is signed",
    "sites.created": "shown only",
    "sites.allotment": "repeats what the lease says, which is signed; the next share-out sets it again",
    "sites.devices_digest": "as sites.devices",
    "sites.last_contact": "shown, and used for silence: the next contact replaces it",
    "sites.token_count": "as sites.token",
    "sites.last_path": "shown only",
    "sites.last_trigger": "shown only",
    "sites.ephemeral": "whether a place is free at the lease's end; the next activation says it again",
    "leases.signed_at": "shown only",
    "leases.acked_at": "hastens what is given back, at most by a lease",
    "customers.version": "decides only whether a change was made with the newest form in hand",
    "customers.created": "shown only",
    "providers.clock_set": "of a sandbox, where nothing is real; the database allows no clock elsewhere",
    "providers.clock_rate": "as providers.clock_set",
    "providers.version": "as customers.version",
    "providers.created": "shown only",
    "accounts.settled_at": "settling goes by the history, and a period is posted once",
    "accounts.next_due": "when to look again: a reading settles what is due, whatever it says",
    "accounts.version": "decides only who of two writers has to try again",
    "gateways.secret_since": "shown only",
    "gateways.version": "as customers.version",
    "tokens.name": "shown only; the chain says who did what by id",
    "tokens.created": "shown only",
    "tokens.last_use": "shown only",
    "memberships.created": "shown only",
    "memberships.last_use": "which of one's own teams a sign-in begins in",
    "users.name": "shown only",
    "users.proposed": "a factor that counts once its owner has shown a code of it",
    "users.step": "lets a code of the last minute be used twice, by a user who also has the password",
    "users.created": "shown only",
    "sites (ephemeral)": "an installation for a day leaves no fact of its own; a daily fact holds count and digest",
    "payment_requests.note": "shown only",
    "payment_requests.by_actor": "shown only",
    "payment_requests.created": "shown only",
    "payment_requests.expires": "shown only: money that comes later is booked all the same",
    "payment_requests.withdrawn_at": "whether it is shown as open; money that comes is booked by the ledger, once",
    "payment_requests.booked_at": "as payment_requests.withdrawn_at",
    "payment_requests.booked_as": "as payment_requests.withdrawn_at",
    "payment_requests.paid": "shown only",
    "sessions.membership": "a session stands in a team of its own user, or it opens nothing",
    "sessions.last_use": "ends an idle session sooner or later, within the hours for which it was opened",
    "sessions.address": "shown only",
    "sessions.browser": "shown only",
    "invitations.name": "shown only",
    "invitations.created": "shown only",
    "invitations.by_actor": "shown only",
    "recovery.user": "the digest names its user: moved to another it is of no code",
    "recovery.digest": "keyed: making one needs the server's secrets; a missing code can be made again",
    "leases.until": "of leases whose bytes are no longer kept: moves what is given back, at most by a lease",
}
"""Columns without a chain of their own, each with the reason why an edit does no lasting harm."""
FORGOTTEN: Final = {
    "leases": "the site keeps what was signed; the next contact brings another",
    "payment_requests": "money that comes for it is booked by hand, and the audit says that it was asked for",
    "sessions": "a signed-out user signs in again",
    "invitations": "an invited user is invited again",
    "recovery": "a user makes other codes",
}
"""Tables whose rows may be missing, each with the reason why that takes nothing from anybody."""

_LOADED = (
    sa.select(facts.c.subscription, facts.c.body)
    .order_by(facts.c.subscription, facts.c.seq)
    .execution_options(yield_per=1000)
)
_REGISTERED = sa.select(
    subscriptions.c.id,
    subscriptions.c.provider,
    subscriptions.c.customer,
    subscriptions.c.product,
    subscriptions.c.trial,
)
_CODES = sa.select(codes.c.id, codes.c.subscription, codes.c.provider, codes.c.last_group, codes.c.digest)
_SITES = sa.select(
    sites.c.id,
    sites.c.provider,
    sites.c.customer,
    sites.c.product,
    sites.c.subscription,
    sites.c.successor,
    sites.c.thumbprint,
    sites.c.jwk,
    sites.c.state,
    sites.c.forked_at,
    sites.c.installation,
    sites.c.ephemeral,
)
_LEASES = sa.select(
    leases.c.site,
    leases.c.epoch,
    leases.c.serial,
    leases.c.slot,
    leases.c.subscription,
    leases.c.provider,
    leases.c.revision,
    leases.c.contact_until,
    leases.c.digest,
    leases.c.body,
).where(leases.c.body.is_not(None))


def verify_registers(conn: Connection) -> Iterator[ChainFinding]:
    """Every row that is not what the facts left; nothing for histories that cannot be read: the chain reports those."""
    known = _fold_histories(conn)
    yield from _verify_registrations(conn, known)
    yield from _verify_codes(conn, known)
    yield from _verify_installations(conn, known)
    yield from _verify_leases(conn, known)
    yield from claim_checks.verify_claims(conn, known)


def _fold_histories(conn: Connection) -> Known:
    found: Known = {}
    for name, rows in groupby(conn.execute(_LOADED), key=lambda row: row[0]):
        try:
            history = tuple(f.decode_fact(body) for _, body in rows)
            found[name] = fold(history), history
        except (msgspec.MsgspecError, ValueError, LookupError, TypeError, AttributeError):
            continue
    return found


def _verify_registrations(conn: Connection, known: Known) -> Iterator[ChainFinding]:
    for name, *said in conn.execute(_REGISTERED):
        held = known.get(name)
        if held is None:
            continue
        sub = held[0]
        ours = (sub.provider, sub.customer, sub.product, int(sub.trial))
        for column, left, now in zip(("provider", "customer", "product", "trial"), ours, said, strict=True):
            if left != now:
                yield _difference(name, sub.revision, f"the {column} is {now}, the history says {left}")


def _verify_codes(conn: Connection, known: Known) -> Iterator[ChainFinding]:
    issued = {
        ref.id: (name, sub.provider, ref.last_group, ref.digest, seq)
        for name, (sub, history) in known.items()
        for seq, ref in _issued_codes(history)
    }
    for code, subscription, provider, last_group, digest in conn.execute(_CODES):
        if subscription not in known:
            continue
        name, owner, group, kept, seq = issued.pop(code, ("", "", "", "", 0))
        if (subscription, provider, last_group) != (name, owner, group):
            yield _difference(
                name or subscription, seq, f"the code {code} opens {subscription}; the history says otherwise"
            )
        elif kept and kept != digest.hex():
            yield _difference(name, seq, f"the code {code} is another one than was given out")
    for code, (name, _, _, _, seq) in issued.items():
        yield ChainFinding(histories.name_of(name), seq, ChainFault.MISSING, f"the code {code} is gone")


def _issued_codes(history: Iterable[f.Fact]) -> Iterator[tuple[int, Any]]:
    for seq, fact in enumerate(history, 1):
        if isinstance(fact, f.Ordered | f.CodeReissued):
            yield seq, fact.code


def _verify_installations(conn: Connection, known: Known) -> Iterator[ChainFinding]:
    lasting = {
        part.id: (name, sub.revision)
        for name, (sub, _) in known.items()
        for part in sub.sites
        if part.is_active and not part.is_staged
    }
    for row in conn.execute(_SITES):
        lasting.pop(row.id, None)
        held = known.get(row.subscription)
        if held is None:
            yield _difference(row.subscription, 0, f"the installation {row.id} is of a subscription without a history")
            continue
        sub = held[0]
        part = sub.find_site(row.id)
        if part is not None:
            for said in _describe_difference(row, sub, part):
                yield _difference(row.subscription, sub.revision, f"of the installation {row.id} {said}")
        elif not row.ephemeral:
            yield _difference(row.subscription, sub.revision, f"the installation {row.id} never activated this")
        waits = known[row.successor][0].find_site(row.id) if row.successor in known else None
        if row.successor is not None and (waits is None or not waits.is_staged):
            yield _difference(row.successor, 0, f"it waits at no installation {row.id}")
    for site, (name, revision) in lasting.items():
        yield ChainFinding(histories.name_of(name), revision, ChainFault.MISSING, f"the installation {site} is gone")


def _describe_difference(row: Any, sub: Subscription, part: SiteState) -> Iterator[str]:
    """What of a row the history says otherwise, in words."""
    uses = row.state != LEFT
    if row.state not in (IN_USE, LEFT):
        yield f"the state is {row.state}"
    said = {
        "provider": (row.provider, sub.provider),
        "customer": (row.customer, sub.customer if part.is_active else row.customer),
        "product": (row.product, sub.product),
        "key": (row.thumbprint, part.key),
        "public key": (_jwk_thumbprint(row.jwk), part.key),
        "use": (uses, part.is_active),
        "open question about a copy": (
            uses and row.forked_at is not None,
            part.is_active and part.forked_at is not None,
        ),
        "kind": (row.installation, part.installation.value),
    }
    for what, (now, left) in said.items():
        if now != left:
            yield f"the {what} is {now}, the history says {left}"


def _verify_leases(conn: Connection, known: Known) -> Iterator[ChainFinding]:
    for site, epoch, serial, slot, subscription, provider, revision, until, digest, body in conn.execute(_LEASES):
        if subscription not in known:
            yield _difference(subscription, 0, f"the lease {serial} of {site} is of a subscription without a history")
            continue
        lease = _read_lease(body)
        row = (site, epoch, serial, subscription, revision, until)
        at_home = provider == known[subscription][0].provider and slot in (PRESENT, SUCCESSOR)
        says = None if lease is None else _of_row(lease)
        if not at_home or body is None or says != row or hashlib.sha256(body).digest() != digest:
            said = f"the {slot} lease {serial} of {site} is not the one that was signed"
            yield _difference(subscription, known[subscription][0].revision, said)


def _of_row(lease: Lease) -> tuple[str, int, int, str, int, int]:
    return lease.sub, lease.epoch, lease.serial, lease.subscription, lease.revision, lease.contact_until


def _read_lease(body: bytes | None) -> Lease | None:
    envelope = jws.parse_token(body or b"", TokenType.LEASE)
    try:
        return msgspec.json.decode(getattr(envelope, "payload", b""), type=Lease)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _jwk_thumbprint(jwk: bytes) -> str:
    try:
        spelled = msgspec.json.decode(jwk, type=dict[str, str])["x"]
        return key_thumbprint(base64.urlsafe_b64decode(spelled + "=" * (-len(spelled) % 4)))
    except (msgspec.MsgspecError, KeyError, ValueError):
        return ""


def _difference(subscription: str, seq: int, detail: str) -> ChainFinding:
    return ChainFinding(histories.name_of(subscription), seq, ChainFault.DIFFERS, detail)
