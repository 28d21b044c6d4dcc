"""What an activation says of the installation itself: its kind, and the hardware on which it may have been before.

Whether the code may be applied is decided in the core; the activation as a whole is `activation`'s.
"""

import msgspec

from tenure.core.business import commands as c
from tenure.core.business.decide.places import old_selves
from tenure.core.installation import Installation, installation_mismatch
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.fold import Subscription
from tenure.core.timeline import Instant
from tenure.server import places
from tenure.store import sites
from tenure.store.engine import Connection
from tenure.store.sites import SiteRow
from tenure.wire.messages import ActivateRequest


def is_alone(message: ActivateRequest) -> bool:
    """Whether an application without an administration server asks."""
    return Installation(message.installation) is Installation.STANDALONE


def other_kind(message: ActivateRequest, site: SiteRow | None) -> Refused | None:
    """None when the key is what it was at its first activation, else `installation_mismatch` [spec: installations].

    An ephemeral application stages no successor: it is over long before that begins.
    """
    if message.ephemeral and not is_alone(message):
        return Refused(RefusalCode.FIELD_INVALID, "Only an application on its own can be ephemeral.", "ephemeral")
    if site is None:
        return None
    other = installation_mismatch(site.installation, message.installation)
    if other is None and bool(site.ephemeral) != message.ephemeral:
        was = "ephemeral" if site.ephemeral else "lasting"
        other = Refused(RefusalCode.INSTALLATION_MISMATCH, f"It was activated as a {was} application.", "ephemeral")
    if other is None and site.ephemeral and message.role == "successor":
        return Refused(RefusalCode.NO_SUCCESSOR, "An ephemeral application keeps no successor ready.", "role")
    return other


def on_its_hardware(
    conn: Connection, command: c.Activate, sub: Subscription, now: Instant, restored: Instant
) -> c.Activate:
    """The command with its old self's place to be taken, if it was installed again and that place still counts.

    Of several on the same hardware that is the one heard longest ago: clones that are in use go on.
    """
    known = any(site.key == command.key and site.is_active for site in sub.sites)
    alike = () if known else old_selves(sub, command, now)
    counted = [each.id for each in alike if places.holds_place(conn, sub, each.id, now, restored)]
    heard = sorted(sites.by_ids(conn, counted), key=lambda row: (row.last_contact or 0, row.id))
    return msgspec.structs.replace(command, replaces=heard[0].id) if heard else command
