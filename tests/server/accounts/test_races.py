"""What one may do once is done once, and guesses are counted, however many ask at the same moment in two processes."""

import asyncio
from collections.abc import AsyncIterator
from itertools import cycle, islice
from pathlib import Path

import pytest
import sqlalchemy as sa

from tenure.store.engine import Connection
from tenure.store.schema import recovery
from tests.contract.databases import SharedSchema
from tests.server.accounts.test_securing import with_factor
from tests.server.server_env import Caller, ServerEnv, office
from tests.server.users import PASSWORD, joined, mails, sign_in, stranger

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


@pytest.fixture
async def envs(shared_schema: SharedSchema, tmp_path: Path) -> AsyncIterator[tuple[ServerEnv, ServerEnv]]:
    """Two processes of one server."""
    opener = await shared_schema.emptied()
    async with office(tmp_path, database=await opener.open()) as env:
        second = await opener.open()
        yield env, env.second_process(second)
        await second.close()


async def test_guesses_in_the_same_moment_are_all_counted(envs: tuple[ServerEnv, ServerEnv]) -> None:
    ana = await joined(envs[0], envs[0].staff)

    async def judged() -> int:
        """How many of twelve that come at once are judged at all."""
        at_once = (sign_in(each, ana.email, "wrong and long") for each in islice(cycle(envs), 12))
        return sum(answer.status_code == 401 for answer in await asyncio.gather(*at_once))

    assert [await judged() for _ in range(3)] == [5, 0, 0], "as many as are free"
    for wait in (2, 4, 8, 16):
        envs[0].clock.now += wait
        assert await judged() == 1, "one more after each wait"
    envs[0].clock.now += 16
    assert await judged() == 0, "and twice as long until the next"


async def test_a_recovery_code_shown_twice_at_once_lets_one_in(envs: tuple[ServerEnv, ServerEnv]) -> None:
    ana = await joined(envs[0], envs[0].staff)
    _, codes = await with_factor(envs[0], ana)
    for code in codes[:3]:
        tickets = [(await sign_in(each, ana.email)).json()["ticket"] for each in envs]
        shown = [stranger(each).send("POST", "/v1/sign-in/second-factor", {"ticket": ticket, "code": code})
                 for each, ticket in zip(envs, tickets, strict=True)]  # fmt: skip
        got = await asyncio.gather(*shown)
        assert sorted(answer.status_code for answer in got) == [200, 401]


async def test_one_ticket_with_two_codes_at_once_lets_one_in_and_uses_one_code(
    envs: tuple[ServerEnv, ServerEnv],
) -> None:
    ana = await joined(envs[0], envs[0].staff)
    _, codes = await with_factor(envs[0], ana)
    ticket = (await sign_in(envs[0], ana.email)).json()["ticket"]
    shown = [stranger(each).send("POST", "/v1/sign-in/second-factor", {"ticket": ticket, "code": code})
             for each, code in zip(envs, codes, strict=False)]  # fmt: skip
    assert sorted(answer.status_code for answer in await asyncio.gather(*shown)) == [200, 401]
    assert await envs[0].context.db.read(_codes_left, ana.id) == len(codes) - 1


def _codes_left(conn: Connection, user: str) -> int | None:
    return conn.scalar(sa.select(sa.func.count()).select_from(recovery).where(recovery.c.user == user))


async def test_two_owners_who_put_each_other_out_leave_one(envs: tuple[ServerEnv, ServerEnv]) -> None:
    for ask in ("DELETE", "PUT"):
        ana, ben = await joined(envs[0], envs[0].staff), await joined(envs[1], envs[1].staff)
        for other in (await envs[0].staff.get("/v1/users"))["items"]:
            if other["id"] not in {ana.id, ben.id}:
                await envs[0].staff.send("DELETE", f"/v1/users/{other['id']}")
        body = {"role": "auditor"} if ask == "PUT" else None
        put_out = [Caller(env.http, me.token).send(ask, f"/v1/users/{other.id}", body)
                   for env, me, other in zip(envs, (ana, ben), (ben, ana), strict=True)]  # fmt: skip
        said = sorted(answer.status_code for answer in await asyncio.gather(*put_out))
        assert said[0] < 300 <= said[1] < 500, said
        owners = [each for each in (await envs[0].staff.get("/v1/users"))["items"] if each["role"] == "owner"]
        assert len(owners) == 1


async def test_a_link_for_a_new_password_followed_twice_at_once_sets_one(envs: tuple[ServerEnv, ServerEnv]) -> None:
    ana = await joined(envs[0], envs[0].staff)
    await stranger(envs[0]).send("POST", "/v1/password-reset", {"email": ana.email})
    token = (await mails(envs[0], ana.email))[-1][1]["token"]
    chosen = ("ten lives of a dog", "six lives of a cow")
    finish = [stranger(env).send("POST", "/v1/password-reset/finish", {"token": token, "password": password})
              for env, password in zip(envs, chosen, strict=True)]  # fmt: skip
    said = [answer.status_code for answer in await asyncio.gather(*finish)]
    assert sorted(said) == [204, 404] or sorted(said) == [200, 404], said
    works = [(await sign_in(envs[0], ana.email, password)).status_code for password in chosen]
    assert [each < 300 for each in works] == [each < 300 for each in said]


async def test_a_sign_in_beside_another_password_has_no_session_afterwards(
    envs: tuple[ServerEnv, ServerEnv],
) -> None:
    """Whichever comes first: what the old password opened has ended, or is refused."""
    for number in range(6):
        ana = await joined(envs[0], envs[0].staff)
        change = ana.send("POST", "/v1/me/password", {"old": PASSWORD, "new": f"ten lives of a dog {number}"})
        changed, entered = await asyncio.gather(change, sign_in(envs[1], ana.email))
        assert changed.status_code < 300
        if entered.status_code == 200:
            there = Caller(envs[1].http, entered.json()["session"])
            assert (await there.send("GET", "/v1/me")).status_code == 401


async def test_two_links_of_the_mailbox_followed_at_once_take_an_account_over_once(
    envs: tuple[ServerEnv, ServerEnv],
) -> None:
    """What the owner set by the one is not set anew by the other, which asks for that password then."""
    chosen = ("ten lives of a dog", "six lives of a cow")
    for number in range(4):
        email = f"ceo{number}@other.example"
        asked = await envs[0].staff.post("/v1/invitations", {"email": email, "name": "CEO", "role": "auditor"})
        shown = {"token": asked["link_token"], "name": "CEO", "password": PASSWORD}
        await stranger(envs[0]).post("/v1/invitations/accept", shown)  # not by the mail: the account is unverified
        south = (await envs[0].vendor.post("/v1/providers", {"name": f"South {number}", "currency": "EUR"}))["id"]
        west = (await envs[0].vendor.post("/v1/providers", {"name": f"West {number}", "currency": "EUR"}))["id"]
        links = []
        for provider in (south, west):
            body = {"email": email, "name": "CEO", "role": "auditor"}
            await envs[0].vendor.post("/v1/invitations", body, provider=provider)
            links.append((await mails(envs[0], email))[-1][1]["token"])
        accept = [stranger(env).send("POST", "/v1/invitations/accept",
                                      {"token": link, "name": "CEO", "password": password})
                  for env, link, password in zip(envs, links, chosen, strict=True)]  # fmt: skip
        said = [answer.status_code for answer in await asyncio.gather(*accept)]
        assert sorted(said) == [200, 401], said
        works = [(await sign_in(envs[0], email, password)).status_code == 200 for password in chosen]
        assert works == [each == 200 for each in said]
