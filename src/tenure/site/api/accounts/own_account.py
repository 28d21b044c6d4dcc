"""One's own account at the site: who one is, the password, the second factor with its recovery codes."""

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.accounts.flows import AccountFlows
from tenure.http.accounts.own_security import WITHOUT_RECORD, OwnSecurityOperations, RecoveryCodes, ShownCode
from tenure.http.auth import Principal
from tenure.http.inputs import Address
from tenure.http.operation_groups import operation_at
from tenure.http.operations import Operation
from tenure.site.api.accounts.account_port import SiteAccountStore
from tenure.site.api.local import OWN, LocalApi, LocalOperations
from tenure.site.store import users
from tenure.site.store.users import SiteUser
from tenure.site.store.writer import Connection


class PersonalView(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks; `user` is null for the token of the folder."""

    user: str | None
    name: str
    role: str
    scopes: tuple[str, ...]
    second_factor: bool
    recovery_codes: int
    """How many are left."""
    change_password: bool
    """Nothing else is permitted until it was changed."""


class SiteOwnAccountOperations(LocalOperations):
    """The operations."""

    def __init__(self, local: LocalApi, store: SiteAccountStore, flows: AccountFlows[SiteUser]) -> None:
        super().__init__(local)
        self._store, self._flows = store, flows

    @operation_at("GET", "/v1/me", OWN)
    async def read_me(self, caller: Principal) -> PersonalView:
        """Reads who asks, and what the role permits."""

        def work(conn: Connection) -> tuple[SiteUser | None, int]:
            return users.find(conn, caller.user), users.recovery_left(conn, caller.user)

        user, left = await self._local.read_tx(work)
        return PersonalView(
            user=caller.user or None,
            name=caller.name,
            role=caller.role,
            scopes=tuple(sorted(caller.scopes)),
            second_factor=user is not None and user.factor is not None,
            recovery_codes=left,
            change_password=user is not None and bool(user.temporary),
        )

    # No record keeps a secret, and a code is good once: no idempotency key, no dry run.
    @operation_at(
        "POST", "/v1/me/second-factor/confirm", OWN, exempt=WITHOUT_RECORD,
        refusals=[
            RefusalCode.NOT_FOUND, RefusalCode.SECOND_FACTOR_REFUSED, RefusalCode.ACTION_NOT_PERMITTED,
            RefusalCode.TOO_MANY_REQUESTS,
        ],
    )  # fmt: skip
    async def confirm_second_factor(
        self, body: ShownCode, caller: Principal, address: Address
    ) -> RecoveryCodes | Refused:
        """Confirms the second factor with a code of it: from now on it is asked for, and every other session ends.

        Ten recovery codes are shown, once.
        """

        def work(conn: Connection, now: Instant) -> tuple[str, ...] | Refused:
            return self._flows.accept_offer(conn, caller, body.code, address, now)

        codes = await self._flows.confirm_factor(caller, address, lambda: self._store.write(work))
        return codes if isinstance(codes, Refused) else RecoveryCodes(recovery_codes=codes)

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        own = OwnSecurityOperations(
            self._flows, OWN, lambda user, old: (user.name, old),
            lambda user: (user.name, f"Tenure {self._local.site.name}"),
        )  # fmt: skip
        return (
            *super().operations(),
            *own.operations(),
        )
