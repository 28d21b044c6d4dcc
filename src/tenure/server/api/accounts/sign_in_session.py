"""How a user who has proven who it is comes in: a session, or the demand for the second factor first."""

from typing import Final

import msgspec

from tenure.core.timeline import Instant
from tenure.http.accounts.flows import TICKET_LIFE
from tenure.http.fairness import network_of
from tenure.http.timestamps import format_rfc3339
from tenure.server.api.accounts.attempts import LoginAttempts
from tenure.server.api.accounts.places import SecretPrefix, fresh_secret
from tenure.server.context import ServerContext
from tenure.store import audit_log, emails, ending_rows, ids, sessions, users
from tenure.store.audit_log import AuditEvent
from tenure.store.engine import Connection
from tenure.store.sessions import LIFE, AccountSession, SecretPurpose
from tenure.store.users import Membership, UserRow

PASSWORD: Final = "password"  # noqa: S105 - the name of a way to prove who one is
"""The issuer of what is proven by the account's own password."""


class ProvenEmail(msgspec.Struct, frozen=True):
    """The seam between proving who a user is and signing the user in: an address that was proven to be theirs.

    Passwords are one way. Another, such as OpenID Connect, verifies the issuer's token and then hands over its verified
    e-mail address; what follows (which user that is, second factor, session, audit) stays the same.
    """

    email: str
    """In lower case. An issuer elsewhere must have verified it itself (`email_verified`)."""
    issuer: str
    """`PASSWORD`, or the address of the issuer that vouches for it."""


class Entrance(msgspec.Struct, frozen=True, kw_only=True):
    """Signed in, with `session`; or, when a second factor is asked for, on the way there with `ticket`."""

    second_factor: bool
    """Whether a code is still to be shown."""
    expires: str
    """When session or ticket end at the latest."""
    session: str = ""
    ticket: str = ""
    device: str = ""
    """To be kept by the browser that signed in, and shown when it signs in again: it is known then, and failures
    elsewhere do not make it wait. Good until the password changes."""


class Origin(msgspec.Struct, frozen=True):
    """The address from which a user comes in, and the browser."""

    address: str
    browser: str = ""


def come_in(
    conn: Connection, context: ServerContext, proven: ProvenEmail, origin: Origin, now: Instant
) -> Entrance | None:
    """Lets the user in whose e-mail was proven: a session where it worked last, or a ticket for the second factor.

    None when there is no such user: an account is made by an invitation alone.
    """
    known = users.user_by_email(conn, proven.email)
    user = None if known is None else users.lock_user(conn, known.id)
    if user is None:
        return None
    if user.factor is None:
        home = users.memberships_of(conn, user.id)[0]
        return enter_team(conn, context, user, home, origin, now, proven.issuer)
    secret, digest = fresh_secret(context.keys, context.draw, SecretPrefix.TICKET)
    until = now + TICKET_LIFE
    ticket = AccountSession(
        digest, ids.new_id("tic", now), user.id, None, SecretPurpose.SECOND_FACTOR, now, until, now, origin.address
    )
    sessions.open_session(conn, ticket)
    return Entrance(second_factor=True, expires=format_rfc3339(until), ticket=secret)


def enter_team(
    conn: Connection,
    context: ServerContext,
    user: UserRow,
    membership: Membership,
    origin: Origin,
    now: Instant,
    by: str,
) -> Entrance:
    """A session in `membership`, proven `by` that; a mail tells the user of a sign-in from a network that is new."""
    secret, digest = fresh_secret(context.keys, context.draw, SecretPrefix.SESSION)
    until = now + LIFE
    opened = AccountSession(
        digest, ids.new_id("ses", now), user.id, membership.id, SecretPurpose.SESSION, now, until, now,
        origin.address,
        origin.browser or None,
    )  # fmt: skip
    sessions.open_session(conn, opened)
    users.membership_used(conn, membership.id, now)
    _tell_of_new_place(conn, context, user, membership, origin.address, now)
    state = ending_rows.recorded_state(conn, ending_rows.SESSION, opened.id)
    event = AuditEvent(audit_log.SIGNED_IN, user.id, user.email, membership.kind, origin.address, by, opened.id, state)
    audit_log.record_event(conn, membership.team_place, event, now)
    device = LoginAttempts(context).known_device(user)
    return Entrance(second_factor=False, expires=format_rfc3339(until), session=secret, device=device)


def _tell_of_new_place(
    conn: Connection, context: ServerContext, user: UserRow, membership: Membership, address: str, now: Instant
) -> None:
    # Addresses of sign-ins before the mailbox was proven tell nothing of its owner.
    known = {network_of(each) for each in audit_log.signed_in_from(conn, user.id, user.verified or 0)}
    home = users.home_team(conn, user.id) or membership
    if known and network_of(address) not in known:
        values = {"name": user.name, "email": user.email, "address": address, "at": format_rfc3339(now)}
        values["link"] = f"{context.portal_url}/account" if context.portal_url else ""
        emails.add_email(conn, context.safe, home.provider, user.email, "sign_in_from_new_place", values, now)
