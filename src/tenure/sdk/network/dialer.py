"""One connection to one address: TCP, TLS for the configured name, or a tunnel through a proxy; a stream or a fault.

The fallback of [spec: name-resolution] is at the connection, certificate included, so a stream is handed out only after
its handshake. Which address is tried when is decided in `connect`; what is said over the stream in `http_exchange`.
"""

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress

import httpcore2

from tenure.sdk.network.bounds import Deadline
from tenure.sdk.network.path import StepFault, StepOutcome
from tenure.sdk.network.proxy import Proxy

_TCP = httpcore2.SyncBackend()


class TooManyBytes(httpcore2.ReadError):
    """More bytes than the reader will take."""


class BoundedStream(httpcore2.NetworkStream):
    """A stream whose every wait ends at one deadline and which reads no more than `most` bytes.

    Timeouts per read, as HTTP libraries have them, let one byte a second go on for ever.
    """

    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline, most: int) -> None:
        self._stream = stream
        self._deadline = deadline
        self._room = most
        self.ended = False
        """Whether the other side has closed its half."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Up to `max_bytes`; the caller's timeout gives way to the deadline."""
        data = self._stream.read(max_bytes, self._deadline.require_seconds())
        self._room -= len(data)
        if self._room < 0:
            raise TooManyBytes("more bytes than are ever needed")
        self.ended = self.ended or not data
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """All of `buffer`, before the deadline."""
        self._stream.write(buffer, self._deadline.require_seconds())

    def close(self) -> None:
        """Closes the stream below."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        """TLS on top, unbounded again: wrap what is returned."""
        return self._stream.start_tls(ssl_context, server_hostname, self._deadline.require_seconds())

    def get_extra_info(self, info: str) -> object:
        """What the stream below knows."""
        return self._stream.get_extra_info(info)


class OnePieceStream(BoundedStream):
    """A bounded stream whose writes are sent in one piece, with the next read.

    HTTP libraries write head and body apart; a request in one packet is answered by the server's short way, and
    between the two no packet is waited for.
    """

    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline, most: int) -> None:
        super().__init__(stream, deadline, most)
        self._written = bytearray()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """As `BoundedStream.read`, once what was written is sent."""
        if self._written:
            written, self._written = bytes(self._written), bytearray()
            # A server that has answered and closed before it read everything is still read from.
            with suppress(httpcore2.WriteError):
                super().write(written)
        return super().read(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Keeps `buffer` until something is read."""
        self._written += buffer


def connect_tcp(address: str, port: int, deadline: Deadline) -> httpcore2.NetworkStream | StepFault:
    """A TCP stream to an IP address; never raises."""
    try:
        return _TCP.connect_tcp(address, port, timeout=deadline.require_seconds(), socket_options=())
    except Exception as error:
        return fault_of(error)


def start_tls(
    stream: httpcore2.NetworkStream, context: Callable[[], ssl.SSLContext], name: str, deadline: Deadline
) -> httpcore2.NetworkStream | StepFault:
    """TLS over `stream`, SNI and certificate for `name`; never raises. On a fault the stream is closed.

    The context comes as a callable because its roots may be unreadable, which is a fault of this step.
    """
    try:
        return stream.start_tls(context(), name, deadline.require_seconds())
    except Exception as error:
        stream.close()
        return fault_of(error)


def connect_secure(
    address: str, port: int, deadline: Deadline, context: Callable[[], ssl.SSLContext], name: str
) -> httpcore2.NetworkStream | StepFault:
    """TCP to `address` and TLS for `name`; never raises."""
    stream = connect_tcp(address, port, deadline)
    return stream if isinstance(stream, StepFault) else start_tls(stream, context, name, deadline)


def open_tunnel(
    stream: httpcore2.NetworkStream, proxy: Proxy, target: str, deadline: Deadline
) -> httpcore2.NetworkStream | StepFault:
    """The stream that `proxy`, connected to by `stream`, gives to `target` (host:port); never raises.

    It is not yet secured: the caller does that for the server's name.
    """
    url = httpcore2.URL(scheme="http", host=proxy.host, port=proxy.port, target=target)
    headers = [("Host", target)] + ([("Proxy-Authorization", proxy.authorization)] if proxy.authorization else [])
    connection = httpcore2.HTTP11Connection(url.origin, BoundedStream(stream, deadline, 64 * 1024))
    try:
        response = connection.handle_request(httpcore2.Request("CONNECT", url, headers=headers))
    except Exception as error:
        stream.close()
        return fault_of(error)
    if not 200 <= response.status < 300:
        stream.close()
        reason = bytes(response.extensions.get("reason_phrase", b"")).decode("ascii", "replace")
        return StepFault(StepOutcome.PROXY_REFUSED, f"{response.status} {reason}".rstrip())
    after: httpcore2.NetworkStream = response.extensions["network_stream"]
    return after


def out_of_date(stream: httpcore2.NetworkStream, wall: int) -> bool:
    """Whether the certificate shown over `stream`, whose dates were left out, is not valid at `wall` (Unix seconds)."""
    # The HTTP library hands out the object inside an SSLSocket, which has no public type but the same method.
    ask = getattr(stream.get_extra_info("ssl_object"), "getpeercert", None)
    shown: dict[str, object] | None = ask() if callable(ask) else None
    begin, end = (shown or {}).get("notBefore"), (shown or {}).get("notAfter")
    if not isinstance(begin, str) or not isinstance(end, str):
        return False
    return not ssl.cert_time_to_seconds(begin) <= wall <= ssl.cert_time_to_seconds(end)


def fault_of(error: BaseException) -> StepFault:
    """What an exception of sockets, TLS, HTTP or DNS libraries means on a path.

    It is total: the other side chooses the bytes, and the libraries' exceptions are not ours to enumerate.
    """
    cause = error.__cause__ or error
    if isinstance(cause, ssl.SSLCertVerificationError) and cause.verify_code in _BY_DATE:
        return StepFault(StepOutcome.DATES, _describe_error(cause))
    for kinds, outcome in _MEANINGS:
        if isinstance(error, kinds) or isinstance(cause, kinds):
            return StepFault(outcome, _describe_error(cause))
    return StepFault(StepOutcome.NOT_HTTP, f"{type(cause).__name__}: {cause}"[:200])


_BY_DATE = frozenset({9, 10})
"""X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED. OpenSSL looks at dates last, after chain and name."""

_MEANINGS: tuple[tuple[tuple[type[BaseException], ...], StepOutcome], ...] = (
    ((TooManyBytes,), StepOutcome.TOO_LARGE),
    ((httpcore2.TimeoutException, TimeoutError), StepOutcome.TIMEOUT),
    ((ssl.SSLCertVerificationError,), StepOutcome.CERTIFICATE),
    ((ssl.SSLError,), StepOutcome.TLS),
    ((ConnectionRefusedError,), StepOutcome.REFUSED),
    ((ConnectionError, httpcore2.ReadError, httpcore2.WriteError), StepOutcome.CUT_OFF),
    ((httpcore2.ProtocolError,), StepOutcome.NOT_HTTP),
    ((socket.gaierror, OSError, httpcore2.NetworkError), StepOutcome.NO_ROUTE),
)


def _describe_error(error: BaseException) -> str:
    """What an error says, without its numbers, where it says anything useful.

    Attributes are looked for, not relied on: errors made by other libraries lack them.
    """
    if isinstance(error, TimeoutError | ConnectionRefusedError):
        return ""
    reason: object = getattr(error, "reason", None)
    said = getattr(error, "verify_message", None) or (str(reason).replace("_", " ").lower() if reason else None)
    # An exception of several arguments spells itself as a tuple, which is nothing for people.
    spelled = "; ".join(str(each) for each in error.args) if len(error.args) > 1 else str(error)
    return str(said or getattr(error, "strerror", None) or spelled)[:200]
