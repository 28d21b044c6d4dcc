"""What an activation says of the installation itself: its kind, and the hardware on which it may have been before.

Whether the code may be applied is decided in the core; the activation as a whole is `activation`'s.
"""

import msgspec

from tenure.core.business import commands as c
from tenure.core.business.decide.places import old_selves
from tenure.core.installation import Installation, InstallationKind, refuse_other_kind
from tenure.core.refusals import Refused
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


def refuse_kind(message: ActivateRequest, site: SiteRow | None) -> Refused | None:
    """`refuse_other_kind` of a message and the row of its key, if there is one."""
    said = InstallationKind(message.installation, message.ephemeral)
    known = None if site is None else InstallationKind(site.installation, bool(site.ephemeral))
    return refuse_other_kind(said, known, successor=message.role == "successor")


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
