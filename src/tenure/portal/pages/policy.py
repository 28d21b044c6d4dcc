"""The provider's policy: each figure with where it comes from, changed in a form, its impact before it is published."""

from typing import Any

from tenure.portal.blame import blamed
from tenure.portal.client import Api
from tenure.portal.signed import Portal, Server
from tenure.web.app import Route, action, page
from tenure.web.forms import Form
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen

FIGURES: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "After the end",
        (
            ("grace_days", "Grace after a paid period", "days"),
            ("cancel_grace_days", "Grace after a cancellation", "days"),
            ("trial_grace_days", "Grace after a trial", "days"),
            ("reinstate_days", "An ended subscription can be renewed for", "days"),
        ),
    ),
    (
        "Renewal",
        (
            ("renew_window_days", "Renewal is possible before the end", "days"),
            ("resume_days", "Automatic payment is tried after the end for", "days"),
        ),
    ),
    (
        "Devices",
        (
            ("tolerance_percent", "Devices beyond the limit", "per cent"),
            ("seat_conflict_days", "Notice before a lower limit holds", "days"),
            ("idle_release_days", "A silent device is released after", "days"),
        ),
    ),
    (
        "Contact",
        (
            ("sync_interval", "Sites synchronise every", "seconds"),
            ("lease_days", "A site works without contact for", "days"),
            ("after_end_sync_days", "Daily synchronisation after the end for", "days"),
            ("block_grace_days", "Grace after a code was blocked", "days"),
        ),
    ),
)
WAYS = {
    "late_renewal": (
        ("charge_grace", "charge the grace that was served"),
        ("from_now", "from the payment on"),
        ("from_end", "from the old end (by hand)"),
    ),
    "refund": (("none", "nothing"), ("unused_days", "unused whole days")),
    "renewal_order": (("oldest_due", "oldest due first"), ("cheapest", "cheapest first"), ("dearest", "dearest first")),
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
}

OWN = frozenset({"_token", "_key", "step", "seen", "impact"})
"""Fields of the page itself; the others are the policy."""
STALE = frozenset({"plan_changed_meanwhile", "version_stale"})


class Policy:
    """The policy editor."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """The policy in force, ready to be changed."""
        policy = (await self._server.of(visit).tagged("/v1/policy")).value
        return _editor(policy, _filled(policy))

    async def change(self, visit: Portal) -> Reply:
        """Show what a change would do to whom; then publish exactly that."""
        api = self._server.of(visit)
        seen = await api.tagged("/v1/policy")
        body = _body(visit.form, seen.value)
        if visit.form.errors or visit.form.text("step") == "change":
            return _editor(seen.value, visit.form)
        try:
            if visit.form.text("step") == "apply" and await _published(api, visit, body, seen.etag):
                return Goto("/policy")
            impact = (await api.post("/v1/policy/impact", body)).value
        except RefusedPageError as error:
            return _editor(seen.value, visit.form, None if blamed(visit.form, error.refusal) else error.refusal)
        values = {
            "impact": impact,
            "differences": _differences(seen.value, body),
            "kept": {name: given for name, given in visit.form.values.items() if name not in OWN},
            "seen": seen.etag,
        }
        return Screen(template="policy_impact.html", values=values)

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (page("/policy", self.show), action("/policy", self.change))


async def _published(api: Api, visit: Portal, body: dict[str, Any], etag: str) -> bool:
    """Publish what the report was about; False when something changed since, so that it is shown again."""
    plan = visit.form.text("impact", most=100)
    try:
        await api.put("/v1/policy", {**body, "plan": plan}, if_match=visit.form.text("seen") or etag)
    except RefusedPageError as error:
        if error.refusal.code not in STALE:
            raise
        visit.say("Something changed meanwhile. This is what it would do now.", "warn")
        return False
    visit.say("The policy is published.")
    return True


def _editor(policy: Any, form: Form, refusal: Refusal | None = None) -> Screen:
    values = {
        "policy": policy,
        "rules": {each["field"]: each for each in policy["rules"]},
        "figures": FIGURES,
        "ways": WAYS,
        "actions": ACTIONS,
        "form": form,
        "refusal": refusal,
    }
    return Screen(template="policy.html", values=values, status=422 if form.errors or refusal else 200)


def _filled(policy: Any) -> Form:
    values = {each["field"]: each["value"] for each in policy["rules"]}
    reminders = ", ".join(map(str, values.pop("reminders", ())))
    return Form.of(
        **values,
        reminders=reminders,
        renewal_order=policy["renewal_order"],
        customer_actions=policy["customer_actions"],
    )


def _body(form: Form, policy: Any) -> dict[str, Any]:
    """The policy as the form says; a figure that is the vendor's default stays the vendor's."""
    current = {each["field"]: each for each in policy["rules"]}
    wished: dict[str, Any] = {}
    for _, group in FIGURES:
        for name, *_ in group:
            wished[name] = form.whole(name, most=10_000_000)
    wished["stop_clock"] = form.flag("stop_clock")
    wished["reminders"] = _days(form)
    for name in ("late_renewal", "refund"):
        wished[name] = form.choice(name, [value for value, _ in WAYS[name]])
    own = {
        name: value
        for name, value in wished.items()
        if name in current and (current[name]["source"] == "provider" or current[name]["value"] != value)
    }
    return {
        "rules": own,
        "plans": {
            plan: {each["field"]: each["value"] for each in rules if each["source"] == "plan"}
            for plan, rules in policy["plans"].items()
        },
        "customer_actions": [action for action in ACTIONS if action in form.many("customer_actions")],
        "provider_actions": policy["provider_actions"],
        "renewal_order": form.choice("renewal_order", [value for value, _ in WAYS["renewal_order"]]),
    }


def _days(form: Form) -> list[int]:
    parts = [part.strip() for part in form.text("reminders").split(",") if part.strip()]
    if not all(part.isascii() and part.isdigit() and len(part) < 5 for part in parts):
        form.fault("reminders", "Days before the end, separated by commas: 60, 30, 7.")
        return []
    return [int(part) for part in parts]


def _differences(policy: Any, body: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """(field, old, new) of everything that would change."""
    now = {each["field"]: each["value"] for each in policy["rules"]}
    found = [(name, now[name], value) for name, value in body["rules"].items() if now[name] != value]
    before, after = set(policy["customer_actions"]), set(body["customer_actions"])
    found += [(f"customers may {name}", "no", "yes") for name in sorted(after - before)]
    found += [(f"customers may {name}", "yes", "no") for name in sorted(before - after)]
    if policy["renewal_order"] != body["renewal_order"]:
        found.append(("renewal_order", policy["renewal_order"], body["renewal_order"]))
    return found
