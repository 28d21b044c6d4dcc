"""How the provider is paid, what was mailed, where events are told: each set, tried and tried again at the portal."""

import hashlib
import hmac
import re

from tests.portal.stage import Stage
from tests.server.users import joined
from tests.web.browser import Tab

GATEWAY = re.compile(r"pgs_[a-z0-9]+")
SIGNING = re.compile(r"whsec_[A-Za-z0-9+/=]+")


async def test_customers_read_how_to_pay_and_the_gateway_proves_a_payment(at_the_portal: Stage) -> None:
    env, tab = at_the_portal.office, await at_the_portal.staff()
    await tab.open("/payments/settings")
    assert "no secret yet" in tab.text
    stale = tab.form("request_days")
    await tab.send(stale, instructions="IBAN DE00\nquote the reference", request_days="14")
    assert "Saved." in tab.text
    await tab.send(tab.form("request_days"), request_days="400")
    assert (tab.status, "A whole number from 1 to 365" in tab.text) == (422, True)
    await tab.send(stale, request_days="20")
    assert tab.status == 412
    assert (await env.staff.get("/v1/payment-settings"))["request_days"] == 14, "somebody else's change is not lost"
    await tab.open("/payments/settings")
    await tab.send(tab.form(action="/payments/settings/secret"))
    leaked = GATEWAY.search(tab.text)
    assert leaked
    await tab.open("/payments/settings")
    assert "has a secret" in tab.text
    assert "the old one stays valid for one more day" in tab.text, "as it is"
    await tab.send(tab.form(action="/payments/settings/secret-at-once"))
    await tab.agree()
    secret = GATEWAY.search(tab.text)
    assert secret
    assert secret[0] != leaked[0]
    await tab.open("/payments/settings")
    assert not GATEWAY.search(tab.answer.text)  # type: ignore[union-attr]
    asked = await env.staff.post(f"/v1/customers/{env.customer}/payment-requests", {"amount": 700})
    assert asked["instructions"].startswith("IBAN DE00")
    told = (env.provider, asked["reference"], "700", "EUR", "gw 1", str(env.clock()))
    signed = "\n".join(("tenure-payment-1", *told)).encode()
    body = dict(zip(("provider", "request", "amount", "currency", "reference", "sent_at"), told, strict=True))
    body |= {"amount": 700, "sent_at": env.clock()}  # type: ignore[dict-item]
    body["signature"] = hmac.new(secret[0].encode(), signed, hashlib.sha256).hexdigest()
    gone = body | {"signature": hmac.new(leaked[0].encode(), signed, hashlib.sha256).hexdigest()}
    assert await env.staff.refused("/v1/payment-notifications", gone) == "signature_invalid"
    assert (await env.staff.post("/v1/payment-notifications", body))["booked"] is True


async def test_an_auditor_reads_how_customers_pay_and_no_more(at_the_portal: Stage) -> None:
    await joined(at_the_portal.office, at_the_portal.ana, "auditor", email="otto@north.example")
    tab = await at_the_portal.signed_in("otto@north.example")
    await tab.open("/payments/settings")
    assert tab.status == 200
    assert not [form for form in tab.page.forms if form.action.startswith("/payments/settings")]


async def test_mails_are_listed_newest_first_and_one_that_waits_is_tried_now(at_the_portal: Stage) -> None:
    env, tab = at_the_portal.office, await at_the_portal.staff()
    env.clock.now += 10
    await at_the_portal.ana.post("/v1/invitations", {"email": "eva@north.example", "name": "Eva", "role": "auditor"})
    await tab.open("/emails")
    assert tab.text.index("eva@north.example") < tab.text.index("ben@acme.example")
    form = next(form for form in tab.page.forms if form.action.endswith("/resend"))
    await tab.send(form)
    assert "It is tried again" in tab.text
    everything = (await env.staff.get("/v1/emails"))["items"]
    page = await env.staff.get("/v1/emails", newest_first="true", limit="1")
    rest = await env.staff.get("/v1/emails", newest_first="true", cursor=page["next"])
    assert [each["id"] for each in page["items"] + rest["items"]] == [each["id"] for each in reversed(everything)]


async def _hook(tab: Tab, url: str) -> str:
    await tab.open("/webhooks")
    await tab.send(tab.form("url"), url=url, events=["subscription.*"], note="ours")
    secret = SIGNING.search(tab.text)
    assert secret, tab.text
    return secret[0]


async def test_a_webhook_is_made_given_another_secret_switched_off_and_removed(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    await tab.open("/webhooks")
    await tab.send(tab.form("url"), url="http://10.0.0.1/hook", what="all")
    assert tab.status == 422
    assert "address" in tab.text.lower()
    first = await _hook(tab, "https://north.example/hook")
    hook = (await at_the_portal.office.staff.get("/v1/webhooks"))["items"][0]["id"]
    await tab.open(f"/webhooks/{hook}")
    assert first not in tab.answer.text  # type: ignore[union-attr]
    form = tab.form(action=f"/webhooks/{hook}/rotate")
    await tab.send(form)
    second = SIGNING.search(tab.text)
    assert second
    assert second[0] != first
    await tab.send(form)
    assert second[0] in tab.text, "a form sent twice makes one secret"
    await tab.open(f"/webhooks/{hook}")
    await tab.send(tab.form("url"), active="off", events=["subscription.renewed"])
    assert "Saved." in tab.text
    known = await at_the_portal.office.staff.get(f"/v1/webhooks/{hook}")
    assert (known["active"], known["events"]) == (False, ["subscription.renewed"])
    await tab.send(tab.form(action=f"/webhooks/{hook}/remove"))
    await tab.agree()
    assert "The webhook is removed." in tab.text


async def test_a_test_event_is_delivered_and_what_failed_is_sent_again(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    await _hook(tab, "https://north.example/hook")
    hook = (await at_the_portal.office.staff.get("/v1/webhooks"))["items"][0]["id"]
    await tab.open(f"/webhooks/{hook}")
    await tab.send(tab.form(action=f"/webhooks/{hook}/test"))
    assert "A test event is on its way" in tab.text
    form = next(form for form in tab.page.forms if form.action.endswith("/replay"))
    await tab.send(form)
    assert "It is sent again." in tab.text
    assert "sent again" in tab.page.text
    sent = (await at_the_portal.office.staff.get(f"/v1/webhooks/{hook}/deliveries"))["items"]
    assert len(sent) == 2
    assert [each["replay_of"] for each in sent].count(None) == 1


async def test_a_provider_changes_how_it_shows_itself(at_the_portal: Stage) -> None:
    tab, env = await at_the_portal.staff(), at_the_portal.office
    await tab.open("/brand")
    form = tab.form("color")
    await tab.send(form, name="Northern Light", color="#aa3300", logo="https://north.example/l.svg", support="+49 1")
    assert "Saved." in tab.text
    assert "Northern Light" in tab.text
    assert "aa3300.css" in tab.answer.text  # type: ignore[union-attr]
    await tab.send(tab.form("color"), color="green")
    assert (tab.status, tab.form("color").fields["color"]) == (422, "green")
    await tab.send(form, name="Stale")
    assert tab.status == 412
    brand = await env.staff.get(f"/v1/providers/{env.provider}/brand")
    assert (brand["name"], brand["support"]) == ("Northern Light", "+49 1")
    ben = await at_the_portal.customer()
    assert "Northern Light" in ben.text
    await ben.open("/brand")
    assert ben.status == 404
    await joined(env, at_the_portal.ana, "operator", email="otto@north.example")
    otto = await at_the_portal.signed_in("otto@north.example")
    await otto.open("/brand")
    await otto.send(otto.form("color"), name="Mine")
    assert otto.status in {403, 422}
    assert (await env.staff.get(f"/v1/providers/{env.provider}/brand"))["name"] == "Northern Light"


async def test_events_of_a_webhook_are_picked_by_topic_with_a_sentence_each(at_the_portal: Stage) -> None:
    tab, staff = await at_the_portal.staff(), at_the_portal.office.staff
    await tab.open("/webhooks")
    kinds = (await staff.get("/v1/event-kinds"))["items"]
    boxes = {held["value"] for tag, held in tab.page.tags if tag == "input" and held.get("name") == "events"}
    families = {f"{each['family']}.*" for each in kinds}
    assert boxes == {each["kind"] for each in kinds} | families, "every kind can be picked, and no other"
    assert "A period was bought" in tab.text
    await tab.send(tab.form("url"), url="https://north.example/hook")
    assert (tab.status, "Choose at least one event" in tab.text) == (422, True)
    await tab.send(tab.form("url"), what="some", events=["payment.booked", "order.*"])
    assert tab.status == 200, tab.text
    hook = (await staff.get("/v1/webhooks"))["items"][0]
    assert hook["events"] == ["payment.booked", "order.*"]
    await tab.open(f"/webhooks/{hook['id']}")
    form = tab.form("url")
    assert (form.fields["what"], sorted(form.fields["events"])) == ("some", ["order.*", "payment.booked"])
    await tab.send(form, what="all")
    assert (await staff.get(f"/v1/webhooks/{hook['id']}"))["events"] == []


async def test_a_stale_webhook_form_names_the_events_that_differ(at_the_portal: Stage) -> None:
    tab, staff = await at_the_portal.staff(), at_the_portal.office.staff
    await _hook(tab, "https://north.example/hook")
    hook = (await staff.get("/v1/webhooks"))["items"][0]["id"]
    await tab.open(f"/webhooks/{hook}")
    mine = tab.form("url")
    await tab.send(mine, events=["order.*", "payment.booked"])
    await tab.send(mine, events=["payment.*"])
    assert tab.status == 412
    told = tab.text.partition("What differs")[2]
    assert "Events order.*, payment.booked payment.*" in told
