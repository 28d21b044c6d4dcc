"""Messages of strangers: tokens, claims under a good signature, root documents, DNS answers, heads of requests."""

import io
from collections.abc import Callable
from typing import Any

import dns.message
import dns.rdatatype
import h11
import msgspec

from fuzz.target import FuzzTarget, hold
from tenure.core.refusals import Refused
from tenure.http.hot_heads import HotHead, KnownHeads
from tenure.http.hot_operations import RawOperation
from tenure.sdk.network import dns_client, lookup
from tenure.wire import devices, exchanges, jws, leases, notices, root, seats
from tenure.wire.jws import TokenType
from tests.wire import samples

ROOT = samples.pinned()
PUBLIC = samples.SITE.public
LEASE = leases.seal_lease(samples.lease(), samples.signer("lease-1"))
ANSWER = exchanges.answer_sync(samples.sync_answer(), samples.signer("answer-1"))
DOCUMENT = samples.signed(samples.document())
NEXT = samples.signed(samples.document(version=2))
TRUE_TOKENS = frozenset((LEASE, ANSWER, samples.SYNC, samples.ACTIVATE))
"""Tokens that were signed: all others are forged."""


def _read_sync(token: bytes) -> Any:
    unwrapped = exchanges.unwrap_sync(token)
    return unwrapped if isinstance(unwrapped, Refused) else exchanges.read_sync(unwrapped, PUBLIC)


def _read_introduction(token: bytes) -> Any:
    unwrapped = exchanges.unwrap_sync(token)
    return unwrapped if isinstance(unwrapped, Refused) else exchanges.read_introduction(unwrapped)


READERS: dict[TokenType, Callable[[bytes], Any]] = {
    TokenType.LEASE: lambda token: leases.read_lease(token, ROOT),
    TokenType.SYNC_ANSWER: lambda token: exchanges.read_sync_answer(token, samples.SYNC, ROOT),
    TokenType.ACTIVATE_ANSWER: lambda token: exchanges.read_activate_answer(token, samples.ACTIVATE, ROOT),
    TokenType.SYNC_REQUEST: _read_sync,
    TokenType.ACTIVATE_REQUEST: exchanges.read_activate,
    TokenType.PREVIEW_REQUEST: exchanges.read_preview,
    TokenType.NOTICE: lambda token: notices.read_notice(token, ROOT),
    TokenType.ERASED: lambda token: seats.read_erased(token, PUBLIC),
    TokenType.SEAT: lambda token: devices.read_lone_seat(token, PUBLIC),
    TokenType.DEVICE_REQUEST: devices.read_request,
    TokenType.DEVICE_ANSWER: lambda token: devices.read_answer(token, b"", PUBLIC),
}
SIGNERS = {
    TokenType.LEASE: samples.signer("lease-1"),
    TokenType.SYNC_ANSWER: samples.signer("answer-1"),
    TokenType.ACTIVATE_ANSWER: samples.signer("answer-1"),
    TokenType.NOTICE: samples.signer("notice-1"),
}
TYPES = tuple(READERS)


def _check_tokens(readers: tuple[Callable[[bytes], Any], ...]) -> Callable[[bytes], None]:
    """Nothing is taken for signed but what was signed, to the byte."""

    def check(data: bytes) -> None:
        for read in readers:
            taken = read(data)
            hold(isinstance(taken, Refused) or data in TRUE_TOKENS, "a forged token is taken")

    return check


def _unverified(token: bytes) -> Any:
    """A defect: the form is looked at, the signature is not."""
    return jws.parse_token(token, TokenType.LEASE)


def _check_claims(read: Callable[[TokenType, bytes], Any]) -> Callable[[bytes], None]:
    """Claims of a signer who may sign are refused with a code, or are a message, which no bytes of theirs can upset."""

    def check(data: bytes) -> None:
        typ = TYPES[data[0] % len(TYPES)] if data else TYPES[0]
        try:
            token = jws.sign_token(typ, data[1:], SIGNERS.get(typ, samples.SITE))
        except ValueError:
            return  # beyond its cap: no program signs it
        taken = read(typ, token)
        hold(not isinstance(taken, Refused) or taken.code in type(taken.code), "a refusal has a code of the table")

    return check


def _careless_claims(typ: TokenType, token: bytes) -> Any:
    """A defect: claims are decoded without asking whether they are any."""
    parsed = jws.parse_token(token, typ)
    return parsed if isinstance(parsed, Refused) else msgspec.json.decode(parsed.payload)


def _check_roots(step: Callable[[bytes], Any]) -> Callable[[bytes], None]:
    def check(data: bytes) -> None:
        pinned = root.pin_root(data)
        hold(isinstance(pinned, Refused) or data in (DOCUMENT, NEXT), "a forged document is pinned")
        taken = step(data)
        hold(isinstance(taken, Refused) or data in (DOCUMENT, NEXT), "a forged document follows the pinned one")

    return check


def _trusting_step(data: bytes) -> Any:
    """A defect: any document that begins like the next one follows."""
    return data if data.startswith(NEXT[:40]) else root.step_root(ROOT, data)


QUERY = dns.message.make_query("license.example", dns.rdatatype.A, id=7)
EXPECTED = (Exception,)
"""What `lookup.look_up` catches: the resolver chooses the bytes, and the exceptions of libraries are many."""


class _Wire(io.BytesIO):
    """A connection that holds an answer and is given questions."""

    def write(self, data: Any) -> int:
        return len(data)


def _answer(text: str) -> bytes:
    made = dns.message.make_response(QUERY)
    made.answer.append(dns.rrset.from_text("license.example.", 60, "IN", "A", text))
    return made.to_wire()


def _check_dns(allowed: tuple[type[Exception], ...]) -> Callable[[bytes], None]:
    """Any answer gives addresses, or what `lookup.look_up` makes a fault of; no bytes end the program or hang it."""

    def check(data: bytes) -> None:
        try:
            stream: Any = _Wire(len(data).to_bytes(2) + data)
            told = lookup._read_answer(dns_client._over_stream(stream, QUERY))
        except allowed:
            return
        for address in told.addresses:
            hold(lookup.alternate_families([address]) == (address,), "an address is one")

    return check


async def _work(*_: Any) -> Any:
    """No request is worked on here."""


OPERATION = RawOperation(path="/v1/sync", work=_work, name="synchronize", summary="Synchronize.")
HEAD = (
    b"POST /v1/sync HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/jose\r\nContent-Length: 12\r\n"
    b"User-Agent: tenure\r\nConnection: close\r\n\r\n"
)


def _check_heads(read: Callable[[bytes], HotHead | None]) -> Callable[[bytes], None]:
    """What the short way takes for a hot head, another implementation of HTTP/1.1 takes for the same."""

    def check(data: bytes) -> None:
        head = data if data.endswith(b"\r\n\r\n") else data + b"\r\n\r\n"
        if b"\r\n\r\n" in head[:-4]:
            return  # two heads: the connection cuts at the first
        hot = read(head)
        if hot is None:
            return
        peer = h11.Connection(h11.SERVER)
        peer.receive_data(head)
        asked = peer.next_event()
        hold(isinstance(asked, h11.Request) and asked.method == b"POST", "no request for a reader of HTTP")
        lengths = [value for name, value in asked.headers if name == b"content-length"]
        closes = b"close" in [value.lower() for name, value in asked.headers if name == b"connection"]
        hold(asked.target == b"/v1/sync", "another path")
        hold(lengths == [str(hot.length).encode()], "another length")
        hold(closes == hot.closes, "another end of the connection")
        hold(not any(name == b"transfer-encoding" for name, _ in asked.headers), "a body in chunks")

    return check


def _loose_head(head: bytes) -> HotHead | None:
    """A defect: the first line that looks like a length is one, whatever stands beside it."""
    begin = head.lower().find(b"content-length:")
    told = head[begin + 15 : head.find(b"\r\n", begin)].strip() if begin >= 0 else b""
    return HotHead(OPERATION, int(told), closes=b"close" in head) if told.isdigit() else None


TARGETS: dict[str, FuzzTarget] = {
    "tokens": FuzzTarget(
        _check_tokens((*READERS.values(), _read_introduction)), tuple(TRUE_TOKENS), _check_tokens((_unverified,))
    ),
    "signed claims": FuzzTarget(
        _check_claims(lambda typ, token: READERS[typ](token)),
        tuple(
            bytes([number]) + msgspec.json.encode(made)
            for number, made in enumerate(
                (samples.lease(), samples.sync_answer(), {}, samples.sync_request(), samples.activate_request())
            )
        ),
        _check_claims(_careless_claims),
    ),
    "root documents": FuzzTarget(
        _check_roots(lambda data: root.step_root(ROOT, data)), (DOCUMENT, NEXT), _check_roots(_trusting_step)
    ),
    "seat bundles": FuzzTarget(
        _check_tokens((lambda data: seats.read_seat(data, ROOT),)),
        (msgspec.json.encode({"lease": LEASE.decode(), "seat": "a.b.c"}),),
        _check_tokens((msgspec.json.decode,)),
    ),
    "DNS answers": FuzzTarget(
        _check_dns(EXPECTED), (_answer("192.0.2.1"), _answer("198.51.100.7")), _check_dns((dns.exception.DNSException,))
    ),
    "heads of requests": FuzzTarget(_check_heads(KnownHeads((OPERATION,)).read), (HEAD,), _check_heads(_loose_head)),
}
