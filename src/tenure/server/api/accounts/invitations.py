"""Inviting a user into a team, and coming in by the link: good once and for a week.

Two links are made: one is shown to the inviter, the other goes by mail alone. Only the second proves whose the mailbox
is: an account made by the first is unverified, and the user who shows the second takes it over, without any factor that
was set before. A verified account is opened by its own password, whichever link it is.
"""

from typing import Final

import msgspec

from tenure.core.lease.claims import Brand
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Instant
from tenure.http.accounts import passwords
from tenure.http.accounts.own_security import WITHOUT_RECORD, Password, Secret
from tenure.http.auth import PUBLIC, Principal
from tenure.http.body_types import Line, RequestBody
from tenure.http.fairness import block_of
from tenure.http.inputs import Address
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage
from tenure.http.problems import RefusedError, accept
from tenure.http.responses import ApiResponse, json_response
from tenure.http.timestamps import format_rfc3339
from tenure.http.views import copy_fields
from tenure.server.api.accounts.account_port import make_flows
from tenure.server.api.accounts.attempts import LoginAttempts
from tenure.server.api.accounts.fields import BrowserWords, Mailbox
from tenure.server.api.accounts.places import SecretPrefix, fresh_secret, link_of, note_at_home, place_of, record_audit
from tenure.server.api.accounts.sign_in_session import PASSWORD, Entrance, Origin, ProvenEmail, come_in, enter_team
from tenure.server.api.accounts.team import READ, WRITE, unfit_role
from tenure.server.api.emails import too_many_emails
from tenure.server.api.fields import Id
from tenure.server.api.operations import ServerOperations, TenantChange, TenantPost, TenantQuery
from tenure.server.api.providers import provider_view
from tenure.server.context import ServerContext
from tenure.server.roles import TeamRole
from tenure.store import audit_log, emails, ending_rows, ids, invitations, tenants, throttle, users
from tenure.store.audit_log import AuditEvent
from tenure.store.engine import Connection
from tenure.store.invitations import Invitation
from tenure.store.users import Membership, TeamPlace, UserRow

OF_ONE_CUSTOMER: Final = 50
"""Invitations a day into the team of one customer."""


class NewInvitation(RequestBody, frozen=True, kw_only=True):
    """Who is asked into the team, as what; `customer`: into the team of that customer instead of the own."""

    email: Mailbox
    name: Line
    role: TeamRole
    customer: Id | None = None


class InvitationView(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation; `link_token` is shown once, to the inviter. The link in the invited user's mail is another one."""

    id: str
    email: str
    name: str
    kind: str
    role: str
    expires: str
    by: str
    link_token: str = ""
    link: str = ""
    """The same as the address to open, where the server knows its portal's."""
    mailed: bool = False
    """Whether the server sends mails, and so this invitation, too."""


class LinkToken(RequestBody, frozen=True, kw_only=True):
    """What the link carries."""

    token: Secret


class InvitedView(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks whom into which team; `email` is empty when the user who comes in is to say it."""

    email: str
    name: str
    kind: str
    role: str
    by: str
    team: str
    """The name of provider or customer; empty for the vendor's own team."""
    brand: Brand | None
    expires: str


class InvitationAcceptance(RequestBody, frozen=True, kw_only=True):
    """Coming in: a new password, or that of the account which this e-mail has already.

    `email` only where the invitation names none.
    """

    token: Secret
    name: Line
    password: Password
    email: Mailbox | None = None
    browser: BrowserWords = ""


_USUAL = (
    RefusalCode.LINK_UNKNOWN,
    RefusalCode.SIGN_IN_REFUSED,
    RefusalCode.PASSWORD_UNFIT,
    RefusalCode.ALREADY_EXISTS,
)
_SLOWED = (RefusalCode.TOO_MANY_REQUESTS, RefusalCode.SERVER_BUSY)


class InvitationOperations(ServerOperations):
    """The operations on invitations."""

    def __init__(self, context: ServerContext) -> None:
        super().__init__(context)
        self._flows = make_flows(context)
        self._attempts = LoginAttempts(context)
        self._mails = context.post is not None

    @operation_at("POST", "/v1/invitations", WRITE, status=201, refusals=[RefusalCode.ALREADY_EXISTS])
    async def invite(self, request: TenantPost, body: NewInvitation) -> ApiResponse[InvitationView]:
        """Invites a user into the team by mail; a newer invitation replaces the older one of the same address."""

        def work(conn: Connection, now: Instant) -> ApiResponse[InvitationView] | Refused:
            place = accept(place_of(conn, request, body.customer))
            email = body.email.lower()
            known = users.user_by_email(conn, email)
            accept(unfit_role(request.caller, place, body.role))
            if known is not None and users.get_membership_in(conn, place, known.id) is not None:
                return Refused(RefusalCode.ALREADY_EXISTS, "This user is in the team already.", "email")
            accept(too_many_emails(conn, place.provider, email, "invitation", now))
            accept(_too_many_invitations(conn, place, now))
            secret, row = new_invitation(self._context, place, body, request.caller, now)
            mailed, digest = fresh_secret(self._context.keys, self._context.draw, SecretPrefix.INVITATION)
            row = msgspec.structs.replace(row, mailed=digest)
            invitations.invite(conn, row)
            _send_invitation(conn, self._context, row, mailed, now)
            state = ending_rows.recorded_state(conn, ending_rows.INVITATION, row.id)
            said, shown = f"{email}: {body.role}", "" if request.dry_run else secret
            record_audit(conn, place, request, "invited", said, now, about=row.id, state=state)
            return json_response(invitation_view(row, shown, self._context.portal_url, mailed=self._mails), 201)

        return await self._write(request, work, secret=True)

    @operation_at("GET", "/v1/invitations", READ)
    async def list_invitations(
        self, request: TenantQuery, paging: PageRequest, customer: Id | None = None
    ) -> ResultPage[InvitationView]:
        """Lists the invitations into one's own team, or into the one named, that are not accepted yet."""

        def rows(conn: Connection, now: Instant, after: str, most: int) -> list[InvitationView]:
            found = invitations.open_invitations(conn, accept(place_of(conn, request, customer)), after, most)
            return [invitation_view(each, mailed=self._mails) for each in found]

        return await self._list(paging, rows)

    @operation_at("DELETE", "/v1/invitations/{invitation}", WRITE)
    async def withdraw_invitation(self, request: TenantChange, invitation: Id, customer: Id | None = None) -> None:
        """Withdraws an invitation: its link is good for nothing from now on."""

        def work(conn: Connection, now: Instant) -> None:
            place = accept(place_of(conn, request, customer))
            gone = accept(invitations.withdraw(conn, place, invitation))
            record_audit(conn, place, request, "invitation_withdrawn", gone.email, now)

        await self._write(request, work)

    # A POST, so that the secret stands in no address; it reads.
    @operation_at("POST", "/v1/invitations/read", PUBLIC, exempt=WITHOUT_RECORD, refusals=[RefusalCode.LINK_UNKNOWN])
    async def read_invitation(self, body: LinkToken) -> InvitedView:
        """Tells a user who has the link who asks whom into which team."""
        digest = self._context.keys.token_digest(body.token)

        def work(conn: Connection, now: Instant) -> InvitedView | Refused:
            found = invitations.invitation(conn, digest, now)
            if found is None:
                return Refused(RefusalCode.LINK_UNKNOWN, field="token")
            return _invitation_view(conn, found, now)

        return await self._read(work)

    @operation_at("POST", "/v1/invitations/accept", PUBLIC, exempt=WITHOUT_RECORD, refusals=(*_USUAL, *_SLOWED))
    async def accept_invitation(self, body: InvitationAcceptance, address: Address) -> ApiResponse[Entrance]:
        """Comes into the team and signs in; a user with an account shows its password, a new user chooses one.

        The link of the mail takes over an account that no user has proven to be theirs: all its factors are dropped.
        """
        digest = self._context.keys.token_digest(body.token)
        invited = await self._read(lambda conn, now: invitations.invitation(conn, digest, now))
        if invited is None:
            raise RefusedError(Refused(RefusalCode.LINK_UNKNOWN, field="token"))
        email = invited.email or (body.email or "").lower()
        if not email:
            said = "This invitation names no email address: say yours."
            raise RefusedError(Refused(RefusalCode.FIELD_INVALID, said, "email"))
        present = await self._context.db.read(users.user_by_email, email)
        by_mail = invited.mailed == digest
        if present is not None and (present.verified is not None or not by_mail):
            return await self._come_again(digest, present, body, address)
        origin = Origin(address, body.browser)
        accept(passwords.refuse_unfit(body.password, email, body.name))
        hashed = accept(await self._context.passwords.hash_password(body.password, block_of(address)))

        def work(conn: Connection, now: Instant) -> Entrance | Refused:
            known = users.user_by_email(conn, email)
            if known is not None and (known.verified is not None or not by_mail):
                # Another request made an account for this address meanwhile: the next try is asked for its password.
                return Refused(RefusalCode.SIGN_IN_REFUSED)
            if known is not None:
                return self._take_over(conn, digest, known, hashed, origin, now)
            verified = now if by_mail else None
            new = UserRow(ids.new_id("usr", now), email, body.name, hashed, now, verified=verified)
            return self._join_team(conn, digest, accept(users.add_user(conn, new)), origin, now, new=True)

        return json_response(await self._write_public(work))

    def _take_over(
        self, conn: Connection, digest: bytes, known: UserRow, hashed: str, origin: Origin, now: Instant
    ) -> Entrance | Refused:
        """The mailbox's owner takes over an account that a stranger may have made in its name."""
        present = users.lock_user(conn, known.id)
        if present is not None and present.verified is not None:
            return Refused(RefusalCode.SIGN_IN_REFUSED)  # the owner came in by another link in the same moment
        users.claim_user(conn, known.id, hashed, now)
        claimed = users.get_user(conn, known.id)
        if claimed is None:
            return Refused(RefusalCode.LINK_UNKNOWN, field="token")
        joined = self._join_team(conn, digest, claimed, origin, now)
        if not isinstance(joined, Refused):
            throttle.reset_counter(conn, self._attempts.of_account(known.email).key)
            note_at_home(conn, claimed, origin.address, "password_reset", "by the link of an invitation", now)
        return joined

    async def _come_again(
        self, digest: bytes, user: UserRow, body: InvitationAcceptance, address: str
    ) -> ApiResponse[Entrance]:
        counters = (self._attempts.of_account(user.email), self._attempts.of_address(address))

        def enter(conn: Connection, present: UserRow, now: Instant) -> Entrance | Refused:
            return self._join_team(conn, digest, present, Origin(address, body.browser), now)

        return json_response(accept(await self._flows.sign_in(user, body.password, counters, address, enter)))

    def _join_team(
        self, conn: Connection, digest: bytes, user: UserRow, origin: Origin, now: Instant, *, new: bool = False
    ) -> Entrance | Refused:
        invited = invitations.invitation(conn, digest, now)
        if invited is None or not invitations.use_up(conn, invited.id):
            return Refused(RefusalCode.LINK_UNKNOWN, field="token")
        place = invited.team_place
        membership = Membership(
            ids.new_id("mem", now), user.id, place.side, place.provider, place.customer, invited.role, now,
            by_mail=now if invited.mailed == digest else None,
        )  # fmt: skip
        joined = users.join_team(conn, membership)
        if isinstance(joined, Refused):
            return joined
        said, state = f"{invited.role}, asked by {invited.by_actor}", users.membership_state(joined)
        event = AuditEvent("joined", user.id, user.email, place.side, origin.address, said, joined.id, state)
        audit_log.record_event(conn, place, event, now)
        if new:
            note_at_home(conn, user, origin.address, "account_made", "", now)
        if user.factor is not None:
            come = come_in(conn, self._context, ProvenEmail(user.email, PASSWORD), origin, now)
            return come or Refused(RefusalCode.SIGN_IN_REFUSED)
        return enter_team(conn, self._context, user, joined, origin, now, PASSWORD)


def _too_many_invitations(conn: Connection, place: TeamPlace, now: Instant) -> Refused | None:
    """A customer's team writes in its provider's name and on its provider's bound: it has one of its own."""
    if place.customer is None:
        return None
    noted = audit_log.event_instants(conn, place, "invited", now - DAY, OF_ONE_CUSTOMER)
    if len(noted) < OF_ONE_CUSTOMER:
        return None
    return Refused(RefusalCode.TOO_MANY_REQUESTS, "This team has invited too many today.", when=noted[-1] + DAY)


def new_invitation(
    context: ServerContext, place: TeamPlace, body: NewInvitation, caller: Principal, now: Instant
) -> tuple[str, Invitation]:
    """The secret of the link that is shown, and the row that knows only its digest."""
    secret, digest = fresh_secret(context.keys, context.draw, SecretPrefix.INVITATION)
    row = Invitation(
        id=ids.new_id("inv", now),
        digest=digest,
        email=body.email.lower(),
        name=body.name,
        provider=place.provider,
        customer=place.customer,
        role=body.role,
        by_actor=caller.name or caller.actor_name,
        created=now,
        expires=now + invitations.LIFE,
    )
    return secret, row


def invitation_view(row: Invitation, secret: str = "", portal_url: str = "", *, mailed: bool) -> InvitationView:
    """An invitation as shown: without its link's secret, but for the answer that made it."""
    return copy_fields(
        InvitationView,
        row,
        kind=row.team_place.side,
        by=row.by_actor,
        link_token=secret,
        link=f"{portal_url}/invitation/{secret}" if secret and portal_url else "",
        mailed=mailed,
    )


def _invitation_view(conn: Connection, row: Invitation, now: Instant) -> InvitedView:
    provider = tenants.get_provider(conn, row.provider) if row.provider else None
    return copy_fields(
        InvitedView,
        row,
        kind=row.team_place.side,
        by=row.by_actor,
        team=_team_name(conn, row.team_place),
        brand=None if provider is None else provider_view(provider, now).brand,
    )


def _team_name(conn: Connection, place: TeamPlace) -> str:
    customer = tenants.get_customer(conn, place.provider or "", place.customer) if place.customer else None
    provider = tenants.get_provider(conn, place.provider) if place.provider else None
    return customer.name if customer else provider.name if provider else ""


def _send_invitation(conn: Connection, context: ServerContext, row: Invitation, secret: str, now: Instant) -> None:
    values = {
        "name": row.name,
        "email": row.email,
        "inviter": row.by_actor,
        "team": _team_name(conn, row.team_place),
        "role": row.role,
        "token": secret,
        "link": link_of(context, "invitation", secret),
        "expires": format_rfc3339(row.expires),
    }
    emails.add_email(conn, context.safe, row.provider, row.email, "invitation", values, now)
