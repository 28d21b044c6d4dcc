"""What the SDK takes from the computer it runs on, as one value; `main` makes the real one, a test brings its own."""

from collections.abc import Callable, Mapping

import msgspec

from tenure.sdk.clock import ComputerClocks


class Computer(msgspec.Struct, frozen=True):
    """The outside world of an application."""

    clocks: ComputerClocks
    monotonic: Callable[[], float]
    """Seconds, for how long an exchange may take: real ones, also where `clocks` are moved by hand."""
    draw: Callable[[int], bytes]
    """So many random bytes from the system's source."""
    environment: Mapping[str, str]
    """Read for a proxy alone."""
    hardware: Callable[[], dict[str, str]]
    """What the computer calls itself, by part; raw, and digested before it leaves."""
    online: Callable[[], bool]
    """Whether there is a way out at all, as far as that can be told without sending anything."""
    host: str = ""
    """The computer's name, as the default name of the site."""
