"""A customer's money: balance, how far it reaches, every movement; topping it up, asking to pay."""

from typing import Any

from tenure.portal.pages.agreed import customer_of
from tenure.portal.session import Portal, PortalPages
from tenure.portal.stale import NOTHING_SEEN
from tenure.web import charts, formatting
from tenure.web.page_api import PageApi
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import FileDownload, PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply

CUSTOMER = "/v1/customers/{customer}"
MONEY = "/customers/{customer}/money"


class MoneyPages(PortalPages):
    """The pages about one customer's account."""

    async def _render_account(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        api, name = self._api(visit), visit.params["customer"]
        account = await api.get(visit.fill_address(f"{CUSTOMER}/account"))
        lines = await api.get_all(visit.fill_address(f"{CUSTOMER}/statement"), most=2_000)
        values: dict[str, Any] = {
            "customer": await self._customer(visit),
            "account": account,
            "runway": await api.get(visit.fill_address(f"{CUSTOMER}/runway")),
            "lines": lines[::-1][:100],
            "more": max(0, len(lines) - 100),
            "plot": _balance_plot(lines, account["currency"]),
            "requests": await requests_of(api, visit, name),
            "refusal": refusal,
        }
        return PageScreen(template="money.html", values=values, status=422 if refusal or visit.form.errors else 200)

    @page_at(MONEY)
    async def show(self, visit: Portal) -> Reply:
        """Balance, runway, statement."""
        return await self._render_account(visit)

    @form_at("/customers/{customer}/top-up", again=_render_account)
    async def top_up(self, visit: Portal) -> Reply:
        """Preview a top-up, then book it."""
        api, form, currency = self._api(visit), visit.form, visit.session_value.currency
        amount = form.read_money("amount", currency)
        reference, note = form.read_required("reference", most=128), form.read_text("note", most=200)
        body = {"amount": amount, "reference": reference, "note": note}
        form.require_valid()
        address, real = visit.fill_address(f"{CUSTOMER}/top-ups"), form.read_text("step") == "apply"
        done = await api.post(address, body, key=form.read_text("_key") if real else "", dry_run=not real)
        if real:
            return RedirectTo(visit.fill_address(MONEY), f"{formatting.format_money(amount, currency)} is booked.")
        return PageScreen.of("top_up.html", customer=await self._customer(visit), outcome=done.value, body=body)

    @form_at("/customers/{customer}/credit-limit", again=_render_account)
    async def set_credit_limit(self, visit: Portal) -> Reply:
        """Preview another credit limit, then set it."""
        api, form, currency = self._api(visit), visit.form, visit.session_value.currency
        limit, why = form.read_money("credit_limit", currency), form.read_text("why", most=200)
        form.require_valid()
        address, real = visit.fill_address(f"{CUSTOMER}/credit-limit"), form.read_text("step") == "apply"
        body = {"credit_limit": limit, "why": why}
        customer = await api.get_with_etag(visit.fill_address(CUSTOMER))
        seen = (form.read_text("_etag") or NOTHING_SEEN) if real else customer.etag
        done = await api.put(address, body, if_match=seen, dry_run=not real)
        if real:
            said = f"The credit limit is {formatting.format_money(limit, currency)}."
            return RedirectTo(visit.fill_address(MONEY), said)
        return PageScreen.of("credit_limit.html", customer=customer.value, outcome=done.value, body=body, seen=seen)

    @form_at("/customers/{customer}/payment-request", again=_render_account)
    async def ask(self, visit: Portal) -> Reply:
        """A payment request: how much the customer means to pay, or for which subscription."""
        form = visit.form
        body: dict[str, Any] = {"note": form.read_text("note", most=200)}
        if form.read_text("subscription"):
            body["subscription"] = form.read_text("subscription")
        else:
            body["amount"] = form.read_money("amount", visit.session_value.currency)
        form.require_valid()
        address = visit.fill_address(f"{CUSTOMER}/payment-requests")
        made = (await self._api(visit).post(address, body, key=form.read_text("_key"))).value
        return PageScreen.of("payment_request.html", request=made, customer=await self._customer(visit))

    async def _customer(self, visit: Portal) -> dict[str, Any]:
        return await customer_of(self._api(visit), visit, visit.params["customer"])

    @page_at("/customers/{customer}/statement.csv")
    async def export(self, visit: Portal) -> Reply:
        """The statement as CSV."""
        body = await self._api(visit).get_text(visit.fill_address(f"{CUSTOMER}/statement.csv"))
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
