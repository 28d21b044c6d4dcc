"""Who am I, for whom do I act, and what does that permit; and going on in another of one's own teams."""

import msgspec

from tenure.core.policy import Role
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal
from tenure.http.fields import Body
from tenure.http.idempotency import Ticket
from tenure.http.inputs import Address
from tenure.http.operations import Operation, operation
from tenure.server import policies
from tenure.server.api.accounts.signing import OWN, nobody_signed_in
from tenure.server.api.fields import Id
from tenure.server.api.providers import ProviderView, provider_view
from tenure.server.context import Context
from tenure.server.roles import scopes_of
from tenure.server.views import shown
from tenure.store import passing, people, persons, sessions, tokens, trail
from tenure.store.engine import Connection
from tenure.store.sessions import SignedIn
from tenure.store.trail import Deed


class PersonView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with an account."""

    id: str
    name: str
    email: str


class CustomerName(msgspec.Struct, frozen=True, kw_only=True):
    """A customer, as its people know it."""

    id: str
    name: str


class MembershipView(msgspec.Struct, frozen=True, kw_only=True):
    """A team that the person is in; `name` is the provider's or the customer's, empty for the vendor's own."""

    id: str
    kind: str
    role: str
    name: str


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, for whom, and what that permits; a program has no person, no role and no memberships."""

    person: PersonView | None
    kind: str
    role: str
    scopes: tuple[str, ...]
    actions: tuple[str, ...]
    """What the provider's policy allows to this kind of caller; without a provider nothing."""
    provider: ProviderView | None
    customer: CustomerName | None
    second_factor: bool
    expires: str | None
    membership: str
    """The one that the session works in."""
    memberships: tuple[MembershipView, ...]


class ChosenMembership(Body, frozen=True, kw_only=True):
    """The membership to work in."""

    id: Id


class Own:
    """The operations on one's own account."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def read_me(self, caller: Principal) -> Me | Refused:
        """Who asks, for whom, and what that permits; for people and for programs."""
        return await self._context.read(lambda conn, now: _me(conn, caller, now))

    async def choose_membership(
        self, caller: Principal, ticket: Ticket, body: ChosenMembership, address: Address, dry_run: bool = False
    ) -> Answer[Me] | Refused:
        """Goes on in another of one's own teams, in the same session."""
        if not caller.person:
            return nobody_signed_in()

        def work(conn: Connection, now: Instant) -> Answer[Me] | Refused:
            mine = {each.id: each for each in persons.memberships_of(conn, caller.person)}
            chosen = mine.get(body.id)
            if chosen is None:
                return Refused(Code.NOT_FOUND, field="id")
            sessions.move(conn, caller.token_id, caller.person, chosen.id)
            persons.membership_used(conn, chosen.id, now)
            state = passing.state(conn, passing.SESSION, caller.token_id)
            said = "from another team"
            deed = Deed(trail.SIGNED_IN, caller.person, caller.name, chosen.kind, address, said, caller.token_id, state)
            trail.put(conn, chosen.place, deed, now)
            me = _me(conn, caller, now)
            return me if isinstance(me, Refused) else made(me)

        answer: Answer[Me] | Refused = await self._context.once(ticket, dry_run, work)
        return answer

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        return (
            operation("GET", "/v1/me", OWN, self.read_me),
            operation(
                "POST", "/v1/me/membership", OWN, self.choose_membership,
                refusals=[Code.ACTION_NOT_PERMITTED, Code.NOT_FOUND],
            ),
        )  # fmt: skip


def _me(conn: Connection, caller: Principal, now: Instant) -> Me | Refused:
    if caller.person:
        session = sessions.by_id(conn, caller.token_id, now)
        return Refused(Code.NOT_AUTHENTICATED) if session is None else _of_session(conn, session, now)
    provider, customer = _whose(conn, caller.provider, caller.customer, now)
    return Me(
        person=None,
        kind=str(caller.kind),
        role="",
        scopes=tuple(sorted(caller.scopes)),
        actions=_actions(conn, caller.provider, str(caller.kind)),
        provider=provider,
        customer=customer,
        second_factor=False,
        expires=shown(tokens.expiry(conn, caller.token_id)),
        membership="",
        memberships=(),
    )


def _of_session(conn: Connection, found: SignedIn, now: Instant) -> Me | Refused:
    session, person = found.session, persons.person(conn, found.session.person)
    if person is None:
        return Refused(Code.NOT_AUTHENTICATED)
    provider, customer = _whose(conn, found.provider or "", found.customer or "", now)
    mine = persons.named_memberships(conn, person.id)
    return Me(
        person=PersonView(id=person.id, name=person.name, email=person.email),
        kind=found.kind,
        role=found.role,
        scopes=tuple(sorted(scopes_of(Role(found.kind), found.role))),
        actions=_actions(conn, found.provider or "", found.kind),
        provider=provider,
        customer=customer,
        second_factor=person.factor is not None,
        expires=shown(session.expires),
        membership=session.membership or "",
        memberships=tuple(MembershipView(id=i, kind=kind, role=role, name=name) for i, kind, role, name in mine),
    )


def _actions(conn: Connection, provider: str, kind: str) -> tuple[str, ...]:
    return tuple(sorted(policies.history(conn, provider).permitted(Role(kind)))) if provider else ()


def _whose(
    conn: Connection, provider: str, customer: str, now: Instant
) -> tuple[ProviderView | None, CustomerName | None]:
    selling = people.provider(conn, provider) if provider else None
    buying = people.customer(conn, provider, customer) if customer else None
    return (
        None if selling is None else provider_view(selling, now),
        None if buying is None else CustomerName(id=buying.id, name=buying.name),
    )
