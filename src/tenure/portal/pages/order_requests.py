"""Order requests: what customers asked their provider to order, and what became of it; asking is `order`'s form."""

from typing import Any

from tenure.portal.request_lists import RequestKind
from tenure.portal.session import Portal, PortalPages
from tenure.web.formatting import format_date
from tenure.web.page_app import ConfirmationQuestion
from tenure.web.page_groups import form_at, page_at
from tenure.web.questions import name_question
from tenure.web.replies import PageScreen, RedirectTo, Reply

REQUESTS = RequestKind("/v1/order-requests", ("asked", "ordered", "declined", "withdrawn"))


SURE_DECLINE = ConfirmationQuestion(
    title="Decline the order request of {}?",
    text="The customer reads the reason. It cannot be opened again; the customer can make a new request.",
    button="Decline the request",
    back="/order-requests",
)
SURE_WITHDRAW = ConfirmationQuestion(
    title="Withdraw the order request for {}?",
    text="It is not ordered, and cannot be opened again; a new one can be made.",
    button="Withdraw the request",
    back="/order-requests",
)


class OrderRequestPages(PortalPages):
    """The pages about order requests."""

    @page_at("/order-requests")
    async def show(self, visit: Portal) -> Reply:
        """The provider's list by state; a customer's own, whatever became of them."""
        usual = "" if visit.session_value.is_customer else "asked"
        values = await REQUESTS.list_page(self._api(visit), visit, usual)
        return PageScreen(template="order_requests.html", values=values)

    async def ask_declining(self, visit: Portal) -> ConfirmationQuestion | None:
        """Whose request is declined, rehearsed; None without a reason, which the form is told."""
        reason = visit.form.read_text("reason", most=200)
        if not reason:
            return None
        request = await REQUESTS.dry_run_answer(self._api(visit), visit, "decline", reason=reason)
        return name_question(SURE_DECLINE, request["customer_name"], *_asked_lines(request), ("Reason", reason))

    @form_at("/order-requests/{wanted}/decline", sure=ask_declining)
    async def decline(self, visit: Portal) -> Reply:
        """It will not be ordered; the customer reads why."""
        reason = visit.form.read_required("reason", most=200)
        if visit.form.errors:
            return RedirectTo("/order-requests", "Declining needs a reason, which the customer reads.", "bad")
        await REQUESTS.answer_request(self._api(visit), visit, "decline", reason=reason)
        return RedirectTo("/order-requests", "The order request is declined.")

    async def ask_withdrawal(self, visit: Portal) -> ConfirmationQuestion:
        """Which request is meant, rehearsed."""
        request = await REQUESTS.dry_run_answer(self._api(visit), visit, "withdraw")
        return name_question(SURE_WITHDRAW, request["offer_name"], *_asked_lines(request))

    @form_at("/order-requests/{wanted}/withdraw", sure=ask_withdrawal)
    async def withdraw(self, visit: Portal) -> Reply:
        """It is not wanted any more."""
        await REQUESTS.answer_request(self._api(visit), visit, "withdraw")
        return RedirectTo("/order-requests", "The order request is withdrawn.")


def _asked_lines(request: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """What was asked for, and by whom."""
    return (
        ("Customer", request["customer_name"]),
        ("Plan", request["offer_name"]),
        ("Devices", f"{request['devices']:,}"),
        ("Since", format_date(request["created"])),
        ("Note", request["note"]),
    )
