"""Whose team is meant, by whom it was done, and fresh secrets: what all operations on users share."""

import base64
from enum import StrEnum

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.server.api.operations import AnyChange, TenantQuery
from tenure.server.context import ServerContext
from tenure.server.keyring import Draw, KeyRing
from tenure.store import audit_log, tenants, users
from tenure.store.audit_log import AuditEvent
from tenure.store.engine import Connection
from tenure.store.users import TeamPlace, UserRow


class SecretPrefix(StrEnum):
    """How the secrets that are given out begin, so that one is recognized wherever it turns up."""

    SESSION = "tns_"
    TICKET = "tnt_"
    INVITATION = "tni_"
    RESET = "tnp_"
    DEVICE = "tnd_"


def fresh_secret(keys: KeyRing, draw: Draw, prefix: SecretPrefix) -> tuple[str, bytes]:
    """256 random bits as text, and the keyed digest under which alone it is kept."""
    secret = prefix + base64.b32encode(draw(32)).decode().rstrip("=").lower()
    return secret, keys.token_digest(secret)


def link_of(context: ServerContext, page: str, secret: str) -> str:
    """Where a mail sends its reader; without a portal the secret itself, which the API takes."""
    return f"{context.portal_url}/{page}/{secret}" if context.portal_url else secret


def place_of(conn: Connection, request: TenantQuery, customer: str | None) -> TeamPlace | Refused:
    """The team the caller means: its own where it has no choice. Foreign ones are `not_found`, named by the field."""
    caller, provider = request.caller, request.provider
    if caller.provider and provider and provider != caller.provider:
        return Refused(RefusalCode.NOT_FOUND, field="provider")
    if caller.customer and customer and customer != caller.customer:
        return Refused(RefusalCode.NOT_FOUND, field="customer")
    owner, whose = caller.provider or provider or None, caller.customer or customer or None
    if owner is None:
        if whose is not None:
            return Refused(RefusalCode.FIELD_INVALID, "Name the provider whose customer is meant.", "provider")
        return TeamPlace()
    if tenants.get_provider(conn, owner) is None:
        return Refused(RefusalCode.NOT_FOUND, field="provider")
    if whose is not None and tenants.get_customer(conn, owner, whose) is None:
        return Refused(RefusalCode.NOT_FOUND, field="customer")
    return TeamPlace(owner, whose)


def record_audit(
    conn: Connection,
    place: TeamPlace,
    request: AnyChange,
    what: str,
    detail: str,
    now: Instant,
    *,
    about: str = "",
    state: bytes = b"",
) -> None:
    """Keep in the audit of `place` what the caller did; for its chain `about` what, and what stands there now."""
    caller, kind = request.caller, str(request.caller.kind or "")
    event = AuditEvent(what, caller.actor_name, caller.name, kind, request.address, detail, about, state)
    audit_log.record_event(conn, place, event, now)


def note_at_home(
    conn: Connection,
    user: UserRow,
    address: str,
    what: str,
    detail: str,
    now: Instant,
    *,
    about: str = "",
    state: bytes = b"",
) -> None:
    """Keep what was done with the account in the audit of the user's own team (`users.home_team`), and in no other.

    `about` and `state` as in `record_audit`: without them the chain keeps what stands of the account.
    """
    home = users.home_team(conn, user.id)
    if home is None:
        return
    if not about and what in audit_log.CHAINED and (present := users.get_user(conn, user.id)) is not None:
        about, state = user.id, users.user_state(present)
    event = AuditEvent(what, user.id, user.email, home.kind, address, detail, about, state)
    audit_log.record_event(conn, home.team_place, event, now)
