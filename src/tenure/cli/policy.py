"""`tenure policy`: the rules by which a provider sells, with their sources, and publishing the next version."""

from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from tenure.cli.api import Sending
from tenure.cli.desk import Desk
from tenure.cli.kinds import File, read_file
from tenure.cli.options import CHANGING, READING
from tenure.cli.problems import Failed, invalid
from tenure.cli.show import Column, Screen
from tenure.cli.verbs import SELLING, Ended, noun, verb
from tenure.core.refusals import Refused

RULE = (Column("Rule", "field"), Column("Value", "shown"), Column("From", "source"))

Rules = Annotated[tuple[str, ...], Parameter(name="--rule", help="One rule, such as grace_days=7; repeatable.")]

_APP = noun("policy", "The provider's policy: show, publish.", SELLING)


def add(app: App) -> None:
    """Add `tenure policy`."""
    app.command(_APP)


@verb(_APP, "show", READING, example="tenure policy show")
def show_policy(desk: Desk) -> Ended:
    """Show the policy in force, each figure with its source."""
    return desk.shown("/v1/policy", _policy)


@verb(_APP, "publish", CHANGING, example="tenure policy publish policy.json --rule grace_days=7 --preview")
def publish_policy(desk: Desk, file: File | None = None, *, rule: Rules = ()) -> Ended:
    """Publish the whole policy anew: from a JSON file, from single rules, or both.

    What neither says is the vendor's default again. Permissions hold at once, figures for periods that begin later.
    """
    if file is None and not rule:
        return invalid("Name a file with the policy, or at least one --rule.", "file")
    data = b"{}" if file is None else read_file(desk.world, file)
    body = data if isinstance(data, Failed) else _with(data, rule)
    if isinstance(body, Failed):
        return body
    return desk.write(Sending(method="PUT", path="/v1/policy", body=body), _policy)


def _with(data: bytes, rules: tuple[str, ...]) -> bytes | Failed:
    """The policy's JSON with single rules put in; without any, the very bytes of the file for the server to judge."""
    if not rules:
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
    return msgspec.json.encode(body | {"rules": merged})


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


def _readable(rule: Any) -> Any:
    value = rule["value"]
    shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value).lower()
    return rule | {"shown": shown}
