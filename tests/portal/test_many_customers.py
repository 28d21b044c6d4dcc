"""A provider with more customers than a list can show: each of them is found in the forms that ask for one."""

import pytest

from tenure.portal.customer_select import FEW, SHOWN
from tenure.store import ids
from tenure.store.engine import Connection
from tenure.store.schema import accounts, customers
from tests.portal.stage import Stage
from tests.web.browser import Tab

MANY = 2_001
LAST = "Zygmunt & Daughters"


async def many_customers(there: Stage, many: int) -> str:
    """So many more customers, as an import would have brought them; the id of the one called `LAST`, who came last."""
    env = there.office
    names = [f"Customer {number:04}" for number in range(many - 1)] + [LAST]
    found = [(ids.new_id("cus", env.clock()), name) for name in names]

    def put(conn: Connection) -> None:
        made = {"provider": env.provider, "version": 1}
        conn.execute(customers.insert(), [{**made, **_customer(env.provider, *each, env.clock())} for each in found])
        conn.execute(accounts.insert(), [{**made, **_account(name, env.clock())} for name, _ in found])

    await env.context.db.write(put)
    return found[-1][0]


def _customer(provider: str, name: str, called: str, now: int) -> dict[str, object]:
    body = b'{"id":"%s","provider":"%s","name":"%s","email":"post@%s.example"}'
    filled = body % (name.encode(), provider.encode(), called.encode(), name.encode())
    return {"id": name, "name": called, "reference": None, "body": filled, "created": now, "withdrawn": None}


def _account(name: str, now: int) -> dict[str, object]:
    plain = {"currency": "EUR", "credit_limit": 0, "balance": 1_000_000, "reserve": 0, "next_due": None}
    return {"customer": name, "settled_at": now, **plain}


def shown(tab: Tab) -> list[str]:
    """The ids of the customers that can be chosen."""
    return [held["value"] for tag, held in tab.page.tags if tag == "input" and held.get("name") == "customer"]


@pytest.fixture
async def staff(at_the_portal: Stage) -> Tab:
    return await at_the_portal.staff()


async def test_few_customers_are_a_plain_list(at_the_portal: Stage, staff: Tab) -> None:
    last = await many_customers(at_the_portal, FEW - 1)
    await staff.open("/order")
    assert [held for tag, held in staff.page.tags if tag == "select" and held.get("name") == "customer"]
    assert last in [held.get("value") for tag, held in staff.page.tags if tag == "option"]


async def test_the_last_of_two_thousand_is_found_and_ordered_for(at_the_portal: Stage, staff: Tab) -> None:
    last = await many_customers(at_the_portal, MANY)
    await staff.open("/order")
    assert len(shown(staff)) == SHOWN
    assert "There are more" in staff.text
    await staff.send(staff.form("devices"), find="ygmunt", devices="7")  # sent by the key Enter: new words search
    assert (staff.status, shown(staff)) == (200, [last])
    form = staff.form("devices")
    assert form.fields["devices"] == "7"
    await staff.send(form)
    assert staff.status == 422
    assert "Please fill this in." in staff.text
    await staff.send(staff.form("devices"), customer=last)
    assert "This will be ordered" in staff.text
    assert LAST in staff.text
    await staff.send(staff.form("outcome_hash"), step="change")
    assert staff.form("devices").fields["customer"] == last
    await staff.send(staff.form("devices"))
    await staff.send(staff.form("outcome_hash"), step="apply")
    assert "The order is done" in staff.text
    await staff.open(f"/customers/{last}")
    assert any(link.startswith("/subscriptions/sub_") for link in staff.page.links)


async def test_who_is_chosen_stays_while_others_are_searched(at_the_portal: Stage, staff: Tab) -> None:
    last = await many_customers(at_the_portal, MANY)
    await staff.open(f"/order?customer={last}")
    assert shown(staff)[0] == last
    assert staff.form("devices").fields["customer"] == last
    await staff.send(staff.form("devices"), find="customer 0007", step="find")
    assert shown(staff)[0] == last
    assert len(shown(staff)) == 2
    await staff.send(staff.form("devices"), find="nobody is called so", step="find", customer="")
    assert shown(staff) == []
    assert "No customer was found." in staff.text


async def test_a_subscription_is_transferred_to_the_last_of_two_thousand(at_the_portal: Stage, staff: Tab) -> None:
    env = at_the_portal.office
    name, _ = await env.order()
    last = await many_customers(at_the_portal, MANY)
    await staff.open(f"/subscriptions/{name}/do/transfer")
    assert env.customer not in shown(staff)
    await staff.send(staff.form("find"), find="zygmunt", step="find")
    assert shown(staff) == [last]
    await staff.send(staff.form("find"), customer=last)
    assert f"It goes to {LAST}" in staff.text
    await staff.send(staff.form("outcome_hash"), step="apply")
    assert (await env.staff.get(f"/v1/subscriptions/{name}"))["customer"] == last


async def test_requests_say_whose_they_are_however_many_customers_there_are(at_the_portal: Stage, staff: Tab) -> None:
    env = at_the_portal.office
    last = await many_customers(at_the_portal, MANY)
    asked = await env.staff.post(f"/v1/customers/{last}/payment-requests", {"amount": 5_000, "note": "in advance"})
    wish = {"customer": last, "offer": env.offers["standard"], "devices": 3}
    wished = await env.staff.post("/v1/order-requests", wish)
    assert (asked["customer_name"], wished["customer_name"]) == (LAST, LAST)
    for page in ("/payments", "/order-requests"):
        await staff.open(page)
        assert LAST in staff.text, page
