"""What stands around the portal's pages: the provider's brand, the places this user may go to."""

from contextlib import suppress
from typing import Any

from tenure.portal.session import Portal, PortalServer
from tenure.web.frame import MenuEntry, MenuGroup, PageFrame
from tenure.web.replies import RefusedPageError

ROLES = {"owner": "Owner", "operator": "Operator", "auditor": "Auditor (may look, not change)"}


class PortalFrameMaker:
    """Makes the frame of every page; `house` is the website's name while no user is signed in."""

    def __init__(self, server: PortalServer, house: str) -> None:
        self._server, self._house = server, house

    async def make_frame(self, visit: Portal) -> PageFrame:
        """See `web.page_app.Parts.frame`; what the server will not say now is shown as it was last known."""
        if visit.session is None:
            return PageFrame(title=self._house)
        who = visit.session_value
        with suppress(RefusedPageError):
            who.me = await identify_visitor(self._server, visit)
        provider = who.me.get("provider") or {}
        brand = provider.get("brand") or {}
        user = who.me.get("user") or {}
        customer = (who.me.get("customer") or {}).get("name", "")
        return PageFrame(
            title=brand.get("name") or provider.get("name") or self._house,
            subtitle=customer or ("Provider portal" if provider else "Vendor"),
            logo=brand.get("logo", ""),
            color=brand.get("color", ""),
            support=brand.get("support", ""),
            groups=_navigation_groups(visit),
            user=user.get("name") or user.get("email") or "API token",
            role=ROLES.get(who.me.get("role") or "", who.me.get("role") or ""),
            account_path="/account" if user else "",
            now=provider.get("now", ""),
            sandbox=bool(provider.get("sandbox")),
        )


async def identify_visitor(server: PortalServer, visit: Portal) -> dict[str, Any]:
    """Who the visitor is now; for the vendor's staff with the provider they chose."""
    api = server.with_secret(visit.session_value.secret)
    me: dict[str, Any] = await api.get("/v1/me")
    if me["kind"] == "vendor" and visit.session_value.provider:
        found = await api.get_all("/v1/providers")
        me["provider"] = next((each for each in found if each["id"] == visit.session_value.provider), None)
    return me


def _navigation_groups(visit: Portal) -> tuple[MenuGroup, ...]:
    who = visit.session_value
    if who.is_customer:
        return _customers_groups(visit)
    if who.team_kind == "vendor" and not who.provider:
        return _vendors_groups(visit)
    daily = [
        MenuEntry(path="/", text="Board", icon="board"),
        MenuEntry(path="/subscriptions", text="Subscriptions", icon="subscriptions"),
        MenuEntry(path="/customers", text="Customers", icon="customers"),
        MenuEntry(path="/order-requests", text="Order requests", icon="order"),
        MenuEntry(path="/payments", text="Payment requests", icon="money"),
        MenuEntry(path="/installations", text="Installations", icon="sites"),
        MenuEntry(path="/offline-exchange", text="Offline exchange", icon="import"),
    ]
    selling = [
        MenuEntry(path="/offers", text="Plans and prices", icon="offers"),
        MenuEntry(path="/policy", text="Policy", icon="policy"),
        *([MenuEntry(path="/brand", text="Brand", icon="settings")] if who.has_scope("providers:read") else []),
    ]
    access = [
        *([MenuEntry(path="/team", text="Team", icon="team")] if who.has_scope("users:read") else []),
        *([MenuEntry(path="/tokens", text="API tokens", icon="tokens")] if who.has_scope("tokens:write") else []),
        *([MenuEntry(path="/webhooks", text="Webhooks", icon="webhooks")] if who.has_scope("messages:read") else []),
        *([MenuEntry(path="/emails", text="Emails", icon="emails")] if who.has_scope("messages:read") else []),
        *([MenuEntry(path="/audit", text="Audit", icon="audit")] if who.has_scope("audit:read") else []),
        *([MenuEntry(path="/sandbox", text="Sandbox", icon="sandbox")] if _is_sandbox(visit) else []),
        *([MenuEntry(path="/providers", text="Vendor's pages", icon="left")] if who.team_kind == "vendor" else []),
    ]
    return (
        MenuGroup(text="", entries=tuple(daily)),
        MenuGroup(text="Selling", entries=tuple(selling)),
        *((MenuGroup(text="Access", entries=tuple(access)),) if access else ()),
    )


def _vendors_groups(visit: Portal) -> tuple[MenuGroup, ...]:
    who = visit.session_value
    daily = [
        MenuEntry(path="/", text="Overview", icon="board"),
        *(
            [MenuEntry(path="/providers", text="Providers", icon="customers")]
            if who.has_scope("providers:read")
            else []
        ),
    ]
    selling = [
        *([MenuEntry(path="/products", text="Products", icon="folder")] if who.has_scope("catalog:read") else []),
        *([MenuEntry(path="/plans", text="Plans", icon="offers")] if who.has_scope("catalog:read") else []),
        *(
            [MenuEntry(path="/policy-bounds", text="Bounds of policies", icon="policy")]
            if who.has_scope("policy:read")
            else []
        ),
    ]
    access = [
        *([MenuEntry(path="/keys", text="Keys", icon="server")] if who.has_scope("server:read") else []),
        *([MenuEntry(path="/team", text="Team", icon="team")] if who.has_scope("users:read") else []),
        *([MenuEntry(path="/tokens", text="API tokens", icon="tokens")] if who.has_scope("tokens:write") else []),
        *([MenuEntry(path="/audit", text="Audit", icon="audit")] if who.has_scope("audit:read") else []),
    ]
    groups = (("", daily), ("Catalog", selling), ("Access", access))
    return tuple(MenuGroup(text=text, entries=tuple(entries)) for text, entries in groups if entries)


def _customers_groups(visit: Portal) -> tuple[MenuGroup, ...]:
    entries = [
        MenuEntry(path="/", text="Home", icon="board"),
        MenuEntry(path="/subscriptions", text="Subscriptions", icon="subscriptions"),
        MenuEntry(path="/order", text="Order", icon="order"),
        MenuEntry(path="/order-requests", text="Order requests", icon="order"),
        MenuEntry(path=f"/customers/{visit.session_value.customer}/money", text="Balance", icon="money"),
        MenuEntry(path="/installations", text="Installations", icon="sites"),
        MenuEntry(path="/offline-exchange", text="Offline exchange", icon="import"),
        *([MenuEntry(path="/team", text="Team", icon="team")] if visit.session_value.has_scope("users:read") else []),
    ]
    return (MenuGroup(text="", entries=tuple(entries)),)


def _is_sandbox(visit: Portal) -> bool:
    return bool((visit.session_value.me.get("provider") or {}).get("sandbox"))
