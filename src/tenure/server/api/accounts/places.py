"""Whose team is meant, by whom it was done, and fresh secrets: what all operations on people share."""

import base64
from enum import StrEnum

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.http.auth import Principal
from tenure.server.context import Context
from tenure.server.keyring import Draw, KeyRing
from tenure.store import people, persons, trail
from tenure.store.engine import Connection
from tenure.store.persons import Person, Place
from tenure.store.trail import Deed


class Prefix(StrEnum):
    """How the secrets that are given out begin, so that one is recognised wherever it turns up."""

    SESSION = "tns_"
    TICKET = "tnt_"
    INVITATION = "tni_"
    RESET = "tnp_"
    DEVICE = "tnd_"


def fresh_secret(keys: KeyRing, draw: Draw, prefix: Prefix) -> tuple[str, bytes]:
    """256 random bits as text, and the keyed digest under which alone it is kept."""
    secret = prefix + base64.b32encode(draw(32)).decode().rstrip("=").lower()
    return secret, keys.token_digest(secret)


def link_of(context: Context, page: str, secret: str) -> str:
    """Where a mail sends its reader; without a portal the secret itself, which the API takes."""
    return f"{context.portal_url}/{page}/{secret}" if context.portal_url else secret


def place_of(conn: Connection, caller: Principal, provider: str | None, customer: str | None) -> Place | Refused:
    """The team the caller means: its own where it has no choice. Foreign ones are `not_found`, named by the field."""
    if caller.provider and provider and provider != caller.provider:
        return Refused(Code.NOT_FOUND, field="provider")
    if caller.customer and customer and customer != caller.customer:
        return Refused(Code.NOT_FOUND, field="customer")
    owner, whose = caller.provider or provider or None, caller.customer or customer or None
    if owner is None:
        if whose is not None:
            return Refused(Code.FIELD_INVALID, "Name the provider whose customer is meant.", "provider")
        return Place()
    if people.provider(conn, owner) is None:
        return Refused(Code.NOT_FOUND, field="provider")
    if whose is not None and people.customer(conn, owner, whose) is None:
        return Refused(Code.NOT_FOUND, field="customer")
    return Place(owner, whose)


def note(
    conn: Connection,
    place: Place,
    caller: Principal,
    address: str,
    what: str,
    detail: str,
    now: Instant,
    *,
    about: str = "",
    state: bytes = b"",
) -> None:
    """Keep in the audit of `place` what `caller` did; for its chain `about` what, and what stands there now."""
    kind = str(caller.kind) if caller.kind else ""
    trail.put(conn, place, Deed(what, caller.by, caller.name, kind, address, detail, about, state), now)


def note_at_home(
    conn: Connection,
    person: Person,
    address: str,
    what: str,
    detail: str,
    now: Instant,
    *,
    about: str = "",
    state: bytes = b"",
) -> None:
    """Keep what was done with the account in the audit of the person's own team (`persons.home`), and in no other.

    `about` and `state` as in `note`: without them the chain keeps what stands of the account.
    """
    home = persons.home(conn, person.id)
    if home is None:
        return
    if not about and what in trail.CHAINED and (present := persons.person(conn, person.id)) is not None:
        about, state = person.id, persons.person_state(present)
    deed = Deed(what, person.id, person.email, home.kind, address, detail, about, state)
    trail.put(conn, home.place, deed, now)
