"""What is sent: events as the JSON of a webhook, and several of them as one mail in text and HTML.

Its ids follow from what the events say, so that a message sent twice is known as one, and one after a restore is not
taken for another that had the same number.
"""

import hashlib
import textwrap
from importlib.resources import files

import msgspec
from jinja2 import Environment

from tenure.core.plurals import format_count
from tenure.core.timeline import Instant
from tenure.http.timestamps import format_rfc3339
from tenure.site.forwarding.kinds import SEVERITIES
from tenure.site.store.events import EventRow
from tenure.web.formatting import format_instants_in, format_moment, humanize_name

TEST = "forwarding_test"
WORKS = "This is a test. Its readers get the messages of this forwarding."
_HTML = (files("tenure.site.forwarding") / "templates" / "email.html").read_text(encoding="utf-8")
_ID = "{}_{}"


class MessageOrigin(msgspec.Struct, frozen=True):
    """Where messages come from."""

    site: str
    key: str
    """Id of the site's key: no other site has it."""


class EventData(msgspec.Struct, frozen=True, kw_only=True):
    """What a webhook's `data` holds."""

    site: str
    site_key: str
    number: int
    """Of the event at this site, growing; 0 for a test."""
    severity: str
    product: str
    device: str
    text: str


class EventPayload(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook's body: `type`, `timestamp` and `data`, as Standard Webhooks has them."""

    type: str
    timestamp: str
    data: EventData


class EventEmail(msgspec.Struct, frozen=True):
    """A mail's content."""

    subject: str
    text: str
    html: str


def message_id(origin: MessageOrigin, events: list[EventRow]) -> str:
    """The id of the message that tells of `events`."""
    told = [(each.number, each.at, each.severity, each.kind, each.product, each.device, each.text) for each in events]
    return _ID.format("evt", hashlib.sha256(msgspec.json.encode((origin.key, told))).hexdigest()[:32])


def event_payload(origin: MessageOrigin, event: EventRow) -> bytes:
    """One event as a webhook's body, at every try the same."""
    told = EventData(
        site=origin.site,
        site_key=origin.key,
        number=event.number,
        severity=event.severity,
        product=event.product,
        device=event.device,
        text=event.text,
    )
    return msgspec.json.encode(EventPayload(type=event.kind, timestamp=format_rfc3339(event.at), data=told))


def test_event(now: Instant) -> EventRow:
    """The event of a test, which has not happened."""
    return EventRow(0, now, "info", TEST, "", "", WORKS, 0)


def event_email(origin: MessageOrigin, forwarding: str, events: list[EventRow]) -> EventEmail:
    """`events` as one mail."""
    rows = [
        {
            "at": format_moment(format_rfc3339(each.at)),
            "severity": each.severity,
            "text": format_instants_in(each.text),
            "about": " · ".join(filter(None, (each.product, humanize_name(each.kind)))),
        }
        for each in events
    ]
    closing = (
        f"Sent by the administration server {origin.site}, forwarding “{forwarding}”."
        " Content and recipients are set in its console under Settings > Forwarding of events."
    )
    values = {"title": _email_title(events), "rows": rows, "closing": closing, "site": origin.site}
    return EventEmail(f"[{origin.site}] {_email_title(events)}", _plain_text(rows, closing), _TEMPLATE.render(values))


def _email_title(events: list[EventRow]) -> str:
    if len(events) == 1:
        (one,) = events
        return (
            format_instants_in(one.text)
            if one.severity == "info"
            else f"{one.severity.capitalize()}: {format_instants_in(one.text)}"
        )
    counted = [(sum(each.severity == name for each in events), name) for name in reversed(SEVERITIES)]
    return f"{format_count(len(events), 'event')} ({', '.join(f'{many} {name}' for many, name in counted if many)})"


def _plain_text(rows: list[dict[str, str]], closing: str) -> str:
    told = [f"{each['at']}  {each['severity'].upper()}\n{_wrap_text(each['text'])}\n({each['about']})" for each in rows]
    return "\n\n".join([*told, f"-- \n{_wrap_text(closing)}"]) + "\n"


def _wrap_text(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 72, break_long_words=False, break_on_hyphens=False)


_TEMPLATE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(_HTML)
