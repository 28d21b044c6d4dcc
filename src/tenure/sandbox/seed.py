"""A believable vendor, provider and customers, made through the public API like everything else."""

from typing import Any

import msgspec

from tenure.sandbox.provider_client import ProviderClient

EDITOR: dict[str, Any] = {
    "product": "editor",
    "features": ["edit", "export", "collaborate"],
    "base_features": ["read"],
    "min_version": "10.0",
}
PLANS: tuple[dict[str, Any], ...] = (
    {**EDITOR, "id": "editor-year", "name": "Editor, yearly", "kind": "limited", "period": "P1Y"},
    {**EDITOR, "id": "editor-month", "name": "Editor, monthly", "kind": "unlimited", "period": "P1M"},
    {
        **EDITOR,
        "id": "editor-team",
        "name": "Editor for teams, from first activation",
        "kind": "limited",
        "period": "P1Y",
        "start": "at_first_activation",
        "trial": "P30D",
    },
    {
        **EDITOR,
        "id": "editor-next",
        "name": "Editor, next generation",
        "kind": "limited",
        "period": "P1Y",
        "min_version": "13.0",
    },
)
EVERYBODYS = "a demo to play with"
"""The password of everybody in a demo; such a server ends with its window."""
BANDS = [{"up_to": 9, "unit": 1_500}, {"up_to": 49, "unit": 1_200}, {"unit": 900}]


class SeededProvider(msgspec.Struct, frozen=True, kw_only=True):
    """A provider as a story knows it: its API token, its offers by plan."""

    id: str
    name: str
    token: str
    offers: dict[str, str]


def seed_catalog(vendor: ProviderClient) -> None:
    """The vendor's product and plans."""
    vendor.post("/v1/products", {"id": "editor", "name": "Editor"})
    for plan in PLANS:
        vendor.post("/v1/plans", plan)


def seed_provider(
    vendor: ProviderClient, url: str, name: str, *, rules: dict[str, Any] | None = None, portal: str = ""
) -> SeededProvider:
    """Make a sandbox provider with a token, offers for every plan, `rules` as its policy, and a website at `portal`."""
    brand = {"name": name, "color": "#1f6f54", "support": "support@example.com", "renew_url": f"{portal or url}/renew"}
    body = {"name": name, "currency": "EUR", "sandbox": True, "brand": brand}
    made = vendor.post("/v1/providers", body)["id"]
    token = vendor.post(
        "/v1/tokens", {"name": "provider", "role": "provider", "scopes": ["*"], "days": 3_650}, provider=made
    )["token"]
    client = ProviderClient(url, token)
    offers = {}
    for plan in PLANS:
        offer = {"plan": plan["id"], "currency": "EUR", "bands": BANDS, "name": plan["name"]}
        offers[plan["id"]] = client.post("/v1/offers", offer)["id"]
    if rules:
        client.put("/v1/policy", {"rules": rules})
    client.close()
    return SeededProvider(id=made, name=name, token=token, offers=offers)


def seed_user(vendor: ProviderClient, provider_id: str | None, name: str, email: str, *, customer_id: str = "") -> None:
    """Make a user with the sandbox's common password: the owner of a provider's team, or of its customer's.

    Without `provider_id` the owner of the vendor's team.
    """
    wish = {"email": email, "name": name, "role": "owner", **({"customer": customer_id} if customer_id else {})}
    asked = vendor.post("/v1/invitations", wish, **({"provider": provider_id} if provider_id else {}))
    vendor.post("/v1/invitations/accept", {"token": asked["link_token"], "name": name, "password": EVERYBODYS})


def seed_customer(client: ProviderClient, name: str, money: int = 0) -> str:
    """A customer with `money` minor units; its id."""
    made: str = client.post("/v1/customers", {"name": name, "reference": name.lower().replace(" ", "-")})["id"]
    if money:
        client.post(f"/v1/customers/{made}/top-ups", {"amount": money, "reference": f"opening balance of {name}"})
    return made


def seed_order(
    client: ProviderClient, offers: dict[str, str], plan: str, customer_id: str, devices: int, **more: Any
) -> tuple[str, str]:
    """(subscription, activation code)."""
    body = {"customer": customer_id, "offer": offers[plan], "devices": devices, **more}
    made = client.post("/v1/subscriptions", body)
    return made["subscription"]["id"], made["activation_code"]
