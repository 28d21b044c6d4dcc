"""The team of a site: accounts, their roles, a new password for who has lost it; every change is an event."""

from typing import Annotated

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.accounts.passwords import PasswordHashes
from tenure.http.auth import Principal
from tenure.http.body_types import RequestBody
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage
from tenure.http.problems import accept, require_found
from tenure.http.responses import ApiResponse, empty_response, json_response
from tenure.http.views import copy_fields
from tenure.site import ids
from tenure.site.accounts import SiteAccountSecrets
from tenure.site.api.devices import Id
from tenure.site.api.local import LOOKS, RULES, LocalApi, LocalChange, LocalOperations, LocalPost
from tenure.site.roles import SiteRole
from tenure.site.store import events, users
from tenure.site.store.users import SiteUser
from tenure.site.store.writer import Connection

MOST = 200
"""Accounts of one site: one page of a list holds them all."""
Name = Annotated[str, msgspec.Meta(min_length=2, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]*$(?!\n)")]
"""An e-mail address or a plain name; kept in lower case."""


class NewUser(RequestBody, frozen=True, kw_only=True):
    """Who is to sign in."""

    name: Name
    role: SiteRole


class RoleBody(RequestBody, frozen=True, kw_only=True):
    """Another role."""

    role: SiteRole


class ResetBody(RequestBody, frozen=True, kw_only=True):
    """What is taken away with the password."""

    second_factor: bool = False
    """Whether the second factor goes, too: its device and the recovery codes are lost."""


class SiteUserView(msgspec.Struct, frozen=True, kw_only=True):
    """One account."""

    id: str
    name: str
    role: str
    second_factor: bool
    temporary: bool
    """The password was given out and not changed yet."""
    created: str


class WithPassword(msgspec.Struct, frozen=True, kw_only=True):
    """An account and a password to begin with, shown once."""

    user: SiteUserView
    password: str


class SiteTeamOperations(LocalOperations):
    """The operations."""

    def __init__(self, local: LocalApi, accounts: SiteAccountSecrets, passwords: PasswordHashes) -> None:
        super().__init__(local)
        self._accounts, self._passwords = accounts, passwords

    @operation_at("GET", "/v1/users", LOOKS)
    async def list_users(self, paging: PageRequest) -> ResultPage[SiteUserView] | Refused:
        """Lists who may sign in, by name."""
        return await self._local.read_page(
            paging,
            str,
            lambda conn, after, _: (each for each in users.all_users(conn) if after is None or each.name > after),
            lambda user: user.name,
            _user_view,
        )

    @operation_at("POST", "/v1/users", RULES, status=201, refusals=[RefusalCode.ALREADY_EXISTS])
    async def add_user(self, request: LocalPost, body: NewUser) -> ApiResponse[WithPassword]:
        """Adds an account; its password is shown once, and changed by its owner before anything else."""
        password = self._accounts.draw_password()
        hashed = accept(await self._passwords.hash_password(password))

        def work(conn: Connection, now: Instant) -> ApiResponse[WithPassword] | Refused:
            name = body.name.lower()
            if users.by_name(conn, name) is not None:
                return Refused(RefusalCode.ALREADY_EXISTS, "An account with this name exists already.", "name")
            if users.count(conn) >= MOST:
                return Refused(RefusalCode.FIELD_INVALID, f"A site has at most {MOST} accounts.", "name")
            born = self._accounts.clock()
            user = SiteUser(ids.new_id("usr", born, self._accounts.draw), name, body.role, hashed, 1, None, 0, born)
            users.add(conn, user)
            _add_event(conn, now, request.caller, "user_added", f"added {name} as {body.role}")
            # What is only rehearsed gives no secret out.
            return json_response(WithPassword(user=_user_view(user), password="" if request.dry_run else password), 201)

        return await self._write(request, work)

    @operation_at("PUT", "/v1/users/{user}", RULES)
    async def change_role(self, request: LocalChange, user: Id, body: RoleBody) -> ApiResponse[SiteUserView]:
        """Gives an account another role; open sessions have it at once."""

        def work(conn: Connection, now: Instant) -> ApiResponse[SiteUserView] | Refused:
            found = require_found(users.find(conn, user), "user")
            if found.role != body.role:
                users.set_role(conn, user, body.role)
                text = f"made {found.name} {body.role}; was {found.role}"
                _add_event(conn, now, request.caller, "role_changed", text)
            return json_response(_user_view(msgspec.structs.replace(found, role=body.role)))

        return await self._write(request, work)

    @operation_at("POST", "/v1/users/{user}/reset-password", RULES, refusals=[RefusalCode.SERVER_BUSY])
    async def reset_password(self, request: LocalPost, user: Id, body: ResetBody) -> ApiResponse[WithPassword]:
        """Gives an account a new password to begin with, shown once; its sessions end."""
        password = self._accounts.draw_password()
        hashed = accept(await self._passwords.hash_password(password))

        def work(conn: Connection, now: Instant) -> ApiResponse[WithPassword] | Refused:
            found = require_found(users.find(conn, user), "user")
            users.set_password(conn, user, hashed, temporary=True)
            users.end_sessions(conn, user)
            if body.second_factor:
                users.set_factor(conn, user, None)
            also = " and took the second factor away" if body.second_factor else ""
            _add_event(conn, now, request.caller, "password_reset", f"gave {found.name} a new password{also}")
            present = users.find(conn, user) or found
            return json_response(WithPassword(user=_user_view(present), password="" if request.dry_run else password))

        return await self._write(request, work)

    @operation_at("DELETE", "/v1/users/{user}", RULES, status=204)
    async def remove_user(self, request: LocalChange, user: Id) -> ApiResponse[None]:
        """Removes an account and ends its sessions; with the token of the folder one can always add another."""

        def work(conn: Connection, now: Instant) -> ApiResponse[None] | Refused:
            found = require_found(users.find(conn, user), "user")
            users.remove(conn, user)
            _add_event(conn, now, request.caller, "user_removed", f"removed {found.name} ({found.role})")
            return empty_response()

        return await self._write(request, work)


def _add_event(conn: Connection, now: Instant, caller: Principal, kind: str, text: str) -> None:
    who = caller.name or "The holder of the folder's token"
    events.add(conn, now, "warning", kind, f"{who} {text}.")


def _user_view(user: SiteUser) -> SiteUserView:
    return copy_fields(SiteUserView, user, second_factor=user.factor is not None, temporary=bool(user.temporary))
