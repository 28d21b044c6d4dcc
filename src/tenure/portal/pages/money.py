"""A customer's money: balance, how far it reaches, every movement; topping it up, asking to pay."""

from typing import Any

from tenure.http.client.api_exchange import fill_path
from tenure.portal.pages.agreed import customer_of
from tenure.portal.session import Portal, PortalPages
from tenure.portal.stale import NOTHING_SEEN
from tenure.web import charts, formatting
from tenure.web.page_api import PageApi
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import FileDownload, PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply


class MoneyPages(PortalPages):
    """The pages about one customer's account."""

    @page_at("/customers/{customer}/money")
    async def show(self, visit: Portal) -> Reply:
        """Balance, runway, statement."""
        return await self._render_account(visit)

    async def _render_account(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        api, name = self._server.api_for(visit), visit.params["customer"]
        account = await api.get(fill_path("/v1/customers/{name}/account", name=name))
        lines = await api.get_all(fill_path("/v1/customers/{name}/statement", name=name), most=2_000)
        values: dict[str, Any] = {
            "customer": await customer_of(api, visit, name),
            "account": account,
            "runway": await api.get(fill_path("/v1/customers/{name}/runway", name=name)),
            "lines": lines[::-1][:100],
            "more": max(0, len(lines) - 100),
            "plot": _balance_plot(lines, account["currency"]),
            "requests": await requests_of(api, visit, name),
            "refusal": refusal,
        }
        return PageScreen(template="money.html", values=values, status=422 if refusal or visit.form.errors else 200)

    @form_at("/customers/{customer}/top-up")
    async def top_up(self, visit: Portal) -> Reply:
        """Preview a top-up, then book it."""
        name, form = visit.params["customer"], visit.form
        amount = form.read_money("amount", visit.session_value.currency)
        reference, note = form.read_required("reference", most=128), form.read_text("note", most=200)
        body = {"amount": amount, "reference": reference, "note": note}
        if form.errors:
            return await self._render_account(visit)
        address, real = fill_path("/v1/customers/{name}/top-ups", name=name), form.read_text("step") == "apply"
        api = self._server.api_for(visit)
        try:
            done = await api.post(address, body, key=form.read_text("_key") if real else "", dry_run=not real)
        except RefusedPageError as error:
            form.values.pop("_key", None)
            return await self._render_account(visit, error.refusal)
        if not real:
            values = {"customer": await customer_of(api, visit, name), "outcome": done.value, "body": body}
            return PageScreen(template="top_up.html", values=values)
        visit.flash_message(f"{formatting.format_money(amount, visit.session_value.currency)} is booked.")
        return RedirectTo(fill_path("/customers/{name}/money", name=name))

    @form_at("/customers/{customer}/credit-limit")
    async def set_credit_limit(self, visit: Portal) -> Reply:
        """Preview another credit limit, then set it."""
        name, form = visit.params["customer"], visit.form
        limit, why = form.read_money("credit_limit", visit.session_value.currency), form.read_text("why", most=200)
        if form.errors:
            return await self._render_account(visit)
        address, real = fill_path("/v1/customers/{name}/credit-limit", name=name), form.read_text("step") == "apply"
        api, body = self._server.api_for(visit), {"credit_limit": limit, "why": why}
        customer = await api.get_with_etag(fill_path("/v1/customers/{name}", name=name))
        seen = (form.read_text("_etag") or NOTHING_SEEN) if real else customer.etag
        try:
            done = await api.put(address, body, if_match=seen, dry_run=not real)
        except RefusedPageError as error:
            return await self._render_account(visit, error.refusal)
        if not real:
            values = {"customer": customer.value, "outcome": done.value, "body": body, "seen": seen}
            return PageScreen(template="credit_limit.html", values=values)
        visit.flash_message(f"The credit limit is {formatting.format_money(limit, visit.session_value.currency)}.")
        return RedirectTo(fill_path("/customers/{name}/money", name=name))

    @form_at("/customers/{customer}/payment-request")
    async def ask(self, visit: Portal) -> Reply:
        """A payment request: how much the customer means to pay, or for which subscription."""
        name, form = visit.params["customer"], visit.form
        body: dict[str, Any] = {"note": form.read_text("note", most=200)}
        if form.read_text("subscription"):
            body["subscription"] = form.read_text("subscription")
        else:
            body["amount"] = form.read_money("amount", visit.session_value.currency)
        if form.errors:
            return await self._render_account(visit)
        address = fill_path("/v1/customers/{name}/payment-requests", name=name)
        try:
            made = (await self._server.api_for(visit).post(address, body, key=form.read_text("_key"))).value
        except RefusedPageError as error:
            form.values.pop("_key", None)
            return await self._render_account(visit, error.refusal)
        customer = await customer_of(self._server.api_for(visit), visit, name)
        return PageScreen(template="payment_request.html", values={"request": made, "customer": customer})

    @page_at("/customers/{customer}/statement.csv")
    async def export(self, visit: Portal) -> Reply:
        """The statement as CSV."""
        name = visit.params["customer"]
        body = await self._server.api_for(visit).get_text(fill_path("/v1/customers/{name}/statement.csv", name=name))
        return FileDownload(name="statement.csv", media_type="text/csv; charset=utf-8", body=body)


async def requests_of(api: PageApi, visit: Portal, customer: str) -> list[Any]:
    """Open payment requests of a customer."""
    try:
        return await api.get_all("/v1/payment-requests", customer=customer, state="asked", most=50)
    except RefusedPageError as error:
        if error.refusal.status in {403, 404, 400, 422}:
            return []
        raise


def _balance_plot(lines: list[Any], currency: str) -> charts.ChartPlot:
    """The balance after each line of the statement, at the instant that stands beside it there."""
    points, last = [], 0
    for each in lines:
        when = each["posting"]["at"]
        last = max(last, formatting.instant_of(when) or 0)  # a line booked late stands where the one before it stands
        points.append((float(last), formatting.format_date(when), each["balance"]))
    return charts.draw_line("Balance", points, lambda value: formatting.format_money(value, currency))
