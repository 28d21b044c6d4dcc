"""`tenure policy`: the rules by which a provider sells, with their sources, and publishing the next version."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from tenure.cli.argument_types import File, read_file
from tenure.cli.command_session import CommandSession
from tenure.cli.options import CREATING, PUBLISHING, READING
from tenure.cli.output import CommandOutput
from tenure.cli.problems import invalid_field
from tenure.cli.registration import SELLING, add_noun, add_verb, add_words
from tenure.cli.screen import CommandScreen, TableColumn
from tenure.core.field_errors import field_label
from tenure.core.plurals import format_count
from tenure.core.refusals import Refused

RULE = (
    TableColumn("Rule", "field"),
    TableColumn("Value", "shown"),
    TableColumn("From", "source"),
    TableColumn("Meaning", "meaning"),
)
AFFECTED = (
    TableColumn("Subscription", "subscription"),
    TableColumn("Customer", "customer_name"),
    TableColumn("Plan", "plan"),
    TableColumn("From", "takes_effect", "moment"),
    TableColumn("With", "begins"),
    TableColumn("Which way", "way"),
)

Rules = Annotated[tuple[str, ...], Parameter(name="--rule", help="One rule, such as grace_days=7; repeatable.")]

Now = Annotated[
    bool, Parameter(name="--apply-now", negative="", help="A longer grace applies to running periods at once.")
]

_WHOLE = ("customer_actions", "provider_actions", "renewal_order")
"""What a policy says as a whole, in addition to its figures."""
_APP = add_noun("policy", "The provider's policy: show, effective, impact, set, publish.", SELLING)
add = add_words(_APP)


@add_verb(_APP, "show", READING, example="tenure policy show")
def show_policy(session: CommandSession) -> CommandOutput:
    """Show the policy in force, each figure with its source."""
    return session.get_shown("/v1/policy", _print_policy)


@add_verb(_APP, "effective", READING, example="tenure policy effective --subscription sub_…")
def effective_policy(
    session: CommandSession,
    *,
    offer: Annotated[str, Parameter(help="The figures for a period of this offer that begins now.")] = "",
    subscription: Annotated[str, Parameter(help="What this subscription's running period holds.")] = "",
) -> CommandOutput:
    """Show each figure that applies to an offer or a subscription, with its source."""
    query = {"offer": offer or None, "subscription": subscription or None}
    return session.get_shown("/v1/policy/effective", _in_force, query)


@add_verb(_APP, "impact", CREATING, example="tenure policy impact --rule grace_days=7")
def foresee_impact(
    session: CommandSession, file: File | None = None, *, rule: Rules = (), apply_now: Now = False
) -> CommandOutput:
    """Show whom publishing would affect, from when on, and in which direction; nothing is changed.

    It ends with the report's name: `tenure policy publish` with `--outcome` publishes exactly this, or nothing.
    """
    body = _policy_body(session, file, rule, apply_now=apply_now)
    return session.post("/v1/policy/impact", _print_impact, body)


@add_verb(_APP, "publish", PUBLISHING, example="tenure policy publish policy.json --rule grace_days=7")
def publish_policy(
    session: CommandSession, file: File | None = None, *, rule: Rules = (), apply_now: Now = False
) -> CommandOutput:
    """Publish the whole policy again: from a JSON file, from single rules, or both.

    What neither says is the vendor's default again; `tenure policy set` keeps what is published.
    Permissions hold at once, figures for periods that begin later.
    With `--apply-now` a longer grace reaches the running periods, too; nothing that runs is ever shortened.
    """
    body = _policy_body(session, file, rule, apply_now=apply_now)
    return session.put("/v1/policy", _print_policy, body, takes_outcome_hash=True)


@add_verb(_APP, "set", PUBLISHING, example="tenure policy set grace_days=7 sync_interval=3600")
def set_rules(
    session: CommandSession,
    *rules: Annotated[str, Parameter(help="One rule, such as grace_days=7; grace_days= for the vendor's default.")],
    for_plan: Annotated[str, Parameter(name="--for-plan", help="For this plan only.")] = "",
    apply_now: Now = False,
) -> CommandOutput:
    """Change single rules and keep every other one as it is published."""
    if not rules:
        raise invalid_field("Name at least one rule, such as grace_days=7.", "rules")
    answer = session.get("/v1/policy")
    body = _published_body(msgspec.json.decode(answer.body))
    for each in rules:
        name, equals, text = each.partition("=")
        if not (name and equals):
            raise invalid_field("A rule is written as grace_days=7.", "rules")
        where = body if name in _WHOLE else body["plans"].setdefault(for_plan, {}) if for_plan else body["rules"]
        where[name] = _parse_value(text)
        if not text:
            del where[name]
    body |= {"apply_now": apply_now}
    return session.put("/v1/policy", _print_policy, body, takes_outcome_hash=True, if_match=answer.etag)


def _published_body(policy: Any) -> dict[str, Any]:
    """What the provider itself has said, as it was published."""
    said = {name: policy[name] for name in _WHOLE}
    return said | {"rules": policy["own_rules"], "plans": policy["own_plans"]}


def _policy_body(
    session: CommandSession, file: Path | None, rules: tuple[str, ...], *, apply_now: bool
) -> bytes | dict[str, Any]:
    if file is None and not rules:
        raise invalid_field("Name a file with the policy, or at least one --rule.", "file")
    data = b"{}" if file is None else read_file(session.world, file)
    body = _with_rules(data, rules, plain=not (session.options.outcome or apply_now))
    return {**body, "apply_now": True} if apply_now and isinstance(body, dict) else body


def _with_rules(data: bytes, rules: tuple[str, ...], *, plain: bool) -> bytes | dict[str, Any]:
    """The policy with single rules put in; if it is to be sent as it is, the very bytes for the server to judge."""
    if plain and not rules:
        return data
    from tenure.wire.strict_json import parse_json

    body = parse_json(data, len(data))
    if isinstance(body, Refused):
        raise invalid_field(f"The file is not a policy: {body.detail}", "file")
    merged = body.get("rules", {}) if isinstance(body, dict) else None
    if not isinstance(merged, dict):
        raise invalid_field("The file is not a policy: `rules` is no object.", "file")
    merged = dict(merged)
    for each in rules:
        name, equals, text = each.partition("=")
        if not (name and equals):
            raise invalid_field("A rule is written as grace_days=7.", "rule")
        merged[name] = _parse_value(text)
    return {**body, "rules": merged}


def _parse_value(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return text


def _print_policy(screen: CommandScreen, value: Any) -> None:
    screen.heading(f"Policy, version {value['version']}" if value["version"] else "Policy: the vendor's defaults")
    screen.table([_readable_rule(each) for each in value["rules"]], RULE)
    for plan, rules in value["plans"].items():
        screen.line()
        screen.heading(f"For the plan {plan}")
        screen.table([_readable_rule(each) for each in rules], RULE)
    screen.line()
    screen.line(f"Customers may: {', '.join(value['customer_actions']) or 'nothing'}.")
    screen.line(f"You may: {', '.join(value['provider_actions']) or 'nothing'}.")
    screen.line(f"When money is short: {value['renewal_order']} first.")


def _in_force(screen: CommandScreen, value: Any) -> None:
    whose = f"the plan {value['plan']}" if value["plan"] else "every plan of which nothing else is said"
    screen.heading(f"For {whose}, by version {value['version']} of the policy")
    screen.table([_readable_rule(each) for each in value["rules"]], RULE)


def _print_impact(screen: CommandScreen, value: Any) -> None:
    counts = value["counts"]
    ways = ", ".join(f"{counts[way]:,} {way}" for way in ("better", "worse", "mixed", "neutral") if counts[way])
    sold, buyers = format_count(counts["subscriptions"], "subscription"), format_count(counts["customers"], "customer")
    screen.heading(f"{sold} of {buyers}: {ways or 'none'}")
    for plan in value["plans"]:
        for change in plan["changes"]:
            sold = format_count(plan["subscriptions"], "subscription")
            what = (
                f"{field_label(change['field'])}: {_value_text(change['before'])} becomes "
                f"{_value_text(change['after'])}, {change['way']}"
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
    screen.line(f"To publish exactly this within 15 minutes: --outcome {value['outcome_hash']}")


def _value_text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value).lower()


def _readable_rule(rule: Any) -> Any:
    return rule | {"shown": _value_text(rule["value"]), "meaning": field_label(rule["field"])}
