"""Tries that failed, counted in the store for all servers together: who fails repeatedly waits longer each time.

Names are kept as keyed digests: a password typed into the field for the address must not end up in the database.
"""

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.http.accounts.delay import ACCOUNT, ADDRESS, Patience, Tries, possible_at
from tenure.http.fairness import network_of
from tenure.server.context import Context
from tenure.store import throttle
from tenure.store.engine import Connection


class Counter(msgspec.Struct, frozen=True):
    """One name whose failures are counted, and how patient we are with it."""

    key: str
    patience: Patience


class Attempts:
    """Counts a try before it is judged, so that many at once are no way around the wait."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def of_account(self, email: str) -> Counter:
        """The account behind an e-mail, whether there is one or not."""
        return Counter(self._key("account", email), ACCOUNT)

    def of_factor(self, person: str) -> Counter:
        """The second factor of a person: succeeding with the password does not forgive wrong codes."""
        return Counter(self._key("factor", person), ACCOUNT)

    def of_address(self, address: str) -> Counter:
        """The network that a request comes from."""
        return Counter(self._key("address", network_of(address)), ADDRESS)

    def _key(self, kind: str, name: str) -> str:
        return f"{kind} {self._context.keys.token_digest(f'{kind}:{name}').hex()}"

    async def begin(self, *counters: Counter) -> Refused | None:
        """Count a try against each; `too_many_requests`, and nothing counted, while one of them must wait."""

        def work(conn: Connection, now: Instant) -> Refused | None:
            return begin(conn, now, *counters)

        refused: Refused | None = await self._context.write(False, work)
        return refused


def begin(conn: Connection, now: Instant, *counters: Counter) -> Refused | None:
    """As `Attempts.begin`, in a transaction of the caller's."""
    whens = [possible_at(each.patience, Tries(*throttle.tries(conn, each.key, now))) for each in counters]
    if max(whens) > now:
        return Refused(Code.TOO_MANY_REQUESTS, "Too many tries have failed.", when=max(whens))
    for each in counters:
        throttle.add_try(conn, each.key, now)
    return None


def succeeded(conn: Connection, account: Counter, address: Counter, now: Instant) -> None:
    """The try was a good one: the account begins anew, the network gets its try back."""
    throttle.forgive(conn, account.key)
    throttle.take_back(conn, address.key, now)
