"""The provider's policy: each figure with where it comes from, changed in a form, its impact before it is published."""

from typing import Any

from tenure.core.field_errors import field_label
from tenure.core.plurals import format_count
from tenure.core.policy.bounds import widest_bound
from tenure.core.whole_numbers import read_whole_number
from tenure.http.client.api_exchange import fill_path
from tenure.portal.session import Portal, PortalPages
from tenure.web.formatting import humanize_name
from tenure.web.forms import SentForm
from tenure.web.page_api import PageApi
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply

FIGURES: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "After the end",
        (
            ("grace_days", "days"),
            ("cancel_grace_days", "days"),
            ("trial_grace_days", "days"),
            ("reinstate_days", "days"),
        ),
    ),
    (
        "Renewal",
        (
            ("renew_window_days", "days"),
            ("resume_days", "days"),
        ),
    ),
    (
        "Devices",
        (
            ("tolerance_percent", "percent"),
            ("seat_conflict_days", "days"),
            ("idle_release_days", "days"),
        ),
    ),
    (
        "Contact",
        (
            ("sync_interval", ""),
            ("lease_days", "days"),
            ("after_end_sync_days", "days"),
            ("ephemeral_hours", "hours"),
            ("air_gap_lease_days", "days"),
            ("block_grace_days", "days"),
        ),
    ),
)
"""Figures by topic, each with the unit that stands behind it; `core.field_errors.LABELS` says what they are called."""
UNIT_NAMES = {name: unit for _, group in FIGURES for name, unit in group} | {
    "sync_interval": "seconds",
    "reminders": "days",
}
"""What the API counts them in."""
WAYS = {
    "late_renewal": (
        ("charge_grace", "charge the grace that was served"),
        ("from_now", "from the payment on"),
        ("from_end", "from the old end (by hand)"),
    ),
    "refund": (("none", "nothing"), ("unused_days", "unused whole days")),
    "renewal_order": (
        ("oldest_due", "oldest due first"),
        ("cheapest", "cheapest first"),
        ("most_expensive", "most expensive first"),
    ),
}
ACTIONS = {
    "order": "Order",
    "renew": "Renew",
    "auto_renew": "Switch automatic renewal",
    "change_devices": "Change the number of devices",
    "change_plan": "Change the plan",
    "cancel_at_end": "Cancel at the end",
    "undo_cancel": "Undo a cancellation",
    "cancel_now": "Cancel at once",
    "pause": "Pause",
    "resume": "Resume",
    "reissue_code": "Get a new code",
    "request_payment": "Make a payment request",
    "extend_grace": "Extend grace",
    "transfer": "Transfer to another customer",
    "release_site": "Release an installation's place",
}

OPERATORS = ACTIONS | {"top_up": "Book a top-up or a payment"}
"""What the provider's own operators can be allowed."""
UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))
"""Intervals are told in the largest of these that divides them."""

OWN = frozenset({"_token", "_key", "step", "seen", "impact", "opened"})
"""Fields of the page itself; the others are the policy."""
STALE = frozenset({"outcome_changed_meanwhile", "version_stale"})


class PolicyPages(PortalPages):
    """The policy editor: one page for all plans, one for what differs for a single plan."""

    @page_at("/policy")
    async def show(self, visit: Portal) -> Reply:
        """The policy in force, ready to be changed."""
        policy = await self._api(visit).get("/v1/policy")
        return await self._render_editor(visit, policy, _filled_form(policy))

    @form_at("/policy")
    async def change(self, visit: Portal) -> Reply:
        """Show what a change would do to whom; then publish exactly that."""
        return await self._change_policy(visit, "")

    @page_at("/policy/plans/{plan}")
    async def show_plan(self, visit: Portal) -> Reply:
        """What differs for a plan, ready to be changed."""
        policy, plan = await self._api(visit).get("/v1/policy"), visit.params["plan"]
        return await self._render_editor(visit, policy, _filled_plan(policy["own_plans"].get(plan, {})), plan)

    @form_at("/policy/plans/{plan}")
    async def change_plan(self, visit: Portal) -> Reply:
        """The same as `change`, for one plan."""
        return await self._change_policy(visit, visit.params["plan"])

    async def _change_policy(self, visit: Portal, plan: str) -> Reply:
        api = self._api(visit)
        seen = await api.get_with_etag("/v1/policy")
        body = _body_of_plan(visit.form, seen.value, plan) if plan else _read_policy(visit.form, seen.value)
        if visit.form.errors or visit.form.read_text("step") == "change":
            return await self._render_editor(visit, seen.value, visit.form, plan)
        try:
            if visit.form.read_text("step") == "apply" and await _publish_policy(api, visit, body, seen.etag):
                return RedirectTo("/policy", "The policy is published.")
            impact = (await api.post("/v1/policy/impact", body)).value
            if visit.form.read_text("opened") not in ("", str(seen.value["version"])):
                visit.flash_message(
                    "Another user has published since you opened the form; the differences below would undo that.",
                    "warn",
                )
        except RefusedPageError as error:
            told = visit.form.place_refusal(error.refusal)
            return await self._render_editor(visit, seen.value, visit.form, plan, told)
        named = await self._plan_names(api, seen.value)
        return PageScreen.of(
            "policy_impact.html",
            impact=impact,
            plans=named,
            differences=_policy_differences(seen.value, body, named),
            kept={name: given for name, given in visit.form.values.items() if name not in OWN},
            seen=seen.etag,
            address=fill_path("/policy/plans/{plan}", plan=plan) if plan else "/policy",
            figure=format_figure,
        )

    async def _plan_names(self, api: PageApi, policy: Any) -> dict[str, str]:
        """Plans by id; one that the vendor no longer offers is called by its id."""
        return {
            **{name: name for name in policy["own_plans"]},
            **{each["id"]: each["name"] for each in await api.get_all("/v1/plans")},
        }

    async def _render_editor(
        self, visit: Portal, policy: Any, form: SentForm, plan: str = "", refusal: PageRefusal | None = None
    ) -> PageScreen:
        named = await self._plan_names(self._api(visit), policy)
        if plan and plan not in named:
            raise RefusedPageError(PageRefusal(title="There is no such plan.", status=404, code="not_found"))
        values = {
            "policy": policy,
            "rules": {each["field"]: each for each in policy["rules"]},
            "figures": FIGURES,
            "widest": widest_bound,
            "ways": WAYS,
            "actions": ACTIONS,
            "operators": OPERATORS,
            "units": [(unit, unit) for unit, _ in UNITS],
            "plans": named,
            "plan": plan,
            "figure": format_figure,
            "form": form,
            "refusal": refusal,
        }
        template = "policy_plan.html" if plan else "policy.html"
        return PageScreen(template=template, values=values, status=422 if form.errors or refusal else 200)


def format_figure(name: str, value: Any) -> str:
    """A figure as people read it: an interval in its largest whole unit, a choice in its words, a list, yes or no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "sync_interval":
        number, unit = _split_interval(int(value))
        return format_count(number, unit.removesuffix("s"))
    if name in WAYS:
        return dict(WAYS[name]).get(str(value), str(value))
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


async def _publish_policy(api: PageApi, visit: Portal, body: dict[str, Any], etag: str) -> bool:
    """Publish what the report was about; False when something changed since, so that it is shown again."""
    outcome_hash = visit.form.read_text("impact", most=100)
    try:
        await api.put(
            "/v1/policy", {**body, "outcome_hash": outcome_hash}, if_match=visit.form.read_text("seen") or etag
        )
    except RefusedPageError as error:
        if error.refusal.code not in STALE:
            raise
        visit.flash_message("Something changed meanwhile. This is what it would do now.", "warn")
        return False
    return True


def _split_interval(seconds: int) -> tuple[int, str]:
    return next((seconds // size, unit) for unit, size in UNITS if seconds % size == 0)


def _filled_form(policy: Any) -> SentForm:
    values = _field_values({each["field"]: each["value"] for each in policy["rules"]})
    return SentForm.of(
        **values,
        renewal_order=policy["renewal_order"],
        customer_actions=policy["customer_actions"],
        provider_actions=policy["provider_actions"],
    )


def _filled_plan(own: dict[str, Any]) -> SentForm:
    values = _field_values(own)
    if "stop_clock" in values:
        values["stop_clock"] = "yes" if values["stop_clock"] else "no"
    return SentForm.of(**values)


def _field_values(values: dict[str, Any]) -> dict[str, Any]:
    """Figures as the fields of a form hold them."""
    spelled = dict(values)
    if "reminders" in spelled:
        spelled["reminders"] = ", ".join(map(str, spelled["reminders"]))
    if "sync_interval" in spelled:
        spelled["sync_interval"], spelled["sync_interval_unit"] = _split_interval(spelled["sync_interval"])
    return spelled


def _read_policy(form: SentForm, policy: Any) -> dict[str, Any]:
    """The policy as the form says; a figure that is the vendor's default stays the vendor's."""
    current = {each["field"]: each["value"] for each in policy["rules"]}
    wished: dict[str, Any] = {name: _read_figure(form, name) for _, group in FIGURES for name, *_ in group}
    wished["stop_clock"] = form.read_flag("stop_clock")
    wished["reminders"] = _read_days(form)
    for name in ("late_renewal", "refund"):
        wished[name] = form.read_choice(name, [value for value, _ in WAYS[name]])
    own = policy["own_rules"]
    said = {name: value for name, value in wished.items() if name in own or current.get(name) != value}
    unshown = [name for name in policy["customer_actions"] if name not in ACTIONS]
    return _published(policy) | {
        "rules": {**own, **said},
        "customer_actions": [name for name in ACTIONS if name in form.read_many("customer_actions")] + unshown,
        "provider_actions": [name for name in OPERATORS if name in form.read_many("provider_actions")],
        "renewal_order": form.read_choice("renewal_order", [value for value, _ in WAYS["renewal_order"]]),
        "apply_now": form.read_flag("apply_now"),
    }


def _body_of_plan(form: SentForm, policy: Any, plan: str) -> dict[str, Any]:
    """The policy with what the form says for one plan; a field left empty is as for all plans."""
    layer: dict[str, Any] = {
        name: _read_figure(form, name) for _, group in FIGURES for name, *_ in group if form.read_text(name)
    }
    if form.read_text("stop_clock"):
        layer["stop_clock"] = form.read_choice("stop_clock", ("yes", "no")) == "yes"
    if form.read_text("reminders"):
        layer["reminders"] = _read_days(form)
    for name in ("late_renewal", "refund"):
        if form.read_text(name):
            layer[name] = form.read_choice(name, [value for value, _ in WAYS[name]])
    plans = {name: each for name, each in {**policy["own_plans"], plan: layer}.items() if each}
    return _published(policy) | {"plans": plans, "apply_now": form.read_flag("apply_now")}


def _published(policy: Any) -> dict[str, Any]:
    """What the provider itself has said, as it was published."""
    kept = {name: policy[name] for name in ("customer_actions", "provider_actions", "renewal_order")}
    return {"rules": policy["own_rules"], "plans": policy["own_plans"], **kept}


def _read_figure(form: SentForm, name: str) -> int:
    """A figure; an interval is a number of the unit beside it, in seconds."""
    unit = dict(UNITS).get(form.read_text("sync_interval_unit"), 1) if name == "sync_interval" else 1
    least, most = widest_bound(name)
    # A limit in seconds is told in the unit that was chosen: a quarter of an hour to three days are 1 to 72 hours.
    return form.read_whole(name, least=-(-least // unit), most=most // unit) * unit


def _read_days(form: SentForm) -> list[int]:
    parts = [part.strip() for part in form.read_text("reminders").split(",") if part.strip()]
    days = [day for part in parts if (day := read_whole_number(part, 4)) is not None]
    if len(days) < len(parts):
        form.add_fault("reminders", "Days before the end, separated by commas: 60, 30, 7.")
        return []
    return days


def _policy_differences(policy: Any, body: dict[str, Any], plans: dict[str, str]) -> list[tuple[str, str, str]]:
    """(what, old, new) of everything that would change, in words."""
    now = {each["field"]: each["value"] for each in policy["rules"]}
    found = [
        (field_label(name), format_figure(name, now[name]), format_figure(name, value))
        for name, value in body["rules"].items()
        if now[name] != value
    ]
    for plan in sorted({*policy["own_plans"], *body["plans"]}):
        before, after = policy["own_plans"].get(plan, {}), body["plans"].get(plan, {})
        for name in sorted({*before, *after}):
            old, new = (
                format_figure(name, layer[name]) if name in layer else "as for all" for layer in (before, after)
            )
            found += [(f"{plans.get(plan, plan)}: {field_label(name)}", old, new)] if old != new else []
    for whose, field in (("Customers", "customer_actions"), ("Operators", "provider_actions")):
        had, has = set(policy[field]), set(body[field])
        found += [(f"{whose} may: {_act(name)}", "no", "yes") for name in sorted(has - had)]
        found += [(f"{whose} may: {_act(name)}", "yes", "no") for name in sorted(had - has)]
    if policy["renewal_order"] != body["renewal_order"]:
        old, new = (format_figure("renewal_order", each["renewal_order"]) for each in (policy, body))
        found.append((field_label("renewal_order"), old, new))
    if body["apply_now"]:
        found.append(("Running periods", "keep their grace", "get a longer grace at once"))
    return found


def _act(name: str) -> str:
    """What an action is called on the page."""
    return OPERATORS.get(name, humanize_name(name))
