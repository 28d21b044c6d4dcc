"""One's own account at the site: who one is, the password, the second factor with its recovery codes."""

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.accounts.flows import AccountFlows
from tenure.http.accounts.own_security import WITHOUT_RECORD, OwnSecurityOperations, RecoveryCodes, ShownCode
from tenure.http.auth import Principal
from tenure.http.inputs import Address
from tenure.http.operations import Operation, make_operation
from tenure.site.api.accounts.account_port import SiteAccountStore
from tenure.site.api.local import OWN, LocalApi
from tenure.site.store import people
from tenure.site.store.people import SitePerson
from tenure.site.store.writer import Connection


class PersonalView(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks; `person` is null for the token of the folder."""

    person: str | None
    name: str
    role: str
    scopes: tuple[str, ...]
    second_factor: bool
    recovery_codes: int
    """How many are left."""
    change_password: bool
    """Nothing else is permitted until it was changed."""


class SiteOwnAccountOperations:
    """The operations."""

    def __init__(self, local: LocalApi, store: SiteAccountStore, flows: AccountFlows[SitePerson]) -> None:
        self._local, self._store, self._flows = local, store, flows

    async def read_me(self, caller: Principal) -> PersonalView:
        """Reads who asks, and what the role permits."""

        def work(conn: Connection) -> tuple[SitePerson | None, int]:
            return people.find(conn, caller.person), people.recovery_left(conn, caller.person)

        person, left = await self._local.read_tx(work)
        return PersonalView(
            person=caller.person or None,
            name=caller.name,
            role=caller.role,
            scopes=tuple(sorted(caller.scopes)),
            second_factor=person is not None and person.factor is not None,
            recovery_codes=left,
            change_password=person is not None and bool(person.temporary),
        )

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
            self._flows, OWN, lambda person, old: (person.name, old),
            lambda person: (person.name, f"Tenure {self._local.site.name}"),
        )  # fmt: skip
        return (
            make_operation("GET", "/v1/me", OWN, self.read_me),
            *own.operations(),
            # A secret lies in no record, and a code is good once: this neither repeats nor rehearses.
            make_operation(
                "POST", "/v1/me/second-factor/confirm", OWN, self.confirm_second_factor, exempt=WITHOUT_RECORD,
                refusals=[
                    RefusalCode.NOT_FOUND, RefusalCode.SECOND_FACTOR_REFUSED, RefusalCode.ACTION_NOT_PERMITTED,
                    RefusalCode.TOO_MANY_REQUESTS,
                ],
            ),
        )  # fmt: skip
