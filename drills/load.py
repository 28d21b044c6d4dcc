"""The work during a loss: orders, payments and activations, each repeated until it is acknowledged.

What was acknowledged is kept with its instant; `inventory` reads it back afterwards and counts what is missing.
"""

import itertools
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from drills.processes import Failed, wait_until
from tenure.sandbox.provider_client import ProviderClient, RefusedCallError
from tenure.sandbox.seed import SeededProvider, seed_catalog, seed_customer, seed_provider
from tenure.sdk import License, Rejected
from tenure.sdk.hardware import made_up
from tenure.sdk.main import this_computer
from tenure.sdk.transport_factory import Network

T = TypeVar("T")
WORKERS = 4
BUDGET = 1_000_000_000
"""Minor units that each customer has; a payment of one is added by each round."""
PAUSE = 0.1
"""Seconds before something unacknowledged is tried again."""
PLAN = "editor-year"
TRANSIENT = (409, 429, 502, 503, 504)
"""Statuses that say "send the same again": busy, unavailable, or the same request is still under way."""


class Acknowledged(NamedTuple):
    """One thing that the server said is done."""

    worker: int
    kind: str
    """`order`, `payment` or `activation`."""
    id: str
    began: float
    at: float
    """When it was first sent, and when it was acknowledged: seconds of the monotonic clock."""


class Vendor(NamedTuple):
    """What the load needs of a server that was made and is running."""

    url: str
    token: str
    """The vendor's."""
    root: Path
    """The sandbox's root document."""


class Refusal(NamedTuple):
    """Something that was refused, with the order that it rested on (empty: none)."""

    order: str
    text: str


class LicensedApplication(NamedTuple):
    """An application that was activated."""

    name: str
    license: License


class Load:
    """Workers against the server at `vendor.url`, from `start` to `stop`; licenses in folders of `folder`."""

    def __init__(self, vendor: Vendor, folder: Path) -> None:
        """Make catalog, provider and one customer a worker; raises what a `ProviderClient` raises."""
        self.vendor, self.folder = vendor, folder
        client = ProviderClient(vendor.url, vendor.token)
        seed_catalog(client)
        self.provider: SeededProvider = seed_provider(client, vendor.url, "North", rules={"grace_days": 14})
        client.close()
        owner = ProviderClient(vendor.url, self.provider.token)
        self.customers = [seed_customer(owner, f"Customer {each}", BUDGET) for each in range(WORKERS)]
        owner.close()
        self.acknowledged: list[Acknowledged] = []
        self.refusals: list[Refusal] = []
        """What was refused for good, or said `no` to an application: there may be none."""
        self.checks = 0
        """How often an application asked its license."""
        self.applications: list[LicensedApplication] = []
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin; each worker goes on until `stop`."""
        self._threads = [threading.Thread(target=self._work, args=(each,), daemon=True) for each in range(WORKERS)]
        self._threads.append(threading.Thread(target=self._ask_licenses, daemon=True))
        for each in self._threads:
            each.start()

    def stop(self, seconds: float = 120.0) -> None:
        """Let every worker finish what it has begun; raises Failed where one does not within `seconds`."""
        self._stopping.set()
        deadline = time.monotonic() + seconds
        for each in self._threads:
            each.join(max(0.1, deadline - time.monotonic()))
            if each.is_alive():
                raise Failed(f"A worker still waits for an acknowledgement {seconds:.0f} s after the end.")

    def end(self) -> None:
        """Let go, whatever is under way: the drill is over."""
        self._stopping.set()

    def recovery_after(self, moment: float, seconds: float = 120.0) -> float:
        """Seconds from `moment` until every worker has been acknowledged something; raises Failed after `seconds`."""
        wait_until(lambda: len(self._first_after(moment)) == WORKERS, "every worker's next acknowledgement", seconds)
        return max(self._first_after(moment).values()) - moment

    def _first_after(self, moment: float) -> dict[int, float]:
        first: dict[int, float] = {}
        for each in reversed(self.acknowledged.copy()):
            if each.at > moment:
                first[each.worker] = each.at
        return first

    def _work(self, worker: int) -> None:
        client = ProviderClient(self.vendor.url, self.provider.token)
        try:
            for turn in itertools.count():
                if self._stopping.is_set():
                    return
                self._serve_customer(client, worker, turn)
        except Exception as fault:  # told as a refusal: a drill counts it and goes on with the others
            self.refusals.append(Refusal("", f"worker {worker}: {type(fault).__name__}: {fault}"))
        finally:
            client.close()

    def _serve_customer(self, client: ProviderClient, worker: int, turn: int) -> None:
        buyer = self.customers[worker]
        order = {"customer": buyer, "offer": self.provider.offers[PLAN], "devices": 1}
        made = self._repeat(
            worker, "order", lambda key: client.post("/v1/subscriptions", order, key=key), _subscription
        )
        self._activate(worker, turn, _subscription(made), made["activation_code"])
        payment = {"amount": 1, "reference": f"payment {worker}-{turn}"}
        reference = str(payment["reference"])
        path = f"/v1/customers/{buyer}/top-ups"
        self._repeat(worker, "payment", lambda key: client.post(path, payment, key=key), lambda _: reference)

    def _repeat(self, worker: int, kind: str, send: Callable[[str], T], name: Callable[[T], str]) -> T:
        """Send under one key until it is acknowledged; a refusal that is not for the moment is raised."""
        key, began = uuid.uuid4().hex, time.monotonic()
        while True:
            try:
                done = send(key)
            except ConnectionError:
                time.sleep(PAUSE)
            except RefusedCallError as refused:
                if refused.status not in TRANSIENT:
                    raise
                time.sleep(PAUSE)
            else:
                self.acknowledged.append(Acknowledged(worker, kind, name(done), began, time.monotonic()))
                return done

    def _activate(self, worker: int, turn: int, order: str, code: str) -> None:
        name = f"application-{worker}-{turn}"
        opened = open_license(self.vendor, self.folder / name, name)
        began = time.monotonic()
        while True:
            outcome = opened.activate(code)
            if not isinstance(outcome, Rejected):
                break
            if outcome.conclusive:
                self.refusals.append(Refusal(order, f"{name}: {outcome.code}: {outcome.message}"))
                return
            time.sleep(PAUSE)
        self.acknowledged.append(Acknowledged(worker, "activation", name, began, time.monotonic()))
        self.applications.append(LicensedApplication(name, opened))

    def _ask_licenses(self) -> None:
        while not self._stopping.is_set():
            for each in [known.license for known in self.applications]:
                self.checks += 1
                if not each.allows("edit"):
                    self.refusals.append(Refusal("", f"an application was told no: {each.standing.message}"))
            self._stopping.wait(0.2)


def open_license(vendor: Vendor, folder: Path, name: str) -> License:
    """An application's license in a folder of its own, on hardware of its own; sends nothing."""
    computer = msgspec.structs.replace(this_computer(), hardware=lambda: made_up(name))
    return License.open(
        product="editor",
        version="12.0",
        server=vendor.url,
        root=vendor.root,
        folder=folder,
        name=name,
        sandbox=True,
        network=Network(loopback_http=True, proxy=""),
        computer=computer,
    )


def _subscription(made: dict[str, Any]) -> str:
    return str(made["subscription"]["id"])
