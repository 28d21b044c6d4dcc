"""Teams: who is asked in by whom, what a link opens and what it does not, roles, leaving, the audit of it all."""

from pathlib import Path

import pyotp
import pytest

from tenure.core.policy.rules import Role
from tenure.core.timeline import DAY
from tenure.server import setup
from tenure.server.messages.rendering import SenderIdentity, render_email
from tenure.server.roles import SCOPES
from tests.server.server_env import Caller, office
from tests.server.users import PASSWORD, audited, joined, mails, sign_in, stranger

pytestmark = pytest.mark.anyio

EVE = {"email": "Eve@Example.com", "name": "Eve", "role": "operator"}


async def test_an_invitation_is_mailed_read_and_good_once(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        asked = await ana.post("/v1/invitations", EVE)
        template, values = (await mails(env, "eve@example.com"))[-1]
        assert (template, values["team"]) == ("invitation", "North")
        assert values["token"] != asked["link_token"], "what is shown proves nobody's mailbox"
        assert values["link"] == f"https://portal.test/invitation/{values['token']}"
        email = render_email(template, values, SenderIdentity("North"))
        assert email is not None
        assert values["link"] in email.text
        assert f"{ana.email} invites you" in email.text
        told = await stranger(env).post("/v1/invitations/read", {"token": asked["link_token"]})
        assert (told["email"], told["team"], told["role"], told["by"]) == (
            "eve@example.com", "North", "operator", ana.email,
        )  # fmt: skip
        (listed,) = (await ana.get("/v1/invitations"))["items"]
        assert (listed["id"], listed["link_token"]) == (asked["id"], "")
        accepted = {"token": asked["link_token"], "name": "Eve", "password": "short"}
        assert await stranger(env).refused("/v1/invitations/accept", accepted) == "password_unfit"
        accepted["password"] = PASSWORD
        entered = await stranger(env).post("/v1/invitations/accept", accepted)
        eve = Caller(env.http, entered["session"])
        assert (await eve.get("/v1/me"))["role"] == "operator"
        assert await stranger(env).refused("/v1/invitations/accept", accepted) == "link_unknown"
        assert (await ana.get("/v1/invitations"))["items"] == []
        team = (await ana.get("/v1/users"))["items"]
        assert sorted((each["email"], each["role"]) for each in team) == sorted(
            [(ana.email, "owner"), ("eve@example.com", "operator")]
        )
        assert [what for what, _ in await audited(ana)][-3:] == ["joined", "account_made", "signed_in"]


async def test_a_link_ends_by_time_by_withdrawal_and_by_a_newer_one(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        first = await env.staff.post("/v1/invitations", EVE)
        second = await env.staff.post("/v1/invitations", EVE | {"role": "auditor"})
        assert await stranger(env).refused("/v1/invitations/read", {"token": first["link_token"]}) == "link_unknown"
        assert (await env.staff.send("DELETE", f"/v1/invitations/{second['id']}")).status_code == 204
        assert await stranger(env).refused("/v1/invitations/read", {"token": second["link_token"]}) == "link_unknown"
        third = await env.staff.post("/v1/invitations", EVE)
        env.clock.now += 7 * DAY
        accepted = {"token": third["link_token"], "name": "Eve", "password": PASSWORD}
        assert await stranger(env).refused("/v1/invitations/accept", accepted) == "link_unknown"


async def test_a_rehearsed_invitation_opens_nothing_and_sends_nothing(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        before = await env.snapshot()
        shown = await env.staff.post("/v1/invitations", EVE, dry_run="true")
        assert (shown["email"], shown["link_token"]) == ("eve@example.com", "")
        made = await env.staff.post("/v1/tokens", {"name": "t", "role": "provider", "scopes": ["*"]}, dry_run="true")
        assert (made["name"], made["token"]) == ("t", "")
        assert await env.snapshot() == before


async def test_a_link_opens_nobody_elses_account(tmp_path: Path) -> None:
    """Whoever asks sees the link: with it alone nobody gets into an account that exists."""
    async with office(tmp_path) as env:
        ana = await joined(env, env.vendor, email="ana@example.com")
        asked = await env.staff.post("/v1/invitations", EVE | {"email": ana.email})
        taken = {"token": asked["link_token"], "name": "Thief", "password": "a thief chose this"}
        assert await stranger(env).refused("/v1/invitations/accept", taken) == "sign_in_refused"
        assert (await sign_in(env, ana.email)).status_code == 200, "its password is what it was"
        for _ in range(5):
            await stranger(env).refused("/v1/invitations/accept", taken)
        assert await stranger(env).refused("/v1/invitations/accept", taken) == "too_many_requests"
        env.clock.now += 60
        taken["password"] = PASSWORD
        entered = await stranger(env).post("/v1/invitations/accept", taken)
        me = await Caller(env.http, entered["session"]).get("/v1/me")
        assert [each["kind"] for each in me["memberships"]] == ["vendor", "provider"]


async def test_a_second_factor_is_asked_for_at_an_invitation_too(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.vendor)
        told = await ana.post("/v1/me/second-factor", {"password": PASSWORD})
        shows = pyotp.TOTP(told["secret"])
        await ana.post("/v1/me/second-factor/confirm", {"code": shows.at(env.clock())})
        asked = await env.staff.post("/v1/invitations", EVE | {"email": ana.email})
        accepted = {"token": asked["link_token"], "name": "Ana", "password": PASSWORD}
        entered = await stranger(env).post("/v1/invitations/accept", accepted)
        assert (entered["second_factor"], entered["session"]) == (True, "")


async def test_nobody_gives_more_than_one_has(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        less = [scope for scope in SCOPES[Role.PROVIDER] if scope != "policy:write"]
        made = await env.staff.post("/v1/tokens", {"name": "less", "role": "provider", "scopes": less})
        caller = Caller(env.http, made["token"])
        assert await caller.refused("/v1/invitations", EVE | {"role": "owner"}) == "action_not_permitted"
        assert await caller.refused("/v1/invitations", EVE | {"role": "king"}) == "field_invalid"
        await caller.post("/v1/invitations", EVE)
        eve = await joined(env, env.staff, "auditor")
        raised = await caller.send("PUT", f"/v1/users/{eve.id}", {"role": "owner"})
        assert (raised.status_code, raised.json()["code"]) == (403, "action_not_permitted")


async def test_a_vendors_program_gives_no_more_than_it_has_either(tmp_path: Path) -> None:
    """Whoever stole the token of a machine that makes providers' tokens would have been the vendor's owner."""
    async with office(tmp_path) as env:
        made = await env.vendor.post("/v1/tokens", {"name": "ci", "role": "vendor", "scopes": ["tokens:write"]})
        little = Caller(env.http, made["token"])
        for role, scopes in (("vendor", ["*"]), ("vendor", ["users:write"]), ("provider", ["money:write"])):
            body = {"name": "more", "role": role, "scopes": scopes}
            query = {"provider": env.provider} if role == "provider" else {}
            assert await little.refused("/v1/tokens", body, **query) == "action_not_permitted", (role, scopes)
        await little.post("/v1/tokens", {"name": "as much", "role": "vendor", "scopes": ["tokens:write"]})


async def test_a_program_manages_users_only_when_that_is_named(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        made = await env.staff.post("/v1/tokens", {"name": "plain", "role": "provider", "scopes": ["*"]})
        assert not {"users:read", "users:write", "audit:read"} & set(made["scopes"])
        assert await Caller(env.http, made["token"]).refused("/v1/invitations", EVE) == "action_not_permitted"


async def test_a_token_without_scopes_is_refused_and_everything_is_asked_for_by_name(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        for scopes in ({}, {"scopes": []}, {"scopes": ["*", "money:read"]}, {"scopes": ["everything"]}):
            answer = await env.staff.send("POST", "/v1/tokens", {"name": "t", "role": "provider", **scopes})
            assert (answer.status_code, answer.json()["code"]) == (422, "field_invalid"), scopes
            assert answer.json()["field"].startswith("scopes"), answer.text
        eve = await joined(env, env.staff, "auditor")
        assert await eve.refused("/v1/tokens", {"name": "t", "role": "provider", "scopes": ["*"]}) == (
            "action_not_permitted"
        )
        little = await env.token("provider", scopes=("tokens:write", "money:read"))
        assert await little.refused("/v1/tokens", {"name": "t", "role": "provider", "scopes": ["*"]}) == (
            "action_not_permitted"
        ), "nobody gives more than they have"


async def test_a_customers_owner_manages_the_customers_team_alone(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        cole = await joined(env, env.staff, "owner", customer=env.customer)
        assert await cole.refused("/v1/invitations", EVE) == "field_invalid", "there are no operators"
        dora = await joined(env, cole, "auditor")
        assert {each["email"] for each in (await cole.get("/v1/users"))["items"]} == {cole.email, dora.email}
        assert {each["email"] for each in (await ana.get("/v1/users"))["items"]} == {ana.email}
        seen = await ana.get("/v1/users", customer=env.customer)
        assert {each["email"] for each in seen["items"]} == {cole.email, dora.email}
        assert (await cole.send("DELETE", f"/v1/users/{ana.id}")).status_code == 404
        other = (await env.staff.post("/v1/customers", {"name": "Other"}))["id"]
        assert (await cole.send("GET", "/v1/users", customer=other)).status_code == 404
        assert {name for _, name in await audited(cole)} == {cole.email, dora.email, "desk"}


async def test_roles_change_at_once_and_an_owner_remains(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana, eve = await joined(env, env.staff), await joined(env, env.staff, "operator")
        customer = {"name": "New"}
        await eve.post("/v1/customers", customer)
        assert (await ana.send("PUT", f"/v1/users/{eve.id}", {"role": "auditor"})).json()["role"] == "auditor"
        assert await eve.refused("/v1/customers", customer) == "action_not_permitted"
        assert (await eve.send("GET", "/v1/customers")).status_code == 200
        for change in (("PUT", {"role": "auditor"}), ("DELETE", None)):
            kept = await ana.send(change[0], f"/v1/users/{ana.id}", change[1])
            assert (kept.status_code, kept.json()["code"]) == (409, "last_owner")
        await ana.send("PUT", f"/v1/users/{eve.id}", {"role": "owner"})
        link = (await ana.post("/v1/invitations", EVE))["link_token"]
        assert (await ana.send("DELETE", f"/v1/users/{ana.id}")).status_code == 204
        assert (await ana.send("GET", "/v1/me")).status_code == 401, "sessions end with the membership"
        assert await stranger(env).refused("/v1/invitations/read", {"token": link}) == "link_unknown", "so do links"
        assert (await sign_in(env, ana.email)).status_code == 401
        assert [what for what, _ in await audited(eve)][-3:] == ["invited", "user_removed", "account_removed"]


async def test_the_audit_tells_who_made_and_withdrew_tokens_and_published_policies(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        made = await ana.post("/v1/tokens", {"name": "billing", "role": "provider", "scopes": ["*"]})
        await ana.send("DELETE", f"/v1/tokens/{made['id']}")
        await ana.send("PUT", "/v1/policy", {"rules": {"grace_days": 7}})
        assert (await audited(ana))[-3:] == [
            ("token_made", ana.email), ("token_withdrawn", ana.email), ("policy_published", ana.email),
        ]  # fmt: skip
        page = await ana.get("/v1/audit", limit=2)
        older = await ana.get("/v1/audit", limit=2, cursor=page["next"])
        whole = (await ana.get("/v1/audit", limit=200))["items"]
        assert page["items"] + older["items"] == whole[:4]
        assert whole[0]["address"] == "127.0.0.1"
        assert ("token_made", ana.email) not in await audited(env.vendor), "the vendor's own is another"
        assert ("token_made", ana.email) in await audited(env.vendor, provider=env.provider)


async def test_the_audit_tells_who_changed_where_money_and_messages_go(tmp_path: Path) -> None:
    """Brand, payment settings, the gateway's secret and webhooks; no secret and no whole address is in it."""
    async with office(tmp_path) as env:
        ana = await joined(env, env.staff)
        await ana.send("PUT", f"/v1/providers/{env.provider}/brand", {"name": "North"})
        await ana.send("PUT", "/v1/payment-settings", {"instructions": "By bank", "request_days": 14})
        await ana.send("POST", "/v1/payment-settings/rotate-secret")
        address = {"url": "https://hooks.example/in?key=hidden", "events": []}
        hook = f"/v1/webhooks/{(await ana.post('/v1/webhooks', address))['id']}"
        await ana.send("PUT", hook, address | {"active": False})
        await ana.post(f"{hook}/rotate-secret", {"overlap_hours": 0})
        await ana.send("DELETE", hook)
        told = (await ana.get("/v1/audit", limit=7))["items"]
        assert [one["what"] for one in reversed(told)] == [
            "brand_changed", "payment_settings_changed", "gateway_secret_rotated",
            "webhook_made", "webhook_changed", "webhook_secret_rotated", "webhook_deleted",
        ]  # fmt: skip
        assert {one["name"] for one in told} == {ana.email}
        assert "hidden" not in str(told)


async def test_the_first_owner_of_a_server_comes_in_by_the_link_of_its_making(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        context = env.context
        link = await setup.invite_owner(context.db, context.keys, context.draw, env.clock())
        told = await stranger(env).post("/v1/invitations/read", {"token": link})
        assert (told["email"], told["kind"], told["role"], told["team"]) == ("", "vendor", "owner", "")
        accepted = {"token": link, "name": "Ana", "password": PASSWORD}
        assert await stranger(env).refused("/v1/invitations/accept", accepted) == "field_invalid"
        entered = await stranger(env).post("/v1/invitations/accept", accepted | {"email": "Ana@Example.com"})
        ana = Caller(env.http, entered["session"])
        assert set((await ana.get("/v1/me"))["scopes"]) == set(SCOPES[Role.VENDOR])
        assert (await ana.send("POST", "/v1/products", {"id": "viewer", "name": "Viewer"})).status_code == 201
        asked = await ana.post("/v1/invitations", EVE | {"role": "owner"}, provider=env.provider)
        told = await stranger(env).post("/v1/invitations/read", {"token": asked["link_token"]})
        assert (told["kind"], told["team"]) == ("provider", "North")


async def test_whoever_may_not_invite_any_more_does_not_come_in_by_an_own_link(tmp_path: Path) -> None:
    """An owner keeps the link that was shown, is made an auditor or removed, and would be an owner again by it."""
    for losing in ("role", "removal", "token"):
        folder = tmp_path / losing
        folder.mkdir()
        async with office(folder) as env:
            await joined(env, env.staff)
            eve = await joined(env, env.staff)
            by: Caller = eve
            if losing == "token":
                body = {"name": "ci", "role": "provider", "scopes": SCOPES[Role.PROVIDER]}
                made = await env.staff.post("/v1/tokens", body)
                by = Caller(env.http, made["token"])
            links = []
            for more in ({}, {"customer": env.customer}):
                asked = await by.post(
                    "/v1/invitations", {"email": "alt@x.example", "name": "A", "role": "owner", **more}
                )
                links.append(asked["link_token"])
            others = await env.staff.post("/v1/invitations", {"email": "bob@x.example", "name": "B", "role": "auditor"})
            if losing == "role":
                gone = await env.staff.send("PUT", f"/v1/users/{eve.id}", {"role": "auditor"})
            elif losing == "removal":
                gone = await env.staff.send("DELETE", f"/v1/users/{eve.id}")
            else:
                gone = await env.staff.send("DELETE", f"/v1/tokens/{made['id']}")
            assert gone.status_code < 300, gone.text
            for link in links:
                body = {"token": link, "name": "Alt", "password": PASSWORD}
                assert await stranger(env).refused("/v1/invitations/accept", body) == "link_unknown", losing
            assert await stranger(env).post("/v1/invitations/read", {"token": others["link_token"]})
