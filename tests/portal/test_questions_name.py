"""Every question of the portal, found by walking its pages in each role, says by name what it is about."""

import re
from pathlib import Path

import httpx2
import pytest

from tenure.core.timeline import DAY
from tenure.portal.app import PAGES
from tenure.portal.session import PortalServer
from tests.portal.furnished import furnished, walkers
from tests.portal.stage import Stage
from tests.server.users import joined
from tests.web.forms_walk import Questions, crawled, questions_asked

pytestmark = pytest.mark.slow

NAMES = {
    "/order-requests/{wanted}/decline": ("ACME", "Standard", "for the annex"),
    "/order-requests/{wanted}/withdraw": ("“Standard”", "ACME", "for the annex"),
    "/payments/{wanted}/book": ("€40.00", "ACME"),
    "/payments/{wanted}/withdraw": ("ACME", "€40.00"),
    "/payments/settings/secret-at-once": ("payment gateway",),
    "/offers/{offer}/withdraw": ("“(Standard|Monthly|Later|Brief|Next)”", "Plan"),
    "/tokens/{token}/withdraw": ("“(till|desk)”", "Last use"),
    "/team/invitations/{invitation}/withdraw": ("“new@", "Role"),
    "/team/{user}/remove": ("@", "Role"),
    "/webhooks/{webhook}/rotate-at-once": ("“hooks.example”",),
    "/webhooks/{webhook}/remove": ("“hooks.example”", "https://hooks.example/a"),
}
"""What stands on the page of each question, as expressions."""
VENDORS = {"/tokens/{token}/withdraw": ("“first token”", "Last use")}
"""Where the vendor has another one."""
GIVEN: dict[str, dict[str, str | list[str]]] = {
    "/order-requests/{wanted}/decline": {"reason": "not before March"},
    "/payments/{wanted}/book": {"reference": "bank 77"},
}


def asking_routes() -> list[str]:
    server = PortalServer(httpx2.AsyncClient())
    return [route.path for group in PAGES for route in group(server).routes() if route.asks]


async def asked(folder: Path) -> dict[str, Questions]:
    """The questions that each role is asked."""
    async with furnished(folder) as there:
        tabs = await walkers(there)
        await joined(there.office, there.office.staff, "operator", email="otto@north.example")
        tabs["operator"] = await there.signed_in("otto@north.example")
        body = {"email": "new@vendor.example", "name": "New", "role": "auditor"}
        await there.office.vendor.post("/v1/invitations", body)
        assert (await there.office.staff.send("POST", "/v1/payment-settings/rotate-secret")).is_success
        found = {}
        for who, tab in tabs.items():
            forms = await crawled(tab, ["/"], skip=("/sign-out", "/account/team"))
            found[who] = await questions_asked(tab, forms, asking_routes(), GIVEN)
        return found


async def test_every_question_of_every_role_names_what_is_meant(tmp_path: Path) -> None:
    assert set(NAMES) == set(asking_routes())
    found = await asked(tmp_path)
    for who, questions in found.items():
        for path, text in questions.items():
            names = VENDORS.get(path, NAMES[path]) if who == "vendor" else NAMES[path]
            missing = [name for name in names if not re.search(name, text)]
            assert not missing, (who, path, missing, text)
            assert not re.search(r"\b[a-z]{3}_[0-9a-z]{26}\b", text), (who, path)
    assert {path for questions in found.values() for path in questions} == set(NAMES), "each was asked"
    assert {who: len(questions) for who, questions in found.items()} == {
        "desk": 10, "customer": 2, "vendor": 3, "operator": 5,
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/tokens/tok_{}/withdraw", "/offers/off_{}/withdraw", "/team/usr_{}/remove"])
async def test_what_is_gone_is_told_before_anything_is_asked(tmp_path: Path, path: str) -> None:
    async with furnished(tmp_path) as there:
        tab = await there.staff()
        await tab.open("/tokens")
        form = tab.form("name")
        form.action, form.fields = path.format("0" * 26), {"_token": form.fields["_token"]}
        await tab.send(form)
        assert tab.status == 404
        assert "It is not there any more." in tab.text


PREVIEWED = {
    "renew": ({}, ("this will happen", "Paid until")),
    "change_plan": ({"offer": "later"}, ("this will happen", "Later")),
    "change_devices": ({"devices": "12"}, ("this will happen", "12")),
    "cancel_at_end": ({}, ("this will happen",)),
    "cancel_now": ({}, ("this will happen", "This cannot be undone")),
}


@pytest.mark.parametrize(
    ("who", "deed"), [*(("staff", each) for each in PREVIEWED), ("customer", "renew"), ("customer", "change_devices")]
)
async def test_a_preview_names_customer_product_and_plan(at_the_portal: Stage, who: str, deed: str) -> None:
    env = at_the_portal.office
    name, _ = await env.order()
    env.clock.now += 350 * DAY
    tab = await getattr(at_the_portal, who)()
    given, told = PREVIEWED[deed]
    entered = {field: env.offers.get(value, value) for field, value in given.items()}
    await tab.open(f"/subscriptions/{name}/do/{deed}")
    for words in ("ACME", "Editor · Standard", "10 devices"):
        assert words in tab.text, f"{words}, on the first page"
    if entered:
        await tab.send(next(each for each in tab.page.forms if each.action == tab.path), **entered)
    for words in ("ACME", "Editor · Standard", "10 devices", *told):
        assert words in tab.text, (words, tab.text)


async def test_an_order_names_whose_and_what_it_is_before_and_after(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    await tab.open(f"/order?customer={at_the_portal.office.customer}&offer={at_the_portal.office.offers['standard']}")
    await tab.send(tab.form("devices"), devices="7")
    for title in ("This will be ordered", "The order is done"):
        assert title in tab.text
        for words in ("ACME", "Editor · Standard", "7 devices"):
            assert words in tab.text, (title, words)
        if title == "This will be ordered":
            await tab.send(tab.form("outcome_hash"), step="apply")
