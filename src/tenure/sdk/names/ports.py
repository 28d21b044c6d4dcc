"""What the way to the server takes from outside: clocks, memory, trust, limits; and where its addresses come from.

A program's main makes these; a test brings its own. The order of steps is `walk`'s.
"""

from collections.abc import Callable

import msgspec

from tenure.core.timeline import Instant
from tenure.sdk.names.bounds import Bounds, Deadline
from tenure.sdk.names.last_good import LastGood, LastGoodInMemory
from tenure.sdk.names.looked import Looked
from tenure.sdk.names.path import Kind, Step
from tenure.sdk.names.system import SystemDns
from tenure.sdk.names.trust import Trust

SYSTEM_DNS = SystemDns()
"""One for the process: it bounds the threads that a dead resolver can hold."""


class Ports(msgspec.Struct, frozen=True):
    """What the way takes from outside; a program's main makes it, a test brings its own."""

    monotonic: Callable[[], float]
    """Seconds of a clock that nobody can set."""
    wall: Callable[[], Instant]
    """The present, for dating addresses that worked."""
    last_good: LastGood = msgspec.field(default_factory=LastGoodInMemory)
    trust: Trust = msgspec.field(default_factory=Trust)
    bounds: Bounds = Bounds()
    system_dns: SystemDns = SYSTEM_DNS
    watch: Callable[[Step], None] = lambda step: None
    """Called after every step, to show a synchronisation live; it must return at once and not raise."""


class Source(msgspec.Struct, frozen=True):
    """Somewhere addresses come from."""

    kind: Kind
    resolver: str
    look: Callable[[Deadline], Looked]
