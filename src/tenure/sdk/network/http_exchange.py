"""One HTTP request and its answer over a stream that is already trusted: bounded in bytes and time, never decoded.

Used for the activation server and for DNS over HTTPS; what the answer means is the caller's.
"""

import httpcore2
import msgspec

from tenure.sdk.network.bounds import Deadline
from tenure.sdk.network.dialer import BoundedStream, OnePieceStream, TooManyBytes, fault_of
from tenure.sdk.network.path import Headers, StepFault, StepOutcome

HEAD = 128 * 1024
"""Bytes allowed in addition to the body: status lines, headers, framing. TLS is not counted."""


class WireRequest(msgspec.Struct, frozen=True):
    """A request as it goes over the wire."""

    method: str
    url: httpcore2.URL
    headers: Headers
    body: bytes = b""


class WireAnswer(msgspec.Struct, frozen=True):
    """A whole answer: status, headers with lower-case names, the body's bytes as sent."""

    status: int
    headers: Headers
    body: bytes


class HttpConnection:
    """HTTP over one stream, in the version agreed in its handshake; every wait ends at one deadline."""

    def __init__(self, stream: httpcore2.NetworkStream, url: httpcore2.URL, deadline: Deadline, most: int) -> None:
        tls = stream.get_extra_info("ssl_object")
        http2 = tls is not None and tls.selected_alpn_protocol() == "h2"
        # HTTP/2 has its own order of reading and writing.
        self._stream = (BoundedStream if http2 else OnePieceStream)(stream, deadline, most + HEAD)
        self._most = most
        kind = httpcore2.HTTP2Connection if http2 else httpcore2.HTTP11Connection
        self._connection: httpcore2.HTTP2Connection | httpcore2.HTTP11Connection = kind(url.origin, self._stream)

    @property
    def is_usable(self) -> bool:
        """Whether another question can be put on this line."""
        return not self._connection.is_closed() and not self._stream.ended

    def send_request(self, asked: WireRequest) -> WireAnswer | StepFault:
        """Sends `asked` and reads its answer; never raises.

        A redirect, an encoded body, one too large or cut off is a fault: none of them is worth reading.
        """
        headers = [*asked.headers, ("Accept-Encoding", "identity"), ("Content-Length", str(len(asked.body)))]
        try:
            with self._connection.stream(asked.method, asked.url, headers=headers, content=asked.body) as response:
                got = tuple((key.decode("latin-1").lower(), value.decode("latin-1")) for key, value in response.headers)
                return _refuse_head(response.status, got) or WireAnswer(
                    response.status, got, _read_body(response, self._most)
                )
        except Exception as error:
            fault = fault_of(error)
            cut = self._stream.ended and fault.outcome is StepOutcome.NOT_HTTP
            return StepFault(StepOutcome.CUT_OFF) if cut else fault

    def close(self) -> None:
        """Ends the line without a word: there is nothing to keep it for."""
        self._stream.close()


def _refuse_head(status: int, headers: Headers) -> StepFault | None:
    """Why an answer is not read, seen from its head alone."""
    fields = dict(reversed(headers))
    if 300 <= status < 400:
        return StepFault(StepOutcome.REDIRECT, f"{status} to {fields.get('location', 'nowhere')}"[:200])
    encoding = fields.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", ""):
        return StepFault(StepOutcome.ENCODED, encoding[:40])
    return None


def _read_body(response: httpcore2.Response, most: int) -> bytes:
    """The body's bytes, or TooMuch as soon as there are more than `most`."""
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > most:
            raise TooManyBytes(f"the answer's body is longer than {most} bytes")
    return bytes(body)
