"""Everything that is kept up to a number: one caller who fills it pushes nobody else out and shuts nobody else out."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tenure.http.accounts.passwords import AT_ONCE, WAITING_MOST
from tenure.http.connection import ConnectionBounds, ConnectionPlaces
from tenure.http.fairness import FairPlaces, FairShares, block_of
from tenure.http.limits import MemoryCounters, RateLimit, RateThrottle
from tenure.portal.session import PortalSession
from tenure.server.context import PRODUCTS_REMEMBERED
from tenure.store import sessions
from tenure.store.engine import Connection
from tenure.store.sessions import AccountSession, SecretPurpose
from tenure.web.sessions import EACH, MOST, MemorySessions
from tests.server.server_env import ServerEnv, office

HOG, OTHER = "192.0.2.1", "198.51.100.1"
Holds = Callable[[ServerEnv], Awaitable[bool]]


async def sessions_of_pages(_: ServerEnv) -> bool:
    kept = MemorySessions[PortalSession](FairPlaces(MOST, EACH), block_of)
    mine = await kept.open_session(PortalSession("other", {}), 0, "other", OTHER) or ""
    for number in range(MOST + 160):
        await kept.open_session(PortalSession("hog", {}), 0, f"hog {number // 100}", HOG)
    return await kept.find_session(mine, 1) is not None


def _secret(user: str, number: int, purpose: SecretPurpose) -> AccountSession:
    return AccountSession(f"{user}{number}".encode(), f"{user}{number}", user, None, purpose, number, 10**9, 10**9, "")


def in_the_store(purpose: SecretPurpose) -> Holds:
    async def holds(env: ServerEnv) -> bool:
        def work(conn: Connection) -> bool:
            conn.exec_driver_sql("pragma defer_foreign_keys=on")
            sessions.open_session(conn, _secret("other", 0, purpose))
            for number in range(sessions.EACH + 20):
                sessions.open_session(conn, _secret("hog", number, purpose))
            held = sum(sessions.find_session(conn, f"hog{n}".encode(), purpose, 1) is not None for n in range(200))
            return held == sessions.EACH and sessions.find_session(conn, b"other0", purpose, 1) is not None

        return bool(await env.context.db.dry_run(work))

    return holds


async def signers_of_products(env: ServerEnv) -> bool:
    mine = env.context.answer_signer("editor", sandbox=False)
    for number in range(PRODUCTS_REMEMBERED * 2):
        env.context.answer_signer(f"made up {number}", sandbox=False)
    held = env.context.answer_signer("editor", sandbox=False) is mine
    env.clock.now += 1
    env.context.answer_signer("made up", sandbox=False)
    return held and len(env.context.chosen_signers) == 1


async def requests_at_work(_: ServerEnv) -> bool:
    return _leaves_room(FairShares(512), 512)


async def passwords_to_be_checked(_: ServerEnv) -> bool:
    return _leaves_room(FairShares(AT_ONCE + WAITING_MOST), 200)


def _leaves_room(shares: FairShares, times: int) -> bool:
    for _ in range(times):
        if shares.has_room(HOG):
            shares.take_share(HOG)
    return shares.has_room(OTHER)


def places(name: str) -> Holds:
    async def holds(_: ServerEnv) -> bool:
        table = getattr(ConnectionPlaces(ConnectionBounds(), 4_096), name)
        table.take_place("other", OTHER, OTHER)
        for number in range(10_000):
            network, block = f"2001:db8:7:{number % 3_000:x}::/64", "2001:db8:7::/48"
            if not table.has_room(network, block):
                table.give_back(table.longest_holder(block))
            table.take_place(number, network, block)
        return "other" in table and table.has_room("203.0.113.9", "203.0.113.9")

    return holds


async def counters_of_wrong_tries(_: ServerEnv) -> bool:
    """A counter that is pushed out forgives: what a hog may write is bounded before, so it never comes to that."""
    kept, limit = MemoryCounters(), RateLimit("each /48", 160, 3_600)
    throttle = RateThrottle(kept, lambda: 0.0, lambda: 0)
    throttle.count_request((limit, OTHER))
    narrow = RateLimit("each /64", 10, 3_600)
    for number in range(120_000):
        throttle.count_request((limit, "2001:db8:7::/48"), (narrow, str(number)))
    return kept.read_counter(("each /48", OTHER)) is not None and kept.read_counter(("each /64", "160")) is None


TABLES: dict[str, Holds] = {
    "sessions of pages": sessions_of_pages,
    "sessions in the store": in_the_store(SecretPurpose.SESSION),
    "half sign-ins": in_the_store(SecretPurpose.SECOND_FACTOR),
    "links for passwords": in_the_store(SecretPurpose.PASSWORD_RESET),
    "signers of products": signers_of_products,
    "requests at work": requests_at_work,
    "passwords to be checked": passwords_to_be_checked,
    "connections": places("connections"),
    "requests half sent": places("arriving"),
    "answers half read": places("unread"),
    "counters of wrong tries": counters_of_wrong_tries,
}


@pytest.mark.parametrize("table", TABLES)
async def test_whoever_fills_a_table_pushes_nobody_else_out(table: str, tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        assert await TABLES[table](env)
