"""Asking somebody into a team, and coming in by the link: good once and for a week.

Two links are made: one is shown to whoever invites, the other goes by mail alone. Only the second proves whose the
mailbox is: an account made by the first is unverified, and whoever shows the second takes it over, without any factor
that was set before. A verified account is opened by its own password, whichever link it is.
"""

from typing import Final

import msgspec

from tenure.core.lease import Brand
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import DAY, Instant
from tenure.http.accounts import passwords
from tenure.http.accounts.proof import PASSWORD, Proven
from tenure.http.answers import Answer, made
from tenure.http.auth import PUBLIC, Principal
from tenure.http.fairness import block_of
from tenure.http.fields import Body, Line
from tenure.http.idempotency import Ticket
from tenure.http.inputs import Address
from tenure.http.instants import rfc3339
from tenure.http.operations import Operation, operation
from tenure.http.paging import Page, Paging, cut_page
from tenure.server.api.accounts.attempts import Attempts, succeeded
from tenure.server.api.accounts.entering import Entrance, Origin, Told, come_in, enter
from tenure.server.api.accounts.fields import BrowserWords, Mailbox, Password, Secret
from tenure.server.api.accounts.places import Prefix, fresh_secret, link_of, note, note_at_home, place_of
from tenure.server.api.accounts.signing import WITHOUT_RECORD, answered
from tenure.server.api.accounts.team import READ, WRITE, unfit_role
from tenure.server.api.fields import Id
from tenure.server.api.letters import too_many_mails
from tenure.server.api.providers import provider_view
from tenure.server.context import Context
from tenure.server.roles import TeamRole
from tenure.store import ids, invitations, letters, passing, people, persons, throttle, trail
from tenure.store.engine import Connection
from tenure.store.invitations import Invitation
from tenure.store.persons import Membership, Person, Place
from tenure.store.trail import Deed

OF_ONE_CUSTOMER: Final = 50
"""Invitations a day into the team of one customer."""


class NewInvitation(Body, frozen=True, kw_only=True):
    """Who is asked into the team, as what; `customer`: into the team of that customer instead of the own."""

    email: Mailbox
    name: Line
    role: TeamRole
    customer: Id | None = None


class InvitationView(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation; `link_token` is shown once, to whoever invites. The link in the person's mail is another one."""

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


class LinkToken(Body, frozen=True, kw_only=True):
    """What the link carries."""

    token: Secret


class InvitedView(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks whom into which team; `email` is empty when whoever comes in is to say it."""

    email: str
    name: str
    kind: str
    role: str
    by: str
    team: str
    """The name of provider or customer; empty for the vendor's own team."""
    brand: Brand | None
    expires: str


class Acceptance(Body, frozen=True, kw_only=True):
    """Coming in: a new password, or that of the account which this e-mail has already.

    `email` only where the invitation names none.
    """

    token: Secret
    name: Line
    password: Password
    email: Mailbox | None = None
    browser: BrowserWords = ""


class Inviting:
    """The operations on invitations."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._attempts = Attempts(context)
        self._mails = context.post is not None

    async def invite(
        self,
        caller: Principal,
        ticket: Ticket,
        body: NewInvitation,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> Answer[InvitationView] | Refused:
        """Asks somebody into the team by mail; a newer invitation replaces the older one of the same address."""

        def work(conn: Connection, now: Instant) -> Answer[InvitationView] | Refused:
            place = place_of(conn, caller, provider, body.customer)
            if isinstance(place, Refused):
                return place
            email = body.email.lower()
            known = persons.person_by_email(conn, email)
            refused = unfit_role(caller, place, body.role)
            if refused is None and known is not None and persons.member(conn, place, known.id) is not None:
                refused = Refused(Code.ALREADY_EXISTS, "This person is in the team already.", "email")
            refused = refused or too_many_mails(conn, place.provider, email, "invitation", now)
            refused = refused or _too_many_invitations(conn, place, now)
            if refused is not None:
                return refused
            secret, row = new_invitation(self._context, place, body, caller, now)
            mailed, digest = fresh_secret(self._context.keys, self._context.draw, Prefix.INVITATION)
            row = msgspec.structs.replace(row, mailed=digest)
            invitations.invite(conn, row)
            _send(conn, self._context, row, mailed, now)
            state = passing.state(conn, passing.INVITATION, row.id)
            note(conn, place, caller, address, "invited", f"{email}: {body.role}", now, about=row.id, state=state)
            return made(
                invitation_view(row, "" if dry_run else secret, self._context.portal_url, mailed=self._mails), 201
            )

        answer: Answer[InvitationView] | Refused = await self._context.once(ticket, dry_run, work, secret=True)
        return answer

    async def list_invitations(
        self, caller: Principal, paging: Paging, provider: Id | None = None, customer: Id | None = None
    ) -> Page[InvitationView] | Refused:
        """Lists the invitations into one's own team, or into the one named, that nobody has followed yet."""
        after = paging.after(str)
        if isinstance(after, Refused):
            return after

        def work(conn: Connection, now: Instant) -> list[InvitationView] | Refused:
            place = place_of(conn, caller, provider, customer)
            if isinstance(place, Refused):
                return place
            found = invitations.open_invitations(conn, place, after or "", paging.limit + 1)
            return [invitation_view(each, mailed=self._mails) for each in found]

        found = await self._context.read(work)
        return found if isinstance(found, Refused) else cut_page(found, paging.limit, lambda each: each.id)

    async def withdraw_invitation(
        self,
        caller: Principal,
        invitation: Id,
        address: Address,
        provider: Id | None = None,
        customer: Id | None = None,
        dry_run: bool = False,
    ) -> Refused | None:
        """Withdraws an invitation: its link is good for nothing from now on."""

        def work(conn: Connection, now: Instant) -> Answer[None] | Refused:
            place = place_of(conn, caller, provider, customer)
            if isinstance(place, Refused):
                return place
            gone = invitations.withdraw(conn, place, invitation)
            if isinstance(gone, Refused):
                return gone
            note(conn, place, caller, address, "invitation_withdrawn", gone.email, now)
            return made(None)

        done = await self._context.write(dry_run, work)
        return done if isinstance(done, Refused) else None

    async def read_invitation(self, body: LinkToken) -> InvitedView | Refused:
        """Tells whoever has the link who asks whom into which team."""
        digest = self._context.keys.token_digest(body.token)

        def work(conn: Connection, now: Instant) -> InvitedView | Refused:
            found = invitations.invitation(conn, digest, now)
            return Refused(Code.LINK_UNKNOWN, field="token") if found is None else _invited(conn, found, now)

        return await self._context.read(work)

    async def accept_invitation(self, body: Acceptance, address: Address) -> Answer[Entrance] | Refused:
        """Comes into the team and signs in; whoever has an account shows its password, others choose one.

        The link of the mail takes over an account that nobody has proven to be theirs: all its factors are dropped.
        """
        digest = self._context.keys.token_digest(body.token)
        invited = await self._context.read(lambda conn, now: invitations.invitation(conn, digest, now))
        if invited is None:
            return Refused(Code.LINK_UNKNOWN, field="token")
        email = invited.email or (body.email or "").lower()
        if not email:
            return Refused(Code.FIELD_INVALID, "This invitation names no e-mail address: say yours.", "email")
        present = await self._context.db.read(persons.person_by_email, email)
        by_mail = invited.mailed == digest
        if present is not None and (present.verified is not None or not by_mail):
            return await self._come_again(digest, present, body, address)
        origin = Origin(address, body.browser)
        refused = passwords.unfit(body.password, email, body.name)
        hashed = refused or await self._context.passwords.hash(body.password, block_of(address))
        if isinstance(hashed, Refused):
            return hashed

        def work(conn: Connection, now: Instant) -> Entrance | Refused:
            known = persons.person_by_email(conn, email)
            if known is not None and (known.verified is not None or not by_mail):
                # Somebody made an account for this address meanwhile: the next try is asked for its password.
                return Refused(Code.SIGN_IN_REFUSED)
            if known is not None:
                return self._take_over(conn, digest, known, hashed, origin, now)
            verified = now if by_mail else None
            new = Person(ids.new("per", now), email, body.name, hashed, now, verified=verified)
            added = persons.add_person(conn, new)
            return added if isinstance(added, Refused) else self._join(conn, digest, added, origin, now, new=True)

        return answered(await self._context.write(False, work))

    def _take_over(
        self, conn: Connection, digest: bytes, known: Person, hashed: str, origin: Origin, now: Instant
    ) -> Entrance | Refused:
        """The mailbox's owner comes into an account that somebody else may have made in its name."""
        persons.lock(conn, known.id)
        persons.claim(conn, known.id, hashed, now)
        claimed = persons.person(conn, known.id)
        if claimed is None:
            return Refused(Code.LINK_UNKNOWN, field="token")
        joined = self._join(conn, digest, claimed, origin, now)
        if not isinstance(joined, Refused):
            throttle.forgive(conn, self._attempts.of_account(known.email).key)
            note_at_home(conn, claimed, origin.address, "password_reset", "by the link of an invitation", now)
        return joined

    async def _come_again(
        self, digest: bytes, person: Person, body: Acceptance, address: str
    ) -> Answer[Entrance] | Refused:
        account, network = self._attempts.of_account(person.email), self._attempts.of_address(address)
        refused = await self._attempts.begin(account, network)
        if refused is not None:
            return refused
        held = await self._context.passwords.holds(person.password, body.password, block_of(address))
        if isinstance(held, Refused):
            return held

        def work(conn: Connection, now: Instant) -> Entrance | Told | Refused:
            present = persons.lock(conn, person.id)
            if not held or present is None or present.password != person.password:
                note_at_home(conn, person, address, "sign_in_refused", "wrong password", now)
                return Told(Refused(Code.SIGN_IN_REFUSED))
            succeeded(conn, account, network, now)
            origin = Origin(address, body.browser)
            return self._join(conn, digest, present, origin, now)

        return answered(await self._context.write(False, work))

    def _join(
        self, conn: Connection, digest: bytes, person: Person, origin: Origin, now: Instant, *, new: bool = False
    ) -> Entrance | Refused:
        invited = invitations.invitation(conn, digest, now)
        if invited is None or not invitations.take(conn, invited.id):
            return Refused(Code.LINK_UNKNOWN, field="token")
        place = invited.place
        membership = Membership(
            ids.new("mem", now), person.id, place.kind, place.provider, place.customer, invited.role, now,
            by_mail=now if invited.mailed == digest else None,
        )  # fmt: skip
        joined = persons.join(conn, membership)
        if isinstance(joined, Refused):
            return joined
        said, state = f"{invited.role}, asked by {invited.by_actor}", persons.membership_state(joined)
        trail.put(
            conn,
            place,
            Deed("joined", person.id, person.email, place.kind, origin.address, said, joined.id, state),
            now,
        )
        if new:
            note_at_home(conn, person, origin.address, "account_made", "", now)
        if person.factor is not None:
            return come_in(conn, self._context, Proven(person.email, PASSWORD), origin, now) or Refused(
                Code.SIGN_IN_REFUSED
            )
        return enter(conn, self._context, person, joined, origin, now, PASSWORD)

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        door = (Code.LINK_UNKNOWN, Code.SIGN_IN_REFUSED, Code.PASSWORD_UNFIT, Code.ALREADY_EXISTS)
        slowed = (Code.TOO_MANY_REQUESTS, Code.SERVER_BUSY)
        return (
            operation(
                "POST", "/v1/invitations", WRITE, self.invite, status=201, refusals=[Code.ALREADY_EXISTS]
            ),
            operation("GET", "/v1/invitations", READ, self.list_invitations),
            operation("DELETE", "/v1/invitations/{invitation}", WRITE, self.withdraw_invitation),
            # A POST, so that the secret stands in no address; it reads.
            operation(
                "POST", "/v1/invitations/read", PUBLIC, self.read_invitation, exempt=WITHOUT_RECORD,
                refusals=[Code.LINK_UNKNOWN],
            ),
            operation(
                "POST", "/v1/invitations/accept", PUBLIC, self.accept_invitation, exempt=WITHOUT_RECORD,
                refusals=(*door, *slowed),
            ),
        )  # fmt: skip


def _too_many_invitations(conn: Connection, place: Place, now: Instant) -> Refused | None:
    """A customer's team writes in its provider's name and on its provider's bound: it has one of its own."""
    if place.customer is None:
        return None
    noted = trail.instants(conn, place, "invited", now - DAY, OF_ONE_CUSTOMER)
    if len(noted) < OF_ONE_CUSTOMER:
        return None
    return Refused(Code.TOO_MANY_REQUESTS, "This team has invited too many today.", when=noted[-1] + DAY)


def new_invitation(
    context: Context, place: Place, body: NewInvitation, caller: Principal, now: Instant
) -> tuple[str, Invitation]:
    """The secret of the link that is shown, and the row that knows only its digest."""
    secret, digest = fresh_secret(context.keys, context.draw, Prefix.INVITATION)
    row = Invitation(
        id=ids.new("inv", now),
        digest=digest,
        email=body.email.lower(),
        name=body.name,
        provider=place.provider,
        customer=place.customer,
        role=body.role,
        by_actor=caller.name or caller.by,
        created=now,
        expires=now + invitations.LIFE,
    )
    return secret, row


def invitation_view(row: Invitation, secret: str = "", portal_url: str = "", *, mailed: bool) -> InvitationView:
    """An invitation as shown: without its link's secret, but for the answer that made it."""
    return InvitationView(
        id=row.id,
        email=row.email,
        name=row.name,
        kind=row.place.kind,
        role=row.role,
        expires=rfc3339(row.expires),
        by=row.by_actor,
        link_token=secret,
        link=f"{portal_url}/invitation/{secret}" if secret and portal_url else "",
        mailed=mailed,
    )


def _invited(conn: Connection, row: Invitation, now: Instant) -> InvitedView:
    provider = people.provider(conn, row.provider) if row.provider else None
    return InvitedView(
        email=row.email,
        name=row.name,
        kind=row.place.kind,
        role=row.role,
        by=row.by_actor,
        team=_team_name(conn, row.place),
        brand=None if provider is None else provider_view(provider, now).brand,
        expires=rfc3339(row.expires),
    )


def _team_name(conn: Connection, place: Place) -> str:
    customer = people.customer(conn, place.provider or "", place.customer) if place.customer else None
    provider = people.provider(conn, place.provider) if place.provider else None
    return customer.name if customer else provider.name if provider else ""


def _send(conn: Connection, context: Context, row: Invitation, secret: str, now: Instant) -> None:
    values = {
        "name": row.name,
        "email": row.email,
        "inviter": row.by_actor,
        "team": _team_name(conn, row.place),
        "role": row.role,
        "token": secret,
        "link": link_of(context, "invitation", secret),
        "expires": rfc3339(row.expires),
    }
    letters.put(conn, context.safe, row.provider, row.email, "invitation", values, now)
