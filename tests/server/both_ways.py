"""A site's request answered both ways in one transaction: the short ones of the hot path, and the whole one."""

from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.allotment import recalled_margins
from tenure.core.timeline import Instant
from tenure.http.limits import MemoryCounters, RateThrottle
from tenure.server import account_repository, allotments
from tenure.server.real_time import RealTime
from tenure.server.sync import ProvenSync, SyncService
from tenure.server.sync_contact import answer_sync
from tenure.server.sync_values import SyncContact
from tenure.store import places, schema, sites, sync_fast_path
from tenure.store.engine import Connection
from tenure.wire import exchanges
from tenure.wire.exchanges import ProvenRequest
from tenure.wire.messages import SyncAnswer, SyncRequest
from tests.server.server_env import PlainSite, ServerEnv


def proven(site: PlainSite) -> ProvenRequest[SyncRequest]:
    """A request of the site, made and not sent."""
    envelope = exchanges.unwrap_sync(site.asking())
    assert not isinstance(envelope, Refused)
    asked = exchanges.read_sync(envelope, site.signer.public)
    assert not isinstance(asked, Refused)
    return asked


class ShortAnswer(NamedTuple):
    """What a request is answered from the row alone, and what is stored then, beside the whole way."""

    answer: SyncAnswer
    shows_lease: bool
    """The site shows its newest lease for the first time."""
    state: list[object]
    whole_state: list[object]


class LeaseAnswer(NamedTuple):
    """A lease signed where nothing else is new, and what is stored then, beside the whole way."""

    heard: bool
    """The site shows a lease for the first time."""
    answer: bytes
    state: list[object]
    whole_answer: bytes
    whole_state: list[object]


def both_answers(
    env: ServerEnv, conn: Connection, asked: ProvenRequest[SyncRequest], sent: bytes, real: Instant
) -> tuple[ShortAnswer | None, LeaseAnswer | None, SyncAnswer, bool]:
    """The short answer, if the row says that nothing is new; that with a lease and nothing else; the whole answer,
    computed without either; and whether another site needs margin that this one does not use."""
    known = sync_fast_path.at_hand(conn, [asked.message.site])[asked.message.site]
    shows = known.acked_serial != known.serial
    conn.exec_driver_sql("savepoint short")
    told = short_answer(env, conn, asked, real, leases=False)
    state = kept(conn, known.id, shows)
    conn.exec_driver_sql("rollback to short")
    leased = short_answer(env, conn, asked, real, leases=True) if told is None else None
    lease_state = kept(conn, known.id, shows=True)
    conn.exec_driver_sql("rollback to short")
    site = sites.lock_many(conn, [known.id])[known.id]
    sub = account_repository.load_subscription(conn, site.provider, site.subscription)
    assert sub is not None
    called_back = recalled_margins(allotments.pool_of(conn, sub, real, env.context.epoch_floor), real)
    contact = SyncContact(
        context=env.context, conn=conn, asked=asked, time=RealTime(real), now=real, sandbox=known.is_sandbox
    )
    answered = answer_sync(contact, site)
    assert not isinstance(answered, Refused)
    body, after = answered
    sites.save_many(conn, [after])
    whole = opened(env, body, sent, sandbox=known.is_sandbox)
    short = None
    if told is not None:
        short = ShortAnswer(
            opened(env, told, sent, sandbox=known.is_sandbox), shows, state, kept(conn, known.id, shows)
        )
    plain = None
    if leased is not None:
        heard = site.acked_serial < asked.message.serial
        plain = LeaseAnswer(heard, leased, lease_state, body, kept(conn, known.id, shows=True))
    return short, plain, whole, site.id in dict(called_back)


def short_answer(
    env: ServerEnv, conn: Connection, asked: ProvenRequest[SyncRequest], real: Instant, *, leases: bool
) -> bytes | None:
    """What the row alone tells the site, if it does; with `leases` also the lease of a site of which nothing else is
    new."""

    class RowAlone(SyncService):
        """Answers nothing that the row alone does not say."""

        def _answer_one(self, *_: object) -> bytes | Refused:
            return Refused(RefusalCode.SERVER_BUSY)

        def _answer_leases(self, *given: Any) -> None:
            if leases:
                super()._answer_leases(*given)

    service = RowAlone(env.context, RateThrottle(MemoryCounters(), lambda: 0.0, env.context.clock))
    known = sync_fast_path.at_hand(conn, [asked.message.site])[asked.message.site]
    (told,) = service.answer_many(conn, [ProvenSync(asked, known.thumbprint)])
    return told if isinstance(told, bytes) else None


def opened(env: ServerEnv, body: bytes, sent: bytes, *, sandbox: bool) -> SyncAnswer:
    """The answer, proven."""
    read = exchanges.read_sync_answer(body, sent, env.context.keys.root_of(sandbox=sandbox), sandbox=sandbox)
    assert not isinstance(read, Refused)
    return read.message


def kept(conn: Connection, site: str, shows: bool) -> list[object]:
    """What the store keeps of a site. How many devices it wants is noted with a lease alone, when it brings no other
    news."""
    row = sites.by_id(conn, site)
    assert row is not None
    # Of what has no order PostgreSQL gives the one in which it finds room.
    own = sa.select(schema.leases).where(schema.leases.c.site == site)
    words = conn.execute(own.order_by(schema.leases.c.serial, schema.leases.c.slot)).all()
    there = places.of_site(conn, site)
    return [row if shows else msgspec.structs.replace(row, body=b""), [tuple(each) for each in words], there]


async def settled(env: ServerEnv, offer: str = "standard") -> tuple[str, PlainSite]:
    """A subscription and its only site, which has acknowledged its lease."""
    name, code = await env.order(offer, devices=20)
    site = env.site()
    await site.activate(code)
    for _ in range(2):
        await site.sync()
    return name, site


async def plain(env: ServerEnv, site: PlainSite) -> LeaseAnswer | None:
    """The site's next request answered both ways, and then really."""
    asked = proven(site)
    found = await env.context.write_tx(True, lambda conn, real: both_answers(env, conn, asked, site.last, real))
    assert isinstance(found, tuple)
    answer = await site.sync(resend=True)
    assert isinstance(answer, SyncAnswer)
    assert answer == found[2]
    return found[1]


def assert_alike(found: LeaseAnswer | None) -> None:
    """A lease alone was signed, and is that of the whole way."""
    assert found is not None, "the whole way was gone"
    assert found.state == found.whole_state
    assert found.answer == found.whole_answer
