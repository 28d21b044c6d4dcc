"""A spreadsheet at the command line: checked, then imported; what is wrong is named by line, column and remedy."""

from pathlib import Path

from tenure.core.refusals import ExitCode
from tests.cli.vendor import ProviderTerminal, Vendor


def test_customers_and_orders_come_from_a_spreadsheet(staff: ProviderTerminal, tmp_path: Path) -> None:
    file, tell = tmp_path / "customers.csv", staff.terminal.run
    file.write_text(
        "\ufeffName;Reference;Email\r\nAnvil;K-1;ana@anvil.example\r\nBellows;K-1;\r\nCole;K-3;nowhere\r\n",
        encoding="utf-8",
    )
    shown = tell("import", "customers", str(file), "--dry-run")
    assert shown.code == ExitCode.STATE and "1 line would be done, 2 refused" in shown.out
    assert "email" in shown.out and "4" in shown.out
    done = tell("import", "customers", str(file), "--json", "--idempotency-key", "spring").json
    assert [(item["line"], item["done"]) for item in done["items"]] == [(2, True), (3, False), (4, False)]
    assert done["items"][1]["answer"]["field"] == "reference"
    again = tell("import", "customers", str(file), "--json", "--idempotency-key", "spring").json
    assert again["items"][0] == done["items"][0], "the same customer, not another one"

    orders = tmp_path / "orders.csv"
    offer = staff.offer("year")
    lines = (f"{staff.customer},{offer},3", f"{staff.customer},{offer},many", f"cus_{'7' * 26},{offer},1")
    orders.write_text("customer,offer,devices\n" + "\n".join(lines) + "\n", encoding="utf-8")
    ran = tell("import", "orders", str(orders), "--json").json
    assert [item["answer"].get("field") for item in ran["items"]] == [None, "devices", "customer"]
    assert ran["items"][0]["answer"]["activation_code"]


def test_a_file_that_is_no_such_table_is_refused_whole(staff: ProviderTerminal, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    for text in ("name,color\nA,red\n", "reference\nK\n", "name,email\nA\n", 'name\n"A\n', "name\n"):
        file.write_text(text, encoding="utf-8")
        assert staff.terminal.refused("import", "customers", str(file))["field"] == "file", text


def test_a_bad_line_that_is_deleted_or_mended_orders_nothing_twice(staff: ProviderTerminal, tmp_path: Path) -> None:
    """A line is named by what it says, never by its place: the same file under the same key, in whatever order."""
    file, offer = tmp_path / "orders.csv", staff.offer("year")
    good = [f"{staff.customer},{offer},{devices}," for devices in (1, 1, 2)] + [f"{staff.customer},{offer},3,PO-7"]
    bad = f"{staff.customer},{offer},many,"

    def send(*lines: str, key: str = "monday") -> int:
        file.write_text("\n".join(["customer,offer,devices,reference", *lines]) + "\n", encoding="utf-8")
        staff.terminal.run("import", "orders", str(file), "--idempotency-key", key)
        return len(staff.terminal.good("subscriptions", "list")["items"])

    assert send(good[0], bad, *good[1:]) == 4
    assert send(*good) == 4, "the bad line deleted"
    assert send(*reversed(good)) == 4, "in another order"
    assert send(good[0], bad.replace("many", "5"), *good[1:]) == 5, "the bad line mended"
    assert send(good[3], key="another") == 5, "a line with a reference of its own is one order in whatever import"


def test_orders_name_customers_and_offers_as_people_do(server: Vendor, staff: ProviderTerminal, tmp_path: Path) -> None:
    """References, names, addresses and plans; what means several, nobody or another tenant's is its line's fault."""
    add = staff.terminal.good
    twins = [add("customers", "add", "Twin", "--reference", each)["id"] for each in ("T-1", "T-2")]
    add("customers", "add", "Anvil & Søn", "--email", "ana@anvil.example")
    foreign = server.staff(tmp_path / "south", name="South")
    foreign.terminal.good("customers", "add", "Southern Mills", "--reference", "S-9")
    staff.offer("year")
    dearer = add("offers", "add", "month", "--price", "3.00", "--name", "Monthly, dear")["id"]
    cheaper = add("offers", "add", "month", "--price", "1.50")["id"]
    file = tmp_path / "orders.csv"
    file.write_text(
        "customer;offer;devices\nC-1;year;1\nharbour clinic;YEAR;2\nana@anvil.example;Year;1\nT-2;year;1\n"
        "Twin;year;1\nC-1;month;1\nSouthern Mills;year;1\nS-9;year;1\nC-1;yearly;1\nC-1;Monthly, dear;1\n😀;year;1\n",
        encoding="utf-8",
    )
    items = staff.terminal.run("import", "orders", str(file), "--json").json["items"]
    told = {item["line"]: (item["done"] or item["answer"]["code"], item["answer"].get("field")) for item in items}
    customer, offer = ("not_found", "customer"), ("not_found", "offer")
    assert {told[line][0] for line in (2, 3)} == {True}
    assert {told[line][0] for line in (4, 5)} == {"insufficient_balance"}, "the right ones, who have no money"
    assert (told[6], told[7]) == (("field_invalid", "customer"), ("field_invalid", "offer"))
    assert (told[8], told[9], told[12], told[10]) == (customer, customer, customer, offer)
    assert told[11][1] != "offer", "by the name of the offer"
    for line, each in ((6, f"{twins[0]} (T-1)"), (6, f"{twins[1]} (T-2)"), (7, f"{dearer} (Monthly, dear, 3.00 EUR)")):
        assert each in items[line - 2]["answer"]["detail"]
    assert cheaper in items[5]["answer"]["detail"] and items[4]["said"]["customer"] == "Twin"
    shown = staff.terminal.run("import", "orders", str(file), "--dry-run")
    assert shown.code == ExitCode.STATE and "2 are called 'Twin'" in " ".join(shown.out.split())
