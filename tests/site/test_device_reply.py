"""What a device is answered, from values alone: no store, no key, no clock [spec: enrollment].

The license is a real site's, looked at once; every state of a device is made by hand, and the site stays as it is.
"""

from typing import Any

import msgspec
import pytest

from tenure.core.lease.standing import OutageAmnesty
from tenure.core.refusals import RefusalCode
from tenure.core.timeline import DAY
from tenure.site.device_reply import reply
from tenure.site.device_values import UNNAMED, DeviceKnowledge, DeviceReply, new_device
from tenure.site.duplicates import counting_until
from tenure.site.license import LicenseSnapshot
from tenure.site.seats import SeatTerms, allowed_devices
from tenure.site.store.devices import DeviceDecision, DeviceRow
from tenure.site.store.pools import ProductPool
from tenure.wire.devices import DeviceRequest, ProvenDeviceRequest
from tenure.wire.keys import SeedSigner, to_jwk
from tenure.wire.seats import Seat, SeatHolder
from tests.site.site_env import SiteProcess

SIGNER = SeedSigner(bytes(32))
HASH = "A" * 43
GROUP = "default"
OLD, NEW = "req_" + "1" * 20, "req_" + "2" * 20


class Question:
    """One device before one site."""

    def __init__(self, look: LicenseSnapshot) -> None:
        assert look.lease is not None
        self.look, self.lease = look, look.lease
        self.most = allowed_devices(look.lease.lease)
        self.pool = ProductPool(0, 0, False, 0, b"", False, look.lease.lease.subscription)

    def asked(self, ask: str = "refresh", **more: Any) -> ProvenDeviceRequest:
        base: dict[str, Any] = {"nonce": HASH, "request": NEW, "ask": ask, "product": "editor", "root": 1}
        base |= {"key": to_jwk(SIGNER.public), "wall": self.look.now, "uptime": 9, "name": "desk"}
        return ProvenDeviceRequest(msgspec.convert(base | more, DeviceRequest), SIGNER.public, HASH)

    def row(self, **more: Any) -> DeviceRow:
        fresh = new_device(self.asked(), "dev_1", GROUP, self.look.now - DAY, count=3)
        return msgspec.structs.replace(fresh, **{"number": 7, "last_request": OLD} | more)

    def answer(self, asked: ProvenDeviceRequest, **known: Any) -> DeviceReply:
        state = DeviceKnowledge(**{"device": None, "pool": self.pool} | known)
        first = reply(state, asked, self.look, SeatTerms(self.lease, self.look.now), 1)
        assert first == reply(state, asked, self.look, SeatTerms(self.lease, self.look.now), 1), (
            "the same values give the same reply"
        )
        return first

    def serve(self, device: DeviceRow, **known: Any) -> DeviceReply:
        return self.answer(self.asked(), **{"device": device, "shown": 3, "automatic": frozenset({GROUP})} | known)


@pytest.fixture
def question(house: SiteProcess) -> Question:
    return Question(house.look())


def refusal(told: DeviceReply) -> str:
    assert told.answer.refusal is not None
    return told.answer.refusal.code


def test_an_enrollment_spends_one_use_and_claims_one_place(question: Question) -> None:
    fresh = new_device(question.asked("enroll"), "dev_9", GROUP, question.look.now, count=1)
    told = question.answer(question.asked("enroll"), fresh=fresh, automatic=frozenset({GROUP}))
    assert (told.answer.result, told.answer.device) == ("seat", "dev_9")
    assert (told.effects.uses_token, told.effects.claims) == (True, question.most)
    assert [event.kind for event in told.effects.events] == ["device_enrolled"]
    assert told.device is not None
    assert (told.device.counted, told.device.seat, told.seat is not None) == (1, UNNAMED, True)
    without = question.answer(question.asked("enroll"))
    assert (refusal(without), without.device) == (RefusalCode.NOT_AUTHENTICATED, None)
    assert without.effects.uses_token is False


@pytest.mark.parametrize(("counted", "stopped"), [(0, False), (0, True), (-1, True)])
def test_the_last_place_is_given_and_distribution_goes_on(question: Question, counted: int, stopped: bool) -> None:
    pool = msgspec.structs.replace(question.pool, counted=max(0, question.most - 1 + counted), stopped=stopped)
    told = question.serve(question.row(), pool=pool)
    assert told.answer.result == "seat"
    assert told.effects.stopped is (False if stopped else None)


def test_beyond_the_limit_it_waits_and_that_is_told_once(question: Question) -> None:
    pool = msgspec.structs.replace(question.pool, counted=question.most)
    told = question.serve(question.row(), pool=pool)
    assert refusal(told) == RefusalCode.DEVICE_LIMIT_REACHED
    assert told.device is not None
    assert (told.device.state, told.device.note) == (DeviceDecision.WAITING, "device_limit_reached")
    assert (told.effects.stopped, [each.kind for each in told.effects.events]) == (True, ["device_limit_reached"])
    again = question.serve(question.row(), pool=msgspec.structs.replace(pool, stopped=True))
    assert (again.effects.stopped, again.effects.events, again.effects.claims) == (None, (), None)


def test_a_group_that_is_not_automatic_gives_no_seat(question: Question) -> None:
    assert refusal(question.serve(question.row(), automatic=frozenset())) == RefusalCode.SEAT_NOT_ASSIGNED
    assert question.serve(question.row(assigned=1), automatic=frozenset()).answer.result == "seat"


@pytest.mark.parametrize(
    ("shown", "request_", "count"),
    [(3, NEW, 4), (5, NEW, 6), (2, OLD, 3), (None, OLD, 3), (2, NEW, None), (None, NEW, None)],
)
def test_the_newest_token_rotates_a_repetition_does_not_and_an_older_one_is_a_copys(
    question: Question, shown: int | None, request_: str, count: int | None
) -> None:
    told = question.answer(
        question.asked(request=request_), device=question.row(counted=1, state="protected"), shown=shown
    )
    assert told.answer.result == ("copied" if count is None else "seat")
    assert (None if told.device is None else told.device.count) == count


def test_the_former_self_on_the_same_hardware_hands_its_place_over(question: Question) -> None:
    now = question.look.now
    long_ago = {"created": now - 90 * DAY, "last_seen": now - 60 * DAY, "seat": "seat_0", "seat_until": now - 40 * DAY}
    old = question.row(number=3, id="dev_0", counted=1, state="protected", **long_ago)
    question.look = msgspec.structs.replace(question.look, up_since=now - 30 * DAY)
    told = question.serve(question.row(twin="dev_0"), twin=old, pool=msgspec.structs.replace(question.pool, counted=1))
    assert told.effects.twin is not None
    assert (told.effects.twin.merged, told.effects.twin.inherits, told.effects.claims) == (old, True, None)
    counts = question.row(twin="dev_0", counted=1, state="protected")
    both = question.serve(counts, twin=old)
    assert both.effects.twin is not None
    assert (both.effects.twin.freed, both.effects.twin.inherits) == (1, False)
    alive = question.serve(counts, twin=msgspec.structs.replace(old, last_seen=now))
    assert [event.kind for event in alive.effects.events] == ["device_cloned"]


def test_one_that_was_set_aside_comes_back_when_a_place_is_free(question: Question) -> None:
    aside = question.row(counted=1, state="displaced")
    full = msgspec.structs.replace(question.pool, counted=question.most + 1)
    assert refusal(question.serve(aside, pool=full, displaced=1)) == RefusalCode.DEVICE_LIMIT_REACHED
    assert question.serve(aside, pool=full, displaced=2).answer.result == "seat"


@pytest.mark.parametrize("ephemeral", [0, 1])
def test_b07_a_device_counts_until_its_longest_seat_is_over_under_a_lease_that_ends_sooner(
    question: Question, ephemeral: int
) -> None:
    """The answer with the shorter seat may be lost: removed or set aside, the device runs on by the one before."""
    longer = question.look.now + 60 * DAY
    device = question.row(counted=1, seat="seat_0", seat_until=longer, state="protected", ephemeral=ephemeral)
    told = question.serve(device)
    assert told.seat is not None and told.device is not None
    assert told.seat.exp < longer
    assert (told.device.seat, told.device.seat_until) == (told.seat.jti, longer)
    taken = msgspec.structs.replace(told.device, state=DeviceDecision.REMOVED)
    assert counting_until(taken, DeviceDecision.REMOVED, (0, 60)) == longer
    gone = question.serve(msgspec.structs.replace(device, counted=0, state="released"))
    assert gone.seat is not None and gone.device is not None
    assert gone.device.seat_until == gone.seat.exp, "what was erased is over"


def test_b07_an_outage_made_good_for_the_seat_before_counts_although_the_new_one_ends_later(
    question: Question,
) -> None:
    now = question.look.now
    outage = OutageAmnesty(now - 6 * DAY, now - DAY)
    lease = msgspec.structs.replace(question.lease.lease, iat=now)
    question.lease = msgspec.structs.replace(question.lease, lease=lease)
    question.look = msgspec.structs.replace(question.look, amnesties=(outage,))
    before = question.row(counted=1, seat="seat_0", seat_until=now + 12 * DAY, lease_iat=now - 9 * DAY)
    told = question.serve(before)
    assert told.seat is not None and told.device is not None
    assert told.seat.exp < now + 17 * DAY
    assert (told.device.seat_until, told.device.lease_iat) == (before.seat_until, before.lease_iat)


def test_a_forgotten_device_counts_by_the_seat_that_the_site_signed(question: Question) -> None:
    now, row = question.look.now, question.row()
    seat = Seat(
        iss="site", sub="dev_4", aud="editor", jti="seat_0", iat=now - DAY, nbf=now - DAY, exp=now + DAY,
        cnf=SeatHolder(row.thumbprint), lease=HASH,
    )  # fmt: skip
    asked = question.asked(seat="a.b.c")
    told = question.answer(asked, held=seat, shown=8)
    assert told.device is not None
    assert (told.device.id, told.device.count, told.effects.adopts, told.effects.claims) == ("dev_4", 9, True, None)
    for bad in ({"held": seat, "is_taken": True}, {"held": msgspec.structs.replace(seat, exp=now)}):
        assert refusal(question.answer(asked, **bad)) == RefusalCode.NOT_AUTHENTICATED
    other = msgspec.structs.replace(seat, cnf=SeatHolder("another key"))
    assert question.answer(asked, held=other).effects.adopts is False
    assert question.answer(question.asked()).answer.result == "send_seat"


@pytest.mark.parametrize(
    ("state", "counted", "told"),
    [("withdrawn", 1, "erase"), ("removed", 1, "erase"), ("withdrawn", 0, "refused"), ("removed", 0, "refused")],
)
def test_what_the_administrator_took_back_is_erased(question: Question, state: str, counted: int, told: str) -> None:
    answer = question.serve(question.row(state=state, counted=counted))
    assert (answer.answer.result, answer.seat) == (told, None)
