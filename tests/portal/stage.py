"""The portal over the real server in one process: a provider's desk and a customer, each at a browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tenure.http.portal_key import KEY_HEADER, BehindPortal
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

    def another_process(self) -> Any:
        """One more process of the same portal: it has nothing but what the server keeps."""
        settings = PortalSettings(house="North", shared=True)
        return make_portal(self.http, settings, self.office.clock, lambda: float(self.office.clock()))

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


async def users_of(env: ServerEnv) -> tuple[User, User]:
    """The provider's owner and the customer's."""
    ana = await joined(env, env.staff, email="ana@north.example")
    return ana, await joined(env, env.staff, email="ben@acme.example", customer=env.customer)


@asynccontextmanager
async def stage(folder: Path, *, sandbox: bool = False) -> AsyncIterator[Stage]:
    """Server, users, portal; the first two as copies of what was made once in this process."""
    if sandbox not in _TEMPLATES:
        _TEMPLATES[sandbox] = await make_template(users_of, sandbox=sandbox)
    template, users = _TEMPLATES[sandbox]
    async with office(folder, sandbox=sandbox, template=template) as env:
        ana, ben = (
            User(env.http, each.token, email=each.email, id=each.id, membership=each.membership) for each in users
        )
        async with portal_client(env) as http:
            there = Stage(env, http, None, ana, ben)
            there.app = there.another_process()
            yield there


def portal_client(env: ServerEnv) -> httpx2.AsyncClient:
    """The portal's way to the server, which knows it by its key."""
    key = env.context.keys.portal_key
    transport = httpx2.ASGITransport(app=BehindPortal(env.api, key))
    return httpx2.AsyncClient(transport=transport, base_url=SERVER, headers={KEY_HEADER: key})
