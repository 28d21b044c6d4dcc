"""Payment requests of all customers: what was announced, booked with the provider's reference or withdrawn."""

from tenure.portal.asked import Asked
from tenure.portal.signed import Portal, Server
from tenure.web.app import Route, Sure, action, page
from tenure.web.replies import Goto, Reply, Screen

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
            action("/payments/{wanted}/book", self.book),
            action("/payments/{wanted}/withdraw", self.withdraw, sure=SURE_WITHDRAW),
            action("/payments/{wanted}/pay", self.pay),
        )
