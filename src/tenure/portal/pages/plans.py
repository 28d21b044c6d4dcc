"""For the vendor: plans, which say in which ways a product is licensed, and which versions may activate."""

import re
from collections.abc import Callable
from typing import Any

from tenure.core.plurals import format_count
from tenure.http.client.api_exchange import fill_path
from tenure.portal.drafts import DraftLine, FormDraft, take_draft
from tenure.portal.session import Portal, PortalPages
from tenure.portal.stale import NOTHING_SEEN, STATUS, is_stale, stale_fields
from tenure.portal.vendor_only import require_vendor
from tenure.web.formatting import format_duration
from tenure.web.forms import SentForm
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageRefusal, PageScreen, Reply
from tenure.web.short_lists import NAMED, NEWEST, make_short_list

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
        api = self._server.api_for(visit)
        products = await api.get_all("/v1/products")
        chosen = visit.query.get("product", "")
        rows = [row for row in await api.get_all("/v1/plans") if chosen in ("", row["product"])]
        values = {"short_list": make_short_list(visit, rows, SORTS), "products": products, "chosen": chosen}
        return PageScreen(template="plans.html", values=values)

    @page_at("/new-plan")
    async def new(self, visit: Portal) -> Reply:
        """The form for a plan."""
        require_vendor(visit, "catalog:write")
        if "product" in visit.query:
            visit.form.values["product"] = [visit.query["product"][:64]]
        return await self._render_new(visit, None)

    @form_at("/new-plan")
    async def create(self, visit: Portal) -> Reply:
        """Show what it is going to be, then make it known."""
        require_vendor(visit, "catalog:write")
        form, api = visit.form, self._server.api_for(visit)
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
            action="/new-plan",
            button="Make the plan",
            note=NEVER,
            lines=lambda made: _compare_plans({}, made),
            send=lambda dry: api.post("/v1/plans", body, key=form.read_text("_key"), dry_run=dry),
            form=lambda refusal: self._render_new(visit, refusal),
            after=lambda made: fill_path("/plans/{name}", name=made["id"]),
            said="The plan is saved. Providers can set prices for it now.",
        )
        return await take_draft(visit, draft)

    async def _render_new(self, visit: Portal, refusal: PageRefusal | None) -> PageScreen:
        products = await self._server.api_for(visit).get_all("/v1/products")
        values = {
            "products": [(row["id"], f"{row['name']} ({row['id']})") for row in products],
            "refusal": None if refusal is None else visit.form.place_refusal(refusal),
            "kinds": KINDS,
            "starts": STARTS,
            "units": UNITS,
        }
        return PageScreen(template="plan_new.html", values=values, status=422 if refusal or visit.form.errors else 200)

    @page_at("/plans/{plan}")
    async def look(self, visit: Portal) -> Reply:
        """One plan, with every lowest version that was ever set."""
        require_vendor(visit, "catalog:read")
        return await self._render_plan(visit, None)

    @form_at("/plans/{plan}")
    async def change(self, visit: Portal) -> Reply:
        """Show what changes, then save it."""
        require_vendor(visit, "catalog:write")
        form, api, address = visit.form, self._server.api_for(visit), _plan_url(visit)
        body, before = _read_terms(form), await api.get(address)
        draft = FormDraft(
            title="Change the plan",
            crumbs=(*ABOVE, (_plans_page(visit), before["name"])),
            action=_plans_page(visit),
            button="Save the plan",
            note="It applies to new orders and activations. Running periods keep their terms.",
            lines=lambda made: _compare_plans(before, made),
            send=lambda dry: api.put(address, body, if_match=form.read_text("seen") or NOTHING_SEEN, dry_run=dry),
            form=lambda refusal: self._render_plan(visit, refusal),
            after=lambda made: _plans_page(visit),
            said="Saved.",
        )
        return await take_draft(visit, draft)

    async def _render_plan(self, visit: Portal, refusal: PageRefusal | None) -> PageScreen:
        seen = await self._server.api_for(visit).get_with_etag(_plan_url(visit))
        stored, stale, typed = _form_values(seen.value), is_stale(refusal), visit.method == "POST"
        values: dict[str, Any] = {
            "plan": seen.value,
            "refusal": None if refusal is None or stale else visit.form.place_refusal(refusal),
            "form": visit.form if typed else SentForm.of(**stored),
            "seen": visit.form.read_text("seen") if typed and not stale else seen.etag,
            "differences": stale_fields(visit.form, stored) if stale else None,
        }
        wrong = bool(refusal or visit.form.errors)
        return PageScreen(template="plan.html", values=values, status=STATUS if stale else 422 if wrong else 200)


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


def _plan_url(visit: Portal) -> str:
    return fill_path("/v1/plans/{name}", name=visit.params["plan"])


def _plans_page(visit: Portal) -> str:
    return fill_path("/plans/{name}", name=visit.params["plan"])
