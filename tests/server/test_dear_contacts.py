"""Contacts that change something are answered a few at a time, so that others do not wait for them."""

from pathlib import Path

from tenure.core.refusals import Refused
from tenure.http.limits import MemoryCounters, RateThrottle
from tenure.server import sync
from tenure.server.sync import ProvenSync, SyncService
from tenure.store.engine import LATER, Connection
from tenure.wire import exchanges
from tests.server.server_env import PlainSite, ServerEnv, office


def proven(site: PlainSite) -> ProvenSync:
    """A request of the site, made and not sent."""
    envelope = exchanges.unwrap_sync(site.asking())
    assert not isinstance(envelope, Refused)
    asked = exchanges.read_sync(envelope, site.signer.public)
    assert not isinstance(asked, Refused)
    return ProvenSync(asked, sync.key_thumbprint(site.signer.public))


async def sites(env: ServerEnv, count: int) -> list[PlainSite]:
    found = []
    for _ in range(count):
        site = env.site()
        await site.activate((await env.order("standard", devices=5))[1])
        for _ in range(2):
            await site.sync()
        found.append(site)
    return found


async def test_those_beyond_the_bound_are_put_off_and_nothing_of_them_is_done(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        found = await sites(env, sync.DEAR_MOST + 4)
        dear, plain = found[:-2], found[-2:]
        for site in dear:
            site.version = "13.0"  # news, which has to be looked at
        service = SyncService(env.context, RateThrottle(MemoryCounters(), lambda: 0.0, env.context.clock))
        asked = [proven(site) for site in (*dear, *plain)]
        again = proven(dear[-1])

        def answers(conn: Connection) -> list[object]:
            first = service.answer_many(conn, [*asked, again])
            second = service.answer_many(
                conn, [each for each, told in zip(asked, first, strict=False) if told is LATER]
            )
            return [first, second]

        first, second = await env.context.db.dry_run(answers)
        most = sync.DEAR_MOST
        assert all(isinstance(told, bytes) for told in first[:most])
        assert first[most : len(dear)] == [LATER] * (len(dear) - most)
        assert all(isinstance(told, bytes) for told in first[len(dear) : -1]), (
            "what changes nothing is answered at once"
        )
        assert first[-1] is LATER, "a site is answered in the order in which it asks"
        assert len(second) == len(dear) - most
        assert all(isinstance(told, bytes) for told in second)
