"""`tenure policy`: the rules by which a provider sells, with their sources, and publishing the next version."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from tenure.cli.api import Sending
from tenure.cli.desk import Desk
from tenure.cli.kinds import File, read_file
from tenure.cli.options import CREATING, PUBLISHING, READING
from tenure.cli.problems import Failed, invalid
from tenure.cli.show import Column, Screen
from tenure.cli.verbs import SELLING, Ended, noun, verb
from tenure.core.complaints import label
from tenure.core.plurals import format_count
from tenure.core.refusals import Refused

RULE = (Column("Rule", "field"), Column("Value", "shown"), Column("From", "source"), Column("Meaning", "meaning"))
AFFECTED = (
    Column("Subscription", "subscription"),
    Column("Customer", "customer_name"),
    Column("Plan", "plan"),
    Column("From", "takes_effect", "moment"),
    Column("With", "begins"),
    Column("Which way", "way"),
)

Rules = Annotated[tuple[str, ...], Parameter(name="--rule", help="One rule, such as grace_days=7; repeatable.")]

Now = Annotated[
    bool, Parameter(name="--apply-now", negative="", help="A longer grace reaches running periods at once.")
]

_WHOLE = ("customer_actions", "provider_actions", "renewal_order")
"""What a policy says as a whole, beside its figures."""
_APP = noun("policy", "The provider's policy: show, effective, impact, set, publish.", SELLING)


def add(app: App) -> None:
    """Add `tenure policy`."""
    app.command(_APP)


@verb(_APP, "show", READING, example="tenure policy show")
def show_policy(desk: Desk) -> Ended:
    """Show the policy in force, each figure with its source."""
    return desk.shown("/v1/policy", _policy)


@verb(_APP, "effective", READING, example="tenure policy effective --subscription sub_…")
def effective_policy(
    desk: Desk,
    *,
    offer: Annotated[str, Parameter(help="What a period of this offer begun now would hold.")] = "",
    subscription: Annotated[str, Parameter(help="What this subscription's running period holds.")] = "",
) -> Ended:
    """Show each figure that holds for an offer or a subscription, with its source."""
    query = {"offer": offer or None, "subscription": subscription or None}
    return desk.shown("/v1/policy/effective", _in_force, query)


@verb(_APP, "impact", CREATING, example="tenure policy impact --rule grace_days=7")
def foresee_impact(desk: Desk, file: File | None = None, *, rule: Rules = (), apply_now: Now = False) -> Ended:
    """Show whom publishing would affect, from when on and which way; nothing is changed.

    It ends with the report's name: `tenure policy publish` with `--plan` publishes exactly this, or nothing.
    """
    body = _body(desk, file, rule, apply_now=apply_now)
    if isinstance(body, Failed):
        return body
    return desk.write(Sending(method="POST", path="/v1/policy/impact", body=body), _impact)


@verb(_APP, "publish", PUBLISHING, example="tenure policy publish policy.json --rule grace_days=7")
def publish_policy(desk: Desk, file: File | None = None, *, rule: Rules = (), apply_now: Now = False) -> Ended:
    """Publish the whole policy anew: from a JSON file, from single rules, or both.

    What neither says is the vendor's default again; `tenure policy set` keeps what is published.
    Permissions hold at once, figures for periods that begin later.
    With `--apply-now` a longer grace reaches the running periods, too; nothing that runs is ever shortened.
    """
    body = _body(desk, file, rule, apply_now=apply_now)
    if isinstance(body, Failed):
        return body
    return desk.write(Sending(method="PUT", path="/v1/policy", body=body, planned=True), _policy)


@verb(_APP, "set", PUBLISHING, example="tenure policy set grace_days=7 sync_interval=3600")
def set_rules(
    desk: Desk,
    *rules: Annotated[str, Parameter(help="One rule, such as grace_days=7; grace_days= for the vendor's default.")],
    for_plan: Annotated[str, Parameter(name="--for-plan", help="For this plan only.")] = "",
    apply_now: Now = False,
) -> Ended:
    """Change single rules and keep every other one as it is published."""
    if not rules:
        return invalid("Name at least one rule, such as grace_days=7.", "rules")
    answer = desk.get("/v1/policy")
    if isinstance(answer, Failed):
        return answer
    body = _published(msgspec.json.decode(answer.body))
    for each in rules:
        name, equals, text = each.partition("=")
        if not (name and equals):
            return invalid("A rule is written as grace_days=7.", "rules")
        where = body if name in _WHOLE else body["plans"].setdefault(for_plan, {}) if for_plan else body["rules"]
        where[name] = _value(text)
        if not text:
            del where[name]
    sending = Sending(
        method="PUT", path="/v1/policy", body=body | {"apply_now": apply_now}, planned=True, if_match=answer.etag
    )
    return desk.write(sending, _policy)


def _published(policy: Any) -> dict[str, Any]:
    """What the provider itself has said, as it was published."""
    said = {name: policy[name] for name in _WHOLE}
    return said | {"rules": policy["own_rules"], "plans": policy["own_plans"]}


def _body(desk: Desk, file: Path | None, rules: tuple[str, ...], *, apply_now: bool) -> bytes | dict[str, Any] | Failed:
    if file is None and not rules:
        return invalid("Name a file with the policy, or at least one --rule.", "file")
    data = b"{}" if file is None else read_file(desk.world, file)
    if isinstance(data, Failed):
        return data
    body = _with(data, rules, plain=not (desk.options.plan or apply_now))
    return {**body, "apply_now": True} if apply_now and isinstance(body, dict) else body


def _with(data: bytes, rules: tuple[str, ...], *, plain: bool) -> bytes | dict[str, Any] | Failed:
    """The policy with single rules put in; if it is to be sent as it is, the very bytes for the server to judge."""
    if plain and not rules:
        return data
    from tenure.wire.strict import parse

    body = parse(data, len(data))
    if isinstance(body, Refused):
        return invalid(f"The file is not a policy: {body.detail}", "file")
    merged = body.get("rules", {}) if isinstance(body, dict) else None
    if not isinstance(merged, dict):
        return invalid("The file is not a policy: `rules` is no object.", "file")
    merged = dict(merged)
    for each in rules:
        name, equals, text = each.partition("=")
        if not (name and equals):
            return invalid("A rule is written as grace_days=7.", "rule")
        merged[name] = _value(text)
    return {**body, "rules": merged}


def _value(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return text


def _policy(screen: Screen, value: Any) -> None:
    screen.heading(f"Policy, version {value['version']}" if value["version"] else "Policy: the vendor's defaults")
    screen.table([_readable(each) for each in value["rules"]], RULE)
    for plan, rules in value["plans"].items():
        screen.line()
        screen.heading(f"For the plan {plan}")
        screen.table([_readable(each) for each in rules], RULE)
    screen.line()
    screen.line(f"Customers may: {', '.join(value['customer_actions']) or 'nothing'}.")
    screen.line(f"You may: {', '.join(value['provider_actions']) or 'nothing'}.")
    screen.line(f"When money is short: {value['renewal_order']} first.")


def _in_force(screen: Screen, value: Any) -> None:
    whose = f"the plan {value['plan']}" if value["plan"] else "every plan of which nothing else is said"
    screen.heading(f"For {whose}, by version {value['version']} of the policy")
    screen.table([_readable(each) for each in value["rules"]], RULE)


def _impact(screen: Screen, value: Any) -> None:
    counts = value["counts"]
    ways = ", ".join(f"{counts[way]:,} {way}" for way in ("better", "worse", "mixed", "neutral") if counts[way])
    sold, buyers = format_count(counts["subscriptions"], "subscription"), format_count(counts["customers"], "customer")
    screen.heading(f"{sold} of {buyers}: {ways or 'none'}")
    for plan in value["plans"]:
        for change in plan["changes"]:
            sold = format_count(plan["subscriptions"], "subscription")
            what = (
                f"{label(change['field'])}: {_text(change['before'])} becomes {_text(change['after'])}, {change['way']}"
            )
            screen.line(f"{plan['plan']}{' (trial)' if plan['trial'] else ''}, {sold}: {what}")
    if value["now"]:
        running = format_count(value["now"], "running subscription gets", "running subscriptions get")
        screen.line(f"At once: {running} a longer grace.")
    for one in value["permissions"]:
        screen.line(f"At once: a {one['role']} {'may' if one['allowed'] else 'may no longer'} {one['action']}.")
    if value["renewal_order"]:
        screen.line(f"At once: when money is short, {value['renewal_order']} first.")
    if value["subscriptions"]:
        screen.line()
        screen.table(value["subscriptions"], AFFECTED)
    screen.line()
    screen.line(f"To publish exactly this within 15 minutes: --plan {value['plan']}")


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value).lower()


def _readable(rule: Any) -> Any:
    return rule | {"shown": _text(rule["value"]), "meaning": label(rule["field"])}
