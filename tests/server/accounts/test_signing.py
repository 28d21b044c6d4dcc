"""Signing in and out: what a session is good for, how long, and what whoever fails is told."""

from pathlib import Path

import pytest

from tenure.core.timeline import DAY
from tenure.http.accounts.login_backoff import ACCOUNT, ADDRESS
from tenure.store.sessions import IDLE, LIFE
from tests.server.server_env import Caller, ServerEnv, office
from tests.server.users import PASSWORD, User, arrived, audited, joined, mails, sign_in, stranger

pytestmark = pytest.mark.anyio


async def status(caller: Caller) -> int:
    """Whether the caller is known still."""
    return (await caller.send("GET", "/v1/me")).status_code


async def test_whoever_signs_in_is_known_until_signing_out(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff, email="Ana@Example.com")
        entered = (await sign_in(env, "aNa@example.com")).json()
        assert entered["second_factor"] is False
        again = Caller(env.http, entered["session"])
        me = await again.get("/v1/me")
        assert me["user"] == {"id": ana.id, "name": "Ana", "email": "ana@example.com"}
        assert (me["kind"], me["role"], me["provider"]["id"]) == ("provider", "owner", env.provider)
        assert [each["name"] for each in me["memberships"]] == ["North"]
        assert (await again.send("GET", "/v1/customers")).status_code == 200
        assert (await again.send("POST", "/v1/sign-out")).status_code == 204
        assert await status(again) == 401
        assert await status(ana) == 200, "another session of the same user goes on"
        assert (await audited(env.staff))[-2:] == [(what, "ana@example.com") for what in ("signed_in", "signed_out")]


async def test_a_program_with_a_token_learns_who_it_is(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        me = await env.staff.get("/v1/me")
        assert (me["user"], me["kind"], me["role"], me["memberships"]) == (None, "provider", "", [])
        assert me["expires"] == "2035-12-30T00:00:00Z"
        assert (await env.staff.send("POST", "/v1/sign-out")).json()["code"] == "action_not_permitted"
        vendor = await env.vendor.get("/v1/me")
        assert (vendor["kind"], vendor["provider"]) == ("vendor", None)


async def test_a_wrong_email_and_a_wrong_password_are_told_alike(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        answers = [await sign_in(env, ana.email, "wrong and long"), await sign_in(env, "nobody@example.com")]
        for each in answers:
            assert (each.status_code, each.json()["code"]) == (401, "sign_in_refused")
        first, second = ({**each.json(), "request_id": ""} for each in answers)
        assert first == second
        assert {name for name, _ in answers[0].headers.items()} == {name for name, _ in answers[1].headers.items()}


async def test_a_refusal_is_in_the_audit_of_the_team_and_what_was_typed_is_nowhere(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        await sign_in(env, ana.email, "wrong and long")
        await sign_in(env, "typed-the-secret-here@example.com")
        (*_, last) = (await env.staff.get("/v1/audit"))["items"][::-1]
        assert (last["what"], last["who"], last["detail"]) == ("sign_in_refused", ana.id, "wrong password")
        vendors = (await env.vendor.get("/v1/audit"))["items"][0]
        assert (vendors["what"], vendors["who"], vendors["detail"]) == ("sign_in_refused", "", "no such account")
        everything = repr(await env.snapshot())
        assert "typed-the-secret-here" not in everything
        assert "wrong and long" not in everything
        assert ana.token not in everything


@pytest.mark.parametrize("exists", [True, False])
async def test_who_fails_repeatedly_waits_longer_each_time(tmp_path: Path, exists: bool) -> None:
    """An account that is not there makes one wait just as long."""
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        email = ana.email if exists else "nobody@example.com"
        for _ in range(ACCOUNT.free):
            assert (await sign_in(env, email, "wrong and long")).status_code == 401
        waits = []
        for _ in range(4):
            told = await sign_in(env, email)
            assert (told.status_code, told.json()["code"]) == (429, "too_many_requests")
            waits.append(int(told.headers["retry-after"]))
            env.clock.now += waits[-1]
            assert (await sign_in(env, email, "wrong and long")).status_code == 401
        assert waits == [2, 4, 8, 16]
        assert await status(ana) == 200, "whoever is signed in is not concerned"
        if exists:
            env.clock.now += 32
            assert (await sign_in(env, email)).status_code == 200
            assert (await sign_in(env, email, "wrong and long")).status_code == 401, "and all is forgiven"


async def test_many_guesses_at_once_are_no_way_around_the_wait(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        seen = await env.at_once(30, lambda: sign_in(env, ana.email, "wrong and long"))
        assert sorted(each.status_code for each in seen) == [401] * ACCOUNT.free + [429] * (30 - ACCOUNT.free)


async def test_a_network_that_tries_many_names_waits_too(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        for number in range(ADDRESS.free):
            assert (await sign_in(env, f"name{number}@example.com")).status_code == 401
        assert (await sign_in(env, ana.email)).status_code == 429
        env.clock.now += DAY
        for _ in range(2 * ADDRESS.free):
            assert (await sign_in(env, ana.email)).status_code == 200, "who succeeds uses nothing up"


# -- how long --


async def test_a_session_ends_idle_and_in_the_end(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        env.clock.now += IDLE - 1
        assert await status(ana) == 200
        env.clock.now += IDLE
        assert await status(ana) == 401
        busy = Caller(env.http, (await sign_in(env, ana.email)).json()["session"])
        began = env.clock.now
        while env.clock.now + 1_800 < began + LIFE:
            env.clock.now += 1_800
            assert await status(busy) == 200
        env.clock.now = began + LIFE - 1
        assert await status(busy) == 200
        env.clock.now += 1
        assert await status(busy) == 401, "however busy"


async def test_a_sandboxs_clock_throws_nobody_out(tmp_path: Path) -> None:
    async with office(tmp_path, sandbox=True) as env:
        ana = await joined(env, env.staff)
        moved = await ana.send("PUT", "/v1/sandbox/clock", {"now": "2031-01-01T00:00:00Z", "rate": 1_000})
        assert moved.status_code == 200, moved.text
        env.clock.now += 60
        me = await ana.get("/v1/me")
        assert me["provider"]["now"] > "2031-01-01T16"
        assert me["expires"] == "2026-01-01T12:00:00Z", "in real time"


async def test_a_sign_in_from_a_new_place_is_told_by_mail(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        await sign_in(env, ana.email)
        assert [name for name, _ in await mails(env, ana.email)] == ["invitation"]
        elsewhere = env.seen_from("198.51.100.7")
        await sign_in(elsewhere, ana.email)
        template, values = (await mails(env, ana.email))[-1]
        assert (template, values["address"]) == ("sign_in_from_new_place", "198.51.100.7")
        await sign_in(elsewhere, ana.email)
        assert len(await mails(env, ana.email)) == 2, "the second time it is known"


# -- several teams --


async def in_two_teams(env: ServerEnv) -> tuple[User, str]:
    """A provider's owner who looks after a customer's team as well; and the customer's id."""
    ana = await joined(env, env.staff, email="ana@example.com")
    asked = {"email": ana.email, "name": "Ana", "role": "auditor", "customer": env.customer}
    link = (await env.staff.post("/v1/invitations", asked))["link_token"]
    accepted = {"token": link, "name": "Other", "password": PASSWORD}
    entered = await stranger(env).post("/v1/invitations/accept", accepted)
    return await arrived(env, entered["session"], ana.email), env.customer


async def test_a_user_in_two_teams_works_in_one_at_a_time(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana, customer = await in_two_teams(env)
        me = await ana.get("/v1/me")
        assert (me["kind"], me["role"], me["customer"]) == ("customer", "auditor", {"id": customer, "name": "ACME"})
        assert me["user"]["name"] == "Ana", "an invitation renames nobody"
        assert (await ana.send("GET", "/v1/customers")).status_code == 403
        other = next(each["id"] for each in me["memberships"] if each["kind"] == "provider")
        env.clock.now += 1
        moved = await ana.post("/v1/me/membership", {"id": other})
        assert (moved["kind"], moved["role"], moved["customer"]) == ("provider", "owner", None)
        assert (await ana.send("GET", "/v1/customers")).status_code == 200
        entered = Caller(env.http, (await sign_in(env, ana.email)).json()["session"])
        assert (await entered.get("/v1/me"))["membership"] == other, "the next sign-in begins where one worked last"
        foreign = (await joined(env, env.staff)).membership
        assert await ana.refused("/v1/me/membership", {"id": foreign}) == "not_found"


async def test_histories_name_the_user_and_not_the_session(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff, "operator")
        path = f"/v1/customers/{env.customer}"
        await ana.post(f"{path}/top-ups", {"amount": 100, "reference": "by Ana"})
        assert (await env.staff.get(f"{path}/statement"))["items"][-1]["by"] == ana.id
