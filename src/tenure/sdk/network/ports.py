"""What the way to the server takes from outside: clocks, memory, trust, limits; and where its addresses come from.

A program's main makes these; a test brings its own. The order of steps is `connect`'s.
"""

from collections.abc import Callable

import msgspec

from tenure.core.timeline import Instant
from tenure.sdk.network.bounds import Deadline, ExchangeBounds
from tenure.sdk.network.last_good import LastGood, LastGoodInMemory
from tenure.sdk.network.lookup_result import LookupResult
from tenure.sdk.network.path import PathStep, SourceKind
from tenure.sdk.network.system import SystemDns
from tenure.sdk.network.trust import TrustStore

SYSTEM_DNS = SystemDns()
"""One for the process: it bounds the threads that a dead resolver can hold."""


class NetworkPorts(msgspec.Struct, frozen=True):
    """What the way takes from outside; a program's main makes it, a test brings its own."""

    monotonic: Callable[[], float]
    """Seconds of a clock that no user can set."""
    wall: Callable[[], Instant]
    """The present, for dating addresses that worked."""
    last_good: LastGood = msgspec.field(default_factory=LastGoodInMemory)
    trust: TrustStore = msgspec.field(default_factory=TrustStore)
    bounds: ExchangeBounds = ExchangeBounds()
    system_dns: SystemDns = SYSTEM_DNS
    watch: Callable[[PathStep], None] = lambda step: None
    """Called after every step, to show a synchronization live; it must return at once and not raise."""


class AddressSource(msgspec.Struct, frozen=True):
    """Somewhere addresses come from."""

    kind: SourceKind
    resolver: str
    look: Callable[[Deadline], LookupResult]
