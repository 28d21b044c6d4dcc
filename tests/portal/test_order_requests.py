"""Asking for an order at the portal: the customer asks, the operator orders or declines, both see what became of it."""

from tests.portal.stage import Stage
from tests.web.browser import Tab


async def _asked(there: Stage, note: str) -> Tab:
    """The customer's browser, after it has asked where it may not order."""
    answer = await there.office.staff.send("PUT", "/v1/policy", {"customer_actions": ["renew"]})
    assert answer.status_code == 200
    tab = await there.customer()
    await tab.open("/order")
    assert "Ask for an order" in tab.text
    form = tab.form("devices")
    assert {"until", "auto", "trial", "customer"}.isdisjoint(form.fields)
    await tab.send(form, offer=there.office.offers["standard"], devices="7", why=note)
    assert "Your request is sent; your provider will order it for you" in tab.text
    assert tab.path == "/order-requests"
    assert note in tab.text
    return tab


async def test_m02_who_may_not_order_asks_and_the_operator_orders_by_the_filled_in_form(at_the_portal: Stage) -> None:
    tab, staff = await _asked(at_the_portal, "for the new office"), await at_the_portal.staff()
    assert "1 order request of customers waits for an answer" in staff.text
    await staff.open("/order-requests")
    assert "for the new office" in staff.text
    await staff.open(next(link for link in staff.page.links if link.startswith("/order?request=")))
    form = staff.form("devices")
    assert (form.fields["devices"], form.fields["why"]) == ("7", "for the new office")
    assert form.fields["customer"] == at_the_portal.office.customer
    await staff.send(form)
    assert "This will be ordered" in staff.text
    await staff.send(staff.form("outcome_hash"), step="apply")
    assert "The order is done" in staff.text
    await staff.open("/order-requests")
    assert "No open order requests" in staff.text
    await tab.open("/order-requests")
    assert "Ordered" in tab.text
    assert any(link.startswith("/subscriptions/sub_") for link in tab.page.links)


async def test_a_request_is_declined_with_a_reason_that_the_customer_reads(at_the_portal: Stage) -> None:
    tab, staff = await _asked(at_the_portal, "soon"), await at_the_portal.staff()
    await staff.open("/order-requests")
    await staff.send(staff.form("reason"), reason="not before March")
    assert "Decline the order request of “ACME”?" in staff.text
    assert "cannot be opened again" in staff.text
    await staff.agree()
    assert "The order request is declined." in staff.text
    await tab.open("/order-requests")
    assert "not before March" in tab.text
    assert not [form for form in tab.page.forms if form.action.endswith("/withdraw")]


async def test_a_customer_withdraws_what_it_asked_for(at_the_portal: Stage) -> None:
    tab = await _asked(at_the_portal, "perhaps")
    await tab.send(next(form for form in tab.page.forms if form.action.endswith("/withdraw")))
    assert "Withdraw the order request for “Standard”?" in tab.text
    await tab.agree()
    assert "The order request is withdrawn." in tab.text


async def test_what_cannot_be_asked_is_said_at_the_form(at_the_portal: Stage) -> None:
    tab = await _asked(at_the_portal, "once")
    await tab.open("/order")
    await tab.send(tab.form("devices"), offer="off_" + "7" * 26)
    assert tab.status == 422
    assert "There is no such offer." in tab.text


async def test_m11_automatic_renewal_is_offered_to_who_may_switch_it_on(at_the_portal: Stage) -> None:
    for actions, offered in ((["order"], False), (["order", "auto_renew"], True)):
        answer = await at_the_portal.office.staff.send("PUT", "/v1/policy", {"customer_actions": actions})
        assert answer.status_code == 200
        tab = await at_the_portal.customer()
        await tab.open("/order")
        assert ("Renew automatically from the prepaid balance" in tab.text) is offered
        await tab.send(tab.form("devices"), offer=at_the_portal.office.offers["standard"], devices="2")
        assert "This will be ordered" in tab.text
