"""Tables of the users who sign in: themselves, where they belong, what speaks for them, and what they did.

Only digests of secrets are here, but for a second factor, which is encrypted: its codes must be computed.
"""

import sqlalchemy as sa

from tenure.store.schema.columns import (
    KEYED,
    METADATA,
    STRICT,
    bytes_column,
    foreign_key,
    integer_column,
    maybe_octets,
    maybe_text,
    maybe_whole,
    text_column,
)


class UserColumns(sa.TypedColumns):
    """`password` is an Argon2id hash; `factor` the encrypted second factor, `proposed` one not confirmed yet.

    `step` is the last step of the second factor that was used; `verified` is when the mailbox was shown to be the
    user's, by a link that had gone there and nowhere else.
    """

    id = text_column(key=True)
    email = text_column()
    name = text_column()
    password = text_column()
    factor = maybe_octets()
    proposed = maybe_octets()
    step = integer_column()
    created = integer_column()
    verified = maybe_whole()


class MembershipColumns(sa.TypedColumns):
    """In which team a user is, as what. `place` names the team alone: `vendor`, a provider's or a customer's id.

    `by_mail` is when the user came in by a link that had gone to its mailbox alone.
    """

    id = text_column(key=True)
    user = text_column(foreign_key("users.id"))
    place = text_column()
    kind = text_column()
    provider = maybe_text(foreign_key("providers.id"))
    customer = maybe_text(foreign_key("customers.id"))
    role = text_column()
    created = integer_column()
    last_use = maybe_whole()
    by_mail = maybe_whole()


class SessionColumns(sa.TypedColumns):
    """What speaks for a user for a while, by its digest.

    `purpose`: `session` (signed in), `second_factor` (the password was right), `password_reset` (a link was sent).
    """

    digest = bytes_column(key=True)
    id = text_column()
    user = text_column(foreign_key("users.id"))
    membership = maybe_text(foreign_key("memberships.id"))
    purpose = text_column()
    created = integer_column()
    expires = integer_column()
    last_use = integer_column()
    address = text_column()
    browser = maybe_text()


class InvitationColumns(sa.TypedColumns):
    """An invitation into a team; gone when it is accepted, withdrawn or replaced. The first owner's has no email.

    `digest` is of the link that was shown to the inviter, `mailed` of the one that went by mail alone.
    """

    id = text_column(key=True)
    digest = bytes_column()
    email = text_column()
    name = text_column()
    place = text_column()
    kind = text_column()
    provider = maybe_text(foreign_key("providers.id"))
    customer = maybe_text(foreign_key("customers.id"))
    role = text_column()
    by_actor = text_column()
    created = integer_column()
    expires = integer_column()
    mailed = maybe_octets()


class RecoveryColumns(sa.TypedColumns):
    """Recovery codes that were not used yet, by their digests."""

    user = text_column(foreign_key("users.id"), key=True)
    digest = bytes_column(key=True)


class AuditColumns(sa.TypedColumns):
    """Who did what about access. Without a provider it is the vendor's; `who` may be gone, so nothing refers to it.

    `seq` is the order in which things were noted; two servers at one moment may note the same.
    """

    id = text_column(key=True)
    seq = integer_column()
    provider = maybe_text(foreign_key("providers.id"))
    customer = maybe_text(foreign_key("customers.id"))
    at = integer_column()
    who = text_column()
    name = text_column()
    kind = text_column()
    address = text_column()
    what = text_column()
    detail = text_column()


users = sa.Table("users", METADATA, UserColumns, sa.UniqueConstraint("email"), **STRICT)
memberships = sa.Table(
    "memberships",
    METADATA,
    MembershipColumns,
    sa.UniqueConstraint("user", "place"),
    sa.Index(None, "place", "user"),
    **STRICT,
)
sessions = sa.Table(
    "sessions",
    METADATA,
    SessionColumns,
    sa.UniqueConstraint("id"),
    sa.Index(None, "user"),
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
