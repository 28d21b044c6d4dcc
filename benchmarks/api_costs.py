"""What an order with its preview and an activation cost the server as shipped, in processor time.

Orders go one by one, as people send them, over one connection; activations come on many, as after a release.
"""

import secrets
import shutil
from typing import Any

import httpx2
import msgspec

from benchmarks import in_process, slices
from benchmarks.clients import ClientGroup, body_of, http_request
from benchmarks.in_process import InProcessServer
from benchmarks.programs import Program
from benchmarks.rows import Figure, Figures
from benchmarks.run import Run
from tenure.core.refusals import Refused
from tenure.wire import exchanges
from tenure.wire.keys import SeedSigner

KEYS = ("activation", "order")
AT_ONCE = 16
ROUNDS = 3


def measure(run: Run) -> Figures:
    """Both rows."""
    made, each = run.served(), 32 if run.size.short else 200
    folder = run.folder / "orders"
    shutil.copytree(made.folder, folder)
    orders, activations = [], []
    with (
        Program("serve", str(folder), log=run.log) as server,
        httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=60) as http,
    ):
        buyer = Buyer(http, made)
        buyer.order(buyer.customers(4))
        for _ in range(ROUNDS):
            customers = buyer.customers(each)
            before = server.cpu()
            codes = buyer.order(customers)
            orders.append((server.cpu() - before) / each * 1_000)
            run.look_at_limit()
            activations.append(_activate(server, made, codes) / each * 1e6)
    return {
        "order": Figure(min(orders), "one preview, one order that names its outcome"),
        "activation": Figure(min(activations) / run.limit, f"{min(activations):,.0f} us"),
    }


class Buyer:
    """A provider's program that orders for customers who have money."""

    def __init__(self, http: httpx2.Client, made: InProcessServer) -> None:
        self._http, self._made = http, made

    def customers(self, number: int) -> list[str]:
        """So many new customers: what one costs who has a hundred subscriptions is another question."""
        names = [self._post("/v1/customers", {"name": "ACME"})["id"] for _ in range(number)]
        for name in names:
            money = {"amount": 1_000_000, "reference": secrets.token_hex(8)}
            self._post(f"/v1/customers/{name}/top-ups", money)
        return names

    def order(self, customers: list[str]) -> list[str]:
        """The codes of an order for each, previewed and then ordered as the preview showed it."""
        codes = []
        for customer in customers:
            wish = {"customer": customer, "offer": self._made.offer, "devices": 10}
            shown = self._post("/v1/subscriptions?dry_run=true", wish)
            ordered = self._post("/v1/subscriptions", {**wish, "outcome_hash": shown["outcome_hash"]})
            codes.append(ordered["activation_code"])
        return codes

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        headers = {
            "Authorization": f"Bearer {self._made.staff_token}",
            "Idempotency-Key": secrets.token_hex(16),
            "Content-Type": "application/json",
        }
        answer = self._http.post(path, content=msgspec.json.encode(body), headers=headers)
        if answer.status_code >= 300:
            raise RuntimeError(answer.text)
        return answer.json()


def order_at(port: int, made: InProcessServer) -> str:
    """The code of one order at the server on that port."""
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
        buyer = Buyer(http, made)
        return buyer.order(buyer.customers(1))[0]


def _activate(server: Program, made: InProcessServer, codes: list[str]) -> float:
    """Seconds of processor time for the activation of all codes, each by a new site."""
    asked = [in_process.activation_request(code, SeedSigner(secrets.token_bytes(32))) for code in codes]
    hands = [asked[at::AT_ONCE] for at in range(AT_ONCE)]
    group = ClientGroup(server.port, [[http_request(each, "/v1/activate") for each in hand] for hand in hands])
    slices.settle()
    before = server.cpu()
    group.flood()
    used = server.cpu() - before
    group.close()
    for number, (request, answer) in enumerate(group.answered()):
        _judge(made, request.partition(b"\r\n\r\n")[2], body_of(answer), prove=number % slices.PROVEN_EACH == 0)
    return used


def _judge(made: InProcessServer, asked: bytes, answer: bytes, *, prove: bool) -> None:
    told = slices.payload(answer)
    if told.get("result") != "granted":
        raise ValueError(f"expected `granted`, was told {told}")
    read = exchanges.read_activate_answer(answer, asked, made.keys.root) if prove else None
    if isinstance(read, Refused):
        raise ValueError(f"an answer is not proven: {read.code} {read.detail}")
