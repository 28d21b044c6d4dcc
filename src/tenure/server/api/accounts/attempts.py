"""Tries that failed, counted in the store for all servers together: who fails repeatedly waits longer each time.

Names are kept as keyed digests: a password typed into the field for the address must not end up in the database.
"""

import hmac

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.http.accounts.delay import ACCOUNT, ADDRESS, WIDER, WIDEST, Patience, Tries, possible_at
from tenure.http.fairness import networks_of
from tenure.server.api.accounts.places import Prefix
from tenure.server.context import Context
from tenure.store import throttle
from tenure.store.engine import Connection
from tenure.store.persons import Person


class Counter(msgspec.Struct, frozen=True):
    """One name whose failures are counted, and how patient we are with it."""

    key: str
    patience: Patience
    wider: tuple["Counter", ...] = ()
    """The networks around it, which one hand may hold as well."""

    @property
    def all(self) -> tuple["Counter", ...]:
        """It and those around it."""
        return (self, *self.wider)


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

    def of_own(self, person: str) -> Counter:
        """Who has signed in already and shows the password again: strangers' tries are not counted here."""
        return Counter(self._key("own", person), ACCOUNT)

    def of_device(self, person: Person, shown: str | None) -> Counter | None:
        """The browser that signed this person in before and shows what it was given; None where it shows nothing good.

        It waits for its own failures alone: neither for those of strangers who guess, nor for its neighbors'. What it
        was given ends with the password.
        """
        _, _, rest = (shown or "").partition("_")
        name, _, mark = rest.partition("_")
        good = hmac.compare_digest(self._mark(person, name).encode(), mark.encode())
        return Counter(self._key("device", f"{person.id}:{name}"), ACCOUNT) if name and good else None

    def known_device(self, person: Person) -> str:
        """What a browser is given that has signed this person in."""
        name = self._context.draw(8).hex()
        return f"{Prefix.DEVICE}{name}_{self._mark(person, name)}"

    def _mark(self, person: Person, name: str) -> str:
        return self._context.keys.token_digest(f"device:{person.id}:{person.password}:{name}").hex()[:32]

    def of_address(self, address: str) -> Counter:
        """The network that a request comes from, and those around it."""
        narrow, *wider = zip(networks_of(address), (ADDRESS, WIDER, WIDEST), strict=False)
        return Counter(
            self._key("address", narrow[0]), narrow[1], tuple(Counter(self._key("address", n), p) for n, p in wider)
        )

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
    every = [each for counter in counters for each in counter.all]
    whens = [possible_at(each.patience, Tries(*throttle.tries(conn, each.key, now))) for each in every]
    if max(whens) > now:
        return Refused(Code.TOO_MANY_REQUESTS, "Too many tries have failed.", when=max(whens))
    for each in every:
        throttle.add_try(conn, each.key, now)
    return None


def succeeded(conn: Connection, account: Counter, address: Counter | None, now: Instant) -> None:
    """The try was a good one: the account (or device) begins anew, the network, if one was counted, gets it back."""
    throttle.forgive(conn, account.key)
    for each in address.all if address is not None else ():
        throttle.take_back(conn, each.key, now)
