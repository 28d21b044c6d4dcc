"""Accounts of users, one flow for every program: signing in, the second factor, another password.

A try is counted before it is judged and given back when it was right; a refusal that was judged leaves its traces in
counters and events. What a session is, and what it permits, is the program's own.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, Generic, TypeVar

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.accounts import recovery, totp
from tenure.http.accounts.account_store import AccountSecrets, AccountStore, FailureCounter, P
from tenure.http.accounts.login_backoff import ACCOUNT, possible_at
from tenure.http.accounts.passwords import PasswordHashes, refuse_unfit
from tenure.http.auth import Principal
from tenure.http.fairness import block_of

T = TypeVar("T")
Counters = tuple[FailureCounter, ...]
"""Of a try: first the account's (or device's), which success resets to zero; the networks' get the try back."""
TICKET_LIFE: Final = 300
"""Seconds in which the second factor is to be shown."""


class TracedRefusal(msgspec.Struct, frozen=True):
    """A refusal that leaves its traces: in the events, and in what was counted."""

    refused: Refused


class AccountFlows(Generic[P]):
    """The flows over one program's store. Every refusal is a value of the one table."""

    def __init__(self, store: AccountStore[P], secrets: AccountSecrets, passwords: PasswordHashes) -> None:
        self._store, self._secrets, self._passwords = store, secrets, passwords

    async def count_attempt(self, *counters: FailureCounter) -> Refused | None:
        """Count a try against each; `too_many_requests`, and nothing counted, while one of them must wait."""
        return await self._store.write(lambda conn, now: self.count_attempts(conn, now, *counters))

    def count_attempts(self, conn: Any, now: Instant, *counters: FailureCounter) -> Refused | None:
        """As `count_attempt`, in a transaction of the caller's."""
        every = [each for counter in counters for each in counter.with_outer]
        when = max(possible_at(each.policy, self._store.failed_tries(conn, each.key, now)) for each in every)
        if when > now:
            return Refused(RefusalCode.TOO_MANY_REQUESTS, "Too many tries have failed.", when=when)
        for each in every:
            self._store.add_try(conn, each.key, now)
        return None

    def forgive(self, conn: Any, counters: Counters, now: Instant) -> None:
        """Reset the counter of the account (or device) after a good try, and give that one try back to the networks."""
        account, *networks = counters
        self._store.reset_tries(conn, account.key)
        for each in (inner for network in networks for inner in network.with_outer):
            self._store.take_back(conn, each.key, now)

    async def sign_in(
        self,
        user: P | None,
        password: str,
        counters: Counters,
        address: str,
        enter: Callable[[Any, P, Instant], T | Refused],
    ) -> T | Refused:
        """Check the password and answer with `enter`; a wrong one is `sign_in_refused`, after the same work.

        `user` is the account of the name that was typed; None where that name has no account.
        """
        refused = await self.count_attempt(*counters)
        if refused is not None:
            return refused
        kept = None if user is None else user.password
        held = await self._check_password(kept, password, counters, address)
        if isinstance(held, Refused):
            return held

        def work(conn: Any, now: Instant) -> T | TracedRefusal | Refused:
            present = None if user is None else self._store.find_user(conn, user.id, lock=True)
            if not held or present is None or present.password != kept:
                why = "wrong password" if present else "no such account"
                self._store.note(conn, present, "sign_in_refused", why, address, now)
                return TracedRefusal(Refused(RefusalCode.SIGN_IN_REFUSED))
            self.forgive(conn, counters, now)
            return enter(conn, present, now)

        return untraced(await self._store.write(work))

    async def show_factor(
        self,
        ticket: str,
        code: str,
        counters: Callable[[P], Counters],
        address: str,
        enter: Callable[[Any, P, str, Instant], T],
    ) -> T | Refused:
        """What `enter` answers (it is told which factor it was) to who holds the ticket and shows a good code, once."""
        digest = self._secrets.secret_digest(ticket)

        def find_owner(conn: Any, now: Instant) -> P | None:
            found = self._store.find_ticket(conn, digest, now)
            return None if found is None else self._store.find_user(conn, found[1])

        owner = await self._store.read(find_owner)
        if owner is None:
            return Refused(RefusalCode.SIGN_IN_REFUSED)
        counted = counters(owner)
        refused = await self.count_attempt(*counted)
        if refused is not None:
            return refused

        def work(conn: Any, now: Instant) -> T | TracedRefusal | Refused:
            user = self._store.find_user(conn, owner.id, lock=True)
            found = self._store.find_ticket(conn, digest, now)
            if user is None or found is None:
                return Refused(RefusalCode.SIGN_IN_REFUSED)
            shown = self._use_factor(conn, user, code, now)
            if not shown:
                self._store.note(conn, user, "sign_in_refused", "wrong second factor", address, now)
                return TracedRefusal(Refused(RefusalCode.SIGN_IN_REFUSED))
            self._store.end_session(conn, found[0])
            self.forgive(conn, counted, now)
            return enter(conn, user, shown, now)

        return untraced(await self._store.write(work))

    async def change_password(
        self, caller: Principal, old: str, new: str, known: Callable[[P, str], Iterable[str]], address: str
    ) -> Refused | None:
        """Another password, by the present one; every other session of the user ends.

        Refuses `password_refused`, and `password_unfit` for what will not do or is one of the `known`.
        """
        proven = await self._prove(caller, old, address, "old")
        if isinstance(proven, Refused):
            return proven
        refused = refuse_unfit(new, *known(proven, old))
        if refused is not None:
            return msgspec.structs.replace(refused, field="new")
        hashed = await self._passwords.hash_password(new, block_of(address))
        if isinstance(hashed, Refused):
            return hashed

        def work(conn: Any, user: P, now: Instant) -> None:
            self._store.set_password(conn, user.id, hashed)
            self._end_others(conn, caller, user, "password_changed", address, now)

        return await self._change(proven, work, "old")

    async def propose_factor(self, caller: Principal, password: str, address: str) -> tuple[P, str] | Refused:
        """Who asks, and a fresh secret for an authenticator application; it counts once a code of it was shown.

        Refuses `password_refused`, and `already_exists` while there is a second factor.
        """
        proven = await self._prove(caller, password, address)
        if isinstance(proven, Refused):
            return proven

        def work(conn: Any, user: P, now: Instant) -> tuple[P, str] | Refused:
            if user.factor is not None:
                return Refused(RefusalCode.ALREADY_EXISTS, "There is a second factor; remove it first.")
            secret = totp.new_secret(self._secrets.draw)
            self._store.offer_factor(conn, user.id, self._secrets.seal_factor(user.id, secret))
            return user, secret

        return await self._change(proven, work)

    async def confirm_factor(
        self, caller: Principal, address: str, confirm: Callable[[], Awaitable[T | Refused]]
    ) -> T | Refused:
        """What `confirm` answers, a transaction of the program's own around `accept_offer`; wrong codes are counted.

        A stolen session must not find the code of a factor that its owner has proposed by trying them all.
        """
        user = await self._store.read(lambda conn, now: self._store.find_user(conn, caller.user))
        if user is None:
            return not_signed_in()
        counted = self.factor_counters(user, address)
        refused = await self.count_attempt(*counted)
        if refused is not None:
            return refused
        answer = await confirm()
        wrong = isinstance(answer, Refused) and answer.code is RefusalCode.SECOND_FACTOR_REFUSED

        def judge(conn: Any, now: Instant) -> None:
            if wrong:
                self._store.note(conn, user, "second_factor_refused", "", address, now)
            elif isinstance(answer, Refused):
                self._give_back(conn, counted, now)
            else:
                self.forgive(conn, counted, now)

        await self._store.write(judge)
        return answer

    def accept_offer(
        self, conn: Any, caller: Principal, code: str, address: str, now: Instant
    ) -> tuple[str, ...] | Refused:
        """The offered factor holds from now on, every other session ends; answers the recovery codes.

        In a transaction of the caller's. Refuses `not_found` where none was offered, `second_factor_refused`.
        """
        user = self._store.find_user(conn, caller.user, lock=True)
        if user is None:
            return not_signed_in()
        sealed = self._store.offered_factor(conn, user.id)
        secret = self._secrets.open_factor(user.id, sealed)
        if not secret:
            return Refused(RefusalCode.NOT_FOUND, "No second factor was proposed.")
        step = totp.step_of(secret, code, now, 0)
        if step is None:
            return Refused(RefusalCode.SECOND_FACTOR_REFUSED, field="code")
        codes = recovery.new_codes(self._secrets.draw)
        digests = [self._secrets.recovery_digest(user.id, each) for each in codes]
        self._store.set_factor(conn, user.id, sealed, step, digests)
        self._end_others(conn, caller, user, "second_factor_set", address, now)
        return codes

    async def remove_factor(self, caller: Principal, password: str, code: str, address: str) -> Refused | None:
        """Gives the second factor up, shown once more with the password; every other session ends.

        Refuses `password_refused`, `second_factor_refused`, and `not_found` where there is none.
        """
        proven = await self._prove(caller, password, address)
        if isinstance(proven, Refused):
            return proven
        counted = self.factor_counters(proven, address)
        refused = await self.count_attempt(*counted)
        if refused is not None:
            return refused

        def work(conn: Any, user: P, now: Instant) -> TracedRefusal | None:
            if user.factor is not None and not self._use_factor(conn, user, code, now):
                self._store.note(conn, user, "second_factor_refused", "", address, now)
                return TracedRefusal(Refused(RefusalCode.SECOND_FACTOR_REFUSED, field="code"))
            self.forgive(conn, counted, now)
            if user.factor is None:
                return TracedRefusal(Refused(RefusalCode.NOT_FOUND, "There is no second factor."))
            self._store.set_factor(conn, user.id, None, user.step, ())
            self._end_others(conn, caller, user, "second_factor_removed", address, now)
            return None

        return await self._change(proven, work)

    def factor_counters(self, user: P, address: str) -> Counters:
        """Of a code that is shown: succeeding with the password does not forgive wrong codes."""
        own = FailureCounter(self._secrets.counter_key("factor", user.id), ACCOUNT)
        return (own, *self._secrets.network_counters(address))

    async def _check_password(
        self, kept: str | None, password: str, counters: Counters, address: str
    ) -> bool | Refused:
        """Whether it is right; gives the try back to all `counters` where it was unchecked (`server_busy`)."""
        held = await self._passwords.verify_password(kept, password, block_of(address))
        if isinstance(held, Refused):
            await self._store.write(lambda conn, now: self._give_back(conn, counters, now))
        return held

    def _give_back(self, conn: Any, counters: Counters, now: Instant) -> None:
        """The try was not judged: what failed before stays counted."""
        for each in (inner for counter in counters for inner in counter.with_outer):
            self._store.take_back(conn, each.key, now)

    async def _prove(self, caller: Principal, password: str, address: str, field: str = "password") -> P | Refused:
        """The user who asks, after the present password was shown; a wrong one is counted, as the fault of `field`.

        Strangers' tries are not counted here, nor these against strangers.
        """
        user = await self._store.read(lambda conn, now: self._store.find_user(conn, caller.user))
        if user is None:
            return not_signed_in()
        own = FailureCounter(self._secrets.counter_key("own", user.id), ACCOUNT)
        held = await self.count_attempt(own) or await self._check_password(user.password, password, (own,), address)
        if isinstance(held, Refused):
            return held

        def work(conn: Any, now: Instant) -> P | TracedRefusal:
            if held:
                self.forgive(conn, (own,), now)
                return user
            self._store.note(conn, user, "password_refused", "", address, now)
            return TracedRefusal(Refused(RefusalCode.PASSWORD_REFUSED, field=field))

        return untraced(await self._store.write(work))

    async def _change(
        self, proven: P, work: Callable[[Any, P, Instant], T | TracedRefusal | Refused], field: str = "password"
    ) -> T | Refused:
        """Run `work` in one transaction; `password_refused` where another request has set a new password meanwhile."""

        def run(conn: Any, now: Instant) -> T | TracedRefusal | Refused:
            user = self._store.find_user(conn, proven.id, lock=True)
            if user is None or user.password != proven.password:
                return Refused(RefusalCode.PASSWORD_REFUSED, field=field)
            return work(conn, user, now)

        return untraced(await self._store.write(run))

    def _end_others(self, conn: Any, caller: Principal, user: P, what: str, address: str, now: Instant) -> None:
        ended = self._store.end_sessions(conn, user.id, but=caller.token_id)
        self._store.note(conn, user, what, f"{ended} other sessions ended", address, now)

    def _use_factor(self, conn: Any, user: P, code: str, now: Instant) -> str:
        """Which second factor `code` proves, and is used up with it: `code`, `recovery code`, or empty for none."""
        secret = self._secrets.open_factor(user.id, user.factor)
        step = totp.step_of(secret, code, now, user.step) if secret else None
        if step is not None and self._store.use_step(conn, user.id, step):
            return "code"
        known = recovery.normalize_code(code)
        if known and self._store.use_recovery(conn, user.id, self._secrets.recovery_digest(user.id, known)):
            return "recovery code"
        return ""


def untraced(result: T | TracedRefusal | Refused) -> T | Refused:
    """What was kept, as an answer: the refusal whose traces stay is one like any other."""
    return result.refused if isinstance(result, TracedRefusal) else result


def not_signed_in() -> Refused:
    """The refusal of what only a user can do."""
    return Refused(RefusalCode.ACTION_NOT_PERMITTED, "This is for users who have signed in; a token has no account.")
