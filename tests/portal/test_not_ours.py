"""What another provider has answers like what nobody has; and a form that is sent a second time has one effect."""

import re
from typing import Any

import pytest

from tests.portal.stage import Stage
from tests.server.server_env import ServerEnv, neighbor
from tests.web.browser import Tab
from tests.web.forms_walk import complaint, sent
from tests.web.hostile_values import pages

UNKNOWN = "0000000000000000000000000a"
SPELLED = {"action": "cancel_at_end", "delivery": f"dlv_{UNKNOWN}"}


async def _belongings(env: ServerEnv) -> dict[str, str]:
    """The id of one of each kind that a provider has."""
    subscription, _ = await env.order()
    post = env.staff.post
    hook = await post("/v1/webhooks", {"url": "https://hooks.example/a", "events": ["subscription.renewed"]})
    token = await post("/v1/tokens", {"name": "till", "role": "provider", "scopes": ["*"], "days": 30})
    wanted = await post(f"/v1/customers/{env.customer}/payment-requests", {"amount": 4_000})
    asked = await post("/v1/invitations", {"email": "new@theirs.example", "name": "New", "role": "auditor"})
    found = {"subscription": subscription, "customer": env.customer, "offer": env.offers["standard"]}
    return found | {"webhook": hook["id"], "token": token["id"], "wanted": wanted["id"], "invitation": asked["id"]}


def _addresses(there: Stage, ids: dict[str, str]) -> list[tuple[str, str, str]]:
    """(method, template, address) of each page that names something of these."""
    found = []
    for method, template in pages(there.app.app):
        parts = set(re.findall(r"\{(\w+)\}", template))
        opened = template.startswith(("/invitation/", "/password-reset/"))
        if parts & set(ids) and parts <= set(ids) | set(SPELLED) and not opened:
            found.append((method, template, template.format(**{**SPELLED, **ids})))
    return found


async def _asked(tab: Tab, method: str, address: str, token: str) -> tuple[int, str]:
    form = {
        "_token": token,
        "_key": "k1",
        "_sure": "yes",
        "step": "apply",
        "amount": "1.00",
        "reference": "r",
        "why": "no",
    }
    own = {"Origin": tab.origin, "Sec-Fetch-Site": "same-origin"}
    data = form if method == "POST" else None
    answer = await tab.http.request(method, address, data=data, headers=own)
    while answer.status_code == 303:
        answer = await tab.http.get(answer.headers["location"])
    tab.answer = answer
    words = tab.text if "html" in answer.headers.get("content-type", "") else ""
    return answer.status_code, re.sub(r"[a-z]{3}_[0-9a-z]{26}|req_[0-9a-f]+", "*", words)


async def test_what_another_provider_has_answers_like_what_nobody_has(at_the_portal: Stage) -> None:
    theirs = await _belongings(await neighbor(at_the_portal.office, "South", sandbox=False))
    unknown = {name: f"{value[:4]}{UNKNOWN}" for name, value in theirs.items()}
    tab = await at_the_portal.staff()
    await tab.open("/account")
    token = str(tab.form().fields["_token"])
    before = await at_the_portal.office.snapshot(but=("audit", "throttles", "sessions", "idempotency"))
    asked = list(zip(_addresses(at_the_portal, theirs), _addresses(at_the_portal, unknown), strict=True))
    assert len(asked) >= 20
    for (method, template, foreign), (_, _, none) in asked:
        status, words = await _asked(tab, method, foreign, token)
        assert (status, words) == await _asked(tab, method, none, token), template
        assert status < 500, (method, template, status, words[:300])
        if method == "GET":  # the address of a form alone says that its answer is not kept
            assert status == 404 or "not kept any more" in words, (template, status, words[:300])
        assert "ACME" not in words, template
    assert await at_the_portal.office.snapshot(but=("audit", "throttles", "sessions", "idempotency")) == before


TYPED: dict[str, tuple[str, dict[str, str]]] = {
    "top-up": ("/customers/{customer}/money", {"amount": "12.50", "reference": "bank 9"}),
    "payment request": ("/customers/{customer}/money", {"amount": "12,50", "note": "twice"}),
    "customer": ("/customers/new", {"name": "Twice"}),
    "invitation": ("/team", {"email": "twice@north.example", "name": "Twice"}),
    "order": ("/order", {"devices": "3"}),
}


def _chosen(tab: Tab, what: str, typed: dict[str, str]) -> Any:
    endings = {"top-up": "/top-up", "payment request": "/payment-request"}
    return next(
        form
        for form in tab.page.forms
        if set(typed) <= set(form.fields) and form.action.endswith(endings.get(what, form.action))
    )


@pytest.mark.parametrize("what", TYPED)
async def test_the_same_form_sent_twice_has_one_effect(at_the_portal: Stage, what: str) -> None:
    env = at_the_portal.office
    page, typed = TYPED[what]
    tab = await at_the_portal.staff()
    await tab.open(page.format(customer=env.customer))
    form = _chosen(tab, what, typed)
    form.action = form.action or tab.path
    whose = {"customer": env.customer} if "customer" in form.fields and what == "order" else {}
    data = {**form.fields, **typed, **whose}
    await sent(tab, form, data)
    again = [each for each in tab.page.forms if "outcome_hash" in each.fields and "step" in each.fields]
    if again:
        form, data = again[0], {**again[0].fields, "step": "apply"}
        await sent(tab, form, data)
    assert tab.status < 400, tab.text[:400]
    once = await env.snapshot(but=("audit", "sessions", "throttles"))
    await sent(tab, form, data)
    assert complaint(tab, what, "twice") == ""
    assert await env.snapshot(but=("audit", "sessions", "throttles")) == once
