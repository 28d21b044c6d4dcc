"""The portal over the real server in one process: a provider's desk and a customer, each at a browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tenure.portal.app import Settings, portal
from tests.portal.accounts import Accounts, who
from tests.server.office import Office, office
from tests.web.browser import Tab

DESK = (
    "catalogue:read", "providers:read", "customers:read", "customers:write", "subscriptions:read",
    "subscriptions:write", "money:read", "money:write", "policy:read", "policy:write", "sites:read", "tokens:write",
    "events:read", "sandbox:write",
)  # fmt: skip
CUSTOMER = ("catalogue:read", "subscriptions:read", "subscriptions:write", "money:read", "sites:read")
PASSWORD = "correct horse battery"


@dataclass
class Stage:
    """What a test has at hand."""

    office: Office
    accounts: Accounts
    app: Any
    tabs: list[Tab] = field(default_factory=list)

    def tab(self, origin: str = "https://portal.test") -> Tab:
        """A fresh browser."""
        self.tabs.append(Tab(self.app, origin))
        return self.tabs[-1]

    async def signed_in(self, email: str) -> Tab:
        """A browser in which somebody has signed in."""
        tab = self.tab()
        await tab.open("/sign-in?next=/subscriptions")
        await tab.send(email=email, password=PASSWORD)
        assert tab.status == 200, tab.text
        return tab

    async def desk(self) -> Tab:
        """The provider's owner."""
        return await self.signed_in("ana@north.example")

    async def customer(self) -> Tab:
        """The customer's owner."""
        return await self.signed_in("ben@acme.example")


@asynccontextmanager
async def stage(folder: Path, *, sandbox: bool = False) -> AsyncIterator[Stage]:
    """Server, accounts, portal."""
    async with office(folder, sandbox=sandbox) as shop:
        accounts = Accounts(httpx2.ASGITransport(app=shop.api))
        customer = await shop.token()
        ana = {"id": "per_1", "name": "Ana", "email": "ana@north.example"}
        ben = {"id": "per_2", "name": "Ben", "email": "ben@acme.example"}
        accounts.known[shop.desk.token] = who("provider", DESK, shop.provider, person=ana, role="owner")
        acme = {"id": shop.customer, "name": "ACME"}
        asks = shop.desk.token
        accounts.known[customer.token] = who(
            "customer", CUSTOMER, shop.provider, person=ben, role="owner", customer=acme, asks=asks
        )
        accounts.known[shop.vendor.token] = who("vendor", ("providers:read", *DESK), None)
        accounts.passwords[("ana@north.example", PASSWORD)] = shop.desk.token
        accounts.passwords[("ben@acme.example", PASSWORD)] = customer.token
        http = httpx2.AsyncClient(transport=accounts, base_url="http://licence.test")
        app = portal(http, Settings(house="North"), shop.clock, lambda: float(shop.clock()))
        yield Stage(shop, accounts, app)
        await http.aclose()
