"""What the flows of accounts rely on, held by the activation server's store and the administration server's alike."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyotp
import pytest

from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.accounts.account_store import FailureCounter
from tenure.http.accounts.flows import AccountFlows
from tenure.http.accounts.login_backoff import ACCOUNT
from tenure.http.accounts.passwords import PasswordHashes
from tenure.http.auth import Principal
from tenure.server.api.accounts.account_port import ServerAccounts
from tenure.server.api.accounts.sign_in_session import Origin, ProvenEmail, come_in, enter_team
from tenure.site.accounts import LIFE, SESSION, TICKET, SiteAccountSecrets
from tenure.site.api.accounts.account_port import SiteAccountStore
from tenure.site.api.local import LocalApi
from tenure.site.store import users as site_users
from tenure.site.store.users import SiteUser
from tenure.store import users
from tests.server.server_env import CHEAP, office
from tests.server.users import PASSWORD, joined
from tests.site.site_env import site_env

pytestmark = pytest.mark.anyio

HERE = "203.0.113.9"
NEXT = "ten lives of a dog"
HASHES = PasswordHashes(CHEAP)


@dataclass
class Book:
    """One program's accounts with a user in them; `enter` opens a session or a ticket and answers its secret."""

    store: Any
    secrets: Any
    user: str
    enter: Callable[[Any, Any, Instant], str]
    session_of: Callable[[str], Any]

    @property
    def flows(self) -> AccountFlows[Any]:
        return AccountFlows(self.store, self.secrets, HASHES)

    def caller(self, session: str = "ses_none") -> Principal:
        return Principal(kind=Role.PROVIDER, token_id=session, user=self.user, name="ana")

    async def do(self, work: Callable[[Any], Any]) -> Any:
        return await self.store.write(lambda conn, _now: work(conn))

    async def found(self) -> Any:
        return await self.store.read(lambda conn, _now: self.store.find_user(conn, self.user))


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Book]:
    async with office(tmp_path) as env:
        accounts = ServerAccounts(env.context)
        ana = await joined(env, env.staff)

        def enter(conn: Any, user: Any, now: Instant) -> str:
            if user.factor is None:
                home = users.memberships_of(conn, user.id)[0]
                return enter_team(conn, env.context, user, home, Origin(HERE), now, "password").session
            entered = come_in(conn, env.context, ProvenEmail(user.email, "password"), Origin(HERE), now)
            assert entered is not None
            return entered.ticket

        yield Book(accounts, accounts, ana.id, enter, accounts.secret_digest)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Book]:
    with site_env(tmp_path) as opened:
        house = opened.site()
        keys = SiteAccountSecrets(house.site.secrets, secrets.token_bytes, house.site.computer.clocks.wall)
        local = LocalApi(house.site, house.watch, lambda: 0)

        def enter(conn: Any, user: Any, now: Instant) -> str:
            return keys.open_session(conn, user.id, SESSION if user.factor is None else TICKET, LIFE)[0]

        hashed = asyncio.run(HASHES.hash_password(PASSWORD))
        assert isinstance(hashed, str)
        ana = SiteUser("usr_ana", "ana", "operator", hashed, 1, None, 0, 1)
        house.site.store.write(lambda conn: site_users.add(conn, ana)).result()
        yield Book(SiteAccountStore(local, keys), keys, ana.id, enter, keys.secret_digest)
        opened.close_sites()


@pytest.fixture(params=["server", "site"])
def book(request: pytest.FixtureRequest) -> Book:
    made: Book = request.getfixturevalue(request.param)
    return made


async def test_a_step_and_a_recovery_code_are_good_once(book: Book) -> None:
    digests = [book.secrets.recovery_digest(book.user, each) for each in ("one", "two")]
    sealed = book.secrets.seal_factor(book.user, "SECRET")
    await book.do(lambda conn: book.store.set_factor(conn, book.user, sealed, 5, digests))
    steps = [await book.do(lambda conn, step=step: book.store.use_step(conn, book.user, step)) for step in (5, 7, 7, 6)]
    assert steps == [False, True, False, False]
    used = [await book.do(lambda conn: book.store.use_recovery(conn, book.user, digests[0])) for _ in range(2)]
    assert used == [True, False]
    assert not await book.do(lambda conn: book.store.use_recovery(conn, "usr_other", digests[1]))
    await book.do(lambda conn: book.store.set_factor(conn, book.user, None, 7, ()))
    assert not await book.do(lambda conn: book.store.use_recovery(conn, book.user, digests[1])), "gone with the factor"
    user = await book.found()
    assert (user.factor, user.step) == (None, 7)


async def test_a_sealed_factor_opens_for_its_user_alone(book: Book) -> None:
    sealed = book.secrets.seal_factor(book.user, "SECRET")
    assert b"SECRET" not in sealed
    assert book.secrets.open_factor(book.user, sealed) == "SECRET"
    assert book.secrets.open_factor("usr_other", sealed) == book.secrets.open_factor(book.user, None) == ""


async def test_an_offered_factor_counts_only_once_it_is_confirmed(book: Book) -> None:
    first, second = (book.secrets.seal_factor(book.user, each) for each in ("FIRST", "SECOND"))
    read = lambda: book.do(lambda conn: book.store.offered_factor(conn, book.user))  # noqa: E731
    assert await read() is None
    for each in (first, second):
        await book.do(lambda conn, each=each: book.store.offer_factor(conn, book.user, each))
    assert await read() == second, "a later offer replaces it"
    assert (await book.found()).factor is None
    await book.do(lambda conn: book.store.set_factor(conn, book.user, second, 1, ()))
    assert await read() is None
    assert (await book.found()).factor == second


async def test_tries_are_counted_given_back_and_forgotten(book: Book) -> None:
    async def tries() -> tuple[int, int]:
        found = await book.store.read(lambda conn, now: book.store.failed_tries(conn, "key", now))
        return found.count, found.last

    now = await book.store.read(lambda _conn, now: now)
    assert await tries() == (0, 0)
    for since in (2, 1):
        await book.do(lambda conn, since=since: book.store.add_try(conn, "key", now - since))
    assert await tries() == (2, now - 1)
    await book.do(lambda conn: book.store.take_back(conn, "key", now))
    assert (await tries())[0] == 1
    await book.do(lambda conn: book.store.reset_tries(conn, "key"))
    assert (await tries())[0] == 0


async def test_a_refused_write_leaves_nothing_behind(book: Book) -> None:
    def work(conn: Any, now: Instant) -> Refused:
        book.store.add_try(conn, "key", now)
        return Refused(RefusalCode.NOT_FOUND)

    assert (await book.store.write(work)).code is RefusalCode.NOT_FOUND
    assert (await book.store.read(lambda conn, now: book.store.failed_tries(conn, "key", now))).count == 0


async def test_signing_in_counts_first_and_forgives_who_was_right(book: Book) -> None:
    counters = (FailureCounter(book.secrets.counter_key("account", "ana"), ACCOUNT),)
    user = await book.found()
    wrong = [await book.flows.sign_in(user, "wrong", counters, HERE, book.enter) for _ in range(4)]
    assert {each.code for each in wrong} == {RefusalCode.SIGN_IN_REFUSED}
    nobody = await book.flows.sign_in(None, PASSWORD, counters, HERE, book.enter)
    assert nobody.code is RefusalCode.SIGN_IN_REFUSED
    waits = await book.flows.sign_in(user, PASSWORD, counters, HERE, book.enter)
    assert waits.code is RefusalCode.TOO_MANY_REQUESTS
    await book.do(lambda conn: book.store.reset_tries(conn, counters[0].key))
    for _ in range(6):
        assert isinstance(await book.flows.sign_in(user, PASSWORD, counters, HERE, book.enter), str)


def wrong_code(good: str) -> str:
    return str((int(good) + 1) % 10**6).zfill(6)


async def confirm(book: Book, code: str) -> Any:
    """The offered factor is confirmed with a code, in a transaction of the program's own."""
    flows, caller = book.flows, book.caller()
    work = lambda conn, now: flows.accept_offer(conn, caller, code, HERE, now)  # noqa: E731
    return await flows.confirm_factor(caller, HERE, lambda: book.store.write(work))


async def test_the_code_of_a_proposed_factor_cannot_be_found_by_trying(book: Book) -> None:
    """Who has stolen a session would get the recovery codes of the factor that its owner has not confirmed yet."""
    _, secret = await book.flows.propose_factor(book.caller(), PASSWORD, HERE)
    good = pyotp.TOTP(secret).at(await book.store.read(lambda _conn, now: now))
    tried = [(await confirm(book, wrong_code(good))).code for _ in range(5)]
    assert set(tried) == {RefusalCode.SECOND_FACTOR_REFUSED}
    assert (await confirm(book, good)).code is RefusalCode.TOO_MANY_REQUESTS
    assert (await book.found()).factor is None
    await book.do(lambda conn: book.store.reset_tries(conn, book.secrets.counter_key("factor", book.user)))
    for _ in range(6):
        assert len(await confirm(book, good)) == 10, "what was right is forgiven"
        await book.do(lambda conn: book.store.set_factor(conn, book.user, None, 0, ()))
        assert (await confirm(book, good)).code is RefusalCode.NOT_FOUND
        sealed = book.secrets.seal_factor(book.user, secret)
        await book.do(lambda conn, sealed=sealed: book.store.offer_factor(conn, book.user, sealed))


class BusyHashes(PasswordHashes):
    """Others take every place in the queue."""

    async def verify_password(self, kept: str | None, password: str, who: str = "") -> bool | Refused:
        return Refused(RefusalCode.SERVER_BUSY)


async def test_who_was_not_looked_at_has_not_failed(book: Book) -> None:
    """Otherwise others who keep the server busy shut the door for everybody for a quarter of an hour."""
    busy = AccountFlows(book.store, book.secrets, BusyHashes(CHEAP))
    user = await book.found()
    account = FailureCounter(book.secrets.counter_key("account", "ana"), ACCOUNT)
    counters = (account, *book.secrets.network_counters(HERE))
    wrong = await book.flows.sign_in(user, "wrong", counters, HERE, book.enter)
    assert wrong.code is RefusalCode.SIGN_IN_REFUSED
    for _ in range(8):
        refused = await busy.sign_in(user, PASSWORD, counters, HERE, book.enter)
        assert isinstance(refused, Refused) and refused.code is RefusalCode.SERVER_BUSY
        proposed = await busy.propose_factor(book.caller(), PASSWORD, HERE)
        assert isinstance(proposed, Refused) and proposed.code is RefusalCode.SERVER_BUSY
    for each in (inner for counter in counters for inner in counter.with_outer):
        found = await book.store.read(lambda conn, now, key=each.key: book.store.failed_tries(conn, key, now))
        assert found.count == 1, "what failed before stays counted"
    assert isinstance(await book.flows.sign_in(user, PASSWORD, counters, HERE, book.enter), str)
    assert not isinstance(await book.flows.propose_factor(book.caller(), PASSWORD, HERE), Refused)


async def test_the_whole_life_of_a_second_factor(book: Book) -> None:
    flows, caller = book.flows, book.caller()
    assert (await flows.propose_factor(caller, "wrong", HERE)).code is RefusalCode.PASSWORD_REFUSED
    _, secret = await flows.propose_factor(caller, PASSWORD, HERE)
    now = await book.store.read(lambda _conn, now: now)

    good = pyotp.TOTP(secret).at(now)
    assert (await confirm(book, wrong_code(good))).code is RefusalCode.SECOND_FACTOR_REFUSED
    codes = await confirm(book, good)
    assert len(codes) == 10
    assert (await confirm(book, good)).code is RefusalCode.NOT_FOUND, "it is no offer any more"
    assert (await flows.propose_factor(caller, PASSWORD, HERE)).code is RefusalCode.ALREADY_EXISTS
    counters = (FailureCounter(book.secrets.counter_key("account", "ana"), ACCOUNT),)
    ticket = await flows.sign_in(await book.found(), PASSWORD, counters, HERE, book.enter)

    async def show(code: str) -> Any:
        return await flows.show_factor(
            ticket, code, lambda user: flows.factor_counters(user, HERE), HERE, lambda *shown: shown[2]
        )

    assert (await show(good)).code is RefusalCode.SIGN_IN_REFUSED, "the code that confirmed it was used"
    assert await show(codes[0]) == "recovery code"
    assert (await show(codes[1])).code is RefusalCode.SIGN_IN_REFUSED, "the ticket is used up"
    assert (await flows.remove_factor(caller, PASSWORD, codes[0], HERE)).code is RefusalCode.SECOND_FACTOR_REFUSED
    assert await flows.remove_factor(caller, PASSWORD, codes[2], HERE) is None
    assert (await book.found()).factor is None
    assert (await flows.remove_factor(caller, PASSWORD, codes[3], HERE)).code is RefusalCode.NOT_FOUND


async def test_another_password_needs_the_present_one_and_ends_other_sign_ins(book: Book) -> None:
    flows, caller = book.flows, book.caller()
    sealed = book.secrets.seal_factor(book.user, "SECRET")
    await book.do(lambda conn: book.store.set_factor(conn, book.user, sealed, 1, ()))
    counters = (FailureCounter(book.secrets.counter_key("account", "ana"), ACCOUNT),)
    ticket = await flows.sign_in(await book.found(), PASSWORD, counters, HERE, book.enter)
    known = lambda user, old: (old,)  # noqa: E731
    refused = await flows.change_password(caller, "wrong", NEXT, known, HERE)
    assert (refused.code, refused.field) == (RefusalCode.PASSWORD_REFUSED, "old")
    unfit = [await flows.change_password(caller, PASSWORD, each, known, HERE) for each in ("short", PASSWORD)]
    assert {(each.code, each.field) for each in unfit} == {(RefusalCode.PASSWORD_UNFIT, "new")}
    find = lambda conn, now: book.store.find_ticket(conn, book.session_of(ticket), now)  # noqa: E731
    assert (await book.store.read(find))[1] == book.user
    assert await flows.change_password(caller, PASSWORD, NEXT, known, HERE) is None
    assert await book.store.read(find) is None
    assert (await flows.change_password(caller, PASSWORD, NEXT, known, HERE)).code is RefusalCode.PASSWORD_REFUSED
    assert await HASHES.verify_password((await book.found()).password, NEXT) is True


async def test_open_sessions_are_those_that_have_not_ended(book: Book) -> None:
    user, now = await book.found(), await book.store.read(lambda _conn, now: now)
    read = lambda: book.store.read(lambda conn, now: book.store.open_sessions(conn, book.user, now))  # noqa: E731
    before = {each.id for each in await read()}
    for _ in range(2):
        await book.do(lambda conn: book.enter(conn, user, now))
    opened = [each for each in await read() if each.id not in before]
    assert [(each.created, each.expires > now) for each in opened] == [(now, True)] * 2
    await book.do(lambda conn: book.store.end_session(conn, opened[0].id))
    assert {each.id for each in await read()} == before | {opened[1].id}
    await book.do(lambda conn: book.store.end_others(conn, book.user, but=opened[1].id))
    assert [each.id for each in await read()] == [opened[1].id]
    assert await book.do(lambda conn: book.store.end_sessions(conn, book.user)) == 1
    assert not await read()


async def test_a_token_has_no_account(book: Book) -> None:
    token = Principal(kind=Role.PROVIDER, token_id="tok_1")
    for answer in (
        await book.flows.change_password(token, PASSWORD, NEXT, lambda *_: (), HERE),
        await book.flows.propose_factor(token, PASSWORD, HERE),
        await book.flows.remove_factor(token, PASSWORD, "000000", HERE),
    ):
        assert isinstance(answer, Refused)
        assert answer.code is RefusalCode.ACTION_NOT_PERMITTED
