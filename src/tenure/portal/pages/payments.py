"""Payment requests of all customers: what was announced, booked with the provider's reference or withdrawn."""

from tenure.core.plurals import format_count
from tenure.portal.asked import Asked
from tenure.portal.client import path
from tenure.portal.signed import Portal, Server
from tenure.web.app import Route, Sure, action, page
from tenure.web.replies import Goto, Reply, Screen
from tenure.web.words import money

REQUESTS = Asked("/v1/payment-requests", ("asked", "booked", "withdrawn", "expired"))


SURE_WITHDRAW = Sure(
    title="Withdraw this payment request?",
    text="Nothing is booked for it any more, and it cannot be opened again; a new one can be made.",
    button="Withdraw the request",
    back="/payments",
)


class Payments:
    """The pages about payment requests."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """The list by state."""
        return Screen(template="payments.html", values=await REQUESTS.listed(self._server.of(visit), visit))

    async def ask_booking(self, visit: Portal) -> Sure | None:
        """What a booking would come to, rehearsed; None without a reference, which the form is told."""
        reference = visit.form.text("reference", most=128)
        if not reference:
            return None
        one = path("/v1/payment-requests/{name}/book", name=visit.params["wanted"])
        foreseen = (await self._server.of(visit).post(one, {"reference": reference}, dry_run=True)).value
        request, account = foreseen["payment_request"], foreseen["outcome"]["account"]
        currency, postings = request["currency"], foreseen["outcome"]["postings"]
        paid = format_count(len(postings) - 1, "thing that is due") if len(postings) > 1 else "nothing that is due"
        return Sure(
            title=f"Book {money(request['amount'], currency)} for {request['customer_name']}?",
            text="The money is on the balance at once and pays what is due. A booking is not taken back.",
            button=f"Book {money(request['amount'], currency)}",
            back="/payments",
            gain=True,
            shown=(
                ("Customer", request["customer_name"]),
                ("Amount", money(request["amount"], currency)),
                ("The payer quotes", request["reference"]),
                ("Your reference", reference),
                ("Pays at once", paid),
                ("Available afterwards", money(account["available"], currency)),
            ),
        )

    async def book(self, visit: Portal) -> Reply:
        """The money has come."""
        reference = visit.form.required("reference", most=128)
        if visit.form.errors:
            visit.say("Booking needs your own reference, such as the number of the bank's entry.", "bad")
            return Goto("/payments")
        await REQUESTS.answer(self._server.of(visit), visit, "book", reference=reference)
        visit.say("The payment is booked, and pays at once what it can.")
        return Goto("/payments")

    async def withdraw(self, visit: Portal) -> Reply:
        """It will not be paid."""
        await REQUESTS.answer(self._server.of(visit), visit, "withdraw")
        visit.say("The payment request is withdrawn.")
        return Goto("/payments" if not visit.who.is_customer else f"/customers/{visit.who.customer}/money")

    async def pay(self, visit: Portal) -> Reply:
        """In a sandbox: as if the customer had paid."""
        body = {"payment_request": visit.params["wanted"]}
        await self._server.of(visit).post("/v1/sandbox/pay", body, key=visit.form.text("_key"))
        visit.say("Paid, as far as this sandbox is concerned.")
        return Goto("/payments" if not visit.who.is_customer else f"/customers/{visit.who.customer}/money")

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (
            page("/payments", self.show),
            action("/payments/{wanted}/book", self.book, sure=self.ask_booking),
            action("/payments/{wanted}/withdraw", self.withdraw, sure=SURE_WITHDRAW),
            action("/payments/{wanted}/pay", self.pay),
        )
