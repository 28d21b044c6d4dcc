"""Tries that failed, counted in the store for all servers together: who fails repeatedly waits longer each time.

Names are kept as keyed digests: a password typed into the field for the address must not end up in the database.
"""

import hmac

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.accounts.login_backoff import ACCOUNT, ADDRESS, WIDER, WIDEST, BackoffPolicy, FailedTries, possible_at
from tenure.http.fairness import networks_of
from tenure.server.api.accounts.places import SecretPrefix
from tenure.server.context import ServerContext
from tenure.store import throttle
from tenure.store.engine import Connection
from tenure.store.users import PersonRow


class FailureCounter(msgspec.Struct, frozen=True):
    """One name whose failures are counted, and how patient we are with it."""

    key: str
    patience: BackoffPolicy
    wider: tuple["FailureCounter", ...] = ()
    """The networks around it, which one hand may hold as well."""

    @property
    def with_outer(self) -> tuple["FailureCounter", ...]:
        """It and those around it."""
        return (self, *self.wider)


class LoginAttempts:
    """Counts a try before it is judged, so that many at once are no way around the wait."""

    def __init__(self, context: ServerContext) -> None:
        self._context = context

    def of_account(self, email: str) -> FailureCounter:
        """The account behind an e-mail, whether there is one or not."""
        return FailureCounter(self._hashed_key("account", email), ACCOUNT)

    def of_factor(self, person: str) -> FailureCounter:
        """The second factor of a person: succeeding with the password does not forgive wrong codes."""
        return FailureCounter(self._hashed_key("factor", person), ACCOUNT)

    def of_own(self, person: str) -> FailureCounter:
        """Who has signed in already and shows the password again: strangers' tries are not counted here."""
        return FailureCounter(self._hashed_key("own", person), ACCOUNT)

    def of_device(self, person: PersonRow, shown: str | None) -> FailureCounter | None:
        """The browser that signed this person in before and shows what it was given; None where it shows nothing good.

        It waits for its own failures alone: neither for those of strangers who guess, nor for its neighbors'. What it
        was given ends with the password.
        """
        _, _, rest = (shown or "").partition("_")
        name, _, mark = rest.partition("_")
        good = hmac.compare_digest(self._counter_key(person, name).encode(), mark.encode())
        return FailureCounter(self._hashed_key("device", f"{person.id}:{name}"), ACCOUNT) if name and good else None

    def known_device(self, person: PersonRow) -> str:
        """What a browser is given that has signed this person in."""
        name = self._context.draw(8).hex()
        return f"{SecretPrefix.DEVICE}{name}_{self._counter_key(person, name)}"

    def _counter_key(self, person: PersonRow, name: str) -> str:
        return self._context.keys.token_digest(f"device:{person.id}:{person.password}:{name}").hex()[:32]

    def of_address(self, address: str) -> FailureCounter:
        """The network that a request comes from, and those around it."""
        narrow, *wider = zip(networks_of(address), (ADDRESS, WIDER, WIDEST), strict=False)
        return FailureCounter(
            self._hashed_key("address", narrow[0]),
            narrow[1],
            tuple(FailureCounter(self._hashed_key("address", n), p) for n, p in wider),
        )

    def _hashed_key(self, kind: str, name: str) -> str:
        return f"{kind} {self._context.keys.token_digest(f'{kind}:{name}').hex()}"

    async def count_attempt(self, *counters: FailureCounter) -> Refused | None:
        """Count a try against each; `too_many_requests`, and nothing counted, while one of them must wait."""

        def work(conn: Connection, now: Instant) -> Refused | None:
            return count_attempts(conn, now, *counters)

        refused: Refused | None = await self._context.write_tx(False, work)
        return refused


def count_attempts(conn: Connection, now: Instant, *counters: FailureCounter) -> Refused | None:
    """As `LoginAttempts.count_attempt`, in a transaction of the caller's."""
    every = [each for counter in counters for each in counter.with_outer]
    whens = [possible_at(each.patience, FailedTries(*throttle.count_tries(conn, each.key, now))) for each in every]
    if max(whens) > now:
        return Refused(RefusalCode.TOO_MANY_REQUESTS, "Too many tries have failed.", when=max(whens))
    for each in every:
        throttle.add_try(conn, each.key, now)
    return None


def reset_attempts(conn: Connection, account: FailureCounter, address: FailureCounter | None, now: Instant) -> None:
    """The try was a good one: the account (or device) begins anew, the network, if one was counted, gets it back."""
    throttle.reset_counter(conn, account.key)
    for each in address.with_outer if address is not None else ():
        throttle.take_back(conn, each.key, now)
