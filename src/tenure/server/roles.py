"""What each kind of caller may carry, and which of it a role in a team includes: one table for users and programs."""

from enum import StrEnum

from tenure.core.policy.rules import Role

PROVIDER_STAFF = frozenset({Role.VENDOR, Role.PROVIDER})
"""Callers who do a provider's work: its own users and programs, and the vendor's."""

USERS = ("users:read", "users:write", "audit:read")
"""About accounts: a program carries these only when they are named."""

SCOPES: dict[Role, tuple[str, ...]] = {
    Role.VENDOR: (
        "catalog:read", "catalog:write", "providers:read", "providers:write", "customers:read", "customers:write",
        "subscriptions:read", "subscriptions:write", "money:read", "money:write", "payments:write", "policy:read",
        "policy:write", "sites:read", "tokens:write", "events:read", "messages:read", "messages:write", "metrics:read",
        "sandbox:write", "server:read", "server:write", *USERS,
    ),
    Role.PROVIDER: (
        "catalog:read", "providers:read", "customers:read", "customers:write", "subscriptions:read",
        "subscriptions:write", "money:read", "money:write", "payments:write", "policy:read", "policy:write",
        "sites:read", "tokens:write", "events:read", "messages:read", "messages:write", "sandbox:write", *USERS,
    ),
    Role.CUSTOMER: (
        "catalog:read", "subscriptions:read", "subscriptions:write", "money:read", "payments:write", "sites:read",
        *USERS,
    ),
}  # fmt: skip
"""The scopes that a caller of each kind may carry."""


class TeamRole(StrEnum):
    """A user's role in a team."""

    OWNER = "owner"
    OPERATOR = "operator"
    AUDITOR = "auditor"


ROLES: dict[str, tuple[TeamRole, ...]] = {
    Role.VENDOR: tuple(TeamRole),
    Role.PROVIDER: tuple(TeamRole),
    Role.CUSTOMER: (TeamRole.OWNER, TeamRole.AUDITOR),
}
"""The roles that there are in each kind of team."""

OWNERS_ALONE = frozenset({"tokens:write", "users:write", "policy:write"})
"""What decides over others: an operator, who does the daily work, has none of it."""


def usual_scopes(kind: Role) -> tuple[str, ...]:
    """What a token carries for which everything was asked: all but what is about accounts."""
    return tuple(scope for scope in SCOPES[kind] if scope not in USERS)


def scopes_of(kind: Role, role: str) -> frozenset[str]:
    """What a user may do: an owner everything, an operator the daily work, an auditor look."""
    every = frozenset(SCOPES[kind])
    match role:
        case TeamRole.OWNER:
            return every
        case TeamRole.OPERATOR:
            return every - OWNERS_ALONE
        case _:
            return frozenset(scope for scope in every if scope.endswith(":read"))
