"""A team's people: who they are, which role they have, and their leaving. How they come is left to `inviting`."""

from typing import Any

import msgspec

from tenure.core.policy import Role
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal, Rule
from tenure.http.fields import Body
from tenure.http.inputs import Address
from tenure.http.operations import Operation, operation
from tenure.http.paging import Page, Paging, cut_page
from tenure.server.api.accounts.places import note, place_of
from tenure.server.api.fields import Id
from tenure.server.context import Context
from tenure.server.roles import ROLES, TeamRole, scopes_of
from tenure.server.views import shown
from tenure.store import invitations, persons
from tenure.store.engine import Connection
from tenure.store.persons import Member, Place

READ, WRITE = Rule("people:read"), Rule("people:write")


class MemberView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in the team."""

    id: str
    name: str
    email: str
    role: str
    joined: str | None
    last_sign_in: str | None
    second_factor: bool
    verified: bool
    """Whether the person has come in, or set a password, by a link that went to its mailbox alone."""


class NewRole(Body, frozen=True, kw_only=True):
    """The role from now on."""

    role: TeamRole


class Team:
    """The operations on a team's people."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def list_people(
        self, caller: Principal, paging: Paging, provider: Id | None = None, customer: Id | None = None
    ) -> Page[MemberView] | Refused:
        """Lists the people of one's own team, or of the provider's or customer's named."""
        after = paging.after(str)
        if isinstance(after, Refused):
            return after

        def work(conn: Connection, now: Instant) -> list[MemberView] | Refused:
            place = place_of(conn, caller, provider, customer)
            if isinstance(place, Refused):
                return place
            return [member_view(each) for each in persons.team(conn, place, after or "", paging.limit + 1)]

        found = await self._context.read(work)
        return found if isinstance(found, Refused) else cut_page(found, paging.limit, lambda each: each.id)

    async def change_role(
        self,
        caller: Principal,
        person: Id,
        body: NewRole,
        address: Address,
        provider: Id | None = None,
        customer: Id | None = None,
        dry_run: bool = False,
    ) -> Answer[MemberView] | Refused:
        """Gives somebody in the team another role, which counts from the next request on.

        Invitations by that person are withdrawn where the new role does not include inviting.
        """

        def work(conn: Connection, now: Instant) -> Answer[MemberView] | Refused:
            place = place_of(conn, caller, provider, customer)
            if isinstance(place, Refused):
                return place
            refused = unfit_role(caller, place, body.role)
            changed = refused or persons.set_role(conn, place, person, body.role)
            member = persons.teammate(conn, place, person)
            if isinstance(changed, Refused) or member is None:
                return changed if isinstance(changed, Refused) else Refused(Code.NOT_FOUND, field="person")
            state, said = persons.membership_state(changed), f"{member.email}: {body.role}"
            if WRITE.scope not in scopes_of(Role(place.kind), body.role):
                ended = invitations.withdraw_all_by(conn, place, member.email)
                said += f", {ended} open invitations" if ended else ""
            note(conn, place, caller, address, "role_changed", said, now, about=changed.id, state=state)
            return made(member_view(member))

        answer: Answer[MemberView] | Refused = await self._context.write(dry_run, work)
        return answer

    async def remove_person(
        self,
        caller: Principal,
        person: Id,
        address: Address,
        provider: Id | None = None,
        customer: Id | None = None,
        dry_run: bool = False,
    ) -> Refused | None:
        """Takes somebody out of the team; sessions there, and invitations by that person, end at once.

        Those into the teams of a provider's customers are among them, when it is the provider's team that is left.
        """

        def work(conn: Connection, now: Instant) -> Answer[Any] | Refused:
            place = place_of(conn, caller, provider, customer)
            if isinstance(place, Refused):
                return place
            known = persons.teammate(conn, place, person)
            gone = persons.leave(conn, place, person)
            if isinstance(gone, Refused):
                return gone
            email = known.email if known else person
            ended = invitations.withdraw_all_by(conn, place, email)
            note(
                conn, place, caller, address, "person_removed", f"{email}, {ended} open invitations", now, about=gone.id
            )
            if persons.person(conn, person) is None:
                note(conn, place, caller, address, "account_removed", email, now, about=person)
            return made(None)

        done = await self._context.write(dry_run, work)
        return done if isinstance(done, Refused) else None

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        return (
            operation("GET", "/v1/people", READ, self.list_people),
            operation("PUT", "/v1/people/{person}", WRITE, self.change_role, refusals=[Code.LAST_OWNER]),
            operation("DELETE", "/v1/people/{person}", WRITE, self.remove_person, refusals=[Code.LAST_OWNER]),
        )


def unfit_role(caller: Principal, place: Place, role: TeamRole) -> Refused | None:
    """None when `caller` may give `role` in that team: there is one, and it permits nothing that the caller lacks."""
    if role not in ROLES[place.kind]:
        return Refused(Code.FIELD_INVALID, f"A {place.kind}'s team has no {role}.", "role")
    beyond = sorted(scopes_of(Role(place.kind), role) - caller.scopes)
    if beyond:
        return Refused(Code.ACTION_NOT_PERMITTED, f"You do not have {beyond[0]} to give yourself.", "role")
    return None


def member_view(row: Member) -> MemberView:
    """Somebody in the team, as shown."""
    return MemberView(
        id=row.id,
        name=row.name,
        email=row.email,
        role=row.role,
        joined=shown(row.created),
        last_sign_in=shown(row.last_use),
        second_factor=row.second_factor,
        verified=row.verified,
    )
