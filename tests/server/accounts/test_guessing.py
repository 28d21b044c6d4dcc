"""Strangers who guess: they wait longer each time, and whoever the account belongs to still gets in."""

from pathlib import Path
from typing import Any

import httpx2
import pytest

from tenure.core.timeline import DAY
from tenure.http.accounts.login_backoff import ACCOUNT, WIDEST
from tenure.http.portal_key import KEY_HEADER, BehindPortal
from tests.server.server_env import ServerEnv, office
from tests.server.users import PASSWORD, joined, sign_in, stranger

pytestmark = pytest.mark.anyio


async def _signs_in(env: ServerEnv, email: str, device: str, password: str = PASSWORD) -> Any:
    body = {"email": email, "password": password, "device": device}
    return await stranger(env).send("POST", "/v1/sign-in", body)


async def _guess_for_a_day(env: ServerEnv, email: str, networks: list[ServerEnv]) -> int:
    """Everything that these networks may try in a day; how many were judged."""
    judged, until = 0, env.clock.now + DAY
    while env.clock.now < until:
        for each in networks:
            judged += (await sign_in(each, email, "a wrong password")).status_code == 401
        env.clock.now += 901
    return judged


async def test_two_addresses_guess_all_day_and_the_owner_comes_in(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        device = (await sign_in(env, ana.email)).json()["device"]
        guessing = [env.seen_from("192.0.2.1"), env.seen_from("192.0.2.2")]
        assert await _guess_for_a_day(env, ana.email, guessing) < 110
        env.clock.now -= 900
        assert (await sign_in(env, ana.email)).status_code == 429, "from a browser that nobody knows one waits"
        entered = await _signs_in(env, ana.email, device)
        assert entered.status_code == 200
        assert (await _signs_in(env, ana.email, entered.json()["device"])).status_code == 200
        assert (await _signs_in(guessing[0], ana.email, "", "a wrong one")).status_code == 429


async def test_what_makes_a_browser_known(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana, ben = await joined(env, env.staff), await joined(env, env.staff)
        device, other = [(await sign_in(env, each.email)).json()["device"] for each in (ana, ben)]
        far = env.seen_from("192.0.2.1")
        for _ in range(ACCOUNT.free):
            await sign_in(far, ana.email, "a wrong password")
        made_up = f"{device[:-1]}{'0' if device[-1] != '0' else '1'}"
        for shown in ("", "tnd_", "tnd__", "x", other, made_up):
            assert (await _signs_in(env, ana.email, shown)).status_code == 429, shown
        assert (await _signs_in(env, ana.email, device)).status_code == 200
        for _ in range(ACCOUNT.free):
            assert (await _signs_in(env, ana.email, device, "a wrong one")).status_code == 401
        assert (await _signs_in(env, ana.email, device)).status_code == 429, "it waits for its own failures"
        env.clock.now += DAY
        fresh = (await sign_in(env, ana.email)).json()["device"]
        session = env.seen_from("127.0.0.1")
        ana.token = (await sign_in(session, ana.email)).json()["session"]
        changed = await ana.send("POST", "/v1/me/password", {"old": PASSWORD, "new": "eleven lives of a cat"})
        assert changed.status_code == 204
        for _ in range(ACCOUNT.free):
            await sign_in(far, ana.email, "a wrong password")
        assert (await _signs_in(env, ana.email, fresh, "eleven lives of a cat")).status_code == 429, "it ended with it"


async def test_who_is_signed_in_changes_the_password_whatever_strangers_try(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        for _ in range(40):
            await sign_in(env, ana.email, "a wrong password")
        changed = await ana.send("POST", "/v1/me/password", {"old": PASSWORD, "new": "eleven lives of a cat"})
        assert changed.status_code == 204


async def test_many_networks_of_one_48_have_not_as_many_tries(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        judged = 0
        for number in range(WIDEST.free + 60):
            far = env.seen_from(f"2001:db8:7:{number:x}07::1")
            judged += (await sign_in(far, f"nobody{number}@example.com")).status_code == 401
        assert judged == WIDEST.free
        assert (await sign_in(env.seen_from("2001:db8:8::1"), "somebody@example.com")).status_code == 401


async def test_the_portal_is_known_by_its_key_and_nobody_else_names_an_address(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        key = env.context.keys.portal_key
        transport = httpx2.ASGITransport(app=BehindPortal(env.api, key), client=("10.0.0.5", 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://license.test") as http:

            async def tried(shown: str, visitor: str, number: int) -> int:
                headers = {KEY_HEADER: shown, "X-Forwarded-For": visitor} if shown else {"X-Forwarded-For": visitor}
                body = {"email": f"nobody{number}@example.com", "password": "a wrong password"}
                return (await http.post("/v1/sign-in", json=body, headers=headers)).status_code

            assert [await tried(key, "203.0.113.1", number) for number in range(32)][-1] == 429
            assert await tried(key, "203.0.113.2", 40) == 401, "another visitor does not wait for that one"
            assert await tried(key, "203.0.113.3, 203.0.113.4", 41) == 401
            for shown in ("", "wrong", key[:-1]):
                told = [await tried(shown, f"203.0.113.{number}", number) for number in range(50, 90)]
                assert told[-1] == 429, "without the key all have one address, whatever they claim"
