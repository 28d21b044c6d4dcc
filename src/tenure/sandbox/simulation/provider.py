"""The provider of a simulated world: makes plans and orders, then acts at random as providers do, and pays late.

Every request goes through the whole HTTP application with an idempotency key; one that died on the way is repeated.
"""

from typing import Any

import msgspec

from tenure.core.periods import format_instant
from tenure.core.timeline import DAY, HOUR, Instant
from tenure.sandbox.simulation.clocks import TrueTime
from tenure.sandbox.simulation.invariants import WorldJudge
from tenure.sandbox.simulation.seeded_random import SeededRandom
from tenure.sandbox.simulation.sites import PRODUCT
from tenure.sandbox.simulation.vendor import SimulatedVendor

ATTEMPTS = 8
PLANS: dict[str, dict[str, str]] = {
    "yearly": {"kind": "limited", "period": "P6M"},
    "monthly": {"kind": "unlimited", "period": "P1M"},
    "quarterly": {"kind": "limited", "period": "P3M"},
}
LATER = {"short": {"kind": "limited", "period": "P2M", "start": "at_first_activation"}}
"""Plans that are sold later, when a site is to get another code."""
FEATURES = {"features": ["edit", "export"], "base_features": ["read"], "min_version": "10.0"}


class SoldSubscription(msgspec.Struct):
    """A subscription and the code that came with it."""

    plan: str
    id: str
    code: str
    code_id: str
    devices: int
    blocked: bool = False
    held: bool = False


class SimulatedProvider:
    """The provider's staff, as a client of the HTTP API."""

    def __init__(self, random: SeededRandom, time: TrueTime, vendor: SimulatedVendor, judge: WorldJudge) -> None:
        self._random, self._time, self._vendor, self._judge = random, time, vendor, judge
        self.sold: list[SoldSubscription] = []
        self.refused = self.done = 0
        self._money = 0
        self._offers: dict[str, str] = {}

    def post(self, path: str, body: Any, **query: str) -> Any:
        """What came of a request, repeated under its key until it is answered; None when it was refused."""
        key = f"key-{self._random.draw(12).hex()}"
        for _ in range(ATTEMPTS):
            if not self._vendor.up:
                self._vendor.restart()
            answer = self._vendor.ask("POST", path, body, key, **query)
            if answer is None or answer.status_code == 503:
                continue
            if answer.status_code >= 500:
                raise self._judge.broken("faultlessness", "the server", f"{path}: {answer.status_code} {answer.text}")
            self.done += answer.status_code < 300
            self.refused += answer.status_code >= 400
            told = answer.json()
            what = told["code"] if answer.status_code >= 400 else "done"
            self._random.trace.note(self._time.now, "provider", path.rsplit("/", 1)[-1], f"{path} {what}")
            return told if answer.status_code < 300 else None
        return None

    def set_up(self, sizes: dict[str, int]) -> None:
        """Products, plans, offers, a customer with money, and one subscription of each plan in `sizes`."""
        self.post("/v1/products", {"id": PRODUCT, "name": "Editor"})
        provider = self.post("/v1/providers", {"name": "North", "currency": "EUR"})["id"]
        self._tenant = {"provider": provider}
        for name, more in PLANS.items():
            self.post("/v1/plans", {"id": name, "product": PRODUCT, "name": name.title(), **FEATURES, **more})
        self._customer = self.post("/v1/customers", {"name": "ACME"}, **self._tenant)["id"]
        self.top_up(10_000_000)
        for name, devices in sizes.items():
            offer = {"plan": name, "currency": "EUR", "bands": [{"unit": 100}]}
            made = self.post("/v1/offers", offer, **self._tenant)
            body = {"customer": self._customer, "offer": made["id"], "devices": devices}
            told = self.post("/v1/subscriptions", body, **self._tenant)
            sub = told["subscription"]
            self.sold.append(SoldSubscription(name, sub["id"], told["activation_code"], sub["codes"][0]["id"], devices))
            self._judge.limit(sub["id"], devices)

    def order(self, plan: str, devices: int) -> SoldSubscription | None:
        """One more subscription, whose term begins when its code is applied; None when it was refused."""
        if plan not in self._offers:
            new: dict[str, Any] = {"id": plan, "product": PRODUCT, "name": plan.title(), **FEATURES, **LATER[plan]}
            self.post("/v1/plans", new)
            offer = {"plan": plan, "currency": "EUR", "bands": [{"unit": 100}]}
            self._offers[plan] = self.post("/v1/offers", offer, **self._tenant)["id"]
        self.top_up(100_000)
        body = {"customer": self._customer, "offer": self._offers[plan], "devices": devices}
        told = self.post("/v1/subscriptions", body, **self._tenant)
        if told is None:
            return None
        sub = told["subscription"]
        self._judge.limit(sub["id"], devices)
        return SoldSubscription(plan, sub["id"], told["activation_code"], sub["codes"][0]["id"], devices)

    def top_up(self, amount: int) -> None:
        """Money comes in."""
        self._money += 1
        path = f"/v1/customers/{self._customer}/top-ups"
        self.post(path, {"amount": amount, "reference": f"bank {self._money}"}, **self._tenant)

    def run_action(self, sold: SoldSubscription, action: str, **body: Any) -> Any:
        """One action on a subscription."""
        path = f"/v1/subscriptions/{sold.id}/{action.replace('_', '-')}"
        return self.post(path, {"why": "simulated", **body}, **self._tenant)

    def resolve_fork(self, name: str, site: str, resolution: str) -> bool:
        """The provider says what two copies of a site are."""
        sold = next(each for each in self.sold if each.id == name)
        return self.run_action(sold, "resolve_fork", site=site, resolution=resolution) is not None

    def do_something(self) -> None:
        """Do one thing that providers do, drawn at random."""
        sold = self._random.one_of(self.sold)
        chosen = self._random.dice.choices(list(_WEIGHTS), weights=list(_WEIGHTS.values()))[0]
        getattr(self, f"_{chosen}")(sold)

    def keep_paid(self, sold: SoldSubscription) -> None:
        """What a customer does who wants to go on."""
        if sold.held:
            self._release(sold)
        if sold.blocked:
            self._unblock(sold)
        self.top_up(1_000_000)
        self.run_action(sold, "undo_cancellation")
        if sold.plan != "monthly":
            self.run_action(sold, "renew")

    def publish_amnesty(self, length: int) -> None:
        """The vendor publishes an amnesty for an outage that is just over."""
        now = self._time.now
        body = {"since": format_instant(now - length), "until": format_instant(now), "text": "We were out."}
        self.post("/v1/notices", body)

    def _renew(self, sold: SoldSubscription) -> None:
        self.run_action(sold, "renew")

    def _cancel(self, sold: SoldSubscription) -> None:
        self.run_action(sold, "cancel", at_once=self._random.happens(0.1))

    def _undo(self, sold: SoldSubscription) -> None:
        self.run_action(sold, "undo_cancellation")

    def _pay(self, sold: SoldSubscription) -> None:
        self.top_up(self._random.between(1, 50) * 100)

    def _more(self, sold: SoldSubscription) -> None:
        devices = sold.devices + self._random.between(1, 6)
        # Judged by what may have been sold: the answer may be lost after it was done.
        self._judge.limit(sold.id, devices)
        if self.run_action(sold, "change_devices", devices=devices) is not None:
            sold.devices = devices

    def _fewer(self, sold: SoldSubscription) -> None:
        devices = max(2, sold.devices - self._random.between(1, 4))
        if self.run_action(sold, "change_devices", devices=devices, at_once=self._random.happens(0.5)) is not None:
            sold.devices = devices

    def _hold(self, sold: SoldSubscription) -> None:
        until: Instant = self._time.now + self._random.between(1, 20) * DAY + HOUR
        body = {"until": format_instant(until)} if self._random.happens(0.5) else {}
        sold.held = self.run_action(sold, "hold", reason="holidays", **body) is not None or sold.held

    def _release(self, sold: SoldSubscription) -> None:
        self.run_action(sold, "release")
        sold.held = False

    def _block(self, sold: SoldSubscription) -> None:
        sold.blocked = (
            self.run_action(sold, "block_code", code=sold.code_id, fraud=self._random.happens(0.2)) or sold.blocked
        )

    def _unblock(self, sold: SoldSubscription) -> None:
        self.run_action(sold, "unblock_code", code=sold.code_id)
        sold.blocked = False

    def _grace(self, sold: SoldSubscription) -> None:
        self.run_action(sold, "extend_grace", days=self._random.between(1, 10))


_WEIGHTS = {
    "renew": 5, "cancel": 1, "undo": 3, "pay": 3, "more": 2, "fewer": 2, "hold": 1, "release": 3, "block": 1,
    "unblock": 3, "grace": 1,
}  # fmt: skip
