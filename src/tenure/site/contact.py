"""One request of one device, answered inside the caller's transaction: enrolment, refresh, release [spec: enrollment].

What a device may be refused for good is said signed; it is the device that decides what of that it obeys.
"""

from collections.abc import Callable

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.core.usage import counts_until, may_protect
from tenure.site import ids, merging, switching
from tenure.site.license import Look
from tenure.site.seats import allowed, next_contact, no_new_seat, seat_for, signable, undistributed
from tenure.site.store import devices, enrolments, events, groups, pools
from tenure.site.store.devices import Device, State
from tenure.site.store.writer import Connection
from tenure.site.tokens import Tokens
from tenure.wire import seal
from tenure.wire import seats as words
from tenure.wire.devices import Asked, DeviceAnswer, Result, read_lone_seat
from tenure.wire.devices import answer as sealed_answer
from tenure.wire.keys import SeedSigner, thumbprint
from tenure.wire.leases import SealedLease
from tenure.wire.messages import refusal

TAKEN_BACK = frozenset({State.WITHDRAWN, State.REMOVED})
NOTICES = 4
Term = tuple[Instant, Instant]
"""From when and until when a seat is signed."""
GONE = Refused(Code.NOT_FOUND, "This device does not belong to this site any more.", "device")


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What every contact is answered with."""

    signer: SeedSigner
    tokens: Tokens
    draw: Callable[[int], bytes]
    root: int
    """Version of the newest root document known here."""


class Contact:
    """One request."""

    def __init__(self, desk: Desk, conn: Connection, asked: Asked, look: Look, lease: SealedLease) -> None:
        self._desk, self._conn, self._asked, self._look, self._lease = desk, conn, asked, look, lease
        self._now = look.now
        self._message = asked.message
        self._key = thumbprint(asked.public)
        self._row: Device | None = None
        """The device as its row stands; what an answer says of it is written once, with the answer."""

    def answer(self) -> bytes:
        """The signed answer; its effects are in the transaction."""
        switching.noticed(self._conn, self._message.product, self._look)
        product = self._message.product
        device = devices.by_key(self._conn, product, self._key)
        if device is None:
            device = merging.come_back(self._conn, product, self._key, self._look)
        if device is None:
            return self._stranger()
        self._row = device
        if device.last_request == self._message.request:
            return self._served(device)  # sent again because the answer was lost: same token, same effect
        shown = self._desk.tokens.read(device.id, self._message.token)
        if shown is None or shown < device.count:
            return self._copied(device)
        # A newer authentic token: the site was restored from a backup, and the device knows more (as in
        # [spec: fork-rule]).
        return self._served(self._turned(device, max(shown, device.count) + 1))

    # who it is

    def _stranger(self) -> bytes:
        if self._message.ask == "enrol":
            return self._enrolled()
        if self._message.seat:
            return self._adopted()
        if self._message.ask == "release":
            return self._refused(GONE)  # nothing of it is known, so nothing counts
        return self._said("send_seat")

    def _enrolled(self) -> bytes:
        enrolment = enrolments.use(self._conn, self._message.enrolment, self._message.product, self._now)
        if enrolment is None:
            return self._refused(Refused(Code.NOT_AUTHENTICATED, "The enrolment token is unknown, spent or over."))
        groups.ensure(self._conn, enrolment.group)
        device = self._new(self._made("dev"), enrolment.group, count=1)
        twin = devices.twin_of(self._conn, device)
        if twin is not None:
            device = msgspec.structs.replace(device, twin=twin.id)
        if not device.ephemeral:
            self._event("info", "device_enrolled", f"{_called(device)} was enrolled.", device)
        return self._served(device)

    def _adopted(self) -> bytes:
        """A device that the site has forgotten, but whose seat it signed: it counts, whatever is allowed
        [spec: new-seats]."""
        held = read_lone_seat(self._message.seat.encode("ascii"), self._desk.signer.public)
        if isinstance(held, Refused) or held.cnf.jkt != self._key or held.aud != self._message.product:
            return self._refused(Refused(Code.NOT_AUTHENTICATED, "This site knows neither the device nor its seat."))
        if held.exp <= self._now or devices.by_id(self._conn, held.sub) is not None:
            return self._refused(Refused(Code.NOT_AUTHENTICATED, "Its seat is over; enrol it again."))
        count = self._desk.tokens.read(held.sub, self._message.token) or 0
        fresh = self._new(held.sub, groups.DEFAULT, count=count + 1)
        signed = {"seat": held.jti, "seat_until": held.exp, "lease_iat": held.iat, "state": State.PROTECTED}
        pools.adopt(self._conn, self._message.product)
        device = msgspec.structs.replace(fresh, **signed, counted=1, counts_until=held.exp)
        self._event("warning", "device_adopted", f"{_called(device)} held a seat that this site had forgotten.", device)
        return self._served(device)

    def _copied(self, device: Device) -> bytes:
        """A token used before, with a new request: two copies of the device live. No refresh; it takes a new key."""
        self._event("warning", "device_copied", f"Two copies of {_called(device)} use one identity.", device)
        return self._said("copied")

    def _new(self, name: str, group: str, *, count: int) -> Device:
        """A row of its own. Of an ephemeral device no hardware is kept: containers share it, and none is another's
        former self."""
        message = self._message
        return Device(
            number=0,
            id=name,
            product=message.product,
            thumbprint=self._key,
            name=message.name,
            group=group,
            version=message.version,
            hardware=b"{}" if message.ephemeral else msgspec.json.encode(message.hardware),
            created=self._now,
            last_seen=self._now,
            count=count,
            last_request=message.request,
            seat="",
            seat_sha256="",
            seat_until=0,
            lease_iat=0,
            state=State.WAITING,
            counted=0,
            counts_until=0,
            pinned=0,
            twin="",
            note="",
            ephemeral=int(message.ephemeral),
        )

    def _turned(self, device: Device, count: int) -> Device:
        """The device after a new request that showed the current token."""
        message = self._message
        return msgspec.structs.replace(
            device,
            count=count,
            last_request=message.request,
            last_seen=max(self._now, device.last_seen),
            name=message.name or device.name,
            version=message.version or device.version,
        )

    # what it gets

    def _served(self, device: Device) -> bytes:
        if self._message.ask == "release":
            return self._released(device)
        if device.state in TAKEN_BACK:
            return self._taken_back(device)
        device = self._settled(device)
        term = signable(self._lease.lease, self._now, ephemeral=bool(device.ephemeral))
        if not device.counted:
            term = self._claimed(device, term)
        elif device.state == State.DISPLACED:
            term = switching.no_return(self._conn, device.product, self._look) or term
        return self._without_seat(device, term) if isinstance(term, Refused) else self._seated(device, term)

    def _settled(self, device: Device) -> Device:
        """The device after it is known, as far as it can be, what became of its twin."""
        settled = merging.settle_twin(self._conn, device, self._look)
        if settled is not device:
            self._row = settled
        return settled

    def _claimed(self, device: Device, term: Term | Refused) -> Term | Refused:
        """Counts the device if there is room: one statement, whose cost does not depend on how many there are.

        Nothing is counted where no seat can be signed.
        """
        pool = pools.pool(self._conn, device.product)
        automatic = groups.automatic(self._conn, device.group)
        barred = no_new_seat(self._look, pool) or undistributed(device, self._lease.lease, automatic=automatic)
        if barred is not None or isinstance(term, Refused):
            return barred or term
        most = allowed(self._lease.lease)
        if not pools.claim(self._conn, device.product, most):
            return may_protect(pool.counted, most) or Refused(Code.INTERNAL)
        if pool.stopped:
            pools.noticed_stopped(self._conn, device.product, stopped=False)
        return term

    def _without_seat(self, device: Device, refused: Refused) -> bytes:
        if not device.counted:
            full = refused.code is Code.DEVICE_LIMIT_REACHED
            if full and pools.noticed_stopped(self._conn, device.product, stopped=True):
                text = f"Distribution of seats has stopped: {refused.detail} {_called(device)} waits."
                self._event("warning", "device_limit_reached", text, device)
            device = msgspec.structs.replace(device, state=State.WAITING, note=refused.code.value)
        return self._refused(refused, device)

    def _seated(self, device: Device, term: Term) -> bytes:
        seat = seat_for(self._lease, device.id, device.thumbprint, self._made("seat"), term)
        bundle = words.seal_seat(seat, self._lease, self._desk.signer)
        sealed = msgspec.json.decode(bundle, type=words.Bundle).seat
        held = msgspec.structs.replace(
            device,
            state=State.PROTECTED,
            counted=1,
            seat=seat.jti,
            seat_sha256=seal.digest(sealed.encode("ascii")),
            # Under a lease that ends sooner an earlier seat of an ephemeral device counts on: no silence is waited for.
            seat_until=max(seat.exp, device.seat_until) if device.ephemeral else seat.exp,
            lease_iat=self._lease.lease.iat,
            note="",
        )
        moved = merging.moved(held, self._look)
        until = counts_until(held.counting(moved), self._lease.lease.figures.idle_release_days)
        return self._said("seat", msgspec.structs.replace(held, counts_until=until), seat=sealed)

    def _taken_back(self, device: Device) -> bytes:
        """The administrator's word reaches the device: it erases its seat and says so, which frees at once."""
        if device.counted:
            return self._said("erase", device)
        if device.state == State.REMOVED:
            return self._refused(GONE, device)
        return self._refused(Refused(Code.ACTION_NOT_PERMITTED, "The administrator has withdrawn this device."), device)

    def _released(self, device: Device) -> bytes:
        receipt = self._message.erased.encode("ascii")
        erased = words.read_erased(receipt, self._asked.public)
        if isinstance(erased, Refused):
            return self._refused(erased, device)
        if device.counted and (erased.what, erased.jti, erased.sub) == ("seat", device.seat, device.id):
            if not device.ephemeral:
                self._event("info", "device_released", f"{_called(device)} has given its seat up.", device)
            state = State(device.state) if device.state in TAKEN_BACK else State.RELEASED
            device = self._row = devices.uncounted(self._conn, device, state)
        return self._refused(GONE, device) if device.state == State.REMOVED else self._said("released", device)

    # the answer

    def _refused(self, refused: Refused, device: Device | None = None) -> bytes:
        return self._said("refused", device, refused=refused)

    def _said(
        self, result: Result, device: Device | None = None, *, seat: str = "", refused: Refused | None = None
    ) -> bytes:
        if device is not None and device != self._row:
            devices.save(self._conn, device, self._row)
        lease = "" if self._message.lease == self._lease.digest else self._lease.token.decode("ascii")
        has_seat = device is not None and bool(device.counted) and device.state != State.DISPLACED
        ephemeral = device is not None and bool(device.ephemeral)
        message = DeviceAnswer(
            nonce=self._message.nonce,
            request_sha256=self._asked.sha256,
            time=self._now,
            root=self._desk.root,
            result=result,
            device="" if device is None else device.id,
            token="" if device is None else self._desk.tokens.token(device.id, device.count),
            seat=seat,
            lease=lease,
            next_contact=next_contact(self._lease.lease, self._now, has_seat=has_seat, ephemeral=ephemeral),
            notices=tuple(each.decode("ascii") for each in self._look.kept.notices[-NOTICES:]),
            refusal=None if refused is None else refusal(refused),
        )
        return sealed_answer(message, self._desk.signer)

    def _made(self, prefix: str) -> str:
        return ids.new(prefix, self._now, self._desk.draw)

    def _event(self, severity: events.Severity, kind: str, text: str, device: Device) -> None:
        events.add_once_an_hour(self._conn, self._now, severity, kind, text, product=device.product, device=device.id)


def _called(device: Device) -> str:
    return device.name or device.id
