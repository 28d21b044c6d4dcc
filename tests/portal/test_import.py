"""Tables at the portal: pasted or sent as a file, checked line by line, done in part, the rest tried again."""

import re

from tests.portal.stage import Stage
from tests.server.users import joined

CODE = re.compile(r"[0-9A-Z]{5}(-[0-9A-Z]{5}){3}")


async def test_customers_come_from_a_file_and_what_is_wrong_is_named(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    await tab.open("/import/customers")
    table = "\ufeffName;Reference;Email\r\nAnvil;K-1;ana@anvil.example\r\nBellows;K-1;\r\nCôte;K-3;nowhere\r\n"
    await tab.send(tab.form("table"), files={"file": ("ours.csv", table.encode(), "text/csv")})
    assert "1 line can be done, 2 would be refused" in tab.text, tab.text
    assert "Line 2 has the same reference." in tab.text, "the check finds what only the import found"
    row = next(line for line in tab.answer.text.split("<tr") if "<code>email</code>" in line)  # type: ignore[union-attr]
    assert ">4<" in row
    assert "An address such as ana@example.com is needed." in row
    assert "Anvil" not in str(await at_the_portal.office.staff.get("/v1/customers")), "nothing is done yet"
    form = tab.form("table")
    await tab.send(form, step="apply")
    assert "1 line done, 2 refused" in tab.text
    assert "stay done" in tab.text
    await tab.send(form, step="apply")
    assert "1 line done, 2 refused" in tab.text
    found = [each["name"] for each in (await at_the_portal.office.staff.get("/v1/customers"))["items"]]
    assert found.count("Anvil") == 1
    await tab.send(tab.form("table"), step="change")
    await tab.send(tab.form("table"), table="name,reference\nBellows,K-2\n")
    assert "1 line can be done, 0 would be refused" in tab.text
    await tab.send(tab.form("table"), step="apply")
    assert "1 line done, 0 refused" in tab.text


async def test_orders_are_pasted_and_end_with_codes_shown_once(at_the_portal: Stage) -> None:
    env = at_the_portal.office
    tab = await at_the_portal.staff()
    await tab.open("/subscriptions")
    assert "/import/orders" in tab.page.links
    await tab.open("/import/orders")
    offer = env.offers["standard"]
    lines = (f"{env.customer},{offer},10", f"{env.customer},{offer},many", f"cus_{'7' * 26},{offer},10")
    await tab.send(tab.form("table"), table="customer,offer,devices\n" + "\n".join(lines))
    assert "1 line can be done, 2 would be refused" in tab.text, tab.text
    assert not CODE.search(tab.text)
    assert (await env.staff.get("/v1/subscriptions"))["items"] == []
    await tab.send(tab.form("table"), step="apply")
    code = CODE.search(tab.text)
    assert code
    granted = await env.site().activate(code[0])
    assert granted.result == "granted"  # type: ignore[union-attr]


async def test_what_is_no_such_table_is_said_beside_the_field(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    await tab.open("/import/customers")
    for table, words in (
        ("", "Choose a file, or paste a table."),
        ("name,color\nA,red", "unknown: color"),
        ("name,email\nA", "Line 2 has more or fewer cells"),
        ("name\n" + "A\n" * 501, "1 to 500 lines"),
        ("name\n" + "A" * 300_000, "At most 256 KiB"),
    ):
        await tab.send(tab.form("table"), table=table)
        assert tab.status == 422, table[:50]
        assert words in tab.text
    await tab.open("/import/cats")
    assert tab.status == 404


async def test_only_who_may_sell_is_offered_an_import(at_the_portal: Stage) -> None:
    await joined(at_the_portal.office, at_the_portal.ana, "auditor", email="otto@north.example")
    tab = await at_the_portal.signed_in("otto@north.example")
    for page in ("/customers", "/subscriptions"):
        await tab.open(page)
        assert not [link for link in tab.page.links if link.startswith("/import/")]


async def test_after_mending_a_bad_line_nothing_is_ordered_twice(at_the_portal: Stage) -> None:
    """Only what was refused is shown again; and who pastes the whole table once more orders nothing twice either."""
    env = at_the_portal.office
    tab, offer = await at_the_portal.staff(), env.offers["standard"]
    good = [f"{env.customer},{offer},{devices}" for devices in (10, 10, 12)]
    await tab.open("/import/orders")
    table = "\n".join(["customer,offer,devices", good[0], f"{env.customer},{offer},many", *good[1:]])
    await tab.send(tab.form("table"), table=table)
    assert "'many' is not a whole number such as 25." in tab.text
    await tab.send(tab.form("table"), step="apply")
    assert "3 lines done, 1 refused" in tab.text
    kept = tab.form("table")
    await tab.send(kept, step="change")
    shown = tab.form("table").fields["table"]
    assert "many" in shown and f"{offer};10" not in shown, "what was done is not shown again"
    await tab.send(tab.form("table"), table=shown.replace("many", "11"))
    await tab.send(tab.form("table"), step="apply")
    assert "1 line done, 0 refused" in tab.text
    await tab.send(kept, step="change")
    await tab.send(tab.form("table"), table=table.replace("many", "11"))
    await tab.send(tab.form("table"), step="apply")
    devices = [one["devices"] for one in (await env.staff.get("/v1/subscriptions"))["items"]]
    assert sorted(devices) == [10, 10, 11, 12]


async def test_money_in_a_table_is_written_as_people_write_it(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    await tab.open("/import/customers")
    await tab.send(tab.form("table"), table="name,credit_limit\nAnvil,100.00\nBellows,1e5\n")
    assert "An amount is written as 12.50." in tab.text
    await tab.send(tab.form("table"), step="apply")
    listed = (await at_the_portal.office.staff.get("/v1/customers", q="Anvil"))["items"]
    assert [one["credit_limit"] for one in listed] == [10_000]


async def test_orders_are_pasted_with_references_and_plans(at_the_portal: Stage) -> None:
    env = at_the_portal.office
    for reference in ("T-1", "T-2"):
        await env.staff.post("/v1/customers", {"name": "Twin", "reference": reference})
    mine = await env.staff.get(f"/v1/customers/{env.customer}")
    plan = next(
        each["plan"] for each in (await env.staff.get("/v1/offers"))["items"] if each["id"] == env.offers["standard"]
    )
    tab = await at_the_portal.staff()
    await tab.open("/import/orders")
    assert f"{plan} Copy" in tab.text, "offers are shown by what the table may call them"
    lines = (f"{mine['name']},{plan},10", f"Twin,{plan},10", "Nobody at all,no-such-plan,10")
    await tab.send(tab.form("table"), table="customer,offer,devices\n" + "\n".join(lines))
    assert "1 line can be done, 2 would be refused" in tab.text, tab.text
    assert "2 are called &#39;Twin&#39;" in tab.answer.text and "(T-2)" in tab.text  # type: ignore[union-attr]
    assert f">{mine['name']}<" in tab.answer.text, "the check says names, not ids"  # type: ignore[union-attr]
    await tab.send(tab.form("table"), step="apply")
    assert CODE.search(tab.text)
    (ordered,) = (await env.staff.get("/v1/subscriptions"))["items"]
    assert ordered["customer"] == env.customer
