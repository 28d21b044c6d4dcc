"""Users who sign in, and the teams that they belong to. What may speak for them is left to `sessions`.

A team's rows are found by its `place` alone, so that no user reaches into another team; users have one account, in
however many teams they are, and it goes when they leave the last.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.store.engine import Connection
from tenure.store.schema import customers, memberships, providers, recovery, sessions, users

VENDOR = "vendor"
OWNER = "owner"


class TeamPlace(msgspec.Struct, frozen=True):
    """A team: the vendor's (neither is set), a provider's, or the one of a provider's customer."""

    provider: str | None = None
    customer: str | None = None

    @property
    def side(self) -> str:
        """Whose side it is: `vendor`, `provider` or `customer`."""
        return "customer" if self.customer else "provider" if self.provider else VENDOR

    @property
    def place_name(self) -> str:
        """What names the team alone."""
        return self.customer or self.provider or VENDOR


class UserRow(msgspec.Struct, frozen=True):
    """A user with an account; `factor` and `proposed` are encrypted, `step` is the last one used.

    `verified` is when a link that went to the mailbox alone came back; None: no user has proven that it is theirs.
    """

    id: str
    email: str
    name: str
    password: str
    created: Instant
    factor: bytes | None = None
    proposed: bytes | None = None
    step: int = 0
    verified: Instant | None = None


class Membership(msgspec.Struct, frozen=True):
    """A user's part in a team; `by_mail` is when it came in by a link that had gone to its mailbox alone."""

    id: str
    user: str
    kind: str
    provider: str | None
    customer: str | None
    role: str
    created: Instant
    last_use: Instant | None = None
    by_mail: Instant | None = None

    @property
    def team_place(self) -> TeamPlace:
        """The team."""
        return TeamPlace(self.provider, self.customer)


class TeamMember(msgspec.Struct, frozen=True):
    """A user as the team knows it."""

    id: str
    email: str
    name: str
    role: str
    created: Instant
    last_use: Instant | None
    second_factor: bool
    verified: bool


_USER = sa.select(*[users.c[name] for name in UserRow.__struct_fields__])
_BY_ID = _USER.where(users.c.id == sa.bindparam("of"))
_BY_EMAIL = _USER.where(users.c.email == sa.bindparam("of"))
_LOCK = sa.select(users.c.id).where(users.c.id == sa.bindparam("of")).with_for_update()
_MEMBERSHIP = sa.select(*[memberships.c[name] for name in Membership.__struct_fields__])
_OF_USER = _MEMBERSHIP.where(memberships.c.user == sa.bindparam("of")).order_by(
    memberships.c.last_use.desc().nulls_last(), memberships.c.id
)
_BY_MEMBERSHIP = _MEMBERSHIP.where(memberships.c.id == sa.bindparam("of"))
_HOME = (
    _MEMBERSHIP.where(memberships.c.user == sa.bindparam("of"))
    .order_by(memberships.c.by_mail.asc().nulls_last(), memberships.c.id)
    .limit(1)
)
_IN_TEAM = _MEMBERSHIP.where(
    memberships.c.place == sa.bindparam("team"), memberships.c.user == sa.bindparam("of")
).with_for_update()
_NAMED = (
    sa.select(memberships.c.id, memberships.c.kind, memberships.c.role, providers.c.name, customers.c.name)
    .join_from(memberships, providers, memberships.c.provider == providers.c.id, isouter=True)
    .join(customers, memberships.c.customer == customers.c.id, isouter=True)
    .where(memberships.c.user == sa.bindparam("of"))
    .order_by(memberships.c.id)
)
_MEMBERS = sa.select(
    users.c.id,
    users.c.email,
    users.c.name,
    memberships.c.role,
    memberships.c.created,
    memberships.c.last_use,
    users.c.factor.is_not(None),
    users.c.verified.is_not(None),
).join_from(memberships, users, memberships.c.user == users.c.id)
_TEAM = (
    _MEMBERS.where(memberships.c.place == sa.bindparam("team"), users.c.id > sa.bindparam("after"))
    .order_by(users.c.id)
    .limit(sa.bindparam("most"))
)
_MEMBER = _MEMBERS.where(memberships.c.place == sa.bindparam("team"), users.c.id == sa.bindparam("of"))
_OWNERS = (
    sa.select(memberships.c.user)
    .where(memberships.c.place == sa.bindparam("team"), memberships.c.role == OWNER)
    .with_for_update()
)
_USED = memberships.update().where(memberships.c.id == sa.bindparam("of")).values(last_use=sa.bindparam("now"))
_ROLE = memberships.update().where(memberships.c.id == sa.bindparam("of")).values(role=sa.bindparam("new"))
_PASSWORD = users.update().where(users.c.id == sa.bindparam("of")).values(password=sa.bindparam("new"))
_PROPOSE = users.update().where(users.c.id == sa.bindparam("of")).values(proposed=sa.bindparam("new"))
_FACTOR = (
    users.update()
    .where(users.c.id == sa.bindparam("of"))
    .values(factor=sa.bindparam("new"), proposed=None, step=sa.bindparam("now"))
)
_CLAIM = (
    users.update()
    .where(users.c.id == sa.bindparam("of"))
    .values(password=sa.bindparam("new"), factor=None, proposed=None, step=0, verified=sa.bindparam("now"))
)
_STEP = (
    users.update()
    .where(users.c.id == sa.bindparam("of"), users.c.step < sa.bindparam("new"))
    .values(step=sa.bindparam("new"))
)


def add_user(conn: Connection, new: UserRow) -> UserRow | Refused:
    """A new account; refuses `already_exists` when its e-mail has one."""
    if user_by_email(conn, new.email) is not None:
        return Refused(RefusalCode.ALREADY_EXISTS, field="email")
    conn.execute(users.insert(), msgspec.structs.asdict(new))
    return new


def get_user(conn: Connection, user_id: str) -> UserRow | None:
    """The user of that id."""
    row = conn.execute(_BY_ID, {"of": user_id}).one_or_none()
    return None if row is None else UserRow(*row)


def user_by_email(conn: Connection, email: str) -> UserRow | None:
    """The user with that e-mail, written in lower case."""
    row = conn.execute(_BY_EMAIL, {"of": email}).one_or_none()
    return None if row is None else UserRow(*row)


def lock_user(conn: Connection, user_id: str) -> UserRow | None:
    """Lock the user: no other transaction changes the account until this one ends."""
    conn.execute(_LOCK, {"of": user_id})
    return get_user(conn, user_id)


def set_password(conn: Connection, user_id: str, hashed: str) -> None:
    """Another password from now on; which sessions end is the caller's."""
    conn.execute(_PASSWORD, {"of": user_id, "new": hashed})


def claim_user(conn: Connection, user_id: str, hashed: str, now: Instant) -> None:
    """Give the account to its mailbox's owner, with that password: what others set or opened before counts no more.

    Second factor, recovery codes, sessions and links that were sent all end; teams stay.
    """
    conn.execute(_CLAIM, {"of": user_id, "new": hashed, "now": now})
    conn.execute(recovery.delete().where(recovery.c.user == user_id))
    conn.execute(sessions.delete().where(sessions.c.user == user_id))


def propose_factor(conn: Connection, user_id: str, sealed: bytes) -> None:
    """A second factor that counts once it is confirmed."""
    conn.execute(_PROPOSE, {"of": user_id, "new": sealed})


def set_factor(conn: Connection, user_id: str, sealed: bytes | None, step: int) -> None:
    """The second factor from now on, last used at `step`; None: there is none."""
    conn.execute(_FACTOR, {"of": user_id, "new": sealed, "now": step})


def use_step(conn: Connection, user_id: str, step: int) -> bool:
    """Note the step of a code; False when it, or a later one, was used before."""
    return conn.execute(_STEP, {"of": user_id, "new": step}).rowcount == 1


def join_team(conn: Connection, new: Membership) -> Membership | Refused:
    """A user becomes part of a team; refuses `already_exists` when it is."""
    if get_membership_in(conn, new.team_place, new.user) is not None:
        return Refused(RefusalCode.ALREADY_EXISTS, "This user is in the team already.", field="email")
    conn.execute(memberships.insert(), msgspec.structs.asdict(new) | {"place": new.team_place.place_name})
    return new


def memberships_of(conn: Connection, user_id: str) -> list[Membership]:
    """The user's teams, the one used last first."""
    return [Membership(*row) for row in conn.execute(_OF_USER, {"of": user_id})]


def home_team(conn: Connection, user_id: str) -> Membership | None:
    """The team whose audit and mails the account's own are: the first one joined by mail, else the first one.

    Teams that the user was asked into later, or by a link that the inviter saw, learn nothing of the account.
    """
    row = conn.execute(_HOME, {"of": user_id}).one_or_none()
    return None if row is None else Membership(*row)


def named_memberships(conn: Connection, user_id: str) -> list[tuple[str, str, str, str]]:
    """(id, kind, role, name of provider or customer) of each of the user's teams; the vendor's name is empty."""
    rows = conn.execute(_NAMED, {"of": user_id})
    return [(name, kind, role, customer or provider or "") for name, kind, role, provider, customer in rows]


def membership_used(conn: Connection, membership: str, now: Instant) -> None:
    """It is the one last worked in: the next sign-in begins there."""
    conn.execute(_USED, {"of": membership, "now": now})


def get_membership_in(conn: Connection, place: TeamPlace, user_id: str) -> Membership | None:
    """The user's part in that team."""
    row = conn.execute(_IN_TEAM, {"team": place.place_name, "of": user_id}).one_or_none()
    return None if row is None else Membership(*row)


def team_page(conn: Connection, place: TeamPlace, after: str = "", limit: int = 50) -> list[TeamMember]:
    """At most `limit` users of the team with ids after `after`."""
    rows = conn.execute(_TEAM, {"team": place.place_name, "after": after, "most": limit})
    return [_read_member(row) for row in rows]


def get_teammate(conn: Connection, place: TeamPlace, user_id: str) -> TeamMember | None:
    """The user as that team knows it."""
    row = conn.execute(_MEMBER, {"team": place.place_name, "of": user_id}).one_or_none()
    return None if row is None else _read_member(row)


def set_role(conn: Connection, place: TeamPlace, user_id: str, role: str) -> Membership | Refused:
    """Another role, at once; refuses `not_found`, and `last_owner` when the team would have none."""
    present = get_membership_in(conn, place, user_id)
    if present is None:
        return Refused(RefusalCode.NOT_FOUND, field="user")
    if role != OWNER and _is_last_owner(conn, place, user_id):
        return Refused(RefusalCode.LAST_OWNER)
    conn.execute(_ROLE, {"of": present.id, "new": role})
    return msgspec.structs.replace(present, role=role)


def user_state(row: UserRow) -> bytes:
    """The fields that prove who a user is, for the chain; `step`, which moves with every use, is left out."""
    return msgspec.json.encode((row.id, row.email, row.password, row.factor, row.verified))


def membership_state(row: Membership) -> bytes:
    """Who is what in which team, for the chain."""
    return msgspec.json.encode((row.id, row.user, row.kind, row.provider, row.customer, row.role, row.by_mail))


def get_membership(conn: Connection, membership_id: str) -> Membership | None:
    """The membership of that id, in any team."""
    row = conn.execute(_BY_MEMBERSHIP, {"of": membership_id}).one_or_none()
    return None if row is None else Membership(*row)


def leave_team(conn: Connection, place: TeamPlace, user_id: str) -> Membership | Refused:
    """Out of the team, sessions there included; refuses `not_found`, `last_owner`. After the last team all goes."""
    present = get_membership_in(conn, place, user_id)
    if present is None:
        return Refused(RefusalCode.NOT_FOUND, field="user")
    if _is_last_owner(conn, place, user_id):
        return Refused(RefusalCode.LAST_OWNER)
    conn.execute(sessions.delete().where(sessions.c.membership == present.id))
    conn.execute(memberships.delete().where(memberships.c.id == present.id))
    if not memberships_of(conn, user_id):
        conn.execute(sessions.delete().where(sessions.c.user == user_id))
        conn.execute(recovery.delete().where(recovery.c.user == user_id))
        conn.execute(users.delete().where(users.c.id == user_id))
    return present


def _read_member(row: Sequence[Any]) -> TeamMember:
    user_id, email, name, role, created, last_use, second_factor, verified = row
    return TeamMember(user_id, email, name, role, created, last_use, bool(second_factor), bool(verified))


def _is_last_owner(conn: Connection, place: TeamPlace, user_id: str) -> bool:
    return list(conn.scalars(_OWNERS, {"team": place.place_name})) == [user_id]
