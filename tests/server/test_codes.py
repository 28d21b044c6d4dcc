"""A new activation code is shown once to whoever may see it, and the customer's mail leads there
[spec: code-storage]."""

from pathlib import Path

import pytest

from tenure.core.timeline import DAY
from tenure.server.code_delivery import WAITS
from tenure.server.messages.rendering import SenderIdentity, render_email
from tenure.store import pending_codes
from tests.server.server_env import ServerEnv, office
from tests.server.users import audited, mails

pytestmark = pytest.mark.anyio
EMAIL = "it@acme.example"


async def ordered(env: ServerEnv, *, email: str = EMAIL, **more: str) -> tuple[str, str]:
    """(subscription, code) of an order by a customer with that address."""
    made = await env.staff.post("/v1/customers", {"name": "ACME Clinics", "email": email})
    env.customer = made["id"]
    await env.staff.post(f"/v1/customers/{env.customer}/top-ups", {"amount": 1_000_000, "reference": "bank 2"})
    return await env.order(**more)


async def letters_of(env: ServerEnv) -> list[dict[str, str]]:
    return [values for template, values in await mails(env, EMAIL) if template == "code_waiting"]


async def test_a_code_is_shown_once_to_its_customer_though_the_desk_has_seen_it(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await ordered(env)
        (told,) = await letters_of(env)
        assert told["link"] == f"https://portal.test/subscriptions/{name}/code"
        assert code not in repr(told)
        where, customer = f"/v1/subscriptions/{name}/code", await env.token()
        assert await customer.get(where) == {
            "state": "waiting", "last_group": code[-5:], "until": "2026-01-15T00:00:00Z", "shown_at": None,
        }  # fmt: skip
        rehearsed = await customer.send("POST", where, dry_run="true")
        assert rehearsed.json()["activation_code"] == ""
        shown = await customer.send("POST", where, key="once")
        assert shown.json() == {"subscription": name, "activation_code": code, "last_group": code[-5:]}
        assert (await customer.send("POST", where, key="once")).json() == shown.json(), "a lost answer comes again"
        for caller in (customer, env.staff):
            again = await caller.send("POST", where)
            assert (again.status_code, again.json()["code"]) == (409, "code_not_waiting")
            assert "2026-01-01T00:00:00Z" in again.json()["detail"]
            assert "new code" in again.json()["remedy"]
        assert (await env.staff.get(where))["state"] == "shown"
        kept = await env.context.db.read(pending_codes.get_code, env.provider, name)
        assert kept is not None
        assert kept.sealed == b"", "the server does not have it any more"
        who = [what for what, _ in await audited(env.staff) if what == "code_shown"]
        assert who == ["code_shown"]
        assert (await env.site().activate(code)).result == "granted"  # type: ignore[union-attr]


async def test_of_many_who_ask_at_once_one_is_shown_it(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await ordered(env)
        answers = await env.at_once(8, lambda: env.staff.send("POST", f"/v1/subscriptions/{name}/code"))
        assert sorted(each.status_code for each in answers) == [200, *[409] * 7]
        assert sum(code in each.text for each in answers) == 1


async def test_a_new_code_waits_in_place_of_the_old_one(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, old = await ordered(env)
        await env.staff.post(f"/v1/subscriptions/{name}/reissue-code", dry_run="true")
        assert len(await letters_of(env)) == 1, "a rehearsal writes to nobody"
        new = (await env.staff.post(f"/v1/subscriptions/{name}/reissue-code"))["activation_code"]
        assert [each["last_group"] for each in await letters_of(env)] == [old[-5:], new[-5:]]
        assert (await env.staff.send("POST", f"/v1/subscriptions/{name}/code")).json()["activation_code"] == new
        newer = (await env.staff.post(f"/v1/subscriptions/{name}/reissue-code"))["activation_code"]
        assert (await env.staff.send("POST", f"/v1/subscriptions/{name}/code")).json()["activation_code"] == newer


async def test_a_code_that_nobody_comes_for_is_forgotten(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await ordered(env)
        env.clock.now += WAITS - 1
        await env.context.db.write(pending_codes.forget_expired, env.clock())
        assert (await env.staff.get(f"/v1/subscriptions/{name}/code"))["state"] == "waiting"
        env.clock.now += 1
        late = await env.staff.send("POST", f"/v1/subscriptions/{name}/code")
        assert late.json()["code"] == "code_not_waiting"
        assert "2026-01-15" in late.json()["detail"]
        assert await env.context.db.write(pending_codes.forget_expired, env.clock()) == 1
        assert (await env.staff.get(f"/v1/subscriptions/{name}/code"))["state"] == "expired"
        again = (await env.staff.post(f"/v1/subscriptions/{name}/reissue-code"))["activation_code"]
        assert again != code
        assert (await env.staff.get(f"/v1/subscriptions/{name}/code"))["state"] == "waiting"


async def test_an_auditor_learns_that_one_waits_and_not_which(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await ordered(env)
        reader = await env.token("provider", scopes=("subscriptions:read",))
        refused = await reader.send("POST", f"/v1/subscriptions/{name}/code")
        assert (refused.status_code, refused.json()["code"]) == (403, "action_not_permitted")
        assert (await reader.get(f"/v1/subscriptions/{name}/code"))["state"] == "waiting"
        assert code not in repr(await env.snapshot())


async def test_an_offer_may_let_codes_go_by_mail_also_new_ones(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        sold = {"plan": "standard", "currency": "EUR", "bands": [{"unit": 100}], "code_in_mail": True}
        offer = await env.staff.post("/v1/offers", sold)
        assert offer["code_in_mail"] is True
        env.offers["mailed"] = offer["id"]
        name, code = await ordered(env, offer="mailed")
        env.clock.now += 30 * DAY
        again = (await env.staff.post(f"/v1/subscriptions/{name}/reissue-code"))["activation_code"]
        assert [each["activation_code"] for each in await letters_of(env)] == [code, again]


async def test_without_an_address_nothing_is_sent_and_the_code_waits_all_the_same(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await ordered(env, email="")
        assert not await letters_of(env)
        assert (await env.staff.send("POST", f"/v1/subscriptions/{name}/code")).json()["activation_code"] == code


def test_the_mail_says_either_where_the_code_is_or_the_code() -> None:
    linked = render_email("code_waiting", {"link": "https://portal.test/subscriptions/s/code"}, SenderIdentity("North"))
    mailed = render_email("code_waiting", {"activation_code": "AAAAA-BBBBB-CCCCC-DDDDD"}, SenderIdentity("North"))
    assert linked is not None
    assert mailed is not None
    assert "https://portal.test/subscriptions/s/code" in linked.text
    assert "shown once" in linked.text
    assert "AAAAA-BBBBB-CCCCC-DDDDD" in mailed.text
    assert "shown once" not in mailed.text
    assert "Sign in" not in mailed.text
