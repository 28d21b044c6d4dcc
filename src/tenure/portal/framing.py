"""What stands around the portal's pages: the provider's brand, the places this person may go to."""

from contextlib import suppress
from typing import Any

from tenure.portal.signed import Portal, Server
from tenure.web.frame import Entry, Frame, Group
from tenure.web.replies import RefusedPageError

ROLES = {"owner": "Owner", "operator": "Operator", "auditor": "Auditor (may look, not change)"}


class Framing:
    """Makes the frame of every page; `house` is what the website is called before anybody is signed in."""

    def __init__(self, server: Server, house: str) -> None:
        self._server, self._house = server, house

    async def frame(self, visit: Portal) -> Frame:
        """See `web.app.Parts.frame`; what the server will not say now is shown as it was last known."""
        if visit.session is None:
            return Frame(title=self._house)
        who = visit.who
        with suppress(RefusedPageError):
            who.me = await look(self._server, visit)
        provider = who.me.get("provider") or {}
        brand = provider.get("brand") or {}
        person = who.me.get("person") or {}
        customer = (who.me.get("customer") or {}).get("name", "")
        return Frame(
            title=brand.get("name") or provider.get("name") or self._house,
            subtitle=customer or ("Provider portal" if provider else "Vendor"),
            logo=brand.get("logo", ""),
            colour=brand.get("colour", ""),
            support=brand.get("support", ""),
            groups=_groups(visit),
            person=person.get("name") or person.get("email") or "API token",
            role=ROLES.get(who.me.get("role") or "", who.me.get("role") or ""),
            account_path="/account" if person else "",
            now=provider.get("now", ""),
            sandbox=bool(provider.get("sandbox")),
        )


async def look(server: Server, visit: Portal) -> dict[str, Any]:
    """Who the visitor is now; for the vendor's staff with the provider they chose."""
    api = server.with_secret(visit.who.secret)
    me: dict[str, Any] = await api.get("/v1/me")
    if me["kind"] == "vendor" and visit.who.provider:
        found = await api.whole("/v1/providers")
        me["provider"] = next((each for each in found if each["id"] == visit.who.provider), None)
    return me


def _groups(visit: Portal) -> tuple[Group, ...]:
    who = visit.who
    if who.is_customer:
        return _customers_groups(visit)
    if who.kind == "vendor" and not who.provider:
        return _vendors_groups(visit)
    daily = [
        Entry(path="/", text="Board", icon="board"),
        Entry(path="/subscriptions", text="Subscriptions", icon="subscriptions"),
        Entry(path="/customers", text="Customers", icon="customers"),
        Entry(path="/order-requests", text="Order requests", icon="order"),
        Entry(path="/payments", text="Payment requests", icon="money"),
        Entry(path="/installations", text="Installations", icon="sites"),
        Entry(path="/offline-exchange", text="Offline exchange", icon="import"),
    ]
    selling = [
        Entry(path="/offers", text="Plans and prices", icon="offers"),
        Entry(path="/policy", text="Policy", icon="policy"),
        *([Entry(path="/brand", text="Brand", icon="settings")] if who.may("providers:read") else []),
    ]
    access = [
        *([Entry(path="/team", text="Team", icon="team")] if who.may("people:read") else []),
        *([Entry(path="/tokens", text="API tokens", icon="tokens")] if who.may("tokens:write") else []),
        *([Entry(path="/webhooks", text="Webhooks", icon="webhooks")] if who.may("messages:read") else []),
        *([Entry(path="/letters", text="Mails", icon="mails")] if who.may("messages:read") else []),
        *([Entry(path="/audit", text="Audit", icon="audit")] if who.may("audit:read") else []),
        *([Entry(path="/sandbox", text="Sandbox", icon="sandbox")] if _is_sandbox(visit) else []),
        *([Entry(path="/providers", text="Vendor's pages", icon="left")] if who.kind == "vendor" else []),
    ]
    return (
        Group(text="", entries=tuple(daily)),
        Group(text="Selling", entries=tuple(selling)),
        *((Group(text="Access", entries=tuple(access)),) if access else ()),
    )


def _vendors_groups(visit: Portal) -> tuple[Group, ...]:
    who = visit.who
    daily = [
        Entry(path="/", text="Overview", icon="board"),
        *([Entry(path="/providers", text="Providers", icon="customers")] if who.may("providers:read") else []),
    ]
    selling = [
        *([Entry(path="/products", text="Products", icon="folder")] if who.may("catalogue:read") else []),
        *([Entry(path="/plans", text="Plans", icon="offers")] if who.may("catalogue:read") else []),
        *([Entry(path="/policy-bounds", text="Bounds of policies", icon="policy")] if who.may("policy:read") else []),
    ]
    access = [
        *([Entry(path="/keys", text="Keys", icon="server")] if who.may("server:read") else []),
        *([Entry(path="/team", text="Team", icon="team")] if who.may("people:read") else []),
        *([Entry(path="/tokens", text="API tokens", icon="tokens")] if who.may("tokens:write") else []),
        *([Entry(path="/audit", text="Audit", icon="audit")] if who.may("audit:read") else []),
    ]
    groups = (("", daily), ("Catalogue", selling), ("Access", access))
    return tuple(Group(text=text, entries=tuple(entries)) for text, entries in groups if entries)


def _customers_groups(visit: Portal) -> tuple[Group, ...]:
    entries = [
        Entry(path="/", text="Home", icon="board"),
        Entry(path="/subscriptions", text="Subscriptions", icon="subscriptions"),
        Entry(path="/order", text="Order", icon="order"),
        Entry(path="/order-requests", text="Order requests", icon="order"),
        Entry(path=f"/customers/{visit.who.customer}/money", text="Balance", icon="money"),
        Entry(path="/installations", text="Installations", icon="sites"),
        Entry(path="/offline-exchange", text="Offline exchange", icon="import"),
        *([Entry(path="/team", text="Team", icon="team")] if visit.who.may("people:read") else []),
    ]
    return (Group(text="", entries=tuple(entries)),)


def _is_sandbox(visit: Portal) -> bool:
    return bool((visit.who.me.get("provider") or {}).get("sandbox"))
