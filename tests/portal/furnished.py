"""A portal in which something of everything exists, so that every form stands on some page of somebody."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.portal.stage import Stage, stage
from tests.server.users import joined
from tests.web.browser import Tab


@asynccontextmanager
async def furnished(folder: Path) -> AsyncIterator[Stage]:
    """Subscriptions, a token, a webhook, requests of a customer, and an invitation of each team."""
    async with stage(folder, sandbox=True) as there:
        env = there.office
        one, _ = await env.order()
        await env.order()
        await env.staff.post(f"/v1/subscriptions/{one}/cancel", {"why": "no more"})
        await env.staff.post("/v1/tokens", {"name": "till", "role": "provider", "scopes": ["*"], "days": 30})
        await env.staff.post("/v1/webhooks", {"url": "https://hooks.example/a", "events": ["subscription.renewed"]})
        await env.staff.post(f"/v1/customers/{env.customer}/payment-requests", {"amount": 4_000})
        asked = {"customer": env.customer, "offer": env.offers["standard"], "devices": 5, "note": "for the annex"}
        await env.staff.post("/v1/order-requests", asked)
        await env.staff.post("/v1/invitations", {"email": "new@north.example", "name": "New", "role": "auditor"})
        yield there


async def walkers(there: Stage) -> dict[str, Tab]:
    """The owners of the provider's, the customer's and the vendor's team, each at a browser."""
    await joined(there.office, there.office.vendor, email="vera@vendor.example")
    found = {"desk": await there.staff(), "customer": await there.customer()}
    return {**found, "vendor": await there.signed_in("vera@vendor.example")}
