"""One subscription on one page: its drawn timeline, what holds and why, what comes next, what may be done."""

from typing import Any

from tenure.http.client.api_exchange import fill_path
from tenure.portal.pages.action_flow import seat_conflict
from tenure.portal.pages.agreed import customer_of, plan_names, terms_words
from tenure.portal.pages.subscription_actions import BUTTONS, BY_NAME, LISTED
from tenure.portal.session import Portal, PortalPages
from tenure.web import formatting
from tenure.web.page_api import PageApi
from tenure.web.page_groups import page_at
from tenure.web.pager import make_pager
from tenure.web.replies import PageScreen, RefusedPageError, Reply

FACTS_SHOWN = 12
FACTS_PAGE = 100
"""Facts of the whole history on one page."""


class SubscriptionPage(PortalPages):
    """The page, and the whole history."""

    @page_at("/subscriptions/{subscription}")
    async def show(self, visit: Portal) -> Reply:
        """The page."""
        api = self._api(visit)
        one = visit.fill_address("/v1/subscriptions/{subscription}")
        sub = await api.get(one)
        spans = await api.get(f"{one}/timeline")
        reported = {each["id"]: each for each in await _subscription_sites(api, visit, sub["id"])}
        may_write = visit.session_value.has_scope("subscriptions:write")
        return PageScreen.of(
            "subscription.html",
            sub=sub,
            spans=spans,
            told=await api.get(f"{one}/explain"),
            plan=await _plan_name(api, sub["terms"]["plan"]),
            customer=await customer_of(api, visit, sub["customer"]),
            waits=await api.get(f"{one}/code"),
            facts=await _latest_event(api, one),
            reported=reported,
            conflict=await seat_conflict(api, sub["id"]) if sub["scheduled"] or _is_struck_out(sub) else None,
            may_edit_list=may_write and not _forbids_action(sub, "change_devices"),
            unheard=sum(each["part"]["unheard"] for each in reported.values()),
            actions=_available_actions(sub, for_customer=visit.session_value.is_customer),
            more=BY_NAME,
            site_links=_site_links(sub, every=may_write and not visit.session_value.is_customer),
            next_instants=_next_instants(sub, await plan_names(api) if sub["scheduled"] else {}),
        )

    @page_at("/subscriptions/{subscription}/history")
    async def history(self, visit: Portal) -> Reply:
        """Every fact with its place in the hash chain (B12)."""
        api = self._api(visit)
        one = visit.fill_address("/v1/subscriptions/{subscription}")
        found = await api.get_page(f"{one}/history", {"cursor": visit.query.get("cursor")}, FACTS_PAGE)
        return PageScreen.of(
            "history.html", sub=await api.get(one), facts=found.items, pages=make_pager(visit, found, FACTS_PAGE)
        )


def _site_links(sub: dict[str, Any], *, every: bool) -> dict[str, list[tuple[str, str]]]:
    """(page, words) of the links beside each installation, by its id; all of them, or only those listed as allowed."""
    allowed = {each["action"] for each in sub["allowed_actions"] if each["allowed"]}
    own = {button.name for button in BUTTONS if every or (button.form.action and button.name in allowed)}
    return {
        site["id"]: [
            (each.name, each.form.site_link) for each in BUTTONS if each.name in own and each.is_linked_from(site)
        ]
        for site in sub["sites"]
    }


async def _plan_name(api: PageApi, name: str) -> dict[str, Any]:
    found: dict[str, Any] = await api.get(fill_path("/v1/plans/{name}", name=name))
    return found


async def _latest_event(api: PageApi, one: str) -> list[Any]:
    facts = await api.get_all(f"{one}/history", most=1_000)
    return facts[-FACTS_SHOWN:][::-1]


async def _subscription_sites(api: PageApi, visit: Portal, name: str) -> list[Any]:
    if not visit.session_value.has_scope("sites:read"):
        return []
    try:
        return await api.get_all("/v1/sites", subscription=name)
    except RefusedPageError:
        return []


def _available_actions(sub: dict[str, Any], *, for_customer: bool) -> list[tuple[Any, dict[str, Any]]]:
    """(action, what the API says of it), possible ones first; one of undo and cancel, pause and resume."""
    said = {each["action"]: each for each in sub["allowed_actions"]}
    pairs = [(LISTED[name], one) for name, one in said.items() if name in LISTED]
    hidden = set()
    if not sub["canceled_at"]:
        hidden.add("undo_cancel")
    if not sub["holds"]:
        hidden.add("resume")
    shown = [
        (action, one)
        for action, one in pairs
        if action.name not in hidden and not (for_customer and _is_forbidden(one))
    ]
    return sorted(shown, key=lambda pair: (not pair[1]["allowed"], pair[0].form.danger))


def _is_struck_out(sub: dict[str, Any]) -> bool:
    """Whether a seat conflict's list names an application of it."""
    return any(each["place_until"] for each in sub["sites"])


def _forbids_action(sub: dict[str, Any], name: str) -> bool:
    return any(each["action"] == name and _is_forbidden(each) for each in sub["allowed_actions"])


def _is_forbidden(one: dict[str, Any]) -> bool:
    """What the provider does not permit its customers is not shown to them as a broken button."""
    return (one["refusal"] or {}).get("code") == "action_not_permitted"


def _next_instants(sub: dict[str, Any], plans: dict[str, str]) -> list[tuple[str, str]]:
    """(what, when) of all that is coming, in order."""
    paid = "Prepaid until" if sub["terms"]["kind"] == "unlimited" else "Paid until"
    found = [(paid, sub["paid_until"])]
    renewal = sub["renewal"]
    if renewal["covered_until"]:
        found.append(
            (f"Renews by itself, {formatting.format_money(renewal['price'], sub['terms']['currency'])}", renewal["at"])
        )
        if not renewal["lasts"]:
            found.append(("The balance covers it until", renewal["covered_until"]))
    short = " if no money comes in" if renewal["at"] else ""
    found += [(f"Grace{short}, until", sub["grace_until"]), (f"Service ends{short}", sub["ends_at"])]
    found += [
        ("Cancellation takes effect", sub["cancellation_effective"]),
        ("Next change of phase", sub["next_change"]),
    ]
    found += [(terms_words(each, plans), each["effective"]) for each in sub["scheduled"]]
    coming = [(what, when) for what, when in found if when and when > sub["as_of"]]
    seen: dict[str, str] = {}
    for what, when in coming:
        if not (what == "Next change of phase" and when in seen.values()):
            seen[what] = when
    return sorted(seen.items(), key=lambda pair: pair[1])
