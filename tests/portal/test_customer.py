"""A customer at the portal: sees its own, does what the provider permits, and nothing of anybody else's."""

from tests.portal.stage import Stage


async def test_a_customer_sees_its_own_and_may_do_what_the_policy_permits(at_the_portal: Stage) -> None:
    name, _ = await at_the_portal.office.order()
    tab = await at_the_portal.customer()
    assert tab.path == "/subscriptions"
    assert f"/subscriptions/{name}" in tab.page.links
    await tab.open(f"/subscriptions/{name}")
    assert "Change devices" in tab.text
    assert "Cancel at the end" in tab.text
    assert "Extend grace" not in tab.text  # the policy permits it to the provider only
    assert "Cancel at once" not in tab.text
    await tab.open(f"/subscriptions/{name}/do/change_devices")
    await tab.send(tab.form("devices"), devices="12")
    await tab.send(tab.form("plan"), step="apply")
    assert "The number of devices is changed." in tab.text


async def test_a_customer_orders_and_reads_its_balance(at_the_portal: Stage) -> None:
    tab = await at_the_portal.customer()
    await tab.open("/order")
    assert "customer" not in tab.form("devices").fields
    await tab.send(tab.form("devices"), devices="3")
    await tab.send(tab.form("plan"), step="apply")
    assert "The order is done" in tab.text
    await tab.open(f"/customers/{at_the_portal.office.customer}/money")
    assert "€9,964.00" in tab.text
    assert "Book a top-up" not in tab.text


async def test_nothing_of_another_customer_or_of_the_desk_is_shown(at_the_portal: Stage) -> None:
    other = (await at_the_portal.office.desk.post("/v1/customers", {"name": "Rival"}))["id"]
    await at_the_portal.office.desk.post(
        f"/v1/customers/{other}/top-ups", {"amount": 100_000, "reference": "bank of the rival"}
    )
    body = {"customer": other, "offer": at_the_portal.office.offers["standard"], "devices": 5}
    theirs = (await at_the_portal.office.desk.post("/v1/subscriptions", body))["subscription"]["id"]
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
