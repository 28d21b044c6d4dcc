"""A real activation server on loopback, with a clock moved by hand, and desks at it: tests of commands use it."""

import asyncio
import dataclasses
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenure.core.refusals import Refused
from tenure.http.serve import HttpServer, ListenAddress
from tenure.server import setup
from tenure.server.app import build_app
from tenure.server.main import open_context
from tests.cli.terminal import NOW, Terminal


class Clock:
    """Real time for the server: moved by hand."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


@dataclass
class Vendor:
    """The server, and the vendor's own terminal."""

    url: str
    folder: Path
    clock: Clock
    terminal: Terminal
    token: str

    def staff(self, home: Path, *, sandbox: bool = False, name: str = "North") -> "ProviderTerminal":
        """A provider of its own, with one customer with money."""
        provider = self.terminal.good(
            "providers", "add", name, "--currency", "EUR", *(["--sandbox"] if sandbox else [])
        )
        terminal = self.signed_in(home, "--provider", provider["id"])
        customer = terminal.good("customers", "add", "Harbour Clinic", "--reference", "C-1")["id"]
        terminal.good("top-up", customer, "5000.00", "--reference", "first")
        return ProviderTerminal(terminal, provider["id"], customer)

    def signed_in(self, home: Path, *words: str) -> Terminal:
        """A terminal with a token of its own, made with these options."""
        every = () if "--scope" in words else ("--everything",)
        token = self.terminal.good("tokens", "add", home.name, *words, *every)["token"]
        return Terminal(home, {"TENURE_URL": self.url, "TENURE_TOKEN": token}, self.clock)


@dataclass
class ProviderTerminal:
    """A provider's terminal, and what it has to do with."""

    terminal: Terminal
    provider: str
    customer: str
    _offers: dict[str, str] = field(default_factory=dict)

    def offer(self, plan: str) -> str:
        """The offer of a plan, made when it is first asked for."""
        if plan not in self._offers:
            words = ("offers", "add", plan, "--currency", "EUR", "--price", "12.00")
            self._offers[plan] = self.terminal.good(*words)["id"]
        return self._offers[plan]

    def order(self, plan: str = "year", devices: int = 10, *more: str) -> Any:
        """The outcome of a fresh order."""
        return self.terminal.good("order", self.customer, self.offer(plan), str(devices), *more)

    def subscription(self, plan: str = "year", devices: int = 10, *more: str) -> str:
        """The id of a fresh order."""
        name: str = self.order(plan, devices, *more)["subscription"]["id"]
        return name


PLANS: dict[str, tuple[str, ...]] = {
    "year": ("--period", "P1Y", "--trial", "P14D"),
    "month": ("--period", "P1M", "--kind", "unlimited"),
}


@contextmanager
def vendor(folder: Path) -> Iterator[Vendor]:
    """A furnished server for as long as the block lasts."""
    clock = Clock()
    made = asyncio.run(
        setup.init_folder(folder / "server", "https://license.example.com", secrets.token_bytes, clock())
    )
    assert not isinstance(made, Refused), made
    context = asyncio.run(open_context(folder / "server"))
    assert not isinstance(context, Refused), context
    app = build_app(dataclasses.replace(context, clock=clock), time.monotonic)
    with HttpServer(app, ListenAddress()) as server:
        terminal = Terminal(folder / "vendor", {"TENURE_URL": server.url, "TENURE_TOKEN": made.vendor_token}, clock)
        terminal.good("products", "add", "editor", "Editor")
        for plan, more in PLANS.items():
            words = ("--product", "editor", "--feature", "edit", "--feature", "export", "--min-version", "12.0")
            terminal.good("plans", "add", plan, f"A {plan} of Editor", *words, *more)
        yield Vendor(server.url, folder / "server", clock, terminal, made.vendor_token)
