"""Customers and orders out of a spreadsheet: pasted or sent as a file, checked line by line, then done line by line."""

from typing import Any

from tenure.core.field_errors import without_label
from tenure.core.refusals import Refused
from tenure.http import csv_import
from tenure.http.csv_import import CsvLine, CsvTable, Name
from tenure.http.lookup import MOST as LOOKED_THROUGH
from tenure.http.lookup import find_named, list_query
from tenure.portal.session import Portal, PortalPages
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageRefusal, PageScreen, RefusedPageError, Reply

TABLES: dict[str, tuple[str, CsvTable]] = {
    "customers": ("Customers", csv_import.CUSTOMERS),
    "orders": ("Orders", csv_import.ORDERS),
}
EXAMPLES = {
    "customers": "name;reference;email;credit_limit\nBlue Harbour;K-7;it@blue.example;0",
    "orders": "customer;offer;devices;renewal_intent\n{customer};{offer};10;auto",
}
MOST = 500
"""Lines that a page takes at once; more are for the command line, which shows how far it is."""
CAP = 256 * 1024
"""Bytes of a table: with the page's own fields it stays within a form, urlencoded too."""
AT_ONCE = 100
"""Commands of one batch."""


class ImportPages(PortalPages):
    """The pages that take tables."""

    @page_at("/import/{table}")
    async def show(self, visit: Portal) -> Reply:
        """The form."""
        return await self._render_form(visit)

    @form_at("/import/{table}")
    async def go_on(self, visit: Portal) -> Reply:
        """Check every line and do nothing; or do what was checked, each line by itself."""
        form, (_, table) = visit.form, _table_kind(visit)
        data = form.files.get("file") or form.values.get("table", [""])[0].strip().encode()
        form.values["table"] = [data[:CAP].decode("utf-8-sig", errors="replace")]
        real = (
            form.read_text("step") == "apply"
        )  # the key stays through check, change and repetition: lines name themselves
        found = _read_table(data, table, visit.session_value.currency)
        if isinstance(found, str):
            form.add_fault("table", found)
        if isinstance(found, str) or form.read_text("step") == "change":
            return await self._render_form(visit)
        found = await self._with_ids(visit, found, table)
        items = await self._run_import(visit, found, table, real=real)
        kept = form.values["table"][0]
        if real:  # only what was refused is shown again
            refused = [line for line, item in zip(found, items, strict=True) if not item["done"]]
            columns = found[0].cells if found else table.columns
            kept = csv_import.write_table(refused, columns)
        return PageScreen.of(
            "import_result.html", **_table_name(visit), items=items, real=real, unlabeled=without_label, kept=kept
        )

    async def _render_form(self, visit: Portal) -> PageScreen:
        api, values = self._api(visit), _table_name(visit)
        example, offers = EXAMPLES[values["name"]], []
        if values["name"] == "orders":
            offers, buyers = await api.get_all("/v1/offers"), (await api.get_page("/v1/customers", limit=1)).items
            example = example.format(
                customer=(buyers[0]["reference"] or buyers[0]["id"]) if buyers else "K-7",
                offer=_called(offers[0], offers) if offers else "editor-month",
            )
        written = [(each, _called(each, offers)) for each in offers]
        values |= {"example": example, "most": MOST, "offers": written}
        return PageScreen(template="import.html", values=values, status=422 if visit.form.errors else 200)

    async def _with_ids(self, visit: Portal, lines: list[CsvLine], table: CsvTable) -> list[CsvLine]:
        """The lines with ids in place of names; a list that cannot be narrowed is fetched once."""
        api = self._api(visit)
        found: dict[Name, str | Refused] = {}
        fetched: dict[str, list[Any]] = {}
        for column, text in csv_import.names(lines, table):
            path, query = list_query(column, text)
            items = fetched.get(column) or await api.get_all(path, LOOKED_THROUGH, **query)
            if not query:
                fetched[column] = items
            found[column, text] = find_named(column, text, items)
        return csv_import.with_ids(lines, table, found)

    async def _run_import(
        self, visit: Portal, lines: list[CsvLine], table: CsvTable, *, real: bool
    ) -> list[dict[str, Any]]:
        """What became of each line, or would; a page sent again under its key does again only what was refused."""
        api, key = self._api(visit), visit.form.read_text("_key")
        wanted = csv_import.to_commands(lines, table, key, visit.session_value.provider)
        items: list[Any] = []
        for begin in range(0, len(wanted), AT_ONCE):
            body = {"commands": wanted[begin : begin + AT_ONCE]}
            done = await api.post("/v1/batch", body, key=key if real else "", dry_run=not real)
            items += done.value["items"]
        return csv_import.line_outcomes(lines, items)


def _called(offer: Any, offers: list[Any]) -> str:
    """What a cell calls an offer: its plan where no other offer is of it, else its id."""
    alone = sum(each["plan"] == offer["plan"] for each in offers) == 1
    return str(offer["plan"] if alone else offer["id"])


def _table_kind(visit: Portal) -> tuple[str, CsvTable]:
    found = TABLES.get(visit.params["table"])
    if found is None:
        raise RefusedPageError(PageRefusal(title="There is no such table to import.", status=404, code="not_found"))
    return found


def _table_name(visit: Portal) -> dict[str, Any]:
    title, table = _table_kind(visit)
    return {"name": visit.params["table"], "title": title, "table": table}


def _read_table(data: bytes, table: CsvTable, currency: str) -> list[CsvLine] | str:
    if not data:
        return "Choose a file, or paste a table."
    if len(data) > CAP:
        return f"At most {CAP // 1024} KiB at once; `tenure import` accepts more."
    found = csv_import.read_lines(data, table, MOST, currency)
    return found.detail if isinstance(found, Refused) else found
