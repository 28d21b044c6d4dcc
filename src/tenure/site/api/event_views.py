"""Events as the local API shows them."""

import msgspec

from tenure.core.plurals import format_count
from tenure.http.views import copy_fields
from tenure.site.store import events


class SiteEventView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened."""

    number: int
    at: str
    severity: str
    kind: str
    product: str
    device: str
    text: str
    acknowledged: bool
    times: int
    """How often it happened within an hour of `at`: what one device brings about again and again is one event."""
    forwarding: str
    """Id of the forwarding that it is about; empty for all others."""


def event_view(event: events.EventRow) -> SiteEventView:
    """One event."""
    text = event.text if event.times == 1 else f"{event.text} {format_count(event.times, 'time')} within an hour."
    return copy_fields(SiteEventView, event, text=text, acknowledged=bool(event.acknowledged))
