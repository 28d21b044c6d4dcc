"""Tables of the people who sign in: themselves, where they belong, what speaks for them, and what they did.

Only digests of secrets are here, but for a second factor, which is encrypted: its codes must be computed.
"""

import sqlalchemy as sa

from tenure.store.schema.columns import (
    KEYED,
    METADATA,
    STRICT,
    maybe_octets,
    maybe_text,
    maybe_whole,
    octets,
    text,
    to,
    whole,
)


class PersonColumns(sa.TypedColumns):
    """`password` is an Argon2id hash; `factor` the encrypted second factor, `proposed` one not confirmed yet.

    `step` is the last step of the second factor that was used; `verified` is when the mailbox was shown to be the
    person's, by a link that had gone there and nowhere else.
    """

    id = text(key=True)
    email = text()
    name = text()
    password = text()
    factor = maybe_octets()
    proposed = maybe_octets()
    step = whole()
    created = whole()
    verified = maybe_whole()


class MembershipColumns(sa.TypedColumns):
    """In which team a person is, as what. `place` names the team alone: `vendor`, a provider's or a customer's id.

    `by_mail` is when the person came in by a link that had gone to its mailbox alone.
    """

    id = text(key=True)
    person = text(to("people.id"))
    place = text()
    kind = text()
    provider = maybe_text(to("providers.id"))
    customer = maybe_text(to("customers.id"))
    role = text()
    created = whole()
    last_use = maybe_whole()
    by_mail = maybe_whole()


class SessionColumns(sa.TypedColumns):
    """What speaks for a person for a while, by its digest.

    `purpose`: `session` (signed in), `second_factor` (the password was right), `password_reset` (a link was sent).
    """

    digest = octets(key=True)
    id = text()
    person = text(to("people.id"))
    membership = maybe_text(to("memberships.id"))
    purpose = text()
    created = whole()
    expires = whole()
    last_use = whole()
    address = text()
    browser = maybe_text()


class InvitationColumns(sa.TypedColumns):
    """Somebody asked into a team; gone when it is accepted, withdrawn or replaced. The first owner's has no e-mail.

    `digest` is of the link that was shown to whoever invites, `mailed` of the one that went by mail alone.
    """

    id = text(key=True)
    digest = octets()
    email = text()
    name = text()
    place = text()
    kind = text()
    provider = maybe_text(to("providers.id"))
    customer = maybe_text(to("customers.id"))
    role = text()
    by_actor = text()
    created = whole()
    expires = whole()
    mailed = maybe_octets()


class RecoveryColumns(sa.TypedColumns):
    """Recovery codes that were not used yet, by their digests."""

    person = text(to("people.id"), key=True)
    digest = octets(key=True)


class AuditColumns(sa.TypedColumns):
    """Who did what about access. Without a provider it is the vendor's; `who` may be gone, so nothing refers to it.

    `seq` is the order in which things were noted; two servers at one moment may note the same.
    """

    id = text(key=True)
    seq = whole()
    provider = maybe_text(to("providers.id"))
    customer = maybe_text(to("customers.id"))
    at = whole()
    who = text()
    name = text()
    kind = text()
    address = text()
    what = text()
    detail = text()


people = sa.Table("people", METADATA, PersonColumns, sa.UniqueConstraint("email"), **STRICT)
memberships = sa.Table(
    "memberships",
    METADATA,
    MembershipColumns,
    sa.UniqueConstraint("person", "place"),
    sa.Index(None, "place", "person"),
    **STRICT,
)
sessions = sa.Table(
    "sessions",
    METADATA,
    SessionColumns,
    sa.UniqueConstraint("id"),
    sa.Index(None, "person"),
    sa.Index(None, "membership"),
    sa.Index(None, "expires"),
    **KEYED,
)
invitations = sa.Table(
    "invitations",
    METADATA,
    InvitationColumns,
    sa.UniqueConstraint("digest"),
    sa.UniqueConstraint("place", "email"),
    sa.Index(None, "mailed"),
    sa.Index(None, "expires"),
    **STRICT,
)
recovery = sa.Table("recovery", METADATA, RecoveryColumns, **KEYED)
audit = sa.Table(
    "audit",
    METADATA,
    AuditColumns,
    sa.Index(None, "provider", "seq"),
    sa.Index(None, "who", "what"),
    sa.Index(None, "seq"),
    sa.Index(None, "at"),
    **STRICT,
)
