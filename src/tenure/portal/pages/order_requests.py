"""Order requests: what customers asked their provider to order, and what became of it; asking is `order`'s form."""

from tenure.portal.client import path
from tenure.portal.signed import Portal, Server
from tenure.web.app import Route, action, page
from tenure.web.replies import Goto, Reply, Screen

STATES = ("asked", "ordered", "declined", "withdrawn")


class OrderRequests:
    """The pages about order requests."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """The provider's list by state; a customer's own, whatever became of them."""
        api, own = self._server.of(visit), visit.who.is_customer
        state = visit.query.get("state", "" if own else "asked")
        state = state if state in STATES else ""
        found = await api.listed("/v1/order-requests", {"state": state, "cursor": visit.query.get("cursor")})
        plans = {plan["id"]: plan["name"] for plan in await api.whole("/v1/plans")}
        offers = await api.whole("/v1/offers")
        values = {
            "rows": found.items,
            "offers": {each["id"]: each["name"] or plans.get(each["plan"], each["plan"]) for each in offers},
            "state": state,
            "states": STATES,
            "next": visit.with_query(cursor=found.next) if found.next else "",
        }
        return Screen(template="order_requests.html", values=values)

    async def decline(self, visit: Portal) -> Reply:
        """It will not be ordered; the customer reads why."""
        reason = visit.form.required("reason", most=200)
        if visit.form.errors:
            visit.say("Declining needs a reason, which the customer reads.", "bad")
            return Goto("/order-requests")
        address = path("/v1/order-requests/{name}/decline", name=visit.params["wanted"])
        await self._server.of(visit).post(address, {"reason": reason}, key=visit.form.text("_key"))
        visit.say("The order request is declined.")
        return Goto("/order-requests")

    async def withdraw(self, visit: Portal) -> Reply:
        """It is not wanted any more."""
        address = path("/v1/order-requests/{name}/withdraw", name=visit.params["wanted"])
        await self._server.of(visit).post(address, key=visit.form.text("_key"))
        visit.say("The order request is withdrawn.")
        return Goto("/order-requests")

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (
            page("/order-requests", self.show),
            action("/order-requests/{wanted}/decline", self.decline),
            action("/order-requests/{wanted}/withdraw", self.withdraw),
        )
