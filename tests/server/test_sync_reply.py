"""What a site is answered, decided without a store: values in, values out [spec: synchronization]."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.answering.callers import Caller
from tenure.core.answering.forks import CopySighting
from tenure.core.answering.lease_issue import LeaseHolderClaims, LeaseIssuer, lease_for
from tenure.core.answering.unchanged import ServerMoment, renewal_at, revision_told
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.server import sync_reply
from tenure.server.lease_signing import SignedSite
from tenure.server.site_record import SiteRecord, read_record
from tenure.server.sync_values import PresentSite, SiteReply
from tenure.store.sites import SiteRow
from tenure.wire.exchanges import ProvenRequest
from tenure.wire.leases import SealedLease
from tenure.wire.messages import DeviceUse, SyncRequest
from tests.core.world import World

B32 = "A" * 43
SHA = "B" * 43
ROW = SiteRow(
    id="site_1", provider="prv_1", customer="cus_1", product="editor", subscription="sub_1", thumbprint="t", jwk=b"{}",
    state="in_use", created=0, name="", version="12.0", token=b"100.7.x", last_request="req_7", serial=3, epoch=100,
    revision=2, acked_serial=2, allotment=10, devices=4, last_contact=900, token_count=7,
)  # fmt: skip
ASKS = SyncRequest(
    nonce=B32, request="req_8", site="site_1", subscription="sub_1", product="editor", serial=3, epoch=100, revision=2,
    token="100.7.x", version="12.1", wall=1_000, uptime=5, trigger="timer", use=DeviceUse(total=6, digest=SHA),
)  # fmt: skip


def asks(**changed: Any) -> SyncRequest:
    return msgspec.structs.replace(ASKS, **changed)


def row(**changed: Any) -> SiteRow:
    return msgspec.structs.replace(ROW, **changed)


def recorded(**changed: Any) -> SiteRow:
    return row(body=msgspec.json.encode(SiteRecord(**changed)))


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    world.top_up(100_000)
    world.order()
    world.activate()
    return world


@pytest.fixture(scope="module")
def present(world: World) -> PresentSite:
    state = world.sub().find_site("site_1")
    assert state is not None
    return PresentSite(row(revision=world.sub().revision), world.sub(), state)


def answered(reply: SiteReply, *, restored: int = 0) -> Any:
    asked = ProvenRequest(ASKS, b"", SHA, b"")
    return sync_reply.make_answer(reply, asked, 1_000, root=1, restored=restored, notices=("n",))


# who asks


@pytest.mark.parametrize(
    ("shown", "message", "who"),
    [
        ((100, 7), asks(), Caller.SITE),
        ((100, 6), asks(token="100.6.x"), Caller.COPY),
        ((100, 6), asks(token="100.6.x", pending=("req_7",)), Caller.SITE),
        ((100, 8), asks(token="100.8.x"), Caller.AHEAD),
        (None, asks(token="forged"), Caller.COPY),
    ],
)
def test_the_site_a_copy_and_one_that_knows_more_are_told_apart(
    shown: tuple[int, int] | None, message: SyncRequest, who: Caller
) -> None:
    assert sync_reply.recognize_site(ROW, message, shown) is who


def test_a_copy_that_was_told_what_it_is_is_refused_with_that() -> None:
    site = recorded(settled=(("100.5.x", "retired"),))
    told = sync_reply.recognize_site(site, asks(token="100.5.x"), (100, 5))
    assert isinstance(told, Refused)
    assert told.code is RefusalCode.COPY_RETIRED


def test_a_request_that_was_carried_by_hand_is_answered_unless_it_was_overtaken() -> None:
    assert sync_reply.overtaken_by(ROW, ASKS) is None
    older = sync_reply.overtaken_by(ROW, asks(token="100.6.x", serial=1))
    assert older is not None
    assert older.code is RefusalCode.OFFLINE_OLDER
    late = sync_reply.overtaken_by(ROW, asks(token="100.6.x", wall=900))
    assert late is not None
    assert late.code is RefusalCode.OFFLINE_CHANGED_MEANWHILE
    assert sync_reply.overtaken_by(ROW, asks(token="100.6.x", wall=901)) is None, "a copy, answered as one"


# what its request says


@pytest.mark.parametrize(
    ("epoch", "serial", "first"), [(100, 3, True), (100, 2, False), (100, 4, False), (99, 3, False), (101, 3, False)]
)
def test_only_a_lease_of_this_epoch_that_was_signed_and_not_yet_shown_is_acknowledged(
    epoch: int, serial: int, first: bool
) -> None:
    assert sync_reply.newly_acknowledged(ROW, asks(epoch=epoch, serial=serial)) is first


@given(st.integers(98, 102), st.integers(0, 5), st.integers(0, 3))
def test_one_that_goes_by_the_newest_lease_acknowledges_it_once(epoch: int, serial: int, acked: int) -> None:
    site, message = row(acked_serial=acked), asks(epoch=epoch, serial=serial)
    if sync_reply.goes_by_newest(site, message):
        assert sync_reply.newly_acknowledged(site, message) == (acked < 3)


def test_a_report_changes_use_and_version_and_nothing_else() -> None:
    after = sync_reply.after_report(ROW, ASKS)
    assert after == row(devices=6, devices_digest=SHA, version="12.1")


def test_a_site_has_heard_the_word_to_leave_once_it_shows_the_token_that_came_with_it() -> None:
    reply = sync_reply.refuse_site(ROW, Refused(RefusalCode.INSTALLATION_RELEASED), tells_to_leave=True)
    assert not sync_reply.has_heard(ROW)
    told = sync_reply.after_answer(reply, ASKS, "100.8.y", b"answer", 1_000)
    assert sync_reply.has_heard(told)
    again = sync_reply.after_answer(sync_reply.refuse_site(told, reply.refused), ASKS, "100.9.z", b"", 1_001)  # type: ignore[arg-type]
    assert not sync_reply.has_heard(again), "by another token it is another time"


def test_a_fork_that_is_not_open_cannot_be_resolved(present: PresentSite) -> None:
    assert isinstance(sync_reply.resolve_copies(present, "retired", 1_000), Refused)


@pytest.mark.parametrize("said", ["restored", "second_site", "retired"])
def test_a_fork_is_resolved_in_the_history_and_in_the_row(present: PresentSite, world: World, said: str) -> None:
    forked = _forked(present, world.now)
    resolved = sync_reply.resolve_copies(forked, said, world.now)
    assert isinstance(resolved, sync_reply.ResolvedFork)
    fact, *others = resolved.stored
    assert isinstance(fact, f.ForkResolved)
    assert not others
    assert resolved.present.sub.revision == forked.sub.revision + 1
    assert resolved.present.site.forked_at is None
    assert resolved.present.state.forked_at is None
    assert (resolved.present.site.token == b"") == (said == "restored")
    assert bool(read_record(resolved.present.site).settled) == (said != "restored")


def test_of_an_ephemeral_application_nothing_of_a_fork_is_stored(present: PresentSite, world: World) -> None:
    forked = _forked(present, world.now)
    site = msgspec.structs.replace(forked.site, ephemeral=1, installation="standalone")
    resolved = sync_reply.resolve_copies(PresentSite(site, forked.sub, forked.state), "restored", world.now)
    assert isinstance(resolved, sync_reply.ResolvedFork)
    assert resolved.stored == ()
    assert read_record(resolved.present.site).restores == (world.now,)


def _forked(present: PresentSite, now: int) -> PresentSite:
    found = f.ForkFound(at=now, recorded_at=now, by="site_1", site="site_1", evidence="two")
    sub = sync_reply.evolve(present.sub, found)
    state = sub.find_site("site_1")
    assert state is not None
    seen = CopySighting(token="100.5.x", at=now, serial=1, epoch=100)
    site = msgspec.structs.replace(recorded(copies=(seen,)), forked_at=now)
    return PresentSite(site, sub, state)


# a server that was restored


def test_a_restored_server_learns_epoch_serial_and_number_and_signs_anew(world: World, present: PresentSite) -> None:
    holder = LeaseHolderClaims(id="site_1", jwk={}, epoch=101, serial=9)
    lease = lease_for(present.sub, present.state, holder, LeaseIssuer(name="v", provider="p"), world.now)
    after = sync_reply.after_learning(ROW, lease, 12, world.now)
    assert (after.epoch, after.serial, after.token_count, after.revision) == (101, 9, 12, 0)
    older = msgspec.structs.replace(lease, epoch=50, serial=1)
    kept = sync_reply.after_learning(ROW, older, 12, world.now)
    assert (kept.epoch, kept.serial) == (100, 3)


def test_the_lease_of_another_site_teaches_nothing(world: World, present: PresentSite) -> None:
    holder = LeaseHolderClaims(id="site_2", jwk={}, epoch=101, serial=9)
    lease = lease_for(present.sub, present.state, holder, LeaseIssuer(name="v", provider="p"), world.now)
    sealed = SealedLease(lease, b"", "digest", "kid")
    judged = sync_reply.judge_shown_lease(ROW, sealed)
    assert isinstance(judged, Refused)
    assert judged.code is RefusalCode.LEASE_NOT_MINE
    assert sync_reply.judge_shown_lease(row(id="site_2"), sealed) is sealed


# what it gets


def test_unchanged_is_said_exactly_while_the_newest_lease_says_everything(world: World, present: PresentSite) -> None:
    holder = LeaseHolderClaims(id="site_1", jwk={}, epoch=100, serial=3)
    lease = lease_for(present.sub, present.state, holder, LeaseIssuer(name="v", provider="p"), world.now)
    told = revision_told(lease, present.sub, present.state, world.now)
    moment = ServerMoment(world.now, renewal_at(lease), 0)
    assert sync_reply.lease_says_all(present, ASKS, told, moment)
    assert not sync_reply.lease_says_all(present, asks(serial=2), told, moment), "it goes by an older one"
    assert not sync_reply.lease_says_all(present, ASKS, 0, moment), "others changed what it is to say"
    assert not sync_reply.lease_says_all(present, ASKS, told, msgspec.structs.replace(moment, now=renewal_at(lease)))
    reply = sync_reply.reply_unchanged(present, lease, world.now, withheld=False)
    assert reply.site.revision == present.sub.revision
    assert reply.turn is not None
    assert reply.turn[0] > world.now


def test_a_lease_goes_out_with_its_successor_and_what_has_happened(world: World, present: PresentSite) -> None:
    holder = LeaseHolderClaims(id="site_1", jwk={}, epoch=100, serial=4)
    lease = lease_for(present.sub, present.state, holder, LeaseIssuer(name="v", provider="p"), world.now)
    signed = SignedSite(row(serial=4), lease, b"l.e.ase", b"s.u.cc")
    answer = answered(sync_reply.reply_lease(present, signed, (), world.now, withheld=True), restored=77)
    assert (answer.result, answer.lease, answer.successor) == ("lease", "l.e.ase", "s.u.cc")
    assert [(each.id, each.at) for each in answer.messages] == [("unheard", 77)]
    copy = sync_reply.reply_fork(present, signed, world.now)
    assert copy.to_copy
    assert answered(copy).forked
    assert not answered(copy).successor


def test_an_open_fork_is_shown_to_both_with_the_evidence(present: PresentSite, world: World) -> None:
    forked = _forked(present, world.now)
    for reply in (
        sync_reply.refuse_site(forked.site, Refused(RefusalCode.DEVICE_LIMIT_REACHED), forked.state),
        sync_reply.refuse_copy(forked.site, Refused(RefusalCode.LEASE_FORKED), forked.state, forked=True),
    ):
        answer = answered(reply)
        assert answer.fork is not None
        assert [each.which for each in answer.fork.copies] == ["current", "copy"]
        assert [each.id for each in answer.messages] == ["fork"]
        assert answer.forked == reply.to_copy


# as a message, and as a row


def test_an_answer_is_bound_to_its_question_and_carries_the_notices() -> None:
    answer = answered(SiteReply(result="send_lease", site=ROW, to_copy=True))
    assert (answer.nonce, answer.request_sha256, answer.time, answer.root) == (B32, SHA, 1_000, 1)
    assert answer.notices == ("n",)
    assert answer.token == ""


def test_an_answered_site_has_the_next_token_and_the_answer_for_a_repetition() -> None:
    reply = SiteReply(result="unchanged", site=ROW, turn=(2_000, 3_000))
    after = sync_reply.after_answer(reply, ASKS, "100.8.y", b"answer", 1_000)
    assert after == row(
        token=b"100.8.y", token_count=8, last_trigger="timer", last_request="req_8", answer=b"answer",
        last_contact=1_000, next_sync=3_000,
    )  # fmt: skip
