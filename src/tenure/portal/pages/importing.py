"""Customers and orders out of a spreadsheet: pasted or sent as a file, checked line by line, then done line by line."""

from typing import Any

from tenure.core.complaints import unlabeled
from tenure.core.refusals import Refused
from tenure.http import tables
from tenure.http.lookup import MOST as LOOKED_THROUGH
from tenure.http.lookup import find_named, list_query
from tenure.http.tables import Line, Name, Table
from tenure.portal.signed import Portal, Server
from tenure.web.app import Route, action, page
from tenure.web.replies import Refusal, RefusedPageError, Reply, Screen

TABLES: dict[str, tuple[str, Table]] = {
    "customers": ("Customers", tables.CUSTOMERS),
    "orders": ("Orders", tables.ORDERS),
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


class Importing:
    """The pages that take tables."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """The form."""
        return await self._form(visit)

    async def go_on(self, visit: Portal) -> Reply:
        """Check every line and do nothing; or do what was checked, each line by itself."""
        form, (_, table) = visit.form, _table(visit)
        data = form.files.get("file") or form.values.get("table", [""])[0].strip().encode()
        form.values["table"] = [data[:CAP].decode("utf-8-sig", errors="replace")]
        real = form.text("step") == "apply"  # the key stays through check, change and repetition: lines name themselves
        found = _read(data, table, visit.who.currency)
        if isinstance(found, str):
            form.fault("table", found)
        if isinstance(found, str) or form.text("step") == "change":
            return await self._form(visit)
        found = await self._with_ids(visit, found, table)
        items = await self._run(visit, found, table, real=real)
        kept = form.values["table"][0]
        if real:  # only what was refused is shown again
            refused = [line for line, item in zip(found, items, strict=True) if not item["done"]]
            columns = found[0].cells if found else table.columns
            kept = tables.written(refused, columns)
        values = {**_named(visit), "items": items, "real": real, "unlabeled": unlabeled, "kept": kept}
        return Screen(template="import_result.html", values=values)

    async def _form(self, visit: Portal) -> Screen:
        api, values = self._server.of(visit), _named(visit)
        example, offers = EXAMPLES[values["name"]], []
        if values["name"] == "orders":
            offers, buyers = await api.whole("/v1/offers"), (await api.listed("/v1/customers", limit=1)).items
            example = example.format(
                customer=(buyers[0]["reference"] or buyers[0]["id"]) if buyers else "K-7",
                offer=_called(offers[0], offers) if offers else "editor-month",
            )
        written = [(each, _called(each, offers)) for each in offers]
        values |= {"example": example, "most": MOST, "offers": written}
        return Screen(template="import.html", values=values, status=422 if visit.form.errors else 200)

    async def _with_ids(self, visit: Portal, lines: list[Line], table: Table) -> list[Line]:
        """The lines with ids in place of names; a list that cannot be narrowed is fetched once."""
        api = self._server.of(visit)
        found: dict[Name, str | Refused] = {}
        fetched: dict[str, list[Any]] = {}
        for column, text in tables.names(lines, table):
            path, query = list_query(column, text)
            items = fetched.get(column) or await api.whole(path, LOOKED_THROUGH, **query)
            if not query:
                fetched[column] = items
            found[column, text] = find_named(column, text, items)
        return tables.with_ids(lines, table, found)

    async def _run(self, visit: Portal, lines: list[Line], table: Table, *, real: bool) -> list[dict[str, Any]]:
        """What became of each line, or would; a page sent again under its key does again only what was refused."""
        api, key = self._server.of(visit), visit.form.text("_key")
        wanted = tables.commands(lines, table, key, visit.who.provider)
        items: list[Any] = []
        for begin in range(0, len(wanted), AT_ONCE):
            body = {"commands": wanted[begin : begin + AT_ONCE]}
            done = await api.post("/v1/batch", body, key=key if real else "", dry_run=not real)
            items += done.value["items"]
        return tables.outcomes(lines, items)

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (page("/import/{table}", self.show), action("/import/{table}", self.go_on))


def _called(offer: Any, offers: list[Any]) -> str:
    """What a cell calls an offer: its plan where no other offer is of it, else its id."""
    alone = sum(each["plan"] == offer["plan"] for each in offers) == 1
    return str(offer["plan"] if alone else offer["id"])


def _table(visit: Portal) -> tuple[str, Table]:
    found = TABLES.get(visit.params["table"])
    if found is None:
        raise RefusedPageError(Refusal(title="There is no such table to import.", status=404, code="not_found"))
    return found


def _named(visit: Portal) -> dict[str, Any]:
    title, table = _table(visit)
    return {"name": visit.params["table"], "title": title, "table": table}


def _read(data: bytes, table: Table, currency: str) -> list[Line] | str:
    if not data:
        return "Choose a file, or paste a table."
    if len(data) > CAP:
        return f"At most {CAP // 1024} KiB at once, please; `tenure import` takes more."
    found = tables.lines(data, table, MOST, currency)
    return found.detail if isinstance(found, Refused) else found
