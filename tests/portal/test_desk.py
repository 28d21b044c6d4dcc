"""A provider's day at the portal: customers, orders, renewals, money, prices, rules; every click over the real API."""

import re

from tests.portal.stage import Stage, stage
from tests.web.browser import Tab

CODE = re.compile(r"[0-9A-Z]{5}(-[0-9A-Z]{5}){3}")


async def _ordered(tab: Tab, offer: str, devices: int = 10) -> tuple[str, str]:
    """(address of the subscription, code) of an order through the form."""
    await tab.open(f"/order?offer={offer}")
    await tab.send(tab.form("devices"), devices=str(devices))
    assert "This will be ordered" in tab.text, tab.text
    await tab.send(tab.form("outcome_hash"), step="apply")
    code = CODE.search(tab.text)
    assert code, tab.text
    return next(link for link in tab.page.links if link.startswith("/subscriptions/sub_")), code[0]


async def test_a_new_customer_orders_tops_up_and_gets_a_code_that_works(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    await tab.open("/customers/new")
    await tab.send(name="Blue Harbour", reference="K-7", email="it@blue.example", credit_limit="0")
    assert "Blue Harbour has been added." in tab.text
    customer = tab.path
    await tab.open(f"{customer}/money")
    await tab.send(tab.form("amount", "reference"), amount="500.00", reference="bank 9")
    assert "Top-up: this will happen" in tab.text
    await tab.send(tab.form("amount"), step="apply")
    assert "€500.00 is booked." in tab.text
    await tab.open(f"/order?customer={customer.rpartition('/')[2]}&offer={at_the_portal.office.offers['standard']}")
    await tab.send(tab.form("devices"), devices="10")
    assert "Order for €120.00" in tab.text
    await tab.send(tab.form("outcome_hash"), step="apply")
    code = CODE.search(tab.text)
    assert code
    granted = await at_the_portal.office.site().activate(code[0])
    assert granted.result == "granted"  # type: ignore[union-attr]
    await tab.open(next(link for link in tab.page.links if link.startswith("/subscriptions/sub_")))
    assert "Site of Ana" in tab.text
    assert code[0] not in tab.answer.text
    await tab.open(f"{customer}/money")
    assert "€380.00" in tab.text


async def test_a_page_sent_twice_is_done_once(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    await tab.open("/order")
    await tab.send(tab.form("devices"), devices="10")
    form = tab.form("outcome_hash")
    await tab.send(form, step="apply")
    first = CODE.search(tab.text)
    await tab.send(form, step="apply")
    second = CODE.search(tab.text)
    assert first
    assert second
    assert first[0] == second[0]
    found = await at_the_portal.office.staff.get("/v1/subscriptions")
    assert len(found["items"]) == 1


async def test_what_is_previewed_is_what_is_done_and_what_changed_meanwhile_is_shown_again(
    at_the_portal: Stage,
) -> None:
    tab = await at_the_portal.staff()
    address, _ = await _ordered(tab, at_the_portal.office.offers["standard"])
    name = address.rpartition("/")[2]
    await tab.open(f"{address}/do/change_devices")
    await tab.send(tab.form("devices"), devices="20")
    assert "this will happen" in tab.text
    facts = await at_the_portal.office.facts(name)
    await at_the_portal.office.staff.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 15})
    await tab.send(tab.form("outcome_hash"), step="apply")
    assert "Something changed meanwhile." in tab.text
    assert len(await at_the_portal.office.facts(name)) == len(facts) + 1
    await tab.send(tab.form("outcome_hash"), step="apply")
    assert "The number of devices is changed." in tab.text
    assert "20 devices" in tab.text


async def test_every_action_that_is_allowed_can_be_previewed_and_what_is_not_says_why(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    address, _ = await _ordered(tab, at_the_portal.office.offers["standard"])
    await tab.open(address)
    assert "It is too early to renew." in tab.text
    doing = [link for link in tab.page.links if "/do/" in link]
    assert len(doing) >= 9
    answers = {"devices": "12", "reason": "holiday", "days": "3", "offer": at_the_portal.office.offers["later"]}
    for link in doing:
        await tab.open(link)
        assert tab.status == 200, link
        if "this will happen" not in tab.text:
            form = next(each for each in tab.page.forms if each.action.endswith(link.partition("?")[0]))
            await tab.send(form, **{name: value for name, value in answers.items() if name in form.fields})
        assert tab.status in {200, 422}, link
        assert "this will happen" in tab.text or "What helps:" in tab.text or "Please look" in tab.text, (
            link,
            tab.text,
        )
    assert await at_the_portal.office.facts(address.rpartition("/")[2]) == ["Ordered"]


async def test_canceled_and_undone(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    address, _ = await _ordered(tab, at_the_portal.office.offers["standard"])
    await tab.open(f"{address}/do/cancel_at_end")
    await tab.send(tab.form("outcome_hash"), step="apply")
    assert "It is canceled, and stays active" in tab.text
    await tab.open(f"{address}/do/undo_cancel")
    await tab.send(tab.form("outcome_hash"), step="apply")
    assert "The cancellation is undone." in tab.text
    await tab.open(f"{address}/history")
    assert "Cancellation undone" in tab.text
    assert "The earlier way of renewing holds again." in tab.text
    assert re.search(r"10 devices, €[0-9.,]+; paid from \d+ \w+ \d{4}", tab.text), (
        "what was ordered, in amounts and days"
    )


async def test_a_new_code_is_shown_once(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    address, old = await _ordered(tab, at_the_portal.office.offers["standard"])
    await tab.open(f"{address}/do/reissue_code")
    await tab.send(tab.form("outcome_hash"), step="apply")
    code = CODE.search(tab.text)
    assert code
    assert code[0] != old
    await tab.open(address)
    assert code[0] not in tab.answer.text
    assert "withdrawn" in tab.text


async def test_an_order_without_money_says_what_helps(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    await tab.open("/customers/new")
    await tab.send(name="Poor & Co", credit_limit="0")
    customer = tab.path.rpartition("/")[2]
    await tab.open(f"/order?customer={customer}")
    await tab.send(tab.form("devices"), devices="10")
    assert tab.status == 422
    assert "What helps:" in tab.text
    await tab.send(tab.form("devices"), devices="many")
    assert "A whole number from 1" in tab.text


async def test_prices_and_tokens_and_rules_are_changed_through_forms(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    await tab.open("/offers/new?plan=monthly")
    await tab.send(tab.form("unit0"), name="Monthly, cheap", unit0="3.00", up_to0="9", unit1="2,50")
    assert "The offer is open." in tab.text
    assert "€2.50" in tab.text
    await tab.open("/tokens")
    await tab.send(tab.form("days"), name="shop", scopes=["subscriptions:read"])
    assert "tnr_" in tab.text
    await tab.open("/policy")
    await tab.send(tab.form("grace_days"), grace_days="21")
    assert "What this change does" in tab.text
    assert "No running subscription is touched" in tab.text
    await tab.send(tab.form("seen"), step="apply")
    assert "The policy is published." in tab.text, (tab.status, tab.text)
    rules = (await at_the_portal.office.staff.get("/v1/policy"))["rules"]
    assert [each["value"] for each in rules if each["field"] == "grace_days"] == [21]
    await tab.send(tab.form("grace_days"), grace_days="400")
    assert "A whole number from 0 to 90" in tab.text


async def test_a_sandbox_has_its_clock_on_the_page(tmp_path_factory: object, tmp_path: object) -> None:
    async with stage(tmp_path, sandbox=True) as there:  # type: ignore[arg-type]
        tab = await there.staff()
        await tab.open("/sandbox")
        assert "1 Jan 2026, 00:00 UTC" in tab.text
        await tab.send(tab.form(action="/sandbox"), step="month")
        assert "The clock shows 31 Jan 2026, 00:00 UTC." in tab.text
        await tab.send(tab.form("now"), now="2025-01-01T00:00")
        assert tab.status == 422
        assert "What helps:" in tab.text


async def test_a_preview_names_plan_number_and_day_of_what_is_agreed_for_later(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    await tab.open("/customers")
    address, _ = await _ordered(tab, at_the_portal.office.offers["standard"])
    await tab.open(f"{address}/do/change_devices")
    await tab.send(tab.form("devices"), devices="5")
    assert "Agreed for later Nothing else: 10 devices, plan Standard" in tab.text, tab.text
    assert "5 devices, plan Standard; until" in tab.text
    await tab.send(tab.form("outcome_hash"), step="apply")
    await tab.open(next(link for link in tab.page.links if "drop_change" in link))
    assert "field=devices" in tab.path or "5 devices, plan Standard; until" in tab.text
    assert "Nothing else: 10 devices, plan Standard" in tab.text


async def test_an_order_chooses_nobody_beforehand_and_a_change_of_plan_shows_prices(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    address, _ = await _ordered(tab, at_the_portal.office.offers["standard"])
    await at_the_portal.office.staff.send("POST", "/v1/customers", {"name": "Anvil"})
    await tab.open("/order")
    assert "Choose a customer" in tab.text
    assert "As a trial" not in tab.text or "there is one for" in tab.text
    await tab.send(tab.form("offer"), customer="")
    assert (tab.status, "Please fill this in." in tab.text) == (422, True), tab.text
    await tab.open(f"{address}/do/change_plan")
    choices = tab.text.partition("Offer")[2]
    assert " each" in choices
    assert choices.index("the present plan") > choices.index(" each")
    assert not any(held.get("name") == "offer" for tag, held in tab.page.tags if tag == "select"), "a closed one cuts"
    await tab.send(tab.form("why"), offer="")
    assert (tab.status, "Please fill this in." in tab.text) == (422, True)
