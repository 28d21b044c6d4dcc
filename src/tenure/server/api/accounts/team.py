"""A team's users: who they are, which role they have, and their leaving. How they come is left to `invitations`."""

import msgspec

from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.auth import AccessRule, Principal
from tenure.http.body_types import RequestBody
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage
from tenure.http.problems import accept, require_found
from tenure.http.responses import ApiResponse, json_response
from tenure.http.views import copy_fields
from tenure.server.api.accounts.places import place_of, record_audit
from tenure.server.api.fields import Id
from tenure.server.api.operations import ServerOperations, TenantChange, TenantQuery
from tenure.server.roles import ROLES, TeamRole, scopes_of
from tenure.server.views import optional_rfc3339
from tenure.store import invitations, users
from tenure.store.engine import Connection
from tenure.store.users import TeamMember, TeamPlace

READ, WRITE = AccessRule("users:read"), AccessRule("users:write")


class MemberView(msgspec.Struct, frozen=True, kw_only=True):
    """A user in the team."""

    id: str
    name: str
    email: str
    role: str
    joined: str | None
    last_sign_in: str | None
    second_factor: bool
    verified: bool
    """Whether the user has come in, or set a password, by a link that went to its mailbox alone."""


class NewRole(RequestBody, frozen=True, kw_only=True):
    """The role from now on."""

    role: TeamRole


class TeamOperations(ServerOperations):
    """The operations on a team's users."""

    @operation_at("GET", "/v1/users", READ)
    async def list_users(
        self, request: TenantQuery, paging: PageRequest, customer: Id | None = None
    ) -> ResultPage[MemberView]:
        """Lists the users of one's own team, or of the provider's or customer's named."""

        def rows(conn: Connection, now: Instant, after: str, most: int) -> list[MemberView]:
            place = accept(place_of(conn, request, customer))
            return [member_view(each) for each in users.team_page(conn, place, after, most)]

        return await self._list(paging, rows)

    @operation_at("PUT", "/v1/users/{user}", WRITE, refusals=[RefusalCode.LAST_OWNER])
    async def change_role(
        self, request: TenantChange, user: Id, body: NewRole, customer: Id | None = None
    ) -> ApiResponse[MemberView]:
        """Gives a user in the team another role, which counts from the next request on.

        Invitations by that user are withdrawn where the new role does not include inviting.
        """

        def work(conn: Connection, now: Instant) -> ApiResponse[MemberView]:
            place = accept(place_of(conn, request, customer))
            accept(unfit_role(request.caller, place, body.role))
            changed = accept(users.set_role(conn, place, user, body.role))
            member = require_found(users.get_teammate(conn, place, user), "user")
            state, said = users.membership_state(changed), f"{member.email}: {body.role}"
            if WRITE.scope not in scopes_of(Role(place.side), body.role):
                ended = invitations.withdraw_all_by(conn, place, member.email)
                said += f", {ended} open invitations" if ended else ""
            record_audit(conn, place, request, "role_changed", said, now, about=changed.id, state=state)
            return json_response(member_view(member))

        return await self._write(request, work)

    @operation_at("DELETE", "/v1/users/{user}", WRITE, refusals=[RefusalCode.LAST_OWNER])
    async def remove_user(self, request: TenantChange, user: Id, customer: Id | None = None) -> None:
        """Takes a user out of the team; sessions there, and invitations by that user, end at once.

        Those into the teams of a provider's customers are among them, when it is the provider's team that is left.
        """

        def work(conn: Connection, now: Instant) -> None:
            place = accept(place_of(conn, request, customer))
            known = users.get_teammate(conn, place, user)
            gone = accept(users.leave_team(conn, place, user))
            email = known.email if known else user
            ended = invitations.withdraw_all_by(conn, place, email)
            said = f"{email}, {ended} open invitations"
            record_audit(conn, place, request, "user_removed", said, now, about=gone.id)
            if users.get_user(conn, user) is None:
                record_audit(conn, place, request, "account_removed", email, now, about=user)

        await self._write(request, work)


def unfit_role(caller: Principal, place: TeamPlace, role: TeamRole) -> Refused | None:
    """None when `caller` may give `role` in that team: there is one, and it permits nothing that the caller lacks."""
    if role not in ROLES[place.side]:
        return Refused(RefusalCode.FIELD_INVALID, f"A {place.side}'s team has no {role}.", "role")
    beyond = sorted(scopes_of(Role(place.side), role) - caller.scopes)
    if beyond:
        return Refused(RefusalCode.ACTION_NOT_PERMITTED, f"You do not have {beyond[0]} to give yourself.", "role")
    return None


def member_view(row: TeamMember) -> MemberView:
    """A user in the team, as shown."""
    joined, last_sign_in = optional_rfc3339(row.created), optional_rfc3339(row.last_use)
    return copy_fields(MemberView, row, joined=joined, last_sign_in=last_sign_in)
