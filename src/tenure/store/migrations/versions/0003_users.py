"""Users who sign in: themselves, their teams, sessions, invitations, recovery codes, and the audit."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward only."""
    _users()
    _sessions()
    _audit()


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("factor", sa.LargeBinary(), nullable=True),
        sa.Column("proposed", sa.LargeBinary(), nullable=True),
        sa.Column("step", WHOLE, nullable=False),
        sa.Column("created", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
        sqlite_strict=True,
    )
    op.create_table(
        "memberships",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("customer", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created", WHOLE, nullable=False),
        sa.Column("last_use", WHOLE, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
        sa.UniqueConstraint("user", "place", name=op.f("uq_memberships_user_place")),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_memberships_user")),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_memberships_provider")),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"], name=op.f("fk_memberships_customer")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_memberships_place_user"), "memberships", ["place", "user"])
    op.create_table(
        "recovery",
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("user", "digest", name=op.f("pk_recovery")),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_recovery_user")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("membership", sa.Text(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("created", WHOLE, nullable=False),
        sa.Column("expires", WHOLE, nullable=False),
        sa.Column("last_use", WHOLE, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
        sa.UniqueConstraint("id", name=op.f("uq_sessions_id")),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_sessions_user")),
        sa.ForeignKeyConstraint(["membership"], ["memberships.id"], name=op.f("fk_sessions_membership")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    for column in ("user", "membership", "expires"):
        op.create_index(op.f(f"ix_sessions_{column}"), "sessions", [column])
    op.create_table(
        "invitations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("customer", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("by_actor", sa.Text(), nullable=False),
        sa.Column("created", WHOLE, nullable=False),
        sa.Column("expires", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("digest", name=op.f("uq_invitations_digest")),
        sa.UniqueConstraint("place", "email", name=op.f("uq_invitations_place_email")),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_invitations_provider")),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"], name=op.f("fk_invitations_customer")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_invitations_expires"), "invitations", ["expires"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", WHOLE, nullable=False),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("customer", sa.Text(), nullable=True),
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_audit_provider")),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"], name=op.f("fk_audit_customer")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_audit_provider_seq"), "audit", ["provider", "seq"])
    op.create_index(op.f("ix_audit_who_what"), "audit", ["who", "what"])
    op.create_index(op.f("ix_audit_seq"), "audit", ["seq"])
    op.create_index(op.f("ix_audit_at"), "audit", ["at"])
