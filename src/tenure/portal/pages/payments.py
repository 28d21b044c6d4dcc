"""Payment requests of all customers: what was announced, booked with the provider's reference or withdrawn."""

import msgspec

from tenure.core.plurals import format_count
from tenure.portal.request_lists import RequestKind
from tenure.portal.session import Portal, PortalPages
from tenure.web.formatting import format_date, format_money
from tenure.web.page_app import ConfirmationQuestion
from tenure.web.page_groups import form_at, page_at
from tenure.web.questions import name_question
from tenure.web.replies import PageScreen, RedirectTo, Reply

REQUESTS = RequestKind("/v1/payment-requests", ("asked", "booked", "withdrawn", "expired"))


SURE_WITHDRAW = ConfirmationQuestion(
    title="Withdraw the payment request {}?",
    text="No payment can be booked for it any more, and it cannot be opened again; a new one can be made.",
    button="Withdraw the request",
    back="/payments",
)


class PaymentPages(PortalPages):
    """The pages about payment requests."""

    @page_at("/payments")
    async def show(self, visit: Portal) -> Reply:
        """The list by state."""
        return PageScreen(template="payments.html", values=await REQUESTS.list_page(self._api(visit), visit))

    async def ask_booking(self, visit: Portal) -> ConfirmationQuestion | None:
        """What a booking would come to, rehearsed; None without a reference, which the form is told."""
        reference = visit.form.read_text("reference", most=128)
        if not reference:
            return None
        foreseen = await REQUESTS.dry_run_answer(self._api(visit), visit, "book", reference=reference)
        request, account = foreseen["payment_request"], foreseen["outcome"]["account"]
        currency, postings = request["currency"], foreseen["outcome"]["postings"]
        paid = format_count(len(postings) - 1, "thing that is due") if len(postings) > 1 else "nothing that is due"
        return ConfirmationQuestion(
            title=f"Book {format_money(request['amount'], currency)} for {request['customer_name']}?",
            text="The money is on the balance at once and pays due amounts. A booking cannot be undone.",
            button=f"Book {format_money(request['amount'], currency)}",
            back="/payments",
            gain=True,
            shown=(
                ("Customer", request["customer_name"]),
                ("Amount", format_money(request["amount"], currency)),
                ("The payer quotes", request["reference"]),
                ("Your reference", reference),
                ("Pays at once", paid),
                ("Available afterwards", format_money(account["available"], currency)),
            ),
        )

    @form_at("/payments/{wanted}/book", sure=ask_booking)
    async def book(self, visit: Portal) -> Reply:
        """The money has come."""
        reference = visit.form.read_required("reference", most=128)
        if visit.form.errors:
            said = "Booking needs your own reference, such as the number of the bank's entry."
            return RedirectTo("/payments", said, "bad")
        await REQUESTS.answer_request(self._api(visit), visit, "book", reference=reference)
        return RedirectTo("/payments", "The payment is booked, and due amounts are paid at once.")

    async def ask_withdrawal(self, visit: Portal) -> ConfirmationQuestion:
        """Which request is meant, rehearsed: by what the payer quotes."""
        request = await REQUESTS.dry_run_answer(self._api(visit), visit, "withdraw")
        amount = ("Amount", format_money(request["amount"], request["currency"]))
        until = ("Valid until", format_date(request["expires"]))
        asked = name_question(
            SURE_WITHDRAW, request["reference"], ("Customer", request["customer_name"]), amount, until
        )
        return msgspec.structs.replace(asked, back=_list_address(visit))

    @form_at("/payments/{wanted}/withdraw", sure=ask_withdrawal)
    async def withdraw(self, visit: Portal) -> Reply:
        """It will not be paid."""
        await REQUESTS.answer_request(self._api(visit), visit, "withdraw")
        return RedirectTo(_list_address(visit), "The payment request is withdrawn.")

    @form_at("/payments/{wanted}/pay")
    async def pay(self, visit: Portal) -> Reply:
        """In a sandbox: as if the customer had paid."""
        body = {"payment_request": visit.params["wanted"]}
        await self._api(visit).post("/v1/sandbox/pay", body, key=visit.form.read_text("_key"))
        return RedirectTo(_list_address(visit), "Paid in this sandbox.")


def _list_address(visit: Portal) -> str:
    """Where the visitor sees requests: the provider all of them, a customer its own on the page of its money."""
    session = visit.session_value
    return f"/customers/{session.customer}/money" if session.is_customer else "/payments"
