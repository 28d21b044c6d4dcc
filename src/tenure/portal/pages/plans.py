"""For the vendor: plans, which say in which ways a product is licensed, and which versions may activate."""

import re
from collections.abc import Callable
from typing import Any

from tenure.core.plurals import format_count
from tenure.http.client.api_exchange import fill_path
from tenure.portal.drafts import DraftLine, FormDraft, take_draft
from tenure.portal.session import Portal, PortalPages
from tenure.portal.stale import NOTHING_SEEN, edit_screen
from tenure.portal.vendor_only import require_vendor
from tenure.web.formatting import format_duration
from tenure.web.forms import SentForm
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageRefusal, PageScreen, Reply
from tenure.web.short_lists import NAMED, NEWEST, make_short_list
from tenure.web.visits import form_screen

SORTS = {
    "newest": NEWEST,
    "name": NAMED,
    "product": ("Product", lambda row: (row["product"], row["id"]), False),
}
UNITS = (("Y", "years"), ("M", "months"), ("W", "weeks"), ("D", "days"))
KINDS = (
    ("limited", "Limited", "Paid for a period; it is renewed by hand before it ends."),
    ("unlimited", "Unlimited", "Renews automatically from the prepaid balance while the balance covers it."),
)
STARTS = (
    ("at_order", "At the order", "The paid time runs from the order on."),
    ("at_first_activation", "At the first activation", "The paid time runs from when the code is first applied."),
)
ABOVE = (("/plans", "Plans"),)
NUMBERS = {"min_devices": 1_000_000, "max_devices": 1_000_000, "max_sites": 1_000}
NEVER = "Id, product, kind, period, beginning and trial never change. Name, functions, version and bounds may."


class PlanPages(PortalPages):
    """The pages about plans."""

    @page_at("/plans")
    async def show(self, visit: Portal) -> Reply:
        """Every plan, or those of one product."""
        require_vendor(visit, "catalog:read")
        api = self._api(visit)
        products = await api.get_all("/v1/products")
        chosen = visit.query.get("product", "")
        rows = [row for row in await api.get_all("/v1/plans") if chosen in ("", row["product"])]
        return PageScreen.of(
            "plans.html", short_list=make_short_list(visit, rows, SORTS), products=products, chosen=chosen
        )

    async def _render_new(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        rows = await self._api(visit).get_all("/v1/products")
        products = [(row["id"], f"{row['name']} ({row['id']})") for row in rows]
        choices = {"products": products, "kinds": KINDS, "starts": STARTS, "units": UNITS}
        return form_screen(visit, "plan_new.html", refusal, **choices)

    @page_at("/new-plan")
    async def new(self, visit: Portal) -> Reply:
        """The form for a plan."""
        require_vendor(visit, "catalog:write")
        if "product" in visit.query:
            visit.form.values["product"] = [visit.query["product"][:64]]
        return await self._render_new(visit)

    @form_at("/new-plan", again=_render_new)
    async def create(self, visit: Portal) -> Reply:
        """Show what it is going to be, then make it known."""
        require_vendor(visit, "catalog:write")
        form, api = visit.form, self._api(visit)
        body = {
            "id": form.read_required("id", most=100),
            "product": form.read_required("product", most=64),
            "kind": form.read_choice("kind", [name for name, *_ in KINDS]),
            "start": form.read_choice("start", [name for name, *_ in STARTS]),
            "period": _read_length(form, "period"),
            **_read_terms(form),
        }
        if form.read_text("trial"):
            body["trial"] = _read_length(form, "trial")
        draft = FormDraft(
            title="New plan",
            crumbs=ABOVE,
            button="Make the plan",
            note=NEVER,
            lines=lambda made: _compare_plans({}, made),
            send=lambda dry: api.post("/v1/plans", body, key=form.read_text("_key"), dry_run=dry),
            after=lambda made: fill_path("/plans/{name}", name=made["id"]),
            said="The plan is saved. Providers can set prices for it now.",
        )
        return await take_draft(visit, draft)

    async def _render_plan(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        seen = await self._api(visit).get_with_etag(visit.fill_address("/v1/plans/{plan}"))
        return edit_screen(visit, "plan.html", refusal, seen, _form_values(seen.value), plan=seen.value)

    @page_at("/plans/{plan}")
    async def look(self, visit: Portal) -> Reply:
        """One plan, with every lowest version that was ever set."""
        require_vendor(visit, "catalog:read")
        return await self._render_plan(visit)

    @form_at("/plans/{plan}", again=_render_plan)
    async def change(self, visit: Portal) -> Reply:
        """Show what changes, then save it."""
        require_vendor(visit, "catalog:write")
        form, api, address = visit.form, self._api(visit), visit.fill_address("/v1/plans/{plan}")
        body, before = _read_terms(form), await api.get(address)
        draft = FormDraft(
            title="Change the plan",
            crumbs=(*ABOVE, (visit.path, before["name"])),
            button="Save the plan",
            note="It applies to new orders and activations. Running periods keep their terms.",
            lines=lambda made: _compare_plans(before, made),
            send=lambda dry: api.put(address, body, if_match=form.read_text("seen") or NOTHING_SEEN, dry_run=dry),
            after=lambda made: visit.path,
            said="Saved.",
        )
        return await take_draft(visit, draft)


def _read_length(form: SentForm, name: str) -> str:
    """`1` and `Y` as `P1Y`."""
    number = form.read_whole(name, least=1, most=9_999)
    unit = form.read_text(f"{name}_unit")
    if unit not in {each for each, _ in UNITS}:
        form.add_fault(name, "Enter years, months, weeks or days.")
        return ""
    return f"P{number}{unit}"


def _read_terms(form: SentForm) -> dict[str, Any]:
    """What may change of a plan, as the form says it."""
    body: dict[str, Any] = {
        "name": form.read_required("name", most=300),
        "features": _read_names(form, "features"),
        "base_features": _read_names(form, "base_features"),
        "min_version": form.read_text("min_version", most=100) or None,
    }
    if not body["features"]:
        form.add_fault("features", "Enter at least one function: the plan grants it while it is paid.")
    return body | {name: form.read_whole(name, least=1, most=most) for name, most in NUMBERS.items()}


def _read_names(form: SentForm, field: str) -> list[str]:
    """Names divided by line ends, commas or blanks, each once."""
    return list(dict.fromkeys(name for name in re.split(r"[\s,]+", form.read_text(field, most=10_000)) if name))


def _form_values(plan: Any) -> dict[str, str]:
    """What may change of a plan, as the form shows it."""
    fields = {name: str(plan[name]) for name in ("name", *NUMBERS)}
    lists = {name: "\n".join(plan[name]) for name in ("features", "base_features")}
    return fields | lists | {"min_version": plan["min_version"]}


def _compare_plans(before: Any, after: Any) -> list[DraftLine]:
    """A plan line by line; only what differs where there was one before."""
    words = {name: (told(before) if before else "", told(after)) for name, told in _TOLD.items()}
    lines = [DraftLine(name, now, was) for name, (was, now) in words.items() if not before or was != now]
    return lines or [DraftLine("Nothing", "as it is", "as it is")]


_TOLD: dict[str, Callable[[Any], str]] = {
    "Id": lambda plan: plan["id"],
    "Name": lambda plan: plan["name"],
    "Product": lambda plan: plan["product"],
    "Kind": lambda plan: plan["kind"],
    "Period": lambda plan: format_duration(plan["period"]),
    "Begins": lambda plan: {"at_order": "at the order"}.get(plan["start"], "at the first activation"),
    "Trial": lambda plan: format_duration(plan["trial"]) if plan["trial"] else "none",
    "Functions": lambda plan: ", ".join(plan["features"]) or "none",
    "Functions after the end": lambda plan: ", ".join(plan["base_features"]) or "none",
    "Lowest version that may activate": lambda plan: plan["min_version"] or "every version",
    "Devices": lambda plan: f"{plan['min_devices']:,} to {plan['max_devices']:,}",
    "Sites of one subscription": lambda plan: f"at most {format_count(plan['max_sites'], 'site')}",
}
