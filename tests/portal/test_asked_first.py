"""Every form of the portal is classified by what comes before its action; one that cannot be undone asks first."""

import httpx2
import pytest

from tenure.http.client.transports import AsyncTransport
from tenure.portal.app import PAGES
from tenure.portal.pages.subscription_actions import BY_NAME
from tenure.portal.session import PortalServer
from tests.portal.stage import Stage

CLASSES: dict[str, tuple[str, ...]] = {
    # Shown with all that follows, and done only as shown.
    "previewed": (
        "/subscriptions/{subscription}/do/{action}", "/order", "/import/{table}", "/customers/{customer}/top-up",
        "/customers/{customer}/credit-limit", "/policy", "/policy/plans/{plan}", "/policy-bounds", "/new-provider",
        "/providers/{provider}", "/new-product", "/products/{product}", "/new-plan", "/plans/{plan}",
    ),
    # A question says what is done and that it cannot be undone (`ConfirmationQuestion`).
    "confirmed": (
        "/order-requests/{wanted}/decline", "/order-requests/{wanted}/withdraw", "/payments/{wanted}/book",
        "/payments/{wanted}/withdraw", "/payments/settings/secret-at-once", "/offers/{offer}/withdraw",
        "/tokens/{token}/withdraw", "/team/invitations/{invitation}/withdraw", "/team/{user}/remove",
        "/webhooks/{webhook}/rotate-at-once", "/webhooks/{webhook}/remove",
    ),
    # A page of its own that says that it is shown once, with a button for later.
    "announced": ("/subscriptions/{subscription}/code",),
    # The password, or a secret from a mail or an application, is asked for in the form itself.
    "proven": (
        "/account/password", "/account/second-factor", "/account/second-factor/confirm",
        "/account/second-factor/remove", "/sign-in", "/sign-in/second-factor", "/sign-in/token", "/sign-in/invitation",
        "/invitation/{token}", "/password-reset", "/password-reset/{token}",
    ),
    # The same page changes it back, or takes away what was made.
    "undoable": (
        "/customers/{customer}/edit", "/customers/{customer}/payment-request", "/payments/settings", "/offers/new",
        "/tokens", "/team", "/team/{user}/role", "/webhooks", "/webhooks/{webhook}", "/brand",
    ),
    # Nothing is lost: looking, signing out, sending once more, a secret beside which the old one still signs, play.
    "harmless": (
        "/sign-out", "/account/team", "/account/sessions/{session}/end", "/account/sessions/end-others",
        "/first-steps/dismiss", "/first-steps/show", "/customers/find", "/customers/new", "/payments/{wanted}/pay",
        "/payments/settings/secret", "/webhooks/{webhook}/rotate", "/webhooks/{webhook}/test",
        "/webhooks/{webhook}/deliveries/{delivery}/replay", "/emails/{email}/resend", "/offline-exchange", "/sandbox",
        "/providers",
    ),
}  # fmt: skip
FINAL = {"reissue_code", "cancel_now", "release_site", "resolve_fork", "free_allotment", "declare_site_lost"}
"""Actions that no other action takes back; all others are taken back by one, or only buy."""


def test_every_form_of_the_portal_says_what_stands_before_its_deed() -> None:
    server = PortalServer(AsyncTransport(httpx2.AsyncClient()))
    routes = {route.path: route for group in PAGES for route in group(server).routes() if route.method == "POST"}
    told = [path for paths in CLASSES.values() for path in paths]
    assert sorted(routes) == sorted(told), "classify a new form: can it be undone, and what does it ask?"
    assert {path for path, route in routes.items() if route.asks} == set(CLASSES["confirmed"])


def test_every_action_that_cannot_be_undone_says_so_in_its_preview() -> None:
    for name in FINAL:
        chosen = [choice for each in BY_NAME[name].fields for choice in each.choices]
        assert BY_NAME[name].form.final or (chosen and all(each.final for each in chosen)), name


@pytest.mark.parametrize(("deed", "told"), [("cancel_now", "a new order is needed"), ("renew", "")])
async def test_a_preview_tells_what_cannot_be_undone(at_the_portal: Stage, deed: str, told: str) -> None:
    name, _ = await at_the_portal.office.order()
    tab = await at_the_portal.staff()
    await tab.open(f"/subscriptions/{name}/do/{deed}")
    assert ("This cannot be undone" in tab.text) is bool(told)
    assert told in tab.text


async def test_a_payment_is_booked_after_it_was_shown_whose_and_what_it_comes_to(at_the_portal: Stage) -> None:
    env, staff = at_the_portal.office, await at_the_portal.staff()
    await env.staff.post(f"/v1/customers/{env.customer}/payment-requests", {"amount": 25_000})
    await staff.open("/payments")
    await staff.send(staff.form("reference"), reference="bank 77")
    assert "Book €250.00 for ACME?" in staff.text
    for words in ("bank 77", "€10,250.00", "A booking cannot be undone."):
        assert words in staff.text
    assert (await env.staff.get("/v1/payment-requests"))["items"][0]["state"] == "asked", "nothing is done yet"
    await staff.agree()
    assert "The payment is booked" in staff.text
    assert (await env.staff.get("/v1/payment-requests"))["items"][0]["state"] == "booked"
    await staff.open("/payments")
    assert "No open payment requests" in staff.text


async def test_a_booking_that_is_refused_is_refused_before_it_is_asked_about(at_the_portal: Stage) -> None:
    env, staff = at_the_portal.office, await at_the_portal.staff()
    wanted = await env.staff.post(f"/v1/customers/{env.customer}/payment-requests", {"amount": 25_000})
    await staff.open("/payments")
    form = staff.form("reference")
    assert (await env.staff.send("POST", f"/v1/payment-requests/{wanted['id']}/withdraw")).is_success
    await staff.send(form, reference="bank 77")
    assert staff.status == 409
    assert not [each for each in staff.page.forms if "_sure" in each.fields]
