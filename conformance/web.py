"""The vendor behind a socket on loopback: HTTP or HTTPS, plain enough to misbehave in every way; it logs requests."""

import datetime
import functools
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import trustme

from conformance.vendor import Vendor
from tenure.core.refusals import TABLE, Refused
from tenure.sandbox.dns import TcpListener

LONGEST = 64 * 1024


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/jose"),)

    def encoded(self) -> bytes:
        """The answer as it goes over the wire."""
        lines = [f"HTTP/1.1 {self.status} Said", f"Content-Length: {len(self.body)}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


Talk = Callable[[socket.socket], None]
"""Something other than one whole answer."""


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    method: str
    path: str
    body: bytes


Answer = Callable[[Asked], "Reply | Talk"]


@dataclass
class Web:
    """A server on loopback that answers as `answer` says."""

    answer: Answer
    tls: ssl.SSLContext | None = None
    log: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sign_in = TcpListener(self._serve, tls=self.tls)
        scheme, host = ("http", "127.0.0.1") if self.tls is None else ("https", "localhost")
        self.url = f"{scheme}://{host}:{self._sign_in.port}"

    def stop(self) -> None:
        """No more answers."""
        self._sign_in.stop()

    def _serve(self, connection: socket.socket) -> None:
        asked = _read(connection)
        self.log.append(asked)
        said = self.answer(asked)
        if isinstance(said, Reply):
            connection.sendall(said.encoded())
        else:
            said(connection)


def _read(connection: socket.socket) -> Asked:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(LONGEST)
        if not more or len(data) > LONGEST:
            raise ValueError("not a request")
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    lengths = [int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")]
    while len(body) < sum(lengths):
        more = connection.recv(LONGEST)
        if not more:
            raise ValueError("cut off")
        body += more
    method, path = lines[0].split()[:2]
    return Asked(method, path, body)


def honest(vendor: Vendor, asked: Asked) -> Reply:
    """What the honest server answers: signed messages, root documents, unsigned problems for the rest."""
    if asked.method == "POST" and asked.path == "/v1/activate":
        return _sealed(vendor.activate(asked.body))
    if asked.method == "POST" and asked.path == "/v1/sync":
        return _sealed(vendor.sync(asked.body))
    number = asked.path.removeprefix("/v1/sandbox/root/" if vendor.sandbox else "/v1/root/")
    if asked.method == "GET" and number.isdigit() and len(number) < 10 and int(number) in vendor.roots:
        return Reply(body=vendor.roots[int(number)])
    return problem(404, "not_found")


def _sealed(answer: bytes | Refused) -> Reply:
    return problem(TABLE[answer.code].status, answer.code.value) if isinstance(answer, Refused) else Reply(body=answer)


def problem(status: int, code: str, *headers: tuple[str, str]) -> Reply:
    """An unsigned refusal (RFC 9457), which concludes nothing."""
    body = msgspec.json.encode({"type": f"/problems/{code}", "title": code, "status": status, "code": code})
    return Reply(status, body, (("Content-Type", "application/problem+json"), *headers))


@functools.cache
def _authority(name: str) -> trustme.CA:
    return trustme.CA(organization_name=name)


def certificates(kind: str, folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS context and the file of the authority that clients believe.

    `kind`: `good`; `wrong_name`, for another host; `stranger`, by an authority that is not trusted; `refuse_expired`.
    """
    issuer = _authority("stranger" if kind == "stranger" else "ours")
    host = "elsewhere.example" if kind == "wrong_name" else "localhost"
    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC) if kind == "expired" else None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    issuer.issue_cert(host, not_after=past).configure_cert(context)
    believed = folder / "ca.pem"
    _authority("ours").cert_pem.write_to_path(str(believed))
    return context, believed
