"""The portal over the real server in one process: a provider's desk and a customer, each at a browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tenure.portal.app import PortalSettings, make_portal
from tests.server.server_env import ServerEnv, ServerTemplate, make_template, office
from tests.server.users import PASSWORD, User, joined
from tests.web.browser import Tab

SERVER = "http://license.test"


@dataclass
class Stage:
    """What a test has at hand."""

    office: ServerEnv
    http: httpx2.AsyncClient
    app: Any
    ana: User
    """The provider's owner."""
    ben: User
    """The customer's owner."""
    tabs: list[Tab] = field(default_factory=list)

    def tab(self, origin: str = "https://portal.test") -> Tab:
        """A fresh browser."""
        self.tabs.append(Tab(self.app, origin))
        return self.tabs[-1]

    async def signed_in(self, email: str) -> Tab:
        """A browser in which somebody has signed in."""
        tab = self.tab()
        await tab.open("/sign-in")
        await tab.send(email=email, password=PASSWORD)
        assert tab.status == 200, tab.text
        return tab

    async def staff(self) -> Tab:
        """The provider's owner at work."""
        return await self.signed_in(self.ana.email)

    async def customer(self) -> Tab:
        """The customer's owner."""
        return await self.signed_in(self.ben.email)


_TEMPLATES: dict[bool, tuple[ServerTemplate, tuple[User, User]]] = {}


async def _users(env: ServerEnv) -> tuple[User, User]:
    ana = await joined(env, env.staff, email="ana@north.example")
    return ana, await joined(env, env.staff, email="ben@acme.example", customer=env.customer)


@asynccontextmanager
async def stage(folder: Path, *, sandbox: bool = False) -> AsyncIterator[Stage]:
    """Server, users, portal; the first two as copies of what was made once in this process."""
    if sandbox not in _TEMPLATES:
        _TEMPLATES[sandbox] = await make_template(_users, sandbox=sandbox)
    template, users = _TEMPLATES[sandbox]
    async with office(folder, sandbox=sandbox, template=template) as env:
        ana, ben = (
            User(env.http, each.token, email=each.email, id=each.id, membership=each.membership) for each in users
        )
        http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=env.api), base_url=SERVER)
        app = make_portal(http, PortalSettings(house="North"), env.clock, lambda: float(env.clock()))
        yield Stage(env, http, app, ana, ben)
        await http.aclose()
