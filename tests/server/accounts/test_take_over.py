"""Whose account is it? Made by a link that somebody else saw it is nobody's yet; the mailbox decides."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pyotp
import pytest

from tenure.core.policy.rules import Role
from tenure.server.roles import SCOPES
from tests.server.accounts.test_securing import show, with_factor
from tests.server.server_env import Caller, ServerEnv, office
from tests.server.users import PASSWORD, User, arrived, audited, joined, mails, sign_in, stranger

pytestmark = pytest.mark.anyio

CEO = "ceo@other.example"
OURS = "what the owner chose"


@dataclass
class Squatter:
    """Somebody who has come in as the CEO, by the link shown to him, and kept everything that might open it again."""

    session: User
    half: str
    reset: str
    shows: pyotp.TOTP
    recovery: list[str]
    token: str
    invitation: str


async def squatted(env: ServerEnv) -> Squatter:
    """An owner of North asks the CEO of another company in, and follows the link that he is shown."""
    asked = await env.staff.post("/v1/invitations", {"email": CEO, "name": "CEO", "role": "owner"})
    accepted = {"token": asked["link_token"], "name": "CEO", "password": PASSWORD}
    entered = await stranger(env).post("/v1/invitations/accept", accepted)
    session = await arrived(env, entered["session"], CEO)
    shows, recovery = await with_factor(env, session)
    half = (await sign_in(env, CEO)).json()["ticket"]
    made = await session.post("/v1/tokens", {"name": "billing", "role": "provider", "scopes": ["customers:read"]})
    await stranger(env).send("POST", "/v1/password-reset", {"email": CEO})
    reset = (await mails(env, CEO))[-1][1]["token"]
    return Squatter(session, half, reset, shows, recovery, made["token"], asked["link_token"])


async def south(env: ServerEnv) -> Caller:
    """Another provider's desk."""
    provider = (await env.vendor.post("/v1/providers", {"name": "South", "currency": "EUR"}))["id"]
    body = {"name": "south", "role": "provider", "scopes": SCOPES[Role.PROVIDER]}
    made = await env.vendor.post("/v1/tokens", body | {"days": 30}, provider=provider)
    return Caller(env.http, made["token"])


async def by_invitation(env: ServerEnv, staff: Caller) -> None:
    """The CEO follows the mail of a company that really asks him in."""
    await staff.post("/v1/invitations", {"email": CEO, "name": "CEO", "role": "auditor"})
    link = (await mails(env, CEO))[-1][1]["token"]
    entered = await stranger(env).post("/v1/invitations/accept", {"token": link, "name": "CEO", "password": OURS})
    assert (entered["second_factor"], bool(entered["session"])) == (False, True), "nobody else's factor is asked for"


async def by_reset(env: ServerEnv, staff: Caller) -> None:
    """The CEO asks for a new password, without having been asked in by anybody else."""
    await stranger(env).send("POST", "/v1/password-reset", {"email": CEO})
    finished = {"token": (await mails(env, CEO))[-1][1]["token"], "password": OURS}
    assert (await stranger(env).send("POST", "/v1/password-reset/finish", finished)).status_code == 204


PROOFS: dict[str, Callable[[ServerEnv, Caller], Awaitable[None]]] = {"invitation": by_invitation, "reset": by_reset}


@pytest.mark.parametrize("proof", PROOFS)
async def test_whoever_has_the_mailbox_has_the_account_and_nothing_set_before_opens_it(
    tmp_path: Path, proof: str
) -> None:
    async with office(tmp_path) as env:
        thief, staff = await squatted(env), await south(env)
        await PROOFS[proof](env, staff)
        env.clock.now += 60
        entered = (await sign_in(env, CEO, OURS)).json()
        assert (entered["second_factor"], bool(entered["session"])) == (False, True)
        stale = {"token": thief.reset, "password": PASSWORD}
        opens = {
            "session": (await thief.session.send("GET", "/v1/me")).status_code,
            "password": (await sign_in(env, CEO)).status_code,
            "half a sign-in and the application": (
                await show(env, thief.half, thief.shows.at(env.clock()))
            ).status_code,
            "half a sign-in and a recovery code": (await show(env, thief.half, thief.recovery[0])).status_code,
            "a link sent before": (
                await stranger(env).send("POST", "/v1/password-reset/finish", stale)
            ).status_code,
            "the link once more": (
                await stranger(env).send(
                    "POST", "/v1/invitations/accept",
                    {"token": thief.invitation, "name": "CEO", "password": PASSWORD},
                )
            ).status_code,
        }  # fmt: skip
        assert opens == dict.fromkeys(list(opens)[:4], 401) | dict.fromkeys(list(opens)[4:], 404), opens
        # A token is its team's: it lasts, and opens what was North's before.
        me = await Caller(env.http, thief.token).get("/v1/me")
        assert (me["user"], me["provider"]["name"]) == (None, "North")


@pytest.mark.parametrize("with_mail", [False, True], ids=["shown", "mailed"])
async def test_a_recovery_code_or_factor_set_before_is_good_for_nothing_at_the_next_sign_in(
    tmp_path: Path, with_mail: bool
) -> None:
    """Who has shown the mailbox keeps what was set since; who has not loses it once the mailbox speaks."""
    async with office(tmp_path) as env:
        asked = await env.staff.post("/v1/invitations", {"email": CEO, "name": "CEO", "role": "owner"})
        link = (await mails(env, CEO))[-1][1]["token"] if with_mail else asked["link_token"]
        entered = await stranger(env).post("/v1/invitations/accept", {"token": link, "name": "C", "password": PASSWORD})
        user = await arrived(env, entered["session"], CEO)
        await with_factor(env, user)
        (seen,) = (await env.staff.get("/v1/users"))["items"]
        assert (seen["verified"], seen["second_factor"]) == (with_mail, True)
        await by_reset(env, env.staff)
        assert (await sign_in(env, CEO, OURS)).json()["second_factor"] is with_mail
        (seen,) = (await env.staff.get("/v1/users"))["items"]
        assert (seen["verified"], seen["second_factor"]) == (True, with_mail)


@pytest.mark.parametrize("verified", [False, True], ids=["unverified", "verified"])
async def test_a_link_that_was_shown_takes_no_account_over(tmp_path: Path, verified: bool) -> None:
    """The other way round: South's owner asks North's colleague in and follows the link himself."""
    async with office(tmp_path) as env:
        staff = await south(env)
        if verified:
            await joined(env, env.staff, email=CEO)
        else:
            await squatted(env)
        asked = await staff.post("/v1/invitations", {"email": CEO, "name": "CEO", "role": "owner"})
        taken = {"token": asked["link_token"], "name": "Thief", "password": "a thief chose this"}
        assert await stranger(env).refused("/v1/invitations/accept", taken) == "sign_in_refused"
        assert (await sign_in(env, CEO)).status_code == 200


async def test_the_link_of_the_mail_opens_no_verified_account_either(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        staff = await south(env)
        await joined(env, env.staff, email=CEO)
        await staff.post("/v1/invitations", {"email": CEO, "name": "CEO", "role": "owner"})
        taken = {"token": (await mails(env, CEO))[-1][1]["token"], "name": "Thief", "password": "a thief chose this"}
        assert await stranger(env).refused("/v1/invitations/accept", taken) == "sign_in_refused"


async def test_what_is_done_with_an_account_is_told_to_its_own_team_alone(tmp_path: Path) -> None:
    """North saw its link, the vendor mailed one later: neither reads when and where he lost his password."""
    async with office(tmp_path) as env:
        await squatted(env)
        north_saw = await audited(env.staff)
        staff = await south(env)
        await by_invitation(env, staff)
        env.clock.now += 60
        await joined_too(env, CEO)
        env.clock.now += 3_600
        await stranger(env).send("POST", "/v1/password-reset", {"email": CEO})
        await sign_in(env, CEO, "wrong in any case")
        there = env.seen_from("203.0.113.7")
        await stranger(there).send("POST", "/v1/sign-in", {"email": CEO, "password": OURS})
        about = [what for what, name in await audited(staff) if name == CEO]
        assert about == ["joined", "signed_in", "password_reset", "password_reset_asked", "sign_in_refused"]
        # North's own team learned nothing more, but for what is done inside it.
        assert [each for each in await audited(env.staff) if each not in north_saw] == []
        emails = (await env.staff.get("/v1/emails"))["items"]
        # Both are of one second, so that neither comes first.
        assert sorted(each["template"] for each in emails if each["to"] == CEO) == ["invitation", "password_reset"], (
            "North's, from before; none that came after"
        )


async def joined_too(env: ServerEnv, email: str) -> None:
    """The vendor's team asks the user in by mail as well, who comes with its own password."""
    await env.vendor.post("/v1/invitations", {"email": email, "name": "CEO", "role": "auditor"})
    link = (await mails(env, email))[-1][1]["token"]
    await stranger(env).post("/v1/invitations/accept", {"token": link, "name": "CEO", "password": OURS})
