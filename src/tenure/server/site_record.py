"""What a site's row keeps beside its columns, and the rows of a subscription.

What it means is for others: `forks` of copies, `allotments` of pools, `takeover` of successors.
"""

import msgspec

from tenure.core.answering.forks import CopyMemory
from tenure.core.timeline import Instant
from tenure.store import sites
from tenure.store.engine import Connection
from tenure.store.sites import SiteRow

AT_ONCE = 500


class StoredPart(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of another subscription's pool (`core.subscription.site_pools.PoolPart`)."""

    share: bytes = b""
    """`core.subscription.allotment.SiteShare` as JSON."""
    after: int = 0


class SiteRecord(CopyMemory, frozen=True, kw_only=True, omit_defaults=True):
    """What a site's row keeps as its body. Evolution: fields are appended with defaults."""

    successor_provider: str = ""
    """Whose subscription the successor is; a site may change its provider."""
    device_port: str = ""
    hardware: dict[str, str] = msgspec.field(default_factory=dict)
    share: bytes = b""
    """The site's part of its subscription's pool (`core.subscription.allotment.SiteShare`) as JSON."""
    code: str = ""
    """Id of the code it applied last, of an ephemeral application: its coming is in no history."""
    told_to_leave: int = 0
    """Number of the state token that came with the word to leave: a site that shows that one has heard it."""
    asked_for: Instant = 0
    """When an application on its own asked in vain for a place that this administration server may hold unused."""
    elsewhere: dict[str, StoredPart] = msgspec.field(default_factory=dict)
    """By subscription its parts of other pools: of a successor kept ready, of what it left and may still go by."""


_decode = msgspec.json.Decoder(SiteRecord).decode
_encode = msgspec.json.Encoder().encode


def read_record(site: SiteRow) -> SiteRecord:
    """The site's body."""
    return _decode(site.body)


def with_extra(site: SiteRow, body: SiteRecord) -> SiteRow:
    """The site with another body."""
    return msgspec.structs.replace(site, body=_encode(body))


def rows_of(conn: Connection, provider: str, subscription: str, *, every: bool = False) -> list[SiteRow]:
    """Administration servers that use the provider's subscription or keep it ready, those that left it included.

    `every`: applications on their own as well, of which there may be thousands.
    """
    rows: list[SiteRow] = []
    while page := sites.page(conn, provider, subscription, rows[-1].id if rows else "", AT_ONCE, servers=not every):
        rows += page
        if len(page) < AT_ONCE:
            break
    return rows
