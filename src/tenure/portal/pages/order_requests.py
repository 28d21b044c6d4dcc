"""Order requests: what customers asked their provider to order, and what became of it; asking is `order`'s form."""

from tenure.portal.client import fill_path
from tenure.portal.request_lists import RequestKind
from tenure.portal.session import Portal, PortalServer
from tenure.web.app import ConfirmationQuestion, PageRoute, form_route, page_route
from tenure.web.replies import PageScreen, RedirectTo, Reply

REQUESTS = RequestKind("/v1/order-requests", ("asked", "ordered", "declined", "withdrawn"))


SURE_WITHDRAW = ConfirmationQuestion(
    title="Withdraw this order request?",
    text="It is not ordered, and cannot be opened again; a new one can be made.",
    button="Withdraw the request",
    back="/order-requests",
)


class OrderRequestPages:
    """The pages about order requests."""

    def __init__(self, server: PortalServer) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """The provider's list by state; a customer's own, whatever became of them."""
        api, own = self._server.api_for(visit), visit.session_value.is_customer
        plans = {plan["id"]: plan["name"] for plan in await api.get_all("/v1/plans")}
        offers = await api.get_all("/v1/offers")
        values = {
            **await REQUESTS.list_page(api, visit, "" if own else "asked"),
            "offers": {each["id"]: each["name"] or plans.get(each["plan"], each["plan"]) for each in offers},
        }
        return PageScreen(template="order_requests.html", values=values)

    async def ask_declining(self, visit: Portal) -> ConfirmationQuestion | None:
        """Whose request is declined, rehearsed; None without a reason, which the form is told."""
        reason = visit.form.read_text("reason", most=200)
        if not reason:
            return None
        api, one = self._server.api_for(visit), fill_path("/v1/order-requests/{name}", name=visit.params["wanted"])
        request = (await api.post(f"{one}/decline", {"reason": reason}, dry_run=True)).value
        offers = {each["id"]: each["name"] or each["plan"] for each in await api.get_all("/v1/offers")}
        return ConfirmationQuestion(
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
        reason = visit.form.read_required("reason", most=200)
        if visit.form.errors:
            visit.flash_message("Declining needs a reason, which the customer reads.", "bad")
            return RedirectTo("/order-requests")
        await REQUESTS.answer_request(self._server.api_for(visit), visit, "decline", reason=reason)
        visit.flash_message("The order request is declined.")
        return RedirectTo("/order-requests")

    async def withdraw(self, visit: Portal) -> Reply:
        """It is not wanted any more."""
        await REQUESTS.answer_request(self._server.api_for(visit), visit, "withdraw")
        visit.flash_message("The order request is withdrawn.")
        return RedirectTo("/order-requests")

    def routes(self) -> tuple[PageRoute, ...]:
        """Every page of this group."""
        return (
            page_route("/order-requests", self.show),
            form_route("/order-requests/{wanted}/decline", self.decline, sure=self.ask_declining),
            form_route("/order-requests/{wanted}/withdraw", self.withdraw, sure=SURE_WITHDRAW),
        )
