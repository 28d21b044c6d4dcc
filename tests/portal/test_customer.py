"""A customer at the portal: sees its own, does what the provider permits, and nothing of anybody else's."""

from pathlib import Path

from tests.portal.stage import Stage, stage
from tests.server.users import PASSWORD


async def test_a_customer_sees_its_own_and_may_do_what_the_policy_permits(at_the_portal: Stage) -> None:
    name, _ = await at_the_portal.office.order()
    tab = await at_the_portal.customer()
    assert tab.path == "/"
    assert f"/subscriptions/{name}" in tab.page.links
    await tab.open(f"/subscriptions/{name}")
    assert "Change devices" in tab.text
    assert "Cancel at the end" in tab.text
    assert "Extend grace" not in tab.text  # the policy permits it to the provider only
    assert "Cancel at once" not in tab.text
    await tab.open(f"/subscriptions/{name}/do/change_devices")
    await tab.send(tab.form("devices"), devices="12")
    await tab.send(tab.form("outcome_hash"), step="apply")
    assert "The number of devices is changed." in tab.text


async def test_a_customer_orders_and_reads_its_balance(at_the_portal: Stage) -> None:
    tab = await at_the_portal.customer()
    await tab.open("/order")
    assert "customer" not in tab.form("devices").fields
    await tab.send(tab.form("devices"), devices="3")
    await tab.send(tab.form("outcome_hash"), step="apply")
    assert "The order is done" in tab.text
    await tab.open(f"/customers/{at_the_portal.office.customer}/money")
    assert "€9,964.00" in tab.text
    assert "Book a top-up" not in tab.text


async def test_nothing_of_another_customer_or_of_the_desk_is_shown(at_the_portal: Stage) -> None:
    other = (await at_the_portal.office.staff.post("/v1/customers", {"name": "Rival"}))["id"]
    await at_the_portal.office.staff.post(
        f"/v1/customers/{other}/top-ups", {"amount": 100_000, "reference": "bank of the rival"}
    )
    body = {"customer": other, "offer": at_the_portal.office.offers["standard"], "devices": 5}
    theirs = (await at_the_portal.office.staff.post("/v1/subscriptions", body))["subscription"]["id"]
    tab = await at_the_portal.customer()
    assert theirs not in tab.answer.text
    for path in [
        f"/subscriptions/{theirs}", f"/subscriptions/{theirs}/history", f"/subscriptions/{theirs}/do/cancel_at_end",
        f"/customers/{other}", f"/customers/{other}/money", "/customers", "/tokens", "/policy", "/customers/new",
    ]:  # fmt: skip
        await tab.open(path)
        if path == "/customers/new":
            await tab.send(name="Mine")
        assert "Rival" not in tab.answer.text, path
        assert tab.status in {403, 404, 422} or path == "/policy", (path, tab.status)
    assert (await at_the_portal.office.facts(theirs))[-1] == "Ordered"


async def test_a_customer_asks_to_pay_and_the_provider_books_it(at_the_portal: Stage) -> None:
    tab, staff = await at_the_portal.customer(), await at_the_portal.staff()
    balance = f"/customers/{at_the_portal.office.customer}/money"
    await tab.open(balance)
    await tab.send(tab.form("amount"), amount="250.00", note="for the renewal")
    assert "Payment request" in tab.text
    assert "€250.00" in tab.text
    await tab.open(balance)
    assert "Open requests" in tab.text
    await staff.open("/payments")
    assert "ACME" in staff.text
    assert "for the renewal" in staff.text
    await staff.send(staff.form("reference"), reference="bank 77")
    await staff.agree()
    assert "The payment is booked" in staff.text
    await tab.open(balance)
    assert "€10,250.00" in tab.text
    assert "Open requests" not in tab.text
    await staff.open("/payments?state=booked")
    assert "€250.00" in staff.text


async def test_in_a_sandbox_a_request_is_paid_by_a_button_and_another_withdrawn(tmp_path: Path) -> None:
    async with stage(tmp_path, sandbox=True) as there:
        tab = await there.customer()
        balance = f"/customers/{there.office.customer}/money"
        for amount in ("40.00", "60.00"):
            await tab.open(balance)
            await tab.send(tab.form("amount"), amount=amount)
        pay = next(each for each in tab.page.forms if each.action.endswith("/pay"))
        await tab.send(pay)
        assert "Paid in this sandbox." in tab.text
        assert "€10,060.00" in tab.text
        staff = await there.staff()
        await staff.open("/payments")
        withdraw = next(each for each in staff.page.forms if each.action.endswith("/withdraw"))
        await staff.send(withdraw)
        await staff.agree()
        assert "The payment request is withdrawn." in staff.text


async def test_m16_the_renew_link_of_a_site_leads_to_the_renewal_of_its_subscription(at_the_portal: Stage) -> None:
    name, _ = await at_the_portal.office.order()
    at_the_portal.office.clock.now += 300 * 86_400
    tab = at_the_portal.tab()
    await tab.open(f"/renew?subscription={name}")
    assert tab.path.startswith("/sign-in")
    await tab.send(email=at_the_portal.ben.email, password=PASSWORD)
    assert tab.path == f"/subscriptions/{name}/do/renew"
    assert "Renew: this will happen" in tab.text
    await tab.send(tab.form("outcome_hash"), step="apply")
    assert "It is renewed." in tab.text
    assert "1 Jan 2028" in tab.text
