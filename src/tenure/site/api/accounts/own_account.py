"""One's own account at the site: who one is, the password, the second factor with its recovery codes."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.accounts import recovery, totp
from tenure.http.accounts.passwords import PasswordHashes, refuse_unfit
from tenure.http.auth import Principal
from tenure.http.body_types import RequestBody
from tenure.http.operations import Operation, make_operation
from tenure.site.accounts import AccountSecrets
from tenure.site.api.accounts.sign_in import WITHOUT_RECORD, FactorCode, Typed
from tenure.site.api.local import OWN, LocalApi
from tenure.site.store import events, people
from tenure.site.store.people import SitePerson
from tenure.site.store.writer import Connection

T = TypeVar("T")
DOOR_OF_ACCOUNT = (RefusalCode.ACTION_NOT_PERMITTED, RefusalCode.TOO_MANY_REQUESTS, RefusalCode.SERVER_BUSY)
"""What may come whenever a password is asked for."""


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


class SiteNewPassword(RequestBody, frozen=True, kw_only=True):
    """The present password and the next one."""

    old: Typed
    new: Typed


class SiteShownPassword(RequestBody, frozen=True, kw_only=True):
    """The present password: a session alone, which may be a stolen one, changes nothing about the second factor."""

    password: Typed


class ShownFactorCode(RequestBody, frozen=True, kw_only=True):
    """A code of the application."""

    code: FactorCode


class SiteShownBoth(RequestBody, frozen=True, kw_only=True):
    """The present password, and a code of the application or a recovery code."""

    password: Typed
    code: FactorCode


class SiteFactorEnrollment(msgspec.Struct, frozen=True, kw_only=True):
    """A second factor that is not used before it is confirmed."""

    secret: str
    uri: str
    """What the application reads out of a picture."""


class RecoveryCodesView(msgspec.Struct, frozen=True, kw_only=True):
    """Shown once."""

    recovery_codes: tuple[str, ...]


class SiteOwnAccountOperations:
    """The operations."""

    def __init__(self, local: LocalApi, accounts: AccountSecrets, passwords: PasswordHashes) -> None:
        self._local, self._accounts, self._passwords = local, accounts, passwords
        self._offered: dict[str, str] = {}

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

    async def change_password(self, body: SiteNewPassword, caller: Principal) -> Refused | None:
        """Changes one's password; every other session of one's own ends."""
        proven = await self._prove(caller, body.old, "old")
        if isinstance(proven, Refused):
            return proven
        refused = refuse_unfit(body.new, proven.name, body.old)
        hashed = refused or await self._passwords.hash_password(body.new, proven.id)
        if isinstance(hashed, Refused):
            return hashed if hashed.field != "password" else Refused(hashed.code, hashed.detail, "new")

        def work(conn: Connection, person: SitePerson, now: Instant) -> Refused | None:
            if person.password != proven.password:  # somebody gave a new one meanwhile
                return Refused(RefusalCode.PASSWORD_REFUSED, field="old")
            people.set_password(conn, person.id, hashed, temporary=False)
            people.end_sessions(conn, person.id, but=caller.token_id)
            events.add(conn, now, "info", "password_changed", f"{person.name} has changed the password.")
            return None

        return await self._for_person(caller, work)

    async def begin_second_factor(self, body: SiteShownPassword, caller: Principal) -> SiteFactorEnrollment | Refused:
        """Begins a second factor: a secret for the application; it holds once a code of it was shown."""
        proven = await self._prove(caller, body.password)
        if isinstance(proven, Refused):
            return proven

        def work(_conn: Connection, person: SitePerson, _now: Instant) -> SiteFactorEnrollment | Refused:
            if person.password != proven.password:
                return Refused(RefusalCode.PASSWORD_REFUSED, field="password")
            if person.factor is not None:
                return Refused(RefusalCode.ALREADY_EXISTS, "There is a second factor; remove it first.")
            secret = totp.new_secret(self._accounts.draw)
            self._offered[person.id] = secret
            return SiteFactorEnrollment(
                secret=secret, uri=totp.enrollment_uri(secret, person.name, f"Tenure {self._local.site.name}")
            )

        return await self._for_person(caller, work)

    async def confirm_second_factor(self, body: ShownFactorCode, caller: Principal) -> RecoveryCodesView | Refused:
        """Confirms the second factor with a code of it: from now on it is asked for, and every other session ends.

        Ten recovery codes are shown, once.
        """

        def work(conn: Connection, person: SitePerson, now: Instant) -> RecoveryCodesView | Refused:
            secret = self._offered.get(person.id, "")
            step = totp.step_of(secret, body.code, self._accounts.clock(), 0) if secret else None
            if step is None:
                return Refused(RefusalCode.SECOND_FACTOR_REFUSED, field="code")
            del self._offered[person.id]
            codes = recovery.new_codes(self._accounts.draw)
            people.set_factor(conn, person.id, self._accounts.seal_factor(person.id, secret), step)
            people.keep_recovery(conn, person.id, [self._accounts.recovery_digest(person.id, each) for each in codes])
            people.end_sessions(conn, person.id, but=caller.token_id)
            events.add(conn, now, "info", "second_factor_on", f"{person.name} signs in with a second factor.")
            return RecoveryCodesView(recovery_codes=codes)

        return await self._for_person(caller, work)

    async def remove_second_factor(self, body: SiteShownBoth, caller: Principal) -> Refused | None:
        """Gives one's second factor up, with the password and a code; every other session ends."""
        proven = await self._prove(caller, body.password)
        if isinstance(proven, Refused):
            return proven
        counter = self._accounts.counter_key("factor", proven.id)

        def count(conn: Connection, _person: SitePerson, _now: Instant) -> Refused | None:
            return self._accounts.count_attempt(conn, counter)

        def work(conn: Connection, person: SitePerson, now: Instant) -> Refused | None:
            if person.password != proven.password:
                return Refused(RefusalCode.PASSWORD_REFUSED, field="password")
            if not self._accounts.shows_factor(conn, person, body.code):
                return Refused(RefusalCode.SECOND_FACTOR_REFUSED, field="code")
            people.set_factor(conn, person.id, None, person.step)
            people.reset_tries(conn, counter)
            people.end_sessions(conn, person.id, but=caller.token_id)
            events.add(conn, now, "warning", "second_factor_off", f"{person.name} has given the second factor up.")
            return None

        return await self._for_person(caller, count) or await self._for_person(caller, work)

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        each = "/v1/me/second-factor"
        # A secret lies in no record, nor does a fast hash of a password; a rehearsal would be a free guess.
        password = [RefusalCode.PASSWORD_REFUSED, *DOOR_OF_ACCOUNT]
        factor = [RefusalCode.SECOND_FACTOR_REFUSED, RefusalCode.ACTION_NOT_PERMITTED]
        return (
            make_operation("GET", "/v1/me", OWN, self.read_me),
            make_operation(
                "POST", "/v1/me/password", OWN, self.change_password, exempt=WITHOUT_RECORD,
                refusals=[*password, RefusalCode.PASSWORD_UNFIT],
            ),
            make_operation(
                "POST", each, OWN, self.begin_second_factor, exempt=WITHOUT_RECORD,
                refusals=[*password, RefusalCode.ALREADY_EXISTS],
            ),
            make_operation(
                "POST", f"{each}/confirm", OWN, self.confirm_second_factor, exempt=WITHOUT_RECORD, refusals=factor
            ),
            make_operation(
                "POST", f"{each}/remove", OWN, self.remove_second_factor, exempt=WITHOUT_RECORD,
                refusals=[*password, RefusalCode.SECOND_FACTOR_REFUSED],
            ),
        )  # fmt: skip

    async def _prove(self, caller: Principal, typed: str, field: str = "password") -> SitePerson | Refused:
        """The person who asks, after the present password was shown; a wrong one is counted, as `field`'s fault."""
        counter = self._accounts.counter_key("password", caller.person)

        def count(conn: Connection, person: SitePerson, _now: Instant) -> SitePerson | Refused:
            return self._accounts.count_attempt(conn, counter) or person

        person = await self._for_person(caller, count)
        if isinstance(person, Refused):
            return person
        known = person.password
        held = await self._passwords.verify_password(known, typed, person.id)
        if isinstance(held, Refused):
            return held

        def forget(conn: Connection, person: SitePerson, _now: Instant) -> SitePerson | Refused:
            people.reset_tries(conn, counter)
            return person if person.password == known else Refused(RefusalCode.PASSWORD_REFUSED, field=field)

        return await self._for_person(caller, forget) if held else Refused(RefusalCode.PASSWORD_REFUSED, field=field)

    async def _for_person(
        self, caller: Principal, work: Callable[[Connection, SitePerson, Instant], T | Refused]
    ) -> T | Refused:
        """`work` for the person who asks, in one transaction."""

        now = self._local.site.now()

        def run(conn: Connection) -> T | Refused:
            person = people.find(conn, caller.person)
            return refuse_token() if person is None else work(conn, person, now)

        kept: Future[T | Refused] = self._local.site.store.write(run)
        return await asyncio.wrap_future(kept)


def refuse_token() -> Refused:
    """The answer to a program that asks for what only somebody who signed in has."""
    return Refused(RefusalCode.ACTION_NOT_PERMITTED, "This is for people who have signed in; a token has no account.")
