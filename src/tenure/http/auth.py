"""Who asks, and whether the route is theirs: bearer tokens, principals and one rule for each route.

Where tokens are kept, how they are compared and when they expire is behind the `Authenticate` port; what a principal
may do with one particular resource is decided where the resource is known.
"""

import re
from collections.abc import Awaitable, Callable

import msgspec

from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.http.asgi import Scope, header_values

_BEARER = re.compile(r"(?i:bearer) +([A-Za-z0-9._~+/-]{1,512}=*)")


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """The caller: known by a token, or an unknown one (`kind` None) on public routes."""

    kind: Role | None = None
    provider: str = ""
    """Provider id whose data this is about; empty for the vendor's staff."""
    customer: str = ""
    role: str = ""
    """A user's role in the team, such as `operator`; empty for a program. What it permits is written in `scopes`."""
    scopes: frozenset[str] = frozenset()
    token_id: str = ""
    """What the caller showed, by its id: a token's or a session's; never empty for a known caller."""
    user: str = ""
    """Who has signed in; empty for a program with an API token."""
    name: str = ""
    """What users know the caller by: an e-mail address, or the name of a token."""
    sandbox: bool = False

    @property
    def actor_name(self) -> str:
        """Who did it, as histories write it: the user, whatever session it was, else the token."""
        return self.user or self.token_id


ANONYMOUS = Principal()

Authenticate = Callable[[str], Awaitable[Principal | None]]
"""Token to principal; None when it is unknown, expired or withdrawn. Looks the token up by its hash."""


class AccessRule(msgspec.Struct, frozen=True):
    """Who may call a route. Every route has one; a route without is refused when the application is built."""

    scope: str = ""
    """The scope that the token must carry, such as `subscriptions:write`; empty asks for none."""
    kinds: frozenset[Role] = frozenset(Role)
    public: bool = False


PUBLIC = AccessRule(public=True)


def judge_access(rule: AccessRule, principal: Principal) -> Refused | None:
    """May `principal` call a route under `rule`? `not_authenticated` or `action_not_permitted` when not."""
    if rule.public:
        return None
    if principal.kind is None:
        return Refused(RefusalCode.NOT_AUTHENTICATED)
    if principal.kind not in rule.kinds:
        return Refused(RefusalCode.ACTION_NOT_PERMITTED, f"This is not open to a {principal.kind}.")
    if rule.scope and rule.scope not in principal.scopes:
        return Refused(RefusalCode.ACTION_NOT_PERMITTED, _lacks_scope(rule.scope, principal))
    return None


def _lacks_scope(scope: str, principal: Principal) -> str:
    if principal.user:
        return f"Your role, {principal.role}, does not include {scope}."
    return f"The token does not carry the scope {scope}."


def bearer_token(values: list[str]) -> str | None:
    """The token in the Authorization headers' `values`; None unless exactly one well-formed bearer token is there."""
    found = _BEARER.fullmatch(values[0]) if len(values) == 1 else None
    return found[1] if found else None


async def admit(authenticate: Authenticate, rule: AccessRule, scope: Scope) -> Refused | None:
    """Finds who asks and judges it by `rule`; who may go on stands in `scope["user"]` afterwards.

    Refuses as `judge_access` does. Raises ValueError for a principal without a token id.
    """
    if rule.public:
        scope["user"] = ANONYMOUS
        return None
    token = bearer_token(header_values(scope, b"authorization"))
    principal = await authenticate(token) if token is not None else None
    if principal is not None and not principal.token_id:
        # Two callers without one would share their idempotency keys, and with them each other's answers.
        raise ValueError("a principal was authenticated without a token id")
    refused = judge_access(rule, principal or ANONYMOUS)
    if refused is None:
        scope["user"] = principal
    return refused
