"""`tenure webhooks`: addresses that are told what happens, their secrets, and what was delivered to them."""

from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from cyclopts import Parameter

from tenure.cli.argument_types import Limit
from tenure.cli.command_session import CommandSession
from tenure.cli.options import CHANGING, CREATING, READING
from tenure.cli.output import CommandOutput, sentence_output, show_card, show_table
from tenure.cli.registration import ACCESS, add_noun, add_verb, add_words
from tenure.cli.screen import CommandScreen, TableColumn
from tenure.cli.thing_names import shown_name
from tenure.http.client.api_exchange import fill_path

WEBHOOK = (
    TableColumn("Webhook", "id"),
    TableColumn("Address", "url"),
    TableColumn("Events", "events", "list"),
    TableColumn("Note", "note"),
    TableColumn("Active", "active", "yes"),
    TableColumn("Failing since", "failing_since", "moment"),
    TableColumn("Served up to", "seq", "count"),
)
DETAILS = (*WEBHOOK, TableColumn("Switched off because", "reason"), TableColumn("Public key", "public_key"))
DELIVERY = (
    TableColumn("Delivery", "id"),
    TableColumn("No.", "seq"),
    TableColumn("Event", "kind"),
    TableColumn("State", "state"),
    TableColumn("Tries", "tries", "count"),
    TableColumn("Last try", "tried", "moment"),
    TableColumn("Next try", "due", "moment"),
    TableColumn("Status", "status"),
    TableColumn("Fault", "fault"),
    TableColumn("Answer", "answer"),
)

KIND = (TableColumn("Event", "kind"), TableColumn("About", "topic"), TableColumn("Meaning", "meaning"))

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

_APP = add_noun(
    "webhooks", "Webhooks: list, kinds of events, show, add, change, on, off, delete, secrets, deliveries.", ACCESS
)
add = add_words(_APP)


@add_verb(_APP, "list", READING, example="tenure webhooks list")
def list_webhooks(session: CommandSession, *, limit: Limit = None) -> CommandOutput:
    """List webhooks, without their secrets."""
    return session.get_list("/v1/webhooks", show_table(WEBHOOK, "There are no webhooks."), limit=limit)


@add_verb(_APP, "kinds", READING, example="tenure webhooks kinds")
def list_event_kinds(session: CommandSession) -> CommandOutput:
    """List every kind of event that a webhook can ask for, with what it means."""
    return session.get_shown("/v1/event-kinds", _kinds, tenant=False)


@add_verb(_APP, "show", READING, example="tenure webhooks show whk_…")
def show_webhook(session: CommandSession, webhook: Name) -> CommandOutput:
    """Show a webhook, since when it fails, and the key that signs for it."""
    return session.get_shown(_webhook_path(webhook), show_card(DETAILS))


@add_verb(_APP, "add", CREATING, example="tenure webhooks add https://example.com/hook --event 'subscription.*'")
def add_webhook(
    session: CommandSession,
    address: Annotated[str, Parameter(help="The target address, https.")],
    *,
    event: Events = (),
    note: Note = "",
) -> CommandOutput:
    """Send all events from now on to an address; its secret is shown this once."""
    body = {"url": address, "events": event, "note": note}
    return session.post("/v1/webhooks", _print_secret, body)


@add_verb(_APP, "change", CHANGING, example="tenure webhooks change whk_… --event subscription.renewed")
def change_webhook(
    session: CommandSession,
    webhook: Name,
    *,
    address: Annotated[str, Parameter(help="The new address.")] = "",
    event: Events = (),
    note: Note = "",
) -> CommandOutput:
    """Change address, events or note; all other values stay."""
    given = {"url": address, "events": event, "note": note}
    return _change_webhook(session, webhook, {name: value for name, value in given.items() if value})


@add_verb(_APP, "on", CHANGING, example="tenure webhooks on whk_…")
def switch_on(session: CommandSession, webhook: Name) -> CommandOutput:
    """Switch a webhook on again: it goes on in the feed where it stopped."""
    return _change_webhook(session, webhook, {"active": True})


@add_verb(_APP, "off", CHANGING, example="tenure webhooks off whk_…")
def switch_off(session: CommandSession, webhook: Name) -> CommandOutput:
    """Switch a webhook off: events of the meantime wait."""
    return _change_webhook(session, webhook, {"active": False})


@add_verb(_APP, "delete", CHANGING, example="tenure webhooks delete whk_…")
def delete_webhook(session: CommandSession, webhook: Name) -> CommandOutput:
    """Delete a webhook, its log and its waiting events."""
    where = _webhook_path(webhook)
    called = shown_name(session, where, webhook, lambda row: urlsplit(row["url"]).hostname)
    return session.delete(where, sentence_output(f"The webhook {called} is deleted."))


@add_verb(_APP, "rotate-secret", CREATING, example="tenure webhooks rotate-secret whk_… --overlap-hours 48")
def rotate_secret(
    session: CommandSession,
    webhook: Name,
    *,
    overlap_hours: Annotated[int, Parameter(help="For how many hours the old secret signs too.")] = 24,
) -> CommandOutput:
    """Make a new secret, shown this once; the old one signs too for a while."""
    body = {"overlap_hours": overlap_hours}
    return session.post(f"{_webhook_path(webhook)}/rotate-secret", _print_secret, body)


@add_verb(_APP, "deliveries", READING, example="tenure webhooks deliveries whk_… --limit 20")
def list_deliveries(session: CommandSession, webhook: Name, *, limit: Limit = None) -> CommandOutput:
    """List past and waiting deliveries, newest first."""
    return session.get_list(
        f"{_webhook_path(webhook)}/deliveries",
        show_table(DELIVERY, "Nothing was delivered in the last 30 days."),
        {},
        limit=limit,
    )


@add_verb(_APP, "replay", CREATING, example="tenure webhooks replay whk_… dlv_…")
def replay_delivery(
    session: CommandSession, webhook: Name, delivery: Annotated[str, Parameter(help="The delivery's id, `dlv_…`.")]
) -> CommandOutput:
    """Deliver a message once more, under the id it had."""
    where = fill_path("/v1/webhooks/{webhook}/deliveries/{delivery}/replay", webhook=webhook, delivery=delivery)
    return session.post(where, _print_queued)


@add_verb(_APP, "test", CREATING, example="tenure webhooks test whk_…")
def test_webhook(session: CommandSession, webhook: Name) -> CommandOutput:
    """Send a test event, once."""
    return session.post(f"{_webhook_path(webhook)}/test", _print_queued)


def _webhook_path(webhook: str) -> str:
    return fill_path("/v1/webhooks/{webhook}", webhook=webhook)


def _change_webhook(session: CommandSession, webhook: str, changed: dict[str, Any]) -> CommandOutput:
    present = session.get(_webhook_path(webhook))
    known = msgspec.json.decode(present.body)
    body = {name: known[name] for name in ("url", "events", "note", "active")} | changed
    return session.put(_webhook_path(webhook), show_card(DETAILS), body)


def _kinds(screen: CommandScreen, value: Any) -> None:
    screen.table(value["items"], KIND, "There are no events.")


def _print_secret(screen: CommandScreen, value: Any) -> None:
    screen.card(value, DETAILS)
    if value.get("secret"):
        screen.line()
        screen.heading(value["secret"])
        screen.line("This secret is shown once; the receiver verifies messages with it (docs/messages.md).")


def _print_queued(screen: CommandScreen, value: Any) -> None:
    screen.card(value, DELIVERY)
    screen.line("It is on its way; `tenure webhooks deliveries` shows what came of it.")
