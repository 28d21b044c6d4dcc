"""From a button to the action: the form where one is needed, the preview that changes nothing, then exactly that.

Nothing that changes money or service is done without having been shown first (B4).
"""

from functools import partial
from typing import Any

from tenure.core.business.command_table.row import FieldKind
from tenure.http.client.api_exchange import fill_path
from tenure.portal.customer_select import chosen_name, customer_choices, is_search
from tenure.portal.pages.agreed import plan_names, subject_of, terms_words
from tenure.portal.pages.codes import code_screen
from tenure.portal.pages.subscription_actions import BY_NAME, SubscriptionAction
from tenure.portal.session import Portal, PortalPages
from tenure.web.formatting import format_money
from tenure.web.page_api import PageApi
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply
from tenure.web.visits import form_screen, show_again

SUBSCRIPTION = "/v1/subscriptions/{subscription}"
STALE = "outcome_changed_meanwhile"


class ActionPages(PortalPages):
    """The pages of every action on a subscription."""

    async def _render_form(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        action, api = _find_action(visit), self._api(visit)
        sub = await api.get(visit.fill_address(SUBSCRIPTION))
        offers = await api.get_all("/v1/offers") if FieldKind.OFFER in action.kinds else []
        buyers = await customer_choices(api, visit, sub["customer"]) if FieldKind.CUSTOMER in action.kinds else None
        values = {
            "action": action,
            "sub": sub,
            "about": await subject_of(api, visit, sub),
            "offers": _priced_offers(offers, sub["terms"]["plan"], await plan_names(api) if offers else {}),
            "buyers": buyers,
            "conflict": await seat_conflict(api, sub["id"]) if FieldKind.SITES in action.kinds else None,
            "allowed": next((each for each in sub["allowed_actions"] if each["action"] == action.name), None),
        }
        return form_screen(visit, "action.html", refusal, **values)

    async def _render_preview(self, visit: Portal) -> Reply:
        action, api = _find_action(visit), self._api(visit)
        sub = await api.get(visit.fill_address(SUBSCRIPTION))
        body = {**action.request_body(visit, sub), "why": _read_reason(visit)}
        visit.form.require_valid()
        outcome = (await api.post(_action_url(visit, action), body, dry_run=True)).value
        told = (sub, outcome["subscription"])
        several = any(each["scheduled"] for each in told) or told[0]["terms"]["plan"] != told[1]["terms"]["plan"]
        plans = await plan_names(api) if several else {}
        return PageScreen.of(
            "preview.html",
            action=action,
            sub=sub,
            outcome=outcome,
            kept=_entered_fields(visit),
            receiver=await chosen_name(api, visit) if FieldKind.CUSTOMER in action.kinds else "",
            final=action.final(visit),
            about=await subject_of(api, visit, sub),
            plans=plans,
            said=partial(terms_words, plans=plans),
        )

    @page_at("/subscriptions/{subscription}/do/{action}")
    async def begin(self, visit: Portal) -> Reply:
        """The form; the preview at once where nothing has to be asked."""
        action = _find_action(visit)
        for name in action.linked:
            if name in visit.query:
                visit.form.values[name] = [visit.query[name][:100]]
        if {each.name for each in action.fields} - visit.form.values.keys():
            return await self._render_form(visit)
        return await show_again(self._render_form, self._render_preview)(visit)

    @form_at("/subscriptions/{subscription}/do/{action}", again=_render_form)
    async def go_on(self, visit: Portal) -> Reply:
        """What the form says: preview it, or do exactly what was previewed."""
        action, api, step = _find_action(visit), self._api(visit), visit.form.read_text("step")
        if step == "change" or is_search(visit):
            return await self._render_form(visit)
        if step != "apply":
            return await self._render_preview(visit)
        sub = await api.get(visit.fill_address(SUBSCRIPTION))
        body = {
            **action.request_body(visit, sub),
            "outcome_hash": visit.form.read_text("outcome_hash", most=100),
            "why": _read_reason(visit),
        }
        try:
            done = await api.post(_action_url(visit, action), body, key=visit.form.read_text("_key", most=100))
        except RefusedPageError as error:
            if error.refusal.code != STALE:
                raise
            visit.form.values.pop("_key", None)
            visit.flash_message("Something changed meanwhile. This is the new preview.", "warn")
            return await self._render_preview(visit)
        if code := done.value.get("activation_code"):
            visit.flash_message(action.form.done)
            after = done.value["subscription"]
            return await code_screen(api, after, code, await subject_of(api, visit, after), new=False)
        return RedirectTo(visit.fill_address("/subscriptions/{subscription}"), action.form.done)


def _find_action(visit: Portal) -> SubscriptionAction:
    action = BY_NAME.get(visit.params["action"])
    if action is None:
        raise RefusedPageError(PageRefusal(title="There is no such action.", status=404, code="not_found"))
    return action


def _read_reason(visit: Portal) -> str:
    return visit.form.read_text("why", most=200)


def _action_url(visit: Portal, action: SubscriptionAction) -> str:
    return fill_path("/v1/subscriptions/{name}/{verb}", name=visit.params["subscription"], verb=action.row.verb)


def _entered_fields(visit: Portal) -> list[tuple[str, str]]:
    """What was typed, for the form that applies it; of check boxes every one."""
    own = {"_token", "_key", "step", "outcome_hash"}
    return [(name, value) for name, values in visit.form.values.items() if name not in own for value in values]


async def seat_conflict(api: PageApi, name: str) -> dict[str, Any]:
    """Which applications stop at a lower limit to come."""
    found: dict[str, Any] = await api.get(fill_path("/v1/subscriptions/{name}/seat-conflict", name=name))
    return found


def _priced_offers(offers: list[Any], present: str, plans: dict[str, str]) -> list[tuple[str, str, str]]:
    """Offers for a choice, each with its name and its prices; those of the present plan come last and say so."""
    ordered = sorted(((each, each["plan"] == present) for each in offers), key=lambda pair: pair[1])
    return [
        (
            each["id"],
            each["name"] or plans.get(each["plan"], each["plan"]),
            _price_sentence(each, " · the present plan" * now),
        )
        for each, now in ordered
    ]


def _price_sentence(offer: Any, more: str = "") -> str:
    """`€4.90 each up to 100, €3.90 each`: what a device costs per period; followed by `more`."""
    told = [
        f"{format_money(band['unit'], offer['currency'])} each"
        + (f" up to {band['up_to']:,}" if band.get("up_to") else "")
        for band in offer["bands"]
    ]
    return ", ".join(told) + more
