"""The ways to the licensing server as the administrator controls them: own choice, counters, the way used last (B10).

What a choice means is `sdk.names`'; here it is kept, changed while the site runs, and counted.
"""

import threading
from collections.abc import Callable

import msgspec

from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.sdk.computer import Computer
from tenure.sdk.names.last_good import LastGood
from tenure.sdk.names.path import Exchange, Outcome, PathUsed
from tenure.sdk.names.path import Step as PathStep
from tenure.sdk.names.policy import read_name_policy
from tenure.sdk.reach import reach
from tenure.sdk.steps import Progress
from tenure.sdk.transport import Request, Transport
from tenure.site.settings import NetworkSettings, Settings
from tenure.site.store import settings as kept
from tenure.site.store.lite import Store

CHOICE, COUNTED = "dns", "ways"
MOST = 64
"""Ways told apart."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What the administrator decided about public DNS."""

    mode: str = ""
    """`auto`, `list` or `off`; empty: as the provider's lease says, and `auto` before there is one."""
    resolvers: tuple[str, ...] = ()
    """Asked in this order in mode `list`."""
    private_suffixes: tuple[str, ...] = ()


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One way by which answers came."""

    kind: str
    resolver: str
    count: int = 0
    last: Instant = 0
    address: str = ""


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What came of every exchange since the site was made."""

    ways: tuple[Way, ...] = ()
    """The one used last first."""
    failed: int = 0
    """Exchanges without an answer."""
    failed_at: Instant = 0
    lookups: dict[str, int] = {}
    """Questions to resolvers by `kind outcome`; `public …` are packets to public resolvers."""


class Ways:
    """The ways of one site. Safe to use from any thread."""

    def __init__(self, settings: Settings, computer: Computer, addresses: LastGood, store: Store) -> None:
        self._settings, self._computer, self._addresses, self._store = settings, computer, addresses, store
        self._lock = threading.Lock()
        self._choice = store.read(lambda conn: kept.get(conn, CHOICE, Choice))
        self._counted = store.read(lambda conn: kept.get(conn, COUNTED, Counted)) or Counted()
        self.revision = 0
        """Grows with every change of the choice, so that transports are made anew."""

    @property
    def choice(self) -> Choice:
        """The administrator's choice: what the console or command line set, else the file's."""
        network = self._settings.network
        own = Choice(mode=network.dns, resolvers=network.resolvers, private_suffixes=network.private_suffixes)
        return own if self._choice is None else self._choice

    @property
    def counted(self) -> Counted:
        """What came of every exchange."""
        return self._counted

    def network(self) -> NetworkSettings:
        """The settings with the choice in them."""
        return self.applied(self._settings.network)

    def applied(self, network: NetworkSettings) -> NetworkSettings:
        """`network` with the choice in it, if one was made while the site ran."""
        chosen = self._choice
        if chosen is None:
            return network
        return msgspec.structs.replace(
            network,
            dns=chosen.mode,
            resolvers=chosen.resolvers,
            private_suffixes=chosen.private_suffixes,
        )

    def choose(self, choice: Choice) -> Refused | None:
        """From the next exchange on; refuses `field_invalid` what cannot be read, and changes nothing then."""
        refused = checked(choice)
        if refused is not None:
            return refused
        done = self._store.write(lambda conn: kept.put(conn, CHOICE, choice)).result()
        if isinstance(done, Refused):
            return done
        self._choice, self.revision = choice, self.revision + 1
        return None

    def transport(self, progress: Progress, dns_of_lease: Callable[[], str]) -> Transport | Refused:
        """The transport that obeys the choice of the moment."""

        def make() -> Transport | Refused:
            network = self.network().network()

            def watch(step: PathStep) -> None:
                self.looked(step)
                progress.path(step)

            return reach(self._settings.server, network, self._computer, self._addresses, watch, dns_of_lease)

        first = make()
        return first if isinstance(first, Refused) else Chosen(self, make, first)

    def looked(self, step: PathStep) -> None:
        """Counts a question to a resolver."""
        if not step.address and step.outcome is not Outcome.REACHED:
            with self._lock:
                name = f"{step.kind.value} {step.outcome.value}"
                lookups = {**self._counted.lookups, name: self._counted.lookups.get(name, 0) + 1}
                self._counted = msgspec.structs.replace(self._counted, lookups=lookups)

    def came(self, reply: Exchange | Refused) -> None:
        """Counts what came of an exchange."""
        now = self._computer.clocks.wall()
        with self._lock:
            if isinstance(reply, Refused):
                failed = self._counted.failed + 1
                self._counted = msgspec.structs.replace(self._counted, failed=failed, failed_at=now)
            else:
                self._counted = _with(self._counted, reply.path, now)
            counted = self._counted
        # Nobody waits for it: a figure lost with a crash is no harm.
        self._store.write(lambda conn: kept.put(conn, COUNTED, counted))


class Chosen:
    """A transport that is made anew when the choice has changed, and counts what comes of it."""

    def __init__(self, ways: Ways, make: Callable[[], Transport | Refused], first: Transport) -> None:
        self._ways, self._make, self._made = ways, make, first
        self._revision = ways.revision

    def send(self, request: Request) -> Exchange | Refused:
        """See `sdk.transport.Transport`."""
        if self._revision != self._ways.revision:
            self._revision, made = self._ways.revision, self._make()
            self._made = self._made if isinstance(made, Refused) else made
        reply = self._made.send(request)
        self._ways.came(reply)
        return reply


def checked(choice: Choice) -> Refused | None:
    """Why the choice cannot be obeyed: `field_invalid` with the field."""
    read = read_name_policy(choice.mode or "auto", choice.resolvers, private_suffixes=choice.private_suffixes)
    return read if isinstance(read, Refused) else None


def effective(choice: Choice, lease: str) -> tuple[str, str]:
    """(mode that holds, why): own choice before the lease's word; a lease's `list` names nobody who may be asked."""
    if choice.mode:
        return choice.mode, "administrator"
    if lease in ("off", "list"):
        return "off", "provider"
    return "auto", "default"


def _with(counted: Counted, path: PathUsed, now: Instant) -> Counted:
    same = (path.kind.value, path.resolver)
    known = next((way for way in counted.ways if (way.kind, way.resolver) == same), Way(kind=same[0], resolver=same[1]))
    others = tuple(way for way in counted.ways if (way.kind, way.resolver) != same)
    used = msgspec.structs.replace(known, count=known.count + 1, last=now, address=path.address)
    return msgspec.structs.replace(counted, ways=(used, *others)[:MOST])
