"""Users asked into a team: by a link whose secret is known by its digest alone, good once and for a week."""

from typing import Final

import msgspec
import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Instant
from tenure.store.engine import Connection
from tenure.store.schema import invitations
from tenure.store.users import VENDOR, TeamPlace

LIFE: Final = 7 * DAY


class Invitation(msgspec.Struct, frozen=True):
    """Who is asked into which team, as what; without an email, the user who follows the link says theirs.

    `digest` is of the link that is shown to the inviter, `mailed` of the one that the mail alone carries.
    """

    id: str
    digest: bytes
    email: str
    name: str
    provider: str | None
    customer: str | None
    role: str
    by_actor: str
    created: Instant
    expires: Instant
    mailed: bytes | None = None

    @property
    def team_place(self) -> TeamPlace:
        """The team."""
        return TeamPlace(self.provider, self.customer)


_INVITATION = sa.select(*[invitations.c[name] for name in Invitation.__struct_fields__])
_BY_DIGEST = _INVITATION.where(
    sa.or_(invitations.c.digest == sa.bindparam("of"), invitations.c.mailed == sa.bindparam("of")),
    invitations.c.expires > sa.bindparam("now"),
)
_OF_TEAM = (
    _INVITATION.where(invitations.c.place == sa.bindparam("team"), invitations.c.id > sa.bindparam("after"))
    .order_by(invitations.c.id)
    .limit(sa.bindparam("most"))
)
_MINE = (invitations.c.id == sa.bindparam("of"), invitations.c.place == sa.bindparam("team"))
_REPLACED = invitations.delete().where(
    invitations.c.place == sa.bindparam("team"), invitations.c.email == sa.bindparam("to")
)
_BY = invitations.delete().where(invitations.c.by_actor == sa.bindparam("who"))
_WITHIN = {
    "vendor": _BY,
    "provider": _BY.where(invitations.c.provider == sa.bindparam("team")),
    "customer": _BY.where(invitations.c.place == sa.bindparam("team")),
}
"""By whose side the inviter was: a provider's users ask into its customers' teams, too, and the vendor's into all."""
_TAKE = invitations.delete().where(invitations.c.id == sa.bindparam("of"))
_COLLECT = invitations.delete().where(invitations.c.expires < sa.bindparam("before"))


def invite(conn: Connection, new: Invitation) -> None:
    """A new invitation, in place of an earlier one of the same e-mail into the same team."""
    conn.execute(_REPLACED, {"team": new.team_place.place_name, "to": new.email})
    row = msgspec.structs.asdict(new) | {"place": new.team_place.place_name, "kind": new.team_place.side}
    conn.execute(invitations.insert(), row)


def invitation(conn: Connection, digest: bytes, now: Instant) -> Invitation | None:
    """The invitation with that digest, of either of its links, unless its time is over at `now`."""
    row = conn.execute(_BY_DIGEST, {"of": digest, "now": now}).one_or_none()
    return None if row is None else Invitation(*row)


def open_invitations(conn: Connection, place: TeamPlace, after: str = "", limit: int = 50) -> list[Invitation]:
    """At most `limit` invitations into the team with ids after `after`, those whose time is over among them."""
    rows = conn.execute(_OF_TEAM, {"team": place.place_name, "after": after, "most": limit})
    return [Invitation(*row) for row in rows]


def withdraw(conn: Connection, place: TeamPlace, name: str) -> Invitation | Refused:
    """Good for nothing from now on; refuses `not_found`."""
    row = conn.execute(_INVITATION.where(*_MINE), {"of": name, "team": place.place_name}).one_or_none()
    if row is None or not use_up(conn, name):
        return Refused(RefusalCode.NOT_FOUND, field="invitation")
    return Invitation(*row)


def withdraw_all_by(conn: Connection, place: TeamPlace, who: str) -> int:
    """Withdraw a member's invitations (`who` as in `by_actor`) into the team or a team below it; how many.

    A user who may no longer invite must not come in again by an invitation link that they were shown.
    """
    asked = {"who": who} if place.side == VENDOR else {"team": place.place_name, "who": who}
    return conn.execute(_WITHIN[place.side], asked).rowcount


def use_up(conn: Connection, name: str) -> bool:
    """Use it up; False when another request just did."""
    return conn.execute(_TAKE, {"of": name}).rowcount == 1


def collect(conn: Connection, before: Instant) -> int:
    """Forget those that ended before that instant; how many."""
    return conn.execute(_COLLECT, {"before": before}).rowcount
