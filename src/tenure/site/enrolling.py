"""Enrolment tokens as they are given out: one word that says where the site is, by which key, and a secret
[spec: device-port]."""

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.http.endpoints import known_endpoint
from tenure.site import ids
from tenure.site.opening import Site
from tenure.site.store import enrolments, groups
from tenure.site.store.enrolments import Enrolment
from tenure.site.store.writer import Connection
from tenure.wire.b64 import encode_text
from tenure.wire.devices import Ticket, write_ticket

MOST = 100_000
"""Devices that one token may enrol."""


class Given(msgspec.Struct, frozen=True):
    """A token made just now; the word itself is shown this once."""

    token: str
    enrolment: Enrolment


def new_ticket(
    site: Site, product: str, *, group: str = groups.DEFAULT, uses: int = 1, until: Instant | None = None, port: int = 0
) -> Given | Refused:
    """A token for `uses` devices of `product`, taken until `until` (None: no end of its own); not yet stored: `store`.

    `port`: of the running device port, where the system chose it. Refuses `not_found` for a product not kept here.
    """
    if product not in site.licenses:
        return Refused(Code.NOT_FOUND, f"{product} is not licensed through this site.", "product")
    now, secret = site.now(), encode_text(site.computer.draw(24))
    if until is not None and until <= now:
        return Refused(Code.FIELD_INVALID, "The token would be over already.", "until")
    ticket = Ticket(
        host=site.device_host,
        port=port or known_endpoint(site.settings.devices.listen).port or 1,
        pin=site.pin,
        product=product,
        secret=secret,
    )
    enrolment = Enrolment(
        id=ids.new("enr", now, site.computer.draw),
        digest=enrolments.digest_of(secret),
        product=product,
        group=group,
        uses=uses,
        used=0,
        until=until,
        created=now,
        withdrawn=0,
    )
    return Given(write_ticket(ticket), enrolment)


def stored(conn: Connection, given: Given) -> Given:
    """Keeps what the site has to know of it; never the secret."""
    enrolments.add(conn, given.enrolment)
    return given
