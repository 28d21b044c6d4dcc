"""One request of one device, inside the caller's transaction: what the site knows is read, and what follows is stored
[spec: enrollment].

What the device is answered is decided in `device_reply`, which touches neither store nor key.
"""

from collections.abc import Callable

import msgspec

from tenure.core.refusals import Refused
from tenure.site import device_reply, duplicates, ids, subscription_change
from tenure.site.device_values import DeviceEffects, DeviceKnowledge, DeviceReply, new_device
from tenure.site.license import LicenseSnapshot
from tenure.site.seats import SeatTerms
from tenure.site.state_tokens import StateTokens
from tenure.site.store import devices, enrollments, events, groups, pools
from tenure.site.store.devices import DeviceDecision, DeviceRow
from tenure.site.store.writer import Connection
from tenure.wire import jws
from tenure.wire import seats as words
from tenure.wire.devices import ProvenDeviceRequest, read_lone_seat, seal_device_answer
from tenure.wire.keys import SeedSigner, key_thumbprint
from tenure.wire.leases import SealedLease


class ContactParts(msgspec.Struct, frozen=True, kw_only=True):
    """What every contact is answered with."""

    signer: SeedSigner
    tokens: StateTokens
    draw: Callable[[int], bytes]
    root: int
    """Version of the newest root document known here."""


def answer_device(
    parts: ContactParts, conn: Connection, asked: ProvenDeviceRequest, look: LicenseSnapshot, terms: SeatTerms
) -> bytes:
    """The signed answer; its effects are in the transaction."""
    known = gather(parts, conn, asked, look)
    reply = device_reply.reply(known, asked, look, terms, parts.root)
    device, sealed = _sign_seat(parts, reply, look, terms.sealed)
    _store_effects(conn, asked, look, reply.effects)
    if device is not None and device != known.device:
        devices.save_device(conn, device, known.device)
    token = "" if device is None else parts.tokens.make_token(device.id, device.count)
    answer = msgspec.structs.replace(reply.answer, token=token, seat=sealed)
    return seal_device_answer(answer, parts.signer)


def gather(parts: ContactParts, conn: Connection, asked: ProvenDeviceRequest, look: LicenseSnapshot) -> DeviceKnowledge:
    """What the site knows of the device that asks, once a switch of the subscription is noticed."""
    product, key = asked.message.product, key_thumbprint(asked.public)
    pool = subscription_change.notice_switch(conn, product, look)
    device = devices.by_key(conn, product, key)
    if device is None and (device := duplicates.come_back(conn, product, key, look)) is not None:
        pool = pools.get_pool(conn, product)  # it may count again
    if device is None:
        return _gather_unknown(parts, conn, asked, DeviceKnowledge(device=None, pool=pool), look)
    twin = devices.by_id(conn, device.twin) if device.twin else None
    return DeviceKnowledge(
        device=device,
        pool=pool,
        shown=parts.tokens.read_number(device.id, asked.message.token),
        twin=twin,
        automatic=_automatic_groups(conn, device, twin),
        displaced=devices.count_displaced(conn, product) if device.state == DeviceDecision.DISPLACED else 0,
    )


def _gather_unknown(
    parts: ContactParts, conn: Connection, asked: ProvenDeviceRequest, known: DeviceKnowledge, look: LicenseSnapshot
) -> DeviceKnowledge:
    message = asked.message
    if message.ask == "enroll":
        token = enrollments.usable_token(conn, message.enrollment, message.product, look.now)
        if token is None:
            return known
        name = ids.new_id("dev", look.now, parts.draw)
        device = new_device(asked, name, token.group, look.now, count=1)
        twin = devices.twin_of(conn, device)
        automatic = _automatic_groups(conn, device, twin)
        return msgspec.structs.replace(known, fresh=device, twin=twin, automatic=automatic)
    held = read_lone_seat(message.seat.encode("ascii"), parts.signer.public) if message.seat else None
    if held is None or isinstance(held, Refused):
        return msgspec.structs.replace(known, held=held)
    return msgspec.structs.replace(
        known,
        held=held,
        shown=parts.tokens.read_number(held.sub, message.token),
        is_taken=devices.by_id(conn, held.sub) is not None,
    )


def _automatic_groups(conn: Connection, device: DeviceRow, twin: DeviceRow | None) -> frozenset[str]:
    """The groups that give seats by themselves, of those the device can be in once it claims one."""
    if device.counted:
        return frozenset()
    names = {device.group} if twin is None else {device.group, twin.group}
    return frozenset(name for name in names if groups.is_automatic(conn, name))


def _sign_seat(
    parts: ContactParts, reply: DeviceReply, look: LicenseSnapshot, lease: SealedLease
) -> tuple[DeviceRow | None, str]:
    """The device as its row is to be, and its seat as signed; empty where none is."""
    if reply.seat is None or reply.device is None:
        return reply.device, ""
    seat = msgspec.structs.replace(reply.seat, jti=ids.new_id("seat", look.now, parts.draw))
    sealed = words.sign_seat(seat, lease, parts.signer)
    digest = jws.token_digest(sealed.encode("ascii"))
    return msgspec.structs.replace(reply.device, seat=seat.jti, seat_sha256=digest), sealed


def _store_effects(conn: Connection, asked: ProvenDeviceRequest, look: LicenseSnapshot, effects: DeviceEffects) -> None:
    product = asked.message.product
    if effects.uses_token:
        token = enrollments.use_token(conn, asked.message.enrollment, product, look.now)
        groups.ensure_group(conn, "" if token is None else token.group)
    # Of a device whose id was drawn just now nothing was told yet.
    add_event = events.add if effects.uses_token else events.add_once_an_hour
    for event in effects.events:
        add_event(conn, look.now, event.severity, event.kind, event.text, product=product, device=event.device)
    if effects.twin is not None:
        duplicates.store_merge(conn, effects.twin, look.now)
    if effects.adopts:
        pools.adopt_place(conn, product)
    if effects.claims is not None and not pools.claim_place(conn, product, effects.claims):
        raise RuntimeError("a place that was free in this transaction is not free")
    if effects.frees:
        pools.free_place(conn, product)
    if effects.stopped is not None:
        pools.noticed_stopped(conn, product, stopped=effects.stopped)
