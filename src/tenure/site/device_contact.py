"""One request of one device, answered inside the caller's transaction: enrollment, refresh, release [spec: enrollment].

What a device may be refused for good is said signed; it is the device that decides what of that it obeys.
"""

from collections.abc import Callable

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.device_usage import counts_until, may_protect
from tenure.core.timeline import Instant
from tenure.site import duplicates, ids, subscription_change
from tenure.site.license import LicenseSnapshot
from tenure.site.seats import allowed_devices, next_contact, no_new_seat, refuse_distribution, seat_for, seat_times
from tenure.site.state_tokens import StateTokens
from tenure.site.store import devices, enrollments, events, groups, pools
from tenure.site.store.devices import DeviceDecision, DeviceRow
from tenure.site.store.writer import Connection
from tenure.wire import jws
from tenure.wire import seats as words
from tenure.wire.devices import DeviceAnswer, ProvenDeviceRequest, Result, read_lone_seat, seal_device_answer
from tenure.wire.keys import SeedSigner, key_thumbprint
from tenure.wire.leases import SealedLease
from tenure.wire.messages import to_signed_refusal

TAKEN_BACK = frozenset({DeviceDecision.WITHDRAWN, DeviceDecision.REMOVED})
NOTICES = 4
Term = tuple[Instant, Instant]
"""From when and until when a seat is signed."""
GONE = Refused(RefusalCode.NOT_FOUND, "This device does not belong to this site any more.", "device")


class ContactParts(msgspec.Struct, frozen=True, kw_only=True):
    """What every contact is answered with."""

    signer: SeedSigner
    tokens: StateTokens
    draw: Callable[[int], bytes]
    root: int
    """Version of the newest root document known here."""


class DeviceContact:
    """One request."""

    def __init__(
        self,
        desk: ContactParts,
        conn: Connection,
        asked: ProvenDeviceRequest,
        look: LicenseSnapshot,
        lease: SealedLease,
    ) -> None:
        self._desk, self._conn, self._asked, self._look, self._lease = desk, conn, asked, look, lease
        self._now = look.now
        self._message = asked.message
        self._key = key_thumbprint(asked.public)
        self._row: DeviceRow | None = None
        """The device as its row stands; what an answer says of it is written once, with the answer."""

    def answer_request(self) -> bytes:
        """The signed answer; its effects are in the transaction."""
        subscription_change.notice_switch(self._conn, self._message.product, self._look)
        product = self._message.product
        device = devices.by_key(self._conn, product, self._key)
        if device is None:
            device = duplicates.come_back(self._conn, product, self._key, self._look)
        if device is None:
            return self._answer_unknown()
        self._row = device
        if device.last_request == self._message.request:
            return self._serve_device(device)  # sent again because the answer was lost: same token, same effect
        shown = self._desk.tokens.read_number(device.id, self._message.token)
        if shown is None or shown < device.count:
            return self._answer_copy(device)
        # A newer authentic token: the site was restored from a backup, and the device knows more (as in
        # [spec: fork-rule]).
        return self._serve_device(self._rotate_token(device, max(shown, device.count) + 1))

    # who it is

    def _answer_unknown(self) -> bytes:
        if self._message.ask == "enroll":
            return self._enroll_device()
        if self._message.seat:
            return self._adopt_device()
        if self._message.ask == "release":
            return self._refuse_device(GONE)  # nothing of it is known, so nothing counts
        return self._make_answer("send_seat")

    def _enroll_device(self) -> bytes:
        enrollment = enrollments.use_token(self._conn, self._message.enrollment, self._message.product, self._now)
        if enrollment is None:
            return self._refuse_device(
                Refused(RefusalCode.NOT_AUTHENTICATED, "The enrollment token is unknown, spent or over.")
            )
        groups.ensure_group(self._conn, enrollment.group)
        device = self._new_device(self._make_id("dev"), enrollment.group, count=1)
        twin = devices.twin_of(self._conn, device)
        if twin is not None:
            device = msgspec.structs.replace(device, twin=twin.id)
        if not device.ephemeral:
            self._add_event("info", "device_enrolled", f"{_device_label(device)} was enrolled.", device)
        return self._serve_device(device)

    def _adopt_device(self) -> bytes:
        """A device that the site has forgotten, but whose seat it signed: it counts, whatever is allowed
        [spec: new-seats]."""
        held = read_lone_seat(self._message.seat.encode("ascii"), self._desk.signer.public)
        if isinstance(held, Refused) or held.cnf.jkt != self._key or held.aud != self._message.product:
            return self._refuse_device(
                Refused(RefusalCode.NOT_AUTHENTICATED, "This site knows neither the device nor its seat.")
            )
        if held.exp <= self._now or devices.by_id(self._conn, held.sub) is not None:
            return self._refuse_device(Refused(RefusalCode.NOT_AUTHENTICATED, "Its seat is over; enroll it again."))
        count = self._desk.tokens.read_number(held.sub, self._message.token) or 0
        fresh = self._new_device(held.sub, groups.DEFAULT, count=count + 1)
        signed = {"seat": held.jti, "seat_until": held.exp, "lease_iat": held.iat, "state": DeviceDecision.PROTECTED}
        pools.adopt_place(self._conn, self._message.product)
        device = msgspec.structs.replace(fresh, **signed, counted=1, counts_until=held.exp)
        self._add_event(
            "warning", "device_adopted", f"{_device_label(device)} held a seat that this site had forgotten.", device
        )
        return self._serve_device(device)

    def _answer_copy(self, device: DeviceRow) -> bytes:
        """A token used before, with a new request: two copies of the device live. No refresh; it takes a new key."""
        self._add_event("warning", "device_copied", f"Two copies of {_device_label(device)} use one identity.", device)
        return self._make_answer("copied")

    def _new_device(self, name: str, group: str, *, count: int) -> DeviceRow:
        """A row of its own. Of an ephemeral device no hardware is kept: containers share it, and none is another's
        former self."""
        message = self._message
        return DeviceRow(
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
            state=DeviceDecision.WAITING,
            counted=0,
            counts_until=0,
            pinned=0,
            twin="",
            note="",
            ephemeral=int(message.ephemeral),
        )

    def _rotate_token(self, device: DeviceRow, count: int) -> DeviceRow:
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

    def _serve_device(self, device: DeviceRow) -> bytes:
        if self._message.ask == "release":
            return self._release_device(device)
        if device.state in TAKEN_BACK:
            return self._taken_back(device)
        device = self._settle_device(device)
        term = seat_times(self._lease.lease, self._now, ephemeral=bool(device.ephemeral))
        if not device.counted:
            term = self._claim_seat(device, term)
        elif device.state == DeviceDecision.DISPLACED:
            term = subscription_change.no_return(self._conn, device.product, self._look) or term
        return self._without_seat(device, term) if isinstance(term, Refused) else self._sign_seat(device, term)

    def _settle_device(self, device: DeviceRow) -> DeviceRow:
        """The device after it is known, as far as it can be, what became of its twin."""
        settled = duplicates.settle_twin(self._conn, device, self._look)
        if settled is not device:
            self._row = settled
        return settled

    def _claim_seat(self, device: DeviceRow, term: Term | Refused) -> Term | Refused:
        """Counts the device if there is room: one statement, whose cost does not depend on how many there are.

        Nothing is counted where no seat can be signed.
        """
        pool = pools.get_pool(self._conn, device.product)
        automatic = groups.is_automatic(self._conn, device.group)
        barred = no_new_seat(self._look, pool) or refuse_distribution(device, self._lease.lease, automatic=automatic)
        if barred is not None or isinstance(term, Refused):
            return barred or term
        most = allowed_devices(self._lease.lease)
        if not pools.claim_place(self._conn, device.product, most):
            return may_protect(pool.counted, most) or Refused(RefusalCode.INTERNAL)
        if pool.stopped:
            pools.noticed_stopped(self._conn, device.product, stopped=False)
        return term

    def _without_seat(self, device: DeviceRow, refused: Refused) -> bytes:
        if not device.counted:
            full = refused.code is RefusalCode.DEVICE_LIMIT_REACHED
            if full and pools.noticed_stopped(self._conn, device.product, stopped=True):
                text = f"Distribution of seats has stopped: {refused.detail} {_device_label(device)} waits."
                self._add_event("warning", "device_limit_reached", text, device)
            device = msgspec.structs.replace(device, state=DeviceDecision.WAITING, note=refused.code.value)
        return self._refuse_device(refused, device)

    def _sign_seat(self, device: DeviceRow, term: Term) -> bytes:
        seat = seat_for(self._lease, device.id, device.thumbprint, self._make_id("seat"), term)
        bundle = words.seal_seat(seat, self._lease, self._desk.signer)
        sealed = msgspec.json.decode(bundle, type=words.SeatBundle).seat
        held = msgspec.structs.replace(
            device,
            state=DeviceDecision.PROTECTED,
            counted=1,
            seat=seat.jti,
            seat_sha256=jws.token_digest(sealed.encode("ascii")),
            # Under a lease that ends sooner an earlier seat of an ephemeral device counts on: no silence is waited for.
            seat_until=max(seat.exp, device.seat_until) if device.ephemeral else seat.exp,
            lease_iat=self._lease.lease.iat,
            note="",
        )
        moved = duplicates.amnesty_of(held, self._look)
        until = counts_until(held.as_counted(moved), self._lease.lease.figures.idle_release_days)
        return self._make_answer("seat", msgspec.structs.replace(held, counts_until=until), seat=sealed)

    def _taken_back(self, device: DeviceRow) -> bytes:
        """The administrator's word reaches the device: it erases its seat and says so, which frees at once."""
        if device.counted:
            return self._make_answer("erase", device)
        if device.state == DeviceDecision.REMOVED:
            return self._refuse_device(GONE, device)
        return self._refuse_device(
            Refused(RefusalCode.ACTION_NOT_PERMITTED, "The administrator has withdrawn this device."), device
        )

    def _release_device(self, device: DeviceRow) -> bytes:
        receipt = self._message.erased.encode("ascii")
        erased = words.read_erased(receipt, self._asked.public)
        if isinstance(erased, Refused):
            return self._refuse_device(erased, device)
        if device.counted and (erased.what, erased.jti, erased.sub) == ("seat", device.seat, device.id):
            if not device.ephemeral:
                self._add_event("info", "device_released", f"{_device_label(device)} has given its seat up.", device)
            state = DeviceDecision(device.state) if device.state in TAKEN_BACK else DeviceDecision.RELEASED
            device = self._row = devices.stop_counting(self._conn, device, state)
        return (
            self._refuse_device(GONE, device)
            if device.state == DeviceDecision.REMOVED
            else self._make_answer("released", device)
        )

    # the answer

    def _refuse_device(self, refused: Refused, device: DeviceRow | None = None) -> bytes:
        return self._make_answer("refused", device, refused=refused)

    def _make_answer(
        self, result: Result, device: DeviceRow | None = None, *, seat: str = "", refused: Refused | None = None
    ) -> bytes:
        if device is not None and device != self._row:
            devices.save_device(self._conn, device, self._row)
        lease = "" if self._message.lease == self._lease.digest else self._lease.token.decode("ascii")
        has_seat = device is not None and bool(device.counted) and device.state != DeviceDecision.DISPLACED
        ephemeral = device is not None and bool(device.ephemeral)
        message = DeviceAnswer(
            nonce=self._message.nonce,
            request_sha256=self._asked.sha256,
            time=self._now,
            root=self._desk.root,
            result=result,
            device="" if device is None else device.id,
            token="" if device is None else self._desk.tokens.make_token(device.id, device.count),
            seat=seat,
            lease=lease,
            next_contact=next_contact(self._lease.lease, self._now, has_seat=has_seat, ephemeral=ephemeral),
            notices=tuple(each.decode("ascii") for each in self._look.kept.notices[-NOTICES:]),
            refusal=None if refused is None else to_signed_refusal(refused),
        )
        return seal_device_answer(message, self._desk.signer)

    def _make_id(self, prefix: str) -> str:
        return ids.new_id(prefix, self._now, self._desk.draw)

    def _add_event(self, severity: events.Severity, kind: str, text: str, device: DeviceRow) -> None:
        events.add_once_an_hour(self._conn, self._now, severity, kind, text, product=device.product, device=device.id)


def _device_label(device: DeviceRow) -> str:
    return device.name or device.id
