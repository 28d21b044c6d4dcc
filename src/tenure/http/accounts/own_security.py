"""The operations that change how one proves who one is: another password, a second factor, giving it up.

What they do is `flows`'; confirming a second factor is each program's, because its answer is kept differently.
"""

from collections.abc import Callable, Iterable
from typing import Annotated, Generic

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.accounts import totp
from tenure.http.accounts.account_store import P
from tenure.http.accounts.flows import AccountFlows
from tenure.http.auth import AccessRule, Principal
from tenure.http.body_types import RequestBody
from tenure.http.inputs import Address
from tenure.http.operations import Operation, make_operation

Password = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
"""What is secret is bounded and nothing else, so that it is never repeated back."""
Secret = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^[a-z0-9_]+$(?!\n)")]
"""What a link or a half sign-in carries."""
FactorCode = Annotated[
    str, msgspec.Meta(min_length=1, max_length=32, pattern=r"^[0-9A-Za-z -]+$(?!\n)", description="As typed.")
]
"""Six digits of an authenticator application, or a recovery code."""
WITHOUT_RECORD = ("idempotency_key", "dry_run")
"""A record of the request would keep a fast hash of a password, a dry run would be a free guess; and callers who are
not signed in have no token that would keep their keys apart."""


class NewPassword(RequestBody, frozen=True, kw_only=True):
    """The present password and the next one."""

    old: Password
    new: Password


class ShownPassword(RequestBody, frozen=True, kw_only=True):
    """The present password: a session alone, which may be a stolen one, changes nothing about the second factor."""

    password: Password


class ShownCode(RequestBody, frozen=True, kw_only=True):
    """A code of the authenticator application."""

    code: FactorCode


class ShownBoth(RequestBody, frozen=True, kw_only=True):
    """The present password, and a code of the authenticator application or a recovery code."""

    password: Password
    code: FactorCode


class FactorEnrollment(msgspec.Struct, frozen=True, kw_only=True):
    """What an authenticator application needs; shown once. `uri` is what a picture of it holds."""

    secret: str
    uri: str


class RecoveryCodes(msgspec.Struct, frozen=True, kw_only=True):
    """Codes for when the application is lost, each good once; shown once."""

    recovery_codes: tuple[str, ...]


class OwnSecurityOperations(Generic[P]):
    """The operations, over one program's flows."""

    def __init__(
        self,
        flows: AccountFlows[P],
        own: AccessRule,
        known: Callable[[P, str], Iterable[str]],
        names: Callable[[P], tuple[str, str]],
    ) -> None:
        """`own`: who has an account; `names`: what an authenticator application shows, the account and who it is with.

        `known`: for an account and its present password, the texts that the next password must not be.
        """
        self._flows, self._own, self._known, self._names = flows, own, known, names

    async def change_password(self, caller: Principal, body: NewPassword, address: Address) -> Refused | None:
        """Sets another password; every other session of the user ends, and links that were sent."""
        return await self._flows.change_password(caller, body.old, body.new, self._known, address)

    async def propose_second_factor(
        self, caller: Principal, body: ShownPassword, address: Address
    ) -> FactorEnrollment | Refused:
        """A secret for an authenticator application; it counts once a code of it was shown (`confirm`)."""
        found = await self._flows.propose_factor(caller, body.password, address)
        if isinstance(found, Refused):
            return found
        user, secret = found
        return FactorEnrollment(secret=secret, uri=totp.enrollment_uri(secret, *self._names(user)))

    async def remove_second_factor(self, caller: Principal, body: ShownBoth, address: Address) -> Refused | None:
        """Gives the second factor up, shown once more with the password: its recovery codes are good for nothing then.

        Every other session ends.
        """
        return await self._flows.remove_factor(caller, body.password, body.code, address)

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        shown = (
            RefusalCode.ACTION_NOT_PERMITTED, RefusalCode.TOO_MANY_REQUESTS, RefusalCode.SERVER_BUSY,
            RefusalCode.PASSWORD_REFUSED,
        )  # fmt: skip
        return (
            make_operation(
                "POST", "/v1/me/password", self._own, self.change_password, exempt=WITHOUT_RECORD,
                refusals=(*shown, RefusalCode.PASSWORD_UNFIT),
            ),
            make_operation(
                "POST", "/v1/me/second-factor", self._own, self.propose_second_factor, exempt=WITHOUT_RECORD,
                refusals=(*shown, RefusalCode.ALREADY_EXISTS),
            ),
            make_operation(
                "POST", "/v1/me/second-factor/remove", self._own, self.remove_second_factor, exempt=WITHOUT_RECORD,
                refusals=(*shown, RefusalCode.NOT_FOUND, RefusalCode.SECOND_FACTOR_REFUSED),
            ),
        )  # fmt: skip
