"""`tenure webhooks`: addresses that are told what happens, their secrets, and what was delivered to them."""

from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from tenure.cli.api import Sending, path
from tenure.cli.desk import Desk
from tenure.cli.kinds import Limit
from tenure.cli.options import CHANGING, CREATING, READING
from tenure.cli.output import sentence
from tenure.cli.problems import Failed
from tenure.cli.show import Column, Screen
from tenure.cli.verbs import ACCESS, Ended, noun, verb

WEBHOOK = (
    Column("Webhook", "id"),
    Column("Address", "url"),
    Column("Events", "events", "list"),
    Column("Note", "note"),
    Column("Active", "active", "yes"),
    Column("Failing since", "failing_since", "moment"),
    Column("Served up to", "seq", "count"),
)
DETAILS = (*WEBHOOK, Column("Switched off because", "reason"), Column("Public key", "public_key"))
DELIVERY = (
    Column("Delivery", "id"),
    Column("No.", "seq"),
    Column("Event", "kind"),
    Column("State", "state"),
    Column("Tries", "tries", "count"),
    Column("Last try", "tried", "moment"),
    Column("Next try", "due", "moment"),
    Column("Status", "status"),
    Column("Fault", "fault"),
    Column("Answer", "answer"),
)

KIND = (Column("Event", "kind"), Column("About", "topic"), Column("Meaning", "meaning"))

Name = Annotated[str, Parameter(help="The webhook's id, `whk_…`.")]
Events = Annotated[
    tuple[str, ...],
    Parameter(
        name="--event",
        help="A kind of event (`tenure webhooks kinds` lists them) or a family such as subscription.*; repeatable. "
        "None: all events.",
    ),
]
Note = Annotated[str, Parameter(help="What it is for.")]

_APP = noun(
    "webhooks", "Webhooks: list, kinds of events, show, add, change, on, off, delete, secrets, deliveries.", ACCESS
)


def add(app: App) -> None:
    """Add `tenure webhooks`."""
    app.command(_APP)


@verb(_APP, "list", READING, example="tenure webhooks list")
def list_webhooks(desk: Desk, *, limit: Limit = None) -> Ended:
    """List webhooks, without their secrets."""
    return desk.listed("/v1/webhooks", _webhooks, {}, limit=limit)


@verb(_APP, "kinds", READING, example="tenure webhooks kinds")
def list_event_kinds(desk: Desk) -> Ended:
    """List every kind of event that a webhook can ask for, with what it means."""
    return desk.shown("/v1/event-kinds", _kinds, tenant=False)


@verb(_APP, "show", READING, example="tenure webhooks show whk_…")
def show_webhook(desk: Desk, webhook: Name) -> Ended:
    """Show a webhook, since when it fails, and the key that signs for it."""
    return desk.shown(_at(webhook), _card)


@verb(_APP, "add", CREATING, example="tenure webhooks add https://example.com/hook --event 'subscription.*'")
def add_webhook(
    desk: Desk,
    address: Annotated[str, Parameter(help="Where to, https.")],
    *,
    event: Events = (),
    note: Note = "",
) -> Ended:
    """Have what happens from now on sent to an address; its secret is shown this once."""
    body = {"url": address, "events": event, "note": note}
    return desk.write(Sending(method="POST", path="/v1/webhooks", body=body), _made)


@verb(_APP, "change", CHANGING, example="tenure webhooks change whk_… --event subscription.renewed")
def change_webhook(
    desk: Desk,
    webhook: Name,
    *,
    address: Annotated[str, Parameter(help="Where to from now on.")] = "",
    event: Events = (),
    note: Note = "",
) -> Ended:
    """Change address, events or note; what is not given stays."""
    given = {"url": address, "events": event, "note": note}
    return _changed(desk, webhook, {name: value for name, value in given.items() if value})


@verb(_APP, "on", CHANGING, example="tenure webhooks on whk_…")
def switch_on(desk: Desk, webhook: Name) -> Ended:
    """Switch a webhook on again: it goes on in the feed where it stopped."""
    return _changed(desk, webhook, {"active": True})


@verb(_APP, "off", CHANGING, example="tenure webhooks off whk_…")
def switch_off(desk: Desk, webhook: Name) -> Ended:
    """Switch a webhook off: what happens meanwhile waits."""
    return _changed(desk, webhook, {"active": False})


@verb(_APP, "delete", CHANGING, example="tenure webhooks delete whk_…")
def delete_webhook(desk: Desk, webhook: Name) -> Ended:
    """Delete a webhook, its log and what still waits for it."""
    return desk.write(Sending(method="DELETE", path=_at(webhook)), sentence(f"{webhook} is deleted."))


@verb(_APP, "rotate-secret", CREATING, example="tenure webhooks rotate-secret whk_… --overlap-hours 48")
def rotate_secret(
    desk: Desk,
    webhook: Name,
    *,
    overlap_hours: Annotated[int, Parameter(help="For how long the old secret signs too.")] = 24,
) -> Ended:
    """Make a new secret, shown this once; the old one signs too for a while."""
    body = {"overlap_hours": overlap_hours}
    return desk.write(Sending(method="POST", path=f"{_at(webhook)}/rotate-secret", body=body), _made)


@verb(_APP, "deliveries", READING, example="tenure webhooks deliveries whk_… --limit 20")
def list_deliveries(desk: Desk, webhook: Name, *, limit: Limit = None) -> Ended:
    """List what was, and is to be, delivered, newest first."""
    return desk.listed(f"{_at(webhook)}/deliveries", _deliveries, {}, limit=limit)


@verb(_APP, "replay", CREATING, example="tenure webhooks replay whk_… dlv_…")
def replay_delivery(
    desk: Desk, webhook: Name, delivery: Annotated[str, Parameter(help="The delivery's id, `dlv_…`.")]
) -> Ended:
    """Deliver a message once more, under the id it had."""
    where = path("/v1/webhooks/{webhook}/deliveries/{delivery}/replay", webhook=webhook, delivery=delivery)
    return desk.write(Sending(method="POST", path=where), _queued)


@verb(_APP, "test", CREATING, example="tenure webhooks test whk_…")
def test_webhook(desk: Desk, webhook: Name) -> Ended:
    """Send a test event, once."""
    return desk.write(Sending(method="POST", path=f"{_at(webhook)}/test"), _queued)


def _at(webhook: str) -> str:
    return path("/v1/webhooks/{webhook}", webhook=webhook)


def _changed(desk: Desk, webhook: str, changed: dict[str, Any]) -> Ended:
    present = desk.get(_at(webhook))
    if isinstance(present, Failed):
        return present
    known = msgspec.json.decode(present.body)
    body = {name: known[name] for name in ("url", "events", "note", "active")} | changed
    return desk.write(Sending(method="PUT", path=_at(webhook), body=body), _card)


def _webhooks(screen: Screen, items: Any) -> None:
    screen.table(items, WEBHOOK, "There are no webhooks.")


def _kinds(screen: Screen, value: Any) -> None:
    screen.table(value["items"], KIND, "There are no events.")


def _card(screen: Screen, value: Any) -> None:
    screen.card(value, DETAILS)


def _made(screen: Screen, value: Any) -> None:
    screen.card(value, DETAILS)
    if value.get("secret"):
        screen.line()
        screen.heading(value["secret"])
        screen.line("This secret is shown once; the receiver verifies messages with it (docs/messages.md).")


def _deliveries(screen: Screen, items: Any) -> None:
    screen.table(items, DELIVERY, "Nothing was delivered in the last 30 days.")


def _queued(screen: Screen, value: Any) -> None:
    screen.card(value, DELIVERY)
    screen.line("It is on its way; `tenure webhooks deliveries` shows what came of it.")
