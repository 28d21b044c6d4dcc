"""The way to a device's site as the engine takes it: which site that is, and by which certificate it is known.

How bytes travel is `port`'s; whether a reply may change anything is decided by its signature.
"""

from collections.abc import Callable

import msgspec

from tenure.agent.device_state import DeviceState
from tenure.agent.seat_holder import SeatKeyHolder
from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.network.path import HttpExchange
from tenure.sdk.transport import Transport, TransportRequest
from tenure.wire.devices import EnrollmentToken

Connect = Callable[[EnrollmentToken, str], Transport]
"""An enrollment token and the certificate known so far to the way to the site."""

NOT_ENROLLED = Refused(RefusalCode.NOT_ACTIVATED, "This device is not enrolled at any site.")


class SiteWay:
    """The way of one holder, to the site that its enrollment token names (see `sdk.engine.session.Way`)."""

    def __init__(self, connect: Connect, holder: SeatKeyHolder) -> None:
        self._connect, self._holder = connect, holder
        self._made: tuple[EnrollmentToken, Transport] | None = None

    def post(self, path: str, request: bytes) -> HttpExchange | Refused:
        """What comes back to a sealed request."""
        return self._send(TransportRequest("POST", path, request))

    def get_root(self, version: int) -> HttpExchange | Refused:
        """What comes back when a root document is asked for."""
        return self._send(TransportRequest("GET", f"/v1/root/{version}"))

    def note_way(self, kept: DeviceState, reply: HttpExchange | Refused) -> DeviceState:
        """`kept` with the certificate that was trusted."""
        certificate = "" if self._made is None else getattr(self._made[1], "certificate", "")
        return msgspec.structs.replace(kept, certificate=certificate) if certificate else kept

    def forget_way(self) -> None:
        """Connects again with the next request."""
        self._made = None

    def _send(self, request: TransportRequest) -> HttpExchange | Refused:
        kept = self._holder.kept
        if kept.ticket is None:
            return NOT_ENROLLED
        if self._made is None or self._made[0] != kept.ticket:
            self._made = (kept.ticket, self._connect(kept.ticket, kept.certificate))
        return self._made[1].send(request)
