"""Order requests: what customers asked their provider to order, and what became of it; asking is `order`'s form."""

from tenure.portal.asked import Asked
from tenure.portal.client import path
from tenure.portal.signed import Portal, Server
from tenure.web.app import Route, Sure, action, page
from tenure.web.replies import Goto, Reply, Screen

REQUESTS = Asked("/v1/order-requests", ("asked", "ordered", "declined", "withdrawn"))


SURE_WITHDRAW = Sure(
    title="Withdraw this order request?",
    text="It is not ordered, and cannot be opened again; a new one can be made.",
    button="Withdraw the request",
    back="/order-requests",
)


class OrderRequests:
    """The pages about order requests."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """The provider's list by state; a customer's own, whatever became of them."""
        api, own = self._server.of(visit), visit.who.is_customer
        plans = {plan["id"]: plan["name"] for plan in await api.whole("/v1/plans")}
        offers = await api.whole("/v1/offers")
        values = {
            **await REQUESTS.listed(api, visit, "" if own else "asked"),
            "offers": {each["id"]: each["name"] or plans.get(each["plan"], each["plan"]) for each in offers},
        }
        return Screen(template="order_requests.html", values=values)

    async def ask_declining(self, visit: Portal) -> Sure | None:
        """Whose request is declined, rehearsed; None without a reason, which the form is told."""
        reason = visit.form.text("reason", most=200)
        if not reason:
            return None
        api, one = self._server.of(visit), path("/v1/order-requests/{name}", name=visit.params["wanted"])
        request = (await api.post(f"{one}/decline", {"reason": reason}, dry_run=True)).value
        offers = {each["id"]: each["name"] or each["plan"] for each in await api.whole("/v1/offers")}
        return Sure(
            title=f"Decline the order request of {request['customer_name']}?",
            text="The customer reads the reason. It cannot be opened again; the customer can make a new request.",
            button="Decline the request",
            back="/order-requests",
            shown=(
                ("Customer", request["customer_name"]),
                ("Plan", offers.get(request["offer"], request["offer"])),
                ("Devices", f"{request['devices']:,}"),
                ("Reason", reason),
            ),
        )

    async def decline(self, visit: Portal) -> Reply:
        """It will not be ordered; the customer reads why."""
        reason = visit.form.required("reason", most=200)
        if visit.form.errors:
            visit.say("Declining needs a reason, which the customer reads.", "bad")
            return Goto("/order-requests")
        await REQUESTS.answer(self._server.of(visit), visit, "decline", reason=reason)
        visit.say("The order request is declined.")
        return Goto("/order-requests")

    async def withdraw(self, visit: Portal) -> Reply:
        """It is not wanted any more."""
        await REQUESTS.answer(self._server.of(visit), visit, "withdraw")
        visit.say("The order request is withdrawn.")
        return Goto("/order-requests")

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (
            page("/order-requests", self.show),
            action("/order-requests/{wanted}/decline", self.decline, sure=self.ask_declining),
            action("/order-requests/{wanted}/withdraw", self.withdraw, sure=SURE_WITHDRAW),
        )
