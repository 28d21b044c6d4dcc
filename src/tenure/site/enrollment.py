"""Enrollment tokens as they are given out: one word that says where the site is, by which key, and a secret
[spec: device-port]."""

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.endpoints import known_endpoint
from tenure.site import ids
from tenure.site.assembly import OpenedSite
from tenure.site.store import enrollments, groups
from tenure.site.store.enrollments import EnrollmentRow
from tenure.site.store.writer import Connection
from tenure.wire.b64 import encode_text
from tenure.wire.devices import EnrollmentToken, write_ticket

MOST = 100_000
"""Devices that one token may enroll."""


class NewEnrollment(msgspec.Struct, frozen=True):
    """A token made just now; the word itself is shown this once."""

    token: str
    enrollment: EnrollmentRow


def new_ticket(
    site: OpenedSite,
    product: str,
    *,
    group: str = groups.DEFAULT,
    uses: int = 1,
    until: Instant | None = None,
    port: int = 0,
) -> NewEnrollment | Refused:
    """A token for `uses` devices of `product`, taken until `until` (None: no end of its own); not yet stored: `store`.

    `port`: of the running device port, where the system chose it. Refuses `not_found` for a product not kept here.
    """
    if product not in site.licenses:
        return Refused(RefusalCode.NOT_FOUND, f"{product} is not licensed through this site.", "product")
    now, secret = site.now(), encode_text(site.computer.draw(24))
    if until is not None and until <= now:
        return Refused(RefusalCode.FIELD_INVALID, "The token would be over already.", "until")
    ticket = EnrollmentToken(
        host=site.device_host,
        port=port or known_endpoint(site.settings.devices.listen).port or 1,
        pin=site.pin,
        product=product,
        secret=secret,
    )
    enrollment = EnrollmentRow(
        id=ids.new_id("enr", now, site.computer.draw),
        digest=enrollments.digest_of(secret),
        product=product,
        group=group,
        uses=uses,
        used=0,
        until=until,
        created=now,
        withdrawn=0,
    )
    return NewEnrollment(write_ticket(ticket), enrollment)


def store_enrollment(conn: Connection, given: NewEnrollment) -> NewEnrollment:
    """Keeps what the site has to know of it; never the secret."""
    enrollments.add(conn, given.enrollment)
    return given
