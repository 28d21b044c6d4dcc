"""What a device is answered: a pure function of what the site knows, the request, and the license [spec: enrollment].

`device_contact` gathers `DeviceKnowledge`, asks `reply` here, signs what it says, and stores the device and the effects
in the same transaction. What a device may be refused for good is said signed; the device decides what of that it obeys.

An example. A device enrolled with token 1, then asks with token 1 and a new request: it is served, with token 2. The
same request again, because the answer was lost: token 2 again. A request with token 1 after that: another copy of it.
"""

import msgspec

from tenure.core.answering.callers import is_repeated, is_replaced
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.device_usage import counts_until, may_protect
from tenure.core.timeline import Instant
from tenure.site.device_values import (
    NOTHING,
    UNNAMED,
    DeviceEffects,
    DeviceEvent,
    DeviceKnowledge,
    DeviceReply,
    new_device,
)
from tenure.site.duplicates import TwinOutcome, amnesty_of, device_label, twin_outcome
from tenure.site.license import LicenseSnapshot
from tenure.site.seats import SeatTerms, no_new_seat, refuse_distribution
from tenure.site.store.devices import DeviceDecision, DeviceRow
from tenure.site.store.groups import DEFAULT
from tenure.wire import seats as words
from tenure.wire.devices import NOTICES, DeviceAnswer, ProvenDeviceRequest, Result
from tenure.wire.keys import key_thumbprint
from tenure.wire.messages import to_signed_refusal
from tenure.wire.seats import Seat

TAKEN_BACK = frozenset({DeviceDecision.WITHDRAWN, DeviceDecision.REMOVED})
GONE = Refused(RefusalCode.NOT_FOUND, "This device does not belong to this site any more.", "device")
Term = tuple[Instant, Instant]
"""From when and until when a seat is signed."""


def reply(
    known: DeviceKnowledge, asked: ProvenDeviceRequest, look: LicenseSnapshot, terms: SeatTerms, root: int
) -> DeviceReply:
    """What the site answers at `look.now`, by the `terms` of that moment; `root`: version of the newest root document
    known here."""
    return _Answering(known, asked, look, terms, root).answer()


class _Answering:
    """One request against one state of the site; every method gives the whole reply, and nothing is kept between."""

    def __init__(
        self, known: DeviceKnowledge, asked: ProvenDeviceRequest, look: LicenseSnapshot, terms: SeatTerms, root: int
    ) -> None:
        self._known, self._asked, self._look, self._terms, self._root = known, asked, look, terms, root
        self._message, self._now, self._sealed = asked.message, look.now, terms.sealed
        self._lease = self._sealed.lease

    def answer(self) -> DeviceReply:
        """Who it is, then what it gets."""
        device = self._known.device
        if device is None:
            return self._answer_unknown()
        if is_repeated(self._message.request, device.last_request):
            return self._serve(device)  # same token, same effect
        shown = self._known.shown
        if is_replaced(None if shown is None else (shown,), (device.count,)):
            # With a new request two copies of the device live. It takes a new key.
            text = f"Two copies of {device_label(device)} use one identity."
            event = DeviceEvent("warning", "device_copied", text, device.id)
            return self._make_reply("copied", effects=DeviceEffects(events=(event,)))
        # A newer one: the site was restored from a backup, and the device knows more.
        return self._serve(self._rotate_token(device, max(shown or 0, device.count) + 1))

    # who it is

    def _answer_unknown(self) -> DeviceReply:
        if self._message.ask == "enroll":
            return self._enroll()
        if self._message.seat:
            return self._adopt()
        if self._message.ask == "release":
            return self._refuse(GONE)  # nothing of it is known, so nothing counts
        return self._make_reply("send_seat")

    def _enroll(self) -> DeviceReply:
        device = self._known.fresh
        if device is None:
            text = "The enrollment token is unknown, spent or over."
            return self._refuse(Refused(RefusalCode.NOT_AUTHENTICATED, text))
        if self._known.twin is not None:
            device = msgspec.structs.replace(device, twin=self._known.twin.id)
        events: tuple[DeviceEvent, ...] = ()
        if not device.ephemeral:
            events = (DeviceEvent("info", "device_enrolled", f"{device_label(device)} was enrolled.", device.id),)
        return self._serve(device, DeviceEffects(events=events, uses_token=True))

    def _adopt(self) -> DeviceReply:
        """A device that the site has forgotten, but whose seat it signed: it counts, whatever is allowed
        [spec: new-seats]."""
        held, key = self._known.held, key_thumbprint(self._asked.public)
        if not isinstance(held, Seat) or held.cnf.jkt != key or held.aud != self._message.product:
            text = "This site knows neither the device nor its seat."
            return self._refuse(Refused(RefusalCode.NOT_AUTHENTICATED, text))
        if held.exp <= self._now or self._known.is_taken:
            return self._refuse(Refused(RefusalCode.NOT_AUTHENTICATED, "Its seat is over; enroll it again."))
        count = (self._known.shown or 0) + 1
        fresh = new_device(self._asked, held.sub, DEFAULT, self._now, count=count)
        device = msgspec.structs.replace(
            fresh,
            seat=held.jti,
            seat_until=held.exp,
            lease_iat=held.iat,
            state=DeviceDecision.PROTECTED,
            counted=1,
            counts_until=held.exp,
        )
        text = f"{device_label(device)} held a seat that this site had forgotten."
        event = DeviceEvent("warning", "device_adopted", text, device.id)
        return self._serve(device, DeviceEffects(events=(event,), adopts=True))

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

    def _serve(self, device: DeviceRow, effects: DeviceEffects = NOTHING) -> DeviceReply:
        if self._message.ask == "release":
            return self._release(device, effects)
        if device.state in TAKEN_BACK:
            return self._take_back(device, effects)
        twin = twin_outcome(self._known.twin, device, self._look)
        device, effects = twin.device, _with_twin(effects, twin)
        term = self._terms.seat_times(ephemeral=bool(device.ephemeral))
        counted = self._known.pool.counted - twin.freed
        if not device.counted:
            return self._claim(device, term, counted, effects)
        if device.state == DeviceDecision.DISPLACED:
            active = counted - (self._known.displaced - twin.freed_aside)
            term = may_protect(active, self._terms.allowed) or term
        if isinstance(term, Refused):
            return self._refuse(term, device, effects)
        return self._sign(device, term, effects)

    def _claim(self, device: DeviceRow, term: Term | Refused, counted: int, effects: DeviceEffects) -> DeviceReply:
        """The device counts from now on if there is room beside the `counted` ones; not where no seat can be signed."""
        pool, most = self._known.pool, self._terms.allowed
        barred = no_new_seat(self._look, pool) or refuse_distribution(
            device, self._lease, automatic=device.group in self._known.automatic
        )
        if barred is not None:
            return self._let_wait(device, barred, effects)
        if isinstance(term, Refused):
            return self._let_wait(device, term, effects)
        full = may_protect(counted, most)
        if full is not None:
            return self._let_wait(device, full, effects)
        goes_on = False if pool.stopped else None
        return self._sign(device, term, msgspec.structs.replace(effects, claims=most, stopped=goes_on))

    def _let_wait(self, device: DeviceRow, refused: Refused, effects: DeviceEffects) -> DeviceReply:
        if refused.code is RefusalCode.DEVICE_LIMIT_REACHED and not self._known.pool.stopped:
            text = f"Distribution of seats has stopped: {refused.detail} {device_label(device)} waits."
            event = DeviceEvent("warning", "device_limit_reached", text, device.id)
            effects = msgspec.structs.replace(effects, stopped=True, events=(*effects.events, event))
        waits = msgspec.structs.replace(device, state=DeviceDecision.WAITING, note=refused.code.value)
        return self._refuse(refused, waits, effects)

    def _sign(self, device: DeviceRow, term: Term, effects: DeviceEffects) -> DeviceReply:
        seat = self._terms.seat_for(device.id, device.thumbprint, UNNAMED, term)
        held = msgspec.structs.replace(
            device,
            state=DeviceDecision.PROTECTED,
            counted=1,
            seat=seat.jti,
            seat_until=seat.exp,
            lease_iat=self._lease.iat,
            note="",
        )
        held = _with_longer_seat(device, held, self._look)
        moved = amnesty_of(held, self._look)
        until = counts_until(held.as_counted(moved), self._lease.figures.idle_release_days)
        return self._make_reply("seat", msgspec.structs.replace(held, counts_until=until), effects, seat=seat)

    def _take_back(self, device: DeviceRow, effects: DeviceEffects) -> DeviceReply:
        """The administrator's decision reaches the device: it erases its seat and says so, which frees at once."""
        if device.counted:
            return self._make_reply("erase", device, effects)
        if device.state == DeviceDecision.REMOVED:
            return self._refuse(GONE, device, effects)
        withdrawn = Refused(RefusalCode.ACTION_NOT_PERMITTED, "The administrator has withdrawn this device.")
        return self._refuse(withdrawn, device, effects)

    def _release(self, device: DeviceRow, effects: DeviceEffects) -> DeviceReply:
        erased = words.read_erased(self._message.erased.encode("ascii"), self._asked.public)
        if isinstance(erased, Refused):
            return self._refuse(erased, device, effects)
        if device.counted and (erased.what, erased.jti, erased.sub) == ("seat", device.seat, device.id):
            if not device.ephemeral:
                text = f"{device_label(device)} has given its seat up."
                event = DeviceEvent("info", "device_released", text, device.id)
                effects = msgspec.structs.replace(effects, events=(*effects.events, event))
            state = DeviceDecision(device.state) if device.state in TAKEN_BACK else DeviceDecision.RELEASED
            device = msgspec.structs.replace(device, state=state, counted=0)
            effects = msgspec.structs.replace(effects, frees=True)
        if device.state == DeviceDecision.REMOVED:
            return self._refuse(GONE, device, effects)
        return self._make_reply("released", device, effects)

    # the answer

    def _refuse(
        self, refused: Refused, device: DeviceRow | None = None, effects: DeviceEffects = NOTHING
    ) -> DeviceReply:
        return self._make_reply("refused", device, effects, refused=refused)

    def _make_reply(
        self,
        result: Result,
        device: DeviceRow | None = None,
        effects: DeviceEffects = NOTHING,
        *,
        seat: Seat | None = None,
        refused: Refused | None = None,
    ) -> DeviceReply:
        has_seat = device is not None and bool(device.counted) and device.state != DeviceDecision.DISPLACED
        ephemeral = device is not None and bool(device.ephemeral)
        answer = DeviceAnswer(
            nonce=self._message.nonce,
            request_sha256=self._asked.sha256,
            time=self._now,
            root=self._root,
            result=result,
            device="" if device is None else device.id,
            lease="" if self._message.lease == self._sealed.digest else self._sealed.token.decode("ascii"),
            next_contact=self._terms.next_contact(has_seat=has_seat, ephemeral=ephemeral),
            notices=tuple(each.decode("ascii") for each in self._look.kept.notices[-NOTICES:]),
            refusal=None if refused is None else to_signed_refusal(refused),
        )
        return DeviceReply(answer, device, seat, effects)


def _with_longer_seat(before: DeviceRow, held: DeviceRow, look: LicenseSnapshot) -> DeviceRow:
    """The device with the end of its seat of before, if that one lasts longer than the new one, as under a lease that
    ends sooner: while the answer is lost the device goes by it, and what was removed or set aside counts as long."""
    if not before.counted:
        return held
    ends = [each.seat_until + amnesty_of(each, look) for each in (before, held)]
    if ends[0] <= ends[1]:
        return held
    return msgspec.structs.replace(held, seat_until=before.seat_until, lease_iat=before.lease_iat)


def _with_twin(effects: DeviceEffects, twin: TwinOutcome) -> DeviceEffects:
    if twin.event is None:
        return effects
    event = DeviceEvent(*twin.event, twin.device.id)
    return msgspec.structs.replace(effects, events=(*effects.events, event), twin=twin)
