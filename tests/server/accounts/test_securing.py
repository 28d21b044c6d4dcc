"""Keeping an account safe: another password, a second factor, recovery codes, and what was lost."""

import time
from pathlib import Path
from typing import Any

import pyotp
import pytest

from tenure.server.api.accounts.password_resets import BEAT, until_beat
from tests.server.server_env import Caller, ServerEnv, office
from tests.server.users import PASSWORD, User, audited, joined, mails, sign_in, stranger

pytestmark = pytest.mark.anyio

NEXT = "ten lives of a dog"
OWN = {"password": PASSWORD}


async def with_factor(env: ServerEnv, user: User) -> tuple[pyotp.TOTP, list[str]]:
    """The application of somebody who has just set it up, and the recovery codes."""
    told = await user.post("/v1/me/second-factor", OWN)
    shows = pyotp.parse_uri(told["uri"])
    assert isinstance(shows, pyotp.TOTP)
    codes = await user.post("/v1/me/second-factor/confirm", {"code": shows.at(env.clock())})
    return shows, codes["recovery_codes"]


async def ticket(env: ServerEnv, email: str) -> str:
    """What the first step of a sign-in gives."""
    told = (await sign_in(env, email)).json()
    assert (told["second_factor"], told["session"]) == (True, "")
    return str(told["ticket"])


async def show(env: ServerEnv, half: str, code: str) -> Any:
    """The second step, as it is answered."""
    return await stranger(env).send("POST", "/v1/sign-in/second-factor", {"ticket": half, "code": code})


# -- password --


async def test_another_password_ends_every_other_session(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        other = Caller(env.http, (await sign_in(env, ana.email)).json()["session"])
        await stranger(env).send("POST", "/v1/password-reset", {"email": ana.email})
        link = (await mails(env, ana.email))[-1][1]["token"]
        assert await ana.refused("/v1/me/password", {"old": NEXT, "new": NEXT}) == "password_refused"
        assert await ana.refused("/v1/me/password", {"old": PASSWORD, "new": ana.email}) == "password_unfit"
        assert (await ana.send("POST", "/v1/me/password", {"old": PASSWORD, "new": NEXT})).status_code == 204
        assert (await other.send("GET", "/v1/me")).status_code == 401
        assert (await ana.send("GET", "/v1/me")).status_code == 200
        assert (await sign_in(env, ana.email)).status_code == 401
        assert (await sign_in(env, ana.email, NEXT)).status_code == 200
        finished = {"token": link, "password": PASSWORD}
        assert await stranger(env).refused("/v1/password-reset/finish", finished) == "link_unknown"
        assert ("password_changed", ana.email) in await audited(env.staff)


async def test_guessing_the_old_password_in_a_stolen_session_is_slowed_down(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        tried = [await ana.send("POST", "/v1/me/password", {"old": "wrong", "new": NEXT}) for _ in range(6)]
        assert [each.status_code for each in tried] == [403] * 5 + [429]


async def test_a_lost_password_is_set_anew_by_mail_and_nobody_learns_who_has_an_account(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff, email="ana@example.com")
        asked = [
            await stranger(env).send("POST", "/v1/password-reset", {"email": email})
            for email in ("ANA@example.com", "nobody@example.com")
        ]
        assert [(each.status_code, each.content) for each in asked] == [(204, b""), (204, b"")]
        assert await mails(env, "nobody@example.com") == []
        template, values = (await mails(env, ana.email))[-1]
        assert (template, values["link"]) == ("password_reset", f"https://portal.test/password-reset/{values['token']}")
        finished = {"token": values["token"], "password": "short"}
        assert await stranger(env).refused("/v1/password-reset/finish", finished) == "password_unfit"
        finished["password"] = NEXT
        assert (await stranger(env).send("POST", "/v1/password-reset/finish", finished)).status_code == 204
        assert await stranger(env).refused("/v1/password-reset/finish", finished) == "link_unknown", "good once"
        assert (await ana.send("GET", "/v1/me")).status_code == 401, "every session has ended"
        assert (await sign_in(env, ana.email, NEXT)).status_code == 200


async def test_asking_for_a_link_takes_as_long_for_nobody_as_for_somebody(tmp_path: Path) -> None:
    """Who has an account was told by the milliseconds that sealing a mail takes: 3.6 against 1.3 at best."""
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        for email in (ana.email, "nobody@example.com"):
            began = time.perf_counter()
            asked = await stranger(env).send("POST", "/v1/password-reset", {"email": email})
            assert asked.status_code == 204
            assert time.perf_counter() - began >= BEAT
    assert {round(each + until_beat(each), 9) for each in (0.0, 0.004, 0.017, 0.2499)} == {BEAT}
    assert round(0.3 + until_beat(0.3), 9) == 2 * BEAT, "a busy server's answer comes a beat later, for everybody"


async def test_a_link_for_a_new_password_is_good_for_an_hour(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        await stranger(env).send("POST", "/v1/password-reset", {"email": ana.email})
        finished = {"token": (await mails(env, ana.email))[-1][1]["token"], "password": NEXT}
        env.clock.now += 3_600
        assert await stranger(env).refused("/v1/password-reset/finish", finished) == "link_unknown"


async def test_nobodys_mailbox_is_filled_by_strangers(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        for _ in range(20):
            assert (await stranger(env).send("POST", "/v1/password-reset", {"email": ana.email})).status_code == 204
        assert [name for name, _ in await mails(env, ana.email)] == ["invitation", *["password_reset"] * 3]
        told = await stranger(env).send("POST", "/v1/password-reset", {"email": ana.email})
        assert (told.status_code, told.headers["retry-after"]) == (429, "60"), "a network asks so often only"


# -- second factor --


async def test_a_second_factor_is_asked_for_and_each_code_is_good_once(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        shows, _ = await with_factor(env, ana)
        assert (await ana.get("/v1/me"))["second_factor"] is True
        half = await ticket(env, ana.email)
        assert (await Caller(env.http, half).send("GET", "/v1/me")).status_code == 401, "half a sign-in is none"
        used = await show(env, half, shows.at(env.clock()))
        assert (used.status_code, used.json()["code"]) == (401, "sign_in_refused"), "it was shown at enrollment"
        env.clock.now += 30
        entered = await show(env, half, shows.at(env.clock()))
        assert entered.status_code == 200, entered.text
        assert (await Caller(env.http, entered.json()["session"]).send("GET", "/v1/me")).status_code == 200
        assert (await show(env, half, shows.at(env.clock() + 30))).status_code == 401, "a ticket is good once"
        again = await ticket(env, ana.email)
        assert (await show(env, again, shows.at(env.clock()))).status_code == 401, "and so is a code"


async def test_the_same_code_shown_twice_at_once_lets_one_in(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        shows, _ = await with_factor(env, ana)
        env.clock.now += 30
        halves = iter([await ticket(env, ana.email) for _ in range(4)])
        seen = await env.at_once(4, lambda: show(env, next(halves), shows.at(env.clock())))
        assert sorted(each.status_code for each in seen) == [200, 401, 401, 401]


async def test_a_recovery_code_lets_in_once(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        _, codes = await with_factor(env, ana)
        assert len(set(codes)) == 10
        half = await ticket(env, ana.email)
        assert (await show(env, half, codes[0].upper())).status_code == 200
        assert (await show(env, await ticket(env, ana.email), codes[0])).status_code == 401
        assert (await show(env, await ticket(env, ana.email), codes[1].replace("-", " "))).status_code == 200
        everything = repr(await env.snapshot())
        assert not [each for each in codes if each in everything]


async def test_half_a_sign_in_is_over_after_five_minutes(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        shows, _ = await with_factor(env, ana)
        half = await ticket(env, ana.email)
        env.clock.now += 300
        assert (await show(env, half, shows.at(env.clock()))).status_code == 401


async def test_guessing_codes_is_slowed_down_whatever_the_password_does(tmp_path: Path) -> None:
    """A right password between the guesses forgives none of them."""
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        shows, _ = await with_factor(env, ana)
        seen = []
        for _ in range(6):
            seen.append((await show(env, await ticket(env, ana.email), "000000")).status_code)
        assert seen == [401] * 5 + [429]
        env.clock.now += 60
        assert (await show(env, await ticket(env, ana.email), shows.at(env.clock()))).status_code == 200


async def test_a_second_factor_counts_once_it_is_confirmed(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        assert await ana.refused("/v1/me/second-factor/confirm", {"code": "123456"}) == "not_found"
        told = await ana.post("/v1/me/second-factor", OWN)
        assert await ana.refused("/v1/me/second-factor/confirm", {"code": "000000"}) == "second_factor_refused"
        assert (await sign_in(env, ana.email)).json()["second_factor"] is False
        assert told["secret"] not in repr(await env.snapshot())
        shows = pyotp.TOTP(told["secret"])
        await ana.post("/v1/me/second-factor/confirm", {"code": shows.at(env.clock())})
        assert await ana.refused("/v1/me/second-factor", OWN) == "already_exists"


async def test_a_second_factor_is_given_up_by_showing_it(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        shows, codes = await with_factor(env, ana)
        assert await ana.refused("/v1/me/second-factor/remove", OWN | {"code": "000000"}) == "second_factor_refused"
        assert await ana.refused("/v1/me/second-factor/remove", OWN | {"code": shows.at(env.clock())}) == (
            "second_factor_refused"
        ), "it was shown at enrollment"
        gone = await ana.send("POST", "/v1/me/second-factor/remove", OWN | {"code": codes[3]})
        assert gone.status_code == 204
        assert (await sign_in(env, ana.email)).json()["second_factor"] is False
        assert await ana.refused("/v1/me/second-factor/remove", OWN | {"code": codes[4]}) == "not_found"
        noted = [what for what, _ in await audited(env.staff)]
        assert [what for what in noted if "factor" in what] == [
            "second_factor_set", "second_factor_refused", "second_factor_refused", "second_factor_removed",
        ]  # fmt: skip


async def test_a_new_password_by_mail_leaves_the_second_factor(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        await with_factor(env, ana)
        await stranger(env).send("POST", "/v1/password-reset", {"email": ana.email})
        finished = {"token": (await mails(env, ana.email))[-1][1]["token"], "password": NEXT}
        await stranger(env).send("POST", "/v1/password-reset/finish", finished)
        assert (await sign_in(env, ana.email, NEXT)).json()["second_factor"] is True


async def test_a_program_has_no_account_to_keep_safe(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        for path, body in {
            "/v1/me/password": {"old": PASSWORD, "new": NEXT},
            "/v1/me/second-factor/confirm": {"code": "123456"},
            "/v1/me/second-factor": OWN,
            "/v1/me/second-factor/remove": OWN | {"code": "123456"},
            "/v1/me/membership": {"id": "mem_" + "0" * 26},
        }.items():
            assert await env.staff.refused(path, body) == "action_not_permitted", path


# -- sessions --


async def signed_in(env: ServerEnv, user: User, browser: str = "") -> Caller:
    """The same user in another browser."""
    body = {"email": user.email, "password": PASSWORD, "browser": browser}
    entered = await stranger(env).post("/v1/sign-in", body)
    return Caller(env.http, entered["session"])


async def listed(caller: Caller) -> list[Any]:
    found: list[Any] = (await caller.get("/v1/me/sessions"))["items"]
    return found


async def test_ones_own_sessions_are_listed_and_one_of_them_is_ended(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        env.clock.now += 600
        phone = await signed_in(env, ana, "Safari on iPhone")
        mine, other = sorted(await listed(ana), key=lambda each: not each["current"])
        assert (mine["current"], mine["browser"]) == (True, "")
        assert (other["current"], other["browser"], other["address"]) == (False, "Safari on iPhone", "127.0.0.1")
        assert other["created"] > mine["created"]
        assert await phone.get("/v1/me")
        rehearsed = await ana.send("DELETE", f"/v1/me/sessions/{other['id']}", dry_run="true")
        assert (rehearsed.status_code, (await phone.send("GET", "/v1/me")).status_code) == (204, 200)
        assert (await ana.send("DELETE", f"/v1/me/sessions/{other['id']}")).status_code == 204
        assert (await phone.send("GET", "/v1/me")).status_code == 401
        assert (await ana.send("DELETE", f"/v1/me/sessions/{other['id']}")).status_code == 404, "it has ended"
        assert [each["current"] for each in await listed(ana)] == [True]
        assert ("session_ended", ana.email) in await audited(env.staff)


async def test_every_other_session_is_ended_and_no_one_elses(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana, ben = await joined(env, env.staff), await joined(env, env.staff, customer=env.customer)
        others = [await signed_in(env, ana) for _ in range(3)]
        eve = await joined(env, env.vendor)
        for caller in (ana, eve):
            for name in [each["id"] for each in await listed(ben)]:
                answer = await caller.send("DELETE", f"/v1/me/sessions/{name}")
                assert (answer.status_code, answer.json()["field"]) == (404, "session")
        await stranger(env).send("POST", "/v1/password-reset", {"email": ana.email})
        link = (await mails(env, ana.email))[-1][1]["token"]
        assert await ana.open("/v1/me/sessions/end-others") == {"ended": 3}
        assert [(await each.send("GET", "/v1/me")).status_code for each in (ana, *others)] == [200, 401, 401, 401]
        assert [(await each.send("GET", "/v1/me")).status_code for each in (ben, eve)] == [200, 200]
        assert await ana.open("/v1/me/sessions/end-others") == {"ended": 0}
        finished = {"token": link, "password": NEXT}
        assert (await stranger(env).send("POST", "/v1/password-reset/finish", finished)).status_code == 204


async def test_a_session_that_is_over_is_not_listed_and_a_token_has_none(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        late = await signed_in(env, ana)
        gone = next(each["id"] for each in await listed(ana) if each["current"])
        env.clock.now += 2 * 3_600 - 60
        assert await late.get("/v1/me")
        env.clock.now += 60
        assert [each["current"] for each in await listed(late)] == [True]
        assert (await late.send("DELETE", f"/v1/me/sessions/{gone}")).status_code == 404
        assert (await env.staff.send("GET", "/v1/me/sessions")).status_code == 403
        assert (await env.staff.send("DELETE", f"/v1/me/sessions/{gone}")).status_code == 404


async def test_a_stolen_session_alone_changes_no_second_factor(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        thief = await signed_in(env, ana)
        assert (await thief.send("POST", "/v1/me/second-factor")).status_code == 415, "there is no way without it"
        assert await thief.refused("/v1/me/second-factor", {"password": NEXT}) == "password_refused"
        shows, codes = await with_factor(env, ana)
        assert (await thief.send("GET", "/v1/me")).status_code == 401, "a new second factor ends the other sessions"
        wrong = {"password": NEXT, "code": codes[0]}
        tried = [await ana.send("POST", "/v1/me/second-factor/remove", wrong) for _ in range(6)]
        assert [each.status_code for each in tried] == [403] * 5 + [429], "guessing is slowed down"
        env.clock.now += 3_600
        assert ("password_refused", ana.email) in await audited(env.staff)
        half = await ticket(env, ana.email)
        other = Caller(env.http, (await show(env, half, shows.at(env.clock()))).json()["session"])
        assert (await ana.send("POST", "/v1/me/second-factor/remove", OWN | {"code": codes[0]})).status_code == 204
        assert (await other.send("GET", "/v1/me")).status_code == 401, "and so does giving it up"
