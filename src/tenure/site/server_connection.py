"""The ways to the activation server as the administrator controls them: own choice, counters, the way used last (B10).

What a choice means is `sdk.network`'; here it is kept, changed while the site runs, and counted.
"""

import threading
from collections.abc import Callable

import msgspec

from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.sdk.computer import Computer
from tenure.sdk.network.bounds import ExchangeBounds
from tenure.sdk.network.last_good import LastGood
from tenure.sdk.network.path import HttpExchange, PathUsed, StepOutcome
from tenure.sdk.network.path import PathStep as PathStep
from tenure.sdk.network.policy import read_name_policy
from tenure.sdk.progress import ProgressWatch
from tenure.sdk.transport import Transport, TransportRequest
from tenure.sdk.transport_factory import make_transport
from tenure.site.settings import NetworkSettings, SiteSettings
from tenure.site.store import settings as kept
from tenure.site.store.sqlite import SiteStore

CHOICE, COUNTED = "dns", "ways"
MOST = 64
"""Ways told apart."""


class DnsChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What the administrator decided about public DNS."""

    mode: str = ""
    """`auto`, `list` or `off`; empty: as the provider's lease says, and `auto` before there is one."""
    resolvers: tuple[str, ...] = ()
    """Asked in this order in mode `list`."""
    private_suffixes: tuple[str, ...] = ()


class AnswerPath(msgspec.Struct, frozen=True, kw_only=True):
    """One way by which answers came."""

    kind: str
    resolver: str
    count: int = 0
    last: Instant = 0
    address: str = ""


class PathCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What came of every exchange since the site was made."""

    ways: tuple[AnswerPath, ...] = ()
    """The one used last first."""
    failed: int = 0
    """Exchanges without an answer."""
    failed_at: Instant = 0
    lookups: dict[str, int] = {}
    """Questions to resolvers by `kind outcome`; `public …` are packets to public resolvers."""


class ServerConnections:
    """The ways of one site. Safe to use from any thread."""

    def __init__(
        self,
        settings: SiteSettings,
        computer: Computer,
        addresses: LastGood,
        store: SiteStore,
        bounds: ExchangeBounds | None = None,
    ) -> None:
        """`bounds`: limits of each exchange, the protocol's if None."""
        self._settings, self._computer, self._addresses, self._store = settings, computer, addresses, store
        self._bounds = bounds or ExchangeBounds()
        self._lock = threading.Lock()
        self._choice = store.read(lambda conn: kept.get_setting(conn, CHOICE, DnsChoice))
        self._counted = store.read(lambda conn: kept.get_setting(conn, COUNTED, PathCounts)) or PathCounts()
        self.revision = 0
        """Grows with every change of the choice, so that transports are made again."""

    @property
    def current_choice(self) -> DnsChoice:
        """The administrator's choice: what the console or command line set, else the file's."""
        network = self._settings.network
        own = DnsChoice(mode=network.dns, resolvers=network.resolvers, private_suffixes=network.private_suffixes)
        return own if self._choice is None else self._choice

    @property
    def path_counts(self) -> PathCounts:
        """What came of every exchange."""
        return self._counted

    def chosen_network(self) -> NetworkSettings:
        """The settings with the choice in them."""
        return self.apply_choice(self._settings.network)

    def apply_choice(self, network: NetworkSettings) -> NetworkSettings:
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

    def set_choice(self, choice: DnsChoice) -> Refused | None:
        """From the next exchange on; refuses `field_invalid` what cannot be read, and changes nothing then."""
        refused = refuse_choice(choice)
        if refused is not None:
            return refused
        done = self._store.write(lambda conn: kept.set_setting(conn, CHOICE, choice)).result()
        if isinstance(done, Refused):
            return done
        self._choice, self.revision = choice, self.revision + 1
        return None

    def make_transport(self, progress: ProgressWatch, dns_of_lease: Callable[[], str]) -> Transport | Refused:
        """The transport that obeys the choice of the moment."""

        def make() -> Transport | Refused:
            network = msgspec.structs.replace(self.chosen_network().to_network(), bounds=self._bounds)

            def watch(step: PathStep) -> None:
                self.count_lookup(step)
                progress.add_path_step(step)

            return make_transport(self._settings.server, network, self._computer, self._addresses, watch, dns_of_lease)

        first = make()
        return first if isinstance(first, Refused) else ChosenTransport(self, make, first)

    def count_lookup(self, step: PathStep) -> None:
        """Counts a question to a resolver."""
        if not step.address and step.outcome is not StepOutcome.REACHED:
            with self._lock:
                name = f"{step.kind.value} {step.outcome.value}"
                lookups = {**self._counted.lookups, name: self._counted.lookups.get(name, 0) + 1}
                self._counted = msgspec.structs.replace(self._counted, lookups=lookups)

    def count_reply(self, reply: HttpExchange | Refused) -> None:
        """Counts what came of an exchange."""
        now = self._computer.clocks.wall()
        with self._lock:
            if isinstance(reply, Refused):
                failed = self._counted.failed + 1
                self._counted = msgspec.structs.replace(self._counted, failed=failed, failed_at=now)
            else:
                self._counted = _add_path(self._counted, reply.path, now)
            counted = self._counted
        # The caller does not wait until it is durable: a figure lost with a crash is no harm.
        self._store.write(lambda conn: kept.set_setting(conn, COUNTED, counted))


class ChosenTransport:
    """A transport that is made again when the choice has changed, and counts the results."""

    def __init__(self, ways: ServerConnections, make: Callable[[], Transport | Refused], first: Transport) -> None:
        self._ways, self._make, self._made = ways, make, first
        self._revision = ways.revision

    def send(self, request: TransportRequest) -> HttpExchange | Refused:
        """See `sdk.transport.Transport`."""
        if self._revision != self._ways.revision:
            self._revision, made = self._ways.revision, self._make()
            self._made = self._made if isinstance(made, Refused) else made
        reply = self._made.send(request)
        self._ways.count_reply(reply)
        return reply


def refuse_choice(choice: DnsChoice) -> Refused | None:
    """Why the choice cannot be obeyed: `field_invalid` with the field."""
    read = read_name_policy(choice.mode or "auto", choice.resolvers, private_suffixes=choice.private_suffixes)
    return read if isinstance(read, Refused) else None


def effective_mode(choice: DnsChoice, lease: str) -> tuple[str, str]:
    """(mode that holds, why): the site's choice before the lease's; a `list` in a lease names no resolver to ask."""
    if choice.mode:
        return choice.mode, "administrator"
    if lease in ("off", "list"):
        return "off", "provider"
    return "auto", "default"


def _add_path(counted: PathCounts, path: PathUsed, now: Instant) -> PathCounts:
    same = (path.kind.value, path.resolver)
    known = next(
        (way for way in counted.ways if (way.kind, way.resolver) == same), AnswerPath(kind=same[0], resolver=same[1])
    )
    others = tuple(way for way in counted.ways if (way.kind, way.resolver) != same)
    used = msgspec.structs.replace(known, count=known.count + 1, last=now, address=path.address)
    return msgspec.structs.replace(counted, ways=(used, *others)[:MOST])
