"""For the vendor: plans, which say in which ways a product is licensed, and which versions may activate."""

import re
from collections.abc import Callable
from typing import Any

from tenure.core.plurals import format_count
from tenure.portal.blame import blamed
from tenure.portal.client import path
from tenure.portal.drafts import Draft, Line, take
from tenure.portal.signed import Portal, Server
from tenure.portal.stale import NOTHING_SEEN, STATUS, differences, is_stale
from tenure.portal.vendor_only import require_vendor
from tenure.web.app import Route, action, page
from tenure.web.forms import Form
from tenure.web.replies import Refusal, Reply, Screen
from tenure.web.shelf import NAMED, NEWEST, shelve
from tenure.web.words import duration

SORTS = {
    "newest": NEWEST,
    "name": NAMED,
    "product": ("Product", lambda row: (row["product"], row["id"]), False),
}
UNITS = (("Y", "years"), ("M", "months"), ("W", "weeks"), ("D", "days"))
KINDS = (
    ("limited", "Limited", "Paid for a period; somebody renews it before it ends."),
    ("unlimited", "Unlimited", "Renews itself from the prepaid balance for as long as money is there."),
)
STARTS = (
    ("at_order", "At the order", "The paid time runs from the order on."),
    ("at_first_activation", "At the first activation", "The paid time runs from when the code is first applied."),
)
ABOVE = (("/plans", "Plans"),)
NUMBERS = {"min_devices": 1_000_000, "max_devices": 1_000_000, "max_sites": 1_000}
NEVER = "Id, product, kind, period, beginning and trial never change. Name, functions, version and bounds may."


class Plans:
    """The pages about plans."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """Every plan, or those of one product."""
        require_vendor(visit, "catalogue:read")
        api = self._server.of(visit)
        products = await api.whole("/v1/products")
        chosen = visit.query.get("product", "")
        rows = [row for row in await api.whole("/v1/plans") if chosen in ("", row["product"])]
        values = {"shelf": shelve(visit, rows, SORTS), "products": products, "chosen": chosen}
        return Screen(template="plans.html", values=values)

    async def new(self, visit: Portal) -> Reply:
        """The form for a plan."""
        require_vendor(visit, "catalogue:write")
        if "product" in visit.query:
            visit.form.values["product"] = [visit.query["product"][:64]]
        return await self._new(visit, None)

    async def create(self, visit: Portal) -> Reply:
        """Show what it is going to be, then make it known."""
        require_vendor(visit, "catalogue:write")
        form, api = visit.form, self._server.of(visit)
        body = {
            "id": form.required("id", most=100),
            "product": form.required("product", most=64),
            "kind": form.choice("kind", [name for name, *_ in KINDS]),
            "start": form.choice("start", [name for name, *_ in STARTS]),
            "period": _length(form, "period"),
            **_terms(form),
        }
        if form.text("trial"):
            body["trial"] = _length(form, "trial")
        draft = Draft(
            title="New plan",
            crumbs=ABOVE,
            action="/new-plan",
            button="Make the plan",
            note=NEVER,
            lines=lambda made: _compared({}, made),
            send=lambda dry: api.post("/v1/plans", body, key=form.text("_key"), dry_run=dry),
            form=lambda refusal: self._new(visit, refusal),
            after=lambda made: path("/plans/{name}", name=made["id"]),
            said="The plan is known. Providers can put a price on it now.",
        )
        return await take(visit, draft)

    async def _new(self, visit: Portal, refusal: Refusal | None) -> Screen:
        products = await self._server.of(visit).whole("/v1/products")
        values = {
            "products": [(row["id"], f"{row['name']} ({row['id']})") for row in products],
            "refusal": None if refusal is None or blamed(visit.form, refusal) else refusal,
            "kinds": KINDS,
            "starts": STARTS,
            "units": UNITS,
        }
        return Screen(template="plan_new.html", values=values, status=422 if refusal or visit.form.errors else 200)

    async def look(self, visit: Portal) -> Reply:
        """One plan, with every lowest version that was ever set."""
        require_vendor(visit, "catalogue:read")
        return await self._one(visit, None)

    async def change(self, visit: Portal) -> Reply:
        """Show what changes, then save it."""
        require_vendor(visit, "catalogue:write")
        form, api, address = visit.form, self._server.of(visit), _address(visit)
        body, before = _terms(form), await api.get(address)
        draft = Draft(
            title="Change the plan",
            crumbs=(*ABOVE, (_page(visit), before["name"])),
            action=_page(visit),
            button="Save the plan",
            note="Orders and activations from now on go by it. Periods that run keep what they began with.",
            lines=lambda made: _compared(before, made),
            send=lambda dry: api.put(address, body, if_match=form.text("seen") or NOTHING_SEEN, dry_run=dry),
            form=lambda refusal: self._one(visit, refusal),
            after=lambda made: _page(visit),
            said="Saved.",
        )
        return await take(visit, draft)

    async def _one(self, visit: Portal, refusal: Refusal | None) -> Screen:
        seen = await self._server.of(visit).tagged(_address(visit))
        stored, stale, typed = _typed(seen.value), is_stale(refusal), visit.method == "POST"
        values: dict[str, Any] = {
            "plan": seen.value,
            "refusal": None if refusal is None or stale or blamed(visit.form, refusal) else refusal,
            "form": visit.form if typed else Form.of(**stored),
            "seen": visit.form.text("seen") if typed and not stale else seen.etag,
            "differences": differences(visit.form, stored) if stale else None,
        }
        wrong = bool(refusal or visit.form.errors)
        return Screen(template="plan.html", values=values, status=STATUS if stale else 422 if wrong else 200)

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (
            page("/plans", self.show),
            page("/new-plan", self.new),
            action("/new-plan", self.create),
            page("/plans/{plan}", self.look),
            action("/plans/{plan}", self.change),
        )


def _length(form: Form, name: str) -> str:
    """`1` and `Y` as `P1Y`."""
    number = form.whole(name, least=1, most=9_999)
    unit = form.text(f"{name}_unit")
    if unit not in {each for each, _ in UNITS}:
        form.fault(name, "Years, months, weeks or days, please.")
        return ""
    return f"P{number}{unit}"


def _terms(form: Form) -> dict[str, Any]:
    """What may change of a plan, as the form says it."""
    body: dict[str, Any] = {
        "name": form.required("name", most=300),
        "features": _names(form, "features"),
        "base_features": _names(form, "base_features"),
        "min_version": form.text("min_version", most=100) or None,
    }
    if not body["features"]:
        form.fault("features", "At least one function, please: what the plan grants while it is paid.")
    return body | {name: form.whole(name, least=1, most=most) for name, most in NUMBERS.items()}


def _names(form: Form, field: str) -> list[str]:
    """Names divided by line ends, commas or blanks, each once."""
    return list(dict.fromkeys(name for name in re.split(r"[\s,]+", form.text(field, most=10_000)) if name))


def _typed(plan: Any) -> dict[str, str]:
    """What may change of a plan, as the form shows it."""
    fields = {name: str(plan[name]) for name in ("name", *NUMBERS)}
    lists = {name: "\n".join(plan[name]) for name in ("features", "base_features")}
    return fields | lists | {"min_version": plan["min_version"]}


def _compared(before: Any, after: Any) -> list[Line]:
    """A plan line by line; only what differs where there was one before."""
    words = {name: (told(before) if before else "", told(after)) for name, told in _TOLD.items()}
    lines = [Line(name, now, was) for name, (was, now) in words.items() if not before or was != now]
    return lines or [Line("Nothing", "as it is", "as it is")]


_TOLD: dict[str, Callable[[Any], str]] = {
    "Id": lambda plan: plan["id"],
    "Name": lambda plan: plan["name"],
    "Product": lambda plan: plan["product"],
    "Kind": lambda plan: plan["kind"],
    "Period": lambda plan: duration(plan["period"]),
    "Begins": lambda plan: {"at_order": "at the order"}.get(plan["start"], "at the first activation"),
    "Trial": lambda plan: duration(plan["trial"]) if plan["trial"] else "none",
    "Functions": lambda plan: ", ".join(plan["features"]) or "none",
    "Functions after the end": lambda plan: ", ".join(plan["base_features"]) or "none",
    "Lowest version that may activate": lambda plan: plan["min_version"] or "every version",
    "Devices": lambda plan: f"{plan['min_devices']:,} to {plan['max_devices']:,}",
    "Sites of one subscription": lambda plan: f"at most {format_count(plan['max_sites'], 'site')}",
}


def _address(visit: Portal) -> str:
    return path("/v1/plans/{name}", name=visit.params["plan"])


def _page(visit: Portal) -> str:
    return path("/plans/{name}", name=visit.params["plan"])
