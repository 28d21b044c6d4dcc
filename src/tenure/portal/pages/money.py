"""A customer's money: balance, how far it reaches, every movement; topping it up, asking to pay."""

from typing import Any

from tenure.portal.client import Api, path
from tenure.portal.pages.agreed import customer_of
from tenure.portal.signed import Portal, Server
from tenure.portal.stale import NOTHING_SEEN
from tenure.web import charts, words
from tenure.web.app import Route, action, page
from tenure.web.replies import Download, Goto, Refusal, RefusedPageError, Reply, Screen


class Money:
    """The pages about one customer's account."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """Balance, runway, statement."""
        return await self._account(visit)

    async def _account(self, visit: Portal, refusal: Refusal | None = None) -> Screen:
        api, name = self._server.of(visit), visit.params["customer"]
        account = await api.get(path("/v1/customers/{name}/account", name=name))
        lines = await api.whole(path("/v1/customers/{name}/statement", name=name), most=2_000)
        values: dict[str, Any] = {
            "customer": await customer_of(api, visit, name),
            "account": account,
            "runway": await api.get(path("/v1/customers/{name}/runway", name=name)),
            "lines": lines[::-1][:100],
            "more": max(0, len(lines) - 100),
            "plot": _plot(lines, account["currency"]),
            "requests": await requests_of(api, visit, name),
            "refusal": refusal,
        }
        return Screen(template="money.html", values=values, status=422 if refusal or visit.form.errors else 200)

    async def top_up(self, visit: Portal) -> Reply:
        """Preview a top-up, then book it."""
        name, form = visit.params["customer"], visit.form
        amount = form.money("amount", visit.who.currency)
        reference, note = form.required("reference", most=128), form.text("note", most=200)
        body = {"amount": amount, "reference": reference, "note": note}
        if form.errors:
            return await self._account(visit)
        address, real = path("/v1/customers/{name}/top-ups", name=name), form.text("step") == "apply"
        api = self._server.of(visit)
        try:
            done = await api.post(address, body, key=form.text("_key") if real else "", dry_run=not real)
        except RefusedPageError as error:
            form.values.pop("_key", None)
            return await self._account(visit, error.refusal)
        if not real:
            values = {"customer": await customer_of(api, visit, name), "outcome": done.value, "body": body}
            return Screen(template="top_up.html", values=values)
        visit.say(f"{words.money(amount, visit.who.currency)} is booked.")
        return Goto(path("/customers/{name}/money", name=name))

    async def set_credit_limit(self, visit: Portal) -> Reply:
        """Preview another credit limit, then set it."""
        name, form = visit.params["customer"], visit.form
        limit, why = form.money("credit_limit", visit.who.currency), form.text("why", most=200)
        if form.errors:
            return await self._account(visit)
        address, real = path("/v1/customers/{name}/credit-limit", name=name), form.text("step") == "apply"
        api, body = self._server.of(visit), {"credit_limit": limit, "why": why}
        customer = await api.tagged(path("/v1/customers/{name}", name=name))
        seen = (form.text("_etag") or NOTHING_SEEN) if real else customer.etag
        try:
            done = await api.put(address, body, if_match=seen, dry_run=not real)
        except RefusedPageError as error:
            return await self._account(visit, error.refusal)
        if not real:
            values = {"customer": customer.value, "outcome": done.value, "body": body, "seen": seen}
            return Screen(template="credit_limit.html", values=values)
        visit.say(f"The credit limit is {words.money(limit, visit.who.currency)}.")
        return Goto(path("/customers/{name}/money", name=name))

    async def ask(self, visit: Portal) -> Reply:
        """A payment request: how much the customer means to pay, or for which subscription."""
        name, form = visit.params["customer"], visit.form
        body: dict[str, Any] = {"note": form.text("note", most=200)}
        if form.text("subscription"):
            body["subscription"] = form.text("subscription")
        else:
            body["amount"] = form.money("amount", visit.who.currency)
        if form.errors:
            return await self._account(visit)
        address = path("/v1/customers/{name}/payment-requests", name=name)
        try:
            made = (await self._server.of(visit).post(address, body, key=form.text("_key"))).value
        except RefusedPageError as error:
            form.values.pop("_key", None)
            return await self._account(visit, error.refusal)
        customer = await customer_of(self._server.of(visit), visit, name)
        return Screen(template="payment_request.html", values={"request": made, "customer": customer})

    async def export(self, visit: Portal) -> Reply:
        """The statement as CSV."""
        name = visit.params["customer"]
        body = await self._server.of(visit).text(path("/v1/customers/{name}/statement.csv", name=name))
        return Download(name="statement.csv", media_type="text/csv; charset=utf-8", body=body)

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (
            page("/customers/{customer}/money", self.show),
            action("/customers/{customer}/top-up", self.top_up),
            action("/customers/{customer}/credit-limit", self.set_credit_limit),
            action("/customers/{customer}/payment-request", self.ask),
            page("/customers/{customer}/statement.csv", self.export),
        )


async def requests_of(api: Api, visit: Portal, customer: str) -> list[Any]:
    """Open payment requests of a customer."""
    try:
        return await api.whole("/v1/payment-requests", customer=customer, state="asked", most=50)
    except RefusedPageError as error:
        if error.refusal.status in {403, 404, 400, 422}:
            return []
        raise


def _plot(lines: list[Any], currency: str) -> charts.Plot:
    """The balance after each line of the statement, at the instant that stands beside it there."""
    points, last = [], 0
    for each in lines:
        when = each["posting"]["at"]
        last = max(last, words.instant_of(when) or 0)  # a line booked late stands where the one before it stands
        points.append((float(last), words.date(when), each["balance"]))
    return charts.line("Balance", points, lambda value: words.money(value, currency))
