"""What a site that applies a code is answered, decided without a store: values in, values out [spec: activation]."""

from typing import Any

import msgspec
import pytest

from tenure.core.answering.callers import Caller
from tenure.core.answering.lease_issue import LeaseHolderClaims, LeaseIssuer, lease_for
from tenure.core.business import commands as c
from tenure.core.installation import Installation
from tenure.core.lease.claims import Lease
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.allotment import SiteShare
from tenure.core.subscription.fold import Subscription
from tenure.server import activation_reply, allotments
from tenure.server.lease_signing import SignedSite
from tenure.server.site_record import SiteRecord, read_record
from tenure.store.sites import SiteRow
from tenure.wire.exchanges import ProvenRequest
from tenure.wire.messages import REFUSAL_BLOCK, ActivateRequest, CodePreview, ForkEvidence, Jwk
from tests.core.world import World

B32, SHA, NOW = "A" * 43, "B" * 43, 1_000
ROW = SiteRow(
    id="site_1", provider="prv_0", customer="cus_0", product="editor", subscription="sub_0", thumbprint="t", jwk=b"{}",
    state="in_use", created=0, name="old", version="11.0", token=b"100.7.x", last_request="req_7", serial=3, epoch=100,
    devices=4, last_contact=900, token_count=7,
    body=msgspec.json.encode(SiteRecord(told_to_leave=7, restores=(5,), code="code_0")),
)  # fmt: skip
ASKS = ActivateRequest(
    nonce=B32, request="req_8", code="X", product="editor", version="12.0", name="new", wall=1_000, uptime=5, root=1,
    key=Jwk(kty="OKP", crv="Ed25519", x=B32), token="100.7.x", hardware={"disk": B32, "board": SHA}, device_port=SHA,
    installation="server",
)  # fmt: skip
ASKED = ProvenRequest(ASKS, b"\0" * 32, SHA, b"")
BARE = activation_reply.bare_answer(ASKED, NOW, 4)


def asks(**changed: Any) -> ActivateRequest:
    return msgspec.structs.replace(ASKS, **changed)


def row(**changed: Any) -> SiteRow:
    return msgspec.structs.replace(ROW, **changed)


@pytest.fixture(scope="module")
def sub() -> Subscription:
    world = World()
    world.top_up(100_000)
    world.order()
    world.activate()
    return world.sub()


@pytest.fixture(scope="module")
def lease(sub: Subscription) -> Lease:
    state = sub.find_site("site_1")
    assert state is not None
    holder = LeaseHolderClaims(id="site_1", jwk={}, epoch=101, serial=9)
    return lease_for(sub, state, holder, LeaseIssuer(name="v", provider="p"), sub.ordered_at)


# who asks


@pytest.mark.parametrize(
    ("site", "shown", "message", "who"),
    [
        (row(), (100, 7), asks(), Caller.SITE),
        (row(), (100, 6), asks(token="100.6.x"), Caller.COPY),
        (row(), (100, 6), asks(token="100.6.x", pending=("req_7",)), Caller.SITE),
        (row(), (100, 8), asks(token="100.8.x"), Caller.AHEAD),
        (row(), None, asks(token=""), Caller.COPY),
        (row(token=b""), (100, 8), asks(token="100.8.x"), Caller.SITE),
    ],
)
def test_the_site_a_copy_and_one_that_knows_more_are_told_apart(
    site: SiteRow, shown: tuple[int, int] | None, message: ActivateRequest, who: Caller
) -> None:
    assert activation_reply.recognize_key(site, message, shown) is who


def test_a_restored_server_learns_what_the_site_shows_of_its_own(lease: Lease) -> None:
    learned = activation_reply.after_learning(ROW, lease, 12, NOW)
    assert (learned.epoch, learned.serial, learned.token_count) == (101, 9, 12)
    assert allotments.pools_of(learned).part_of(lease.subscription).held == lease.allotment
    assert activation_reply.after_learning(ROW, None, 12, NOW) == row(token_count=12)
    others = msgspec.structs.replace(lease, sub="site_2")
    assert activation_reply.after_learning(ROW, others, 3, NOW) == ROW, "nothing is forgotten either"


# what is asked of the core


@pytest.mark.parametrize(("role", "kind"), [("active", c.Activate), ("successor", c.StageSuccessor)])
def test_a_request_is_the_command_of_its_role(role: Any, kind: type) -> None:
    command = activation_reply.make_command(asks(role=role), "site_1", "t", "code_1", 5)
    assert type(command) is kind
    assert command.hardware == (f"board:{SHA}", f"disk:{B32}"), "in one order, whatever the sender's"
    assert (command.by, command.site, command.key, command.code, command.allotment) == (
        "site_1", "site_1", "t", "code_1", 5,
    )  # fmt: skip
    assert command.installation is Installation.SERVER


def test_only_an_activation_can_be_ephemeral() -> None:
    message = asks(installation="standalone", ephemeral=True)
    command = activation_reply.make_command(message, "site_1", "t", "code_1", 1)
    assert isinstance(command, c.Activate)
    assert command.ephemeral


# what its row becomes


def test_a_new_key_gets_a_row_of_its_own(sub: Subscription) -> None:
    fresh = activation_reply.fresh_site(ASKED, "site_5", "thumb", "code_1", sub, NOW)
    assert (fresh.id, fresh.thumbprint, fresh.state, fresh.created, fresh.epoch) == (
        "site_5", "thumb", "in_use", NOW, NOW,
    )  # fmt: skip
    assert (fresh.provider, fresh.customer, fresh.subscription) == (sub.provider, sub.customer, sub.id)
    assert fresh.token == b""
    body = read_record(fresh)
    assert (body.device_port, body.hardware, body.code) == (SHA, ASKS.hardware, "code_1")


def test_a_known_key_keeps_its_row_and_what_it_left_counts_on(sub: Subscription) -> None:
    held = allotments.with_part(row(), "sub_0", SiteShare(site="site_1", signed=4, held=4, word_until=NOW + 50))
    joined = activation_reply.joined_site(held, ASKS, "code_1", sub, NOW)
    assert (joined.subscription, joined.provider, joined.customer) == (sub.id, sub.provider, sub.customer)
    assert (joined.name, joined.version, joined.state) == ("new", "12.0", "in_use")
    assert (joined.serial, joined.epoch, joined.token) == (3, 100, b"100.7.x")
    body = read_record(joined)
    assert (body.told_to_leave, body.code, body.restores) == (0, "code_1", (5,))
    left = allotments.pools_of(joined).part_of("sub_0")
    assert (left.left, left.held, left.signed) == (True, 4, 0)


def test_one_that_waited_is_no_successor_any_more_once_it_is_joined(sub: Subscription) -> None:
    staged = activation_reply.staged_site(ROW, sub)
    assert (staged.successor, read_record(staged).successor_provider) == (sub.id, sub.provider)
    assert staged.subscription == "sub_0"
    joined = activation_reply.joined_site(staged, ASKS, "code_1", sub, NOW)
    assert joined.successor is None
    other = activation_reply.joined_site(row(successor="sub_2"), ASKS, "code_1", sub, NOW)
    assert other.successor == "sub_2"


def test_a_granted_site_answers_its_request_again_with_the_same_bytes(lease: Lease) -> None:
    signed = SignedSite(row(serial=4), lease, b"l.e.ase", b"")
    granted = activation_reply.granted_site(signed, ASKS, NOW)
    assert (granted.last_request, granted.last_contact) == ("req_8", NOW)
    after = activation_reply.after_answer(granted, "100.8.y", b"answer")
    assert (after.token, after.token_count, after.answer) == (b"100.8.y", 8, b"answer")


# what it is told


def test_an_answer_is_bound_to_its_question() -> None:
    assert (BARE.nonce, BARE.request_sha256, BARE.time, BARE.root) == (B32, SHA, NOW, 4)


@pytest.mark.parametrize("code", [RefusalCode.CODE_BLOCKED, RefusalCode.DEVICE_LIMIT_REACHED, RefusalCode.SITE_LOST])
def test_the_length_of_a_refusal_tells_nothing(code: RefusalCode) -> None:
    short, long = (activation_reply.refusing_answer(BARE, Refused(code, text)) for text in ("", "a reason, in words"))
    assert len(msgspec.json.encode(short)) == len(msgspec.json.encode(long))
    assert len(msgspec.json.encode(short)) % REFUSAL_BLOCK == 0


def test_a_site_gets_its_leases_and_a_token_and_a_copy_one_lease_and_no_token(lease: Lease) -> None:
    signed = SignedSite(ROW, lease, b"l.e.ase", b"s.u.cc")
    granted = activation_reply.granting_answer(BARE, signed, (2_000, 3_000), "100.8.y")
    assert (granted.result, granted.site, granted.token) == ("granted", "site_1", "100.8.y")
    assert (granted.lease, granted.successor, granted.forked) == ("l.e.ase", "s.u.cc", False)
    fork = ForkEvidence(found=900)
    copy = activation_reply.forked_answer(BARE, signed, None, fork)
    assert (copy.result, copy.lease, copy.successor, copy.token) == ("granted", "l.e.ase", "", "")
    assert copy.forked
    assert copy.fork is fork


def test_a_preview_grants_nothing() -> None:
    seen = CodePreview(plan="standard", kind="limited", limit=10, provider="", begins=NOW, spans=())
    answer = activation_reply.preview_answer(BARE, seen, "Provider", "Standard")
    assert answer.result == "preview"
    assert not (answer.lease or answer.token or answer.site)
    assert answer.preview is not None
    assert (answer.preview.provider, answer.preview.plan_name) == ("Provider", "Standard")
