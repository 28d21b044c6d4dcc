"""Every way in which a server, or an impostor in its place, can misbehave: a table from names to what is answered then.

Impostors speak with the voice of a copy of the honest server, so that nothing they say has happened.
"""

import copy
import gzip
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from conformance import keys
from conformance.vendor import Spoken, Vendor
from conformance.web import Asked, Reply, Talk, problem
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Span
from tenure.wire import b64
from tenure.wire.keys import SeedSigner, to_jwk
from tenure.wire.messages import AnswerBinding, to_signed_refusal

Args = dict[str, Any]


@dataclass(frozen=True)
class Moment:
    """A request that is about to be answered wrongly."""

    vendor: Vendor
    asked: Asked
    honest: Callable[[], Reply]
    """Lets the honest server do its work and gives its answer."""
    earlier: tuple[tuple[str, bytes], ...]
    """Honest answers given so far: path and body."""
    let_pass: Callable[[int], None]
    """Lets so many seconds pass at the client while it waits."""


Fault = Callable[[Moment, Args], "Reply | Talk"]


def impostor(moment: Moment, spoken: Spoken) -> bytes:
    """The answer of one who knows everything, with another voice; the honest server learns nothing of it."""
    other = copy.deepcopy(moment.vendor)
    said = other.activate(moment.asked.body, spoken) if _activates(moment) else other.sync(moment.asked.body, spoken)
    if isinstance(said, Refused):
        raise ValueError(f"the impostor has nothing to say: {said.code}")
    return said


def _activates(moment: Moment) -> bool:
    return moment.asked.path == "/v1/activate"


def _says(spoken: Spoken) -> Fault:
    return lambda moment, args: Reply(body=impostor(moment, spoken))


def _answer(**changes: Any) -> Fault:
    """An answer otherwise good, with fields of its own."""

    def say(moment: Moment, args: Args) -> Reply:
        wanted = {**changes, **args}
        return Reply(body=impostor(moment, Spoken(answer=lambda said: msgspec.structs.replace(said, **wanted))))

    return say


def _lease(change: Callable[[Any, Vendor], dict[str, Any]]) -> Fault:
    """An answer signed as it should be, that brings a new lease which should not be taken."""

    def say(moment: Moment, args: Args) -> Reply:
        other = copy.deepcopy(moment.vendor)
        for row in other.sites.values():
            row.contract.revision += 1
        spoken = Spoken(lease=lambda lease: msgspec.structs.replace(lease, **change(lease, moment.vendor)))
        said = (
            other.activate(moment.asked.body, spoken) if _activates(moment) else other.sync(moment.asked.body, spoken)
        )
        return problem(500, "internal") if isinstance(said, Refused) else Reply(body=said)

    return say


def _lease_key(kid: str) -> Fault:
    def say(moment: Moment, args: Args) -> Reply:
        other = copy.deepcopy(moment.vendor)
        for row in other.sites.values():
            row.contract.revision += 1
        said = other.sync(moment.asked.body, Spoken(lease_key=kid))
        return problem(500, "internal") if isinstance(said, Refused) else Reply(body=said)

    return say


def _bytes(change: Callable[[bytes], bytes]) -> Fault:
    """The honest answer, changed on its way."""
    return lambda moment, args: Reply(body=change(impostor(moment, Spoken())))


def _payload(change: Callable[[bytes], bytes]) -> Fault:
    """An answer whose JSON is odd, signed by the right key."""
    return _says(Spoken(answer=lambda said: change(msgspec.json.encode(said))))


def _header(**members: Any) -> Fault:
    """An answer under another header, signed by the right key."""

    def say(moment: Moment, args: Args) -> Reply:
        payload = impostor(moment, Spoken()).split(b".")[1]
        kid = "answer-1"
        head = {"alg": "EdDSA", "kid": kid, "typ": f"tenure-{'activate' if _activates(moment) else 'sync'}-answer+jws"}
        signed = b64.b64_encode(msgspec.json.encode({**head, **members})) + b"." + payload
        return Reply(body=signed + b"." + b64.b64_encode(keys.signer(kid).sign(signed)))

    return say


def _padded(token: bytes) -> bytes:
    return token + b"=="


def _flipped(token: bytes) -> bytes:
    head, payload, signature = token.split(b".")
    raw = bytearray(b64.b64_decode(signature) or b"")
    raw[7] ^= 1
    return b".".join((head, payload, b64.b64_encode(bytes(raw))))


def _forged(token: bytes) -> bytes:
    """The payload says more than was signed."""
    head, payload, signature = token.split(b".")
    raw = (b64.b64_decode(payload) or b"").replace(b'"result":"', b'"root":1,"result":"', 1)
    return b".".join((head, b64.b64_encode(raw), signature))


def _unsigned(token: bytes) -> bytes:
    _, payload, _ = token.split(b".")
    head = b64.b64_encode(b'{"alg":"none","kid":"answer-1","typ":"tenure-sync-answer+jws"}')
    return head + b"." + payload + b"."


def _replay(moment: Moment, args: Args) -> Reply:
    """The first honest answer ever given on this path."""
    return next(Reply(body=body) for path, body in moment.earlier if path == moment.asked.path)


def _lost(moment: Moment, args: Args) -> Talk:
    moment.honest()
    return lambda connection: None


def _late(moment: Moment, args: Args) -> Reply:
    reply = moment.honest()
    moment.let_pass(int(args.get("seconds", 90)))
    return reply


def _refused(moment: Moment, args: Args) -> Reply:
    """A signed refusal, by the honest server's own key."""
    code = args["code"]
    known = code in {each.value for each in RefusalCode}
    no = to_signed_refusal(Refused(RefusalCode(code) if known else RefusalCode.NOT_FOUND))
    no = msgspec.structs.replace(no, code=code, conclusive=args.get("conclusive", no.conclusive))
    if "when" in args:
        no = msgspec.structs.replace(no, when=moment.vendor.now + int(args["when"]))

    def say(said: AnswerBinding) -> AnswerBinding:
        return msgspec.structs.replace(said, result="refused", refusal=no, lease="", successor="", token="")

    return Reply(body=impostor(moment, Spoken(answer=say)))


def _status(moment: Moment, args: Args) -> Reply:
    headers = (("Retry-After", str(args["retry_after"])),) if "retry_after" in args else ()
    if "date" in args:
        headers = (*headers, ("Date", args["date"]))
    return problem(int(args["status"]), args.get("code", "internal"), *headers)


def _html(moment: Moment, args: Args) -> Reply:
    page = b"<html><title>Welcome</title>Please sign in to use this network.</html>"
    return Reply(200, page, (("Content-Type", "text/html"),))


def _json(moment: Moment, args: Args) -> Reply:
    return Reply(200, b'{"result":"granted","valid":true,"licensed":true}', (("Content-Type", "application/json"),))


def _redirect(moment: Moment, args: Args) -> Reply:
    return Reply(302, b"", (("Location", "/v1/elsewhere"),))


def _bomb(moment: Moment, args: Args) -> Reply:
    body = gzip.compress(bytes(32 * 1024 * 1024), 9)
    return Reply(200, body, (("Content-Type", "application/jose"), ("Content-Encoding", "gzip")))


def _oversized(moment: Moment, args: Args) -> Reply:
    return Reply(body=impostor(moment, Spoken()) + b" " * (128 * 1024))


def _endless(moment: Moment, args: Args) -> Talk:
    def talk(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"1000\r\n" + b"a" * 4096 + b"\r\n")

    return talk


def _slow(moment: Moment, args: Args) -> Talk:
    """One byte at a time, so that no single wait is long."""

    def talk(connection: socket.socket) -> None:
        for byte in Reply(body=impostor(moment, Spoken())).encoded():
            connection.sendall(bytes([byte]))
            time.sleep(0.1)

    return talk


def _silent(moment: Moment, args: Args) -> Talk:
    def talk(connection: socket.socket) -> None:
        while connection.recv(4096):
            pass

    return talk


def _cut(moment: Moment, args: Args) -> Talk:
    whole = Reply(body=impostor(moment, Spoken())).encoded()
    return lambda connection: connection.sendall(whole[: len(whole) // 2])


def _hang_up(moment: Moment, args: Args) -> Talk:
    return lambda connection: None


def _stranger(lease: Any, vendor: Vendor) -> dict[str, Any]:
    return {"cnf": msgspec.structs.replace(lease.cnf, jwk=to_jwk(SeedSigner(bytes(32)).public))}


def _gap(lease: Any, vendor: Vendor) -> dict[str, Any]:
    first: Span = lease.spans[0]
    middle = msgspec.structs.replace(first, until=vendor.now + DAY)
    return {"spans": (middle, *(msgspec.structs.replace(s, since=s.since + 2 * DAY) for s in lease.spans[1:]))}


FAULTS: dict[str, Fault] = {
    # an impostor's voice
    "foreign_key": _says(Spoken(answer_key="stranger-1")),
    "retired_key": _says(Spoken(answer_key="answer-retired")),
    "wrong_purpose": _says(Spoken(answer_key="lease-1")),
    "key_of_other_product": _says(Spoken(answer_key="answer-other-product")),
    "sandbox_key": _says(Spoken(answer_key="sandbox-1")),
    "development_key": _says(Spoken(answer_key="dev-answer")),
    "signed_by": lambda moment, args: Reply(body=impostor(moment, Spoken(answer_key=args["key"]))),
    # an answer to something else
    "wrong_nonce": _answer(nonce=b64.encode_text(bytes(32))),
    "wrong_request": _answer(request_sha256=b64.encode_text(bytes(32))),
    "replay": _replay,
    "answer": _answer(),
    "dated_outside_key": _answer(time=keys.START + 2 * keys.LONG),
    # changed on its way, or spelled so that two readers could differ
    "wrong_signature": _bytes(_flipped),
    "forged_payload": _bytes(_forged),
    "algorithm_none": _bytes(_unsigned),
    "padded": _bytes(_padded),
    "truncated": _bytes(lambda token: token[:-30]),
    "two_parts": _bytes(lambda token: token.rpartition(b".")[0]),
    "unknown_critical": _header(crit=["tenure_future"], tenure_future=1),
    "key_in_header": _header(jwk=to_jwk(keys.signer("stranger-1").public)),
    "key_address_in_header": _header(jku="https://example.com/keys"),
    "wrong_type": _header(typ="tenure-lease+jwt"),
    "other_algorithm": _header(alg="HS256"),
    "duplicate_key": _payload(lambda text: b'{"result":"refused",' + text[1:]),
    "not_a_number": _payload(lambda text: b'{"future":NaN,' + text[1:]),
    "huge_number": _payload(lambda text: b'{"future":' + b"9" * 400 + b"," + text[1:]),
    "huge_time": _payload(lambda text: text.replace(b'"time":', b'"time":99', 1)),
    "too_deep": _payload(lambda text: b'{"future":' + b"[" * 500 + b"]" * 500 + b"," + text[1:]),
    "not_utf8": _payload(lambda text: b'{"future":"\xff",' + text[1:]),
    "unknown_fields": _payload(lambda text: b'{"future":{"any":[1,"two",null]},' + text[1:]),
    # a lease that should not be taken
    "lease_by_answer_key": _lease_key("answer-1"),
    "lease_by_stranger": _lease_key("stranger-1"),
    "lease_by_development_key": _lease_key("dev-lease"),
    "lease_of_another_key": _lease(_stranger),
    "lease_of_another_site": _lease(lambda lease, vendor: {"sub": "site_9"}),
    "lease_of_another_product": _lease(lambda lease, vendor: {"product": "other", "aud": "other"}),
    "lease_older": _lease(lambda lease, vendor: {"serial": lease.serial - 1}),
    "lease_much_older": _lease(lambda lease, vendor: {"serial": 0}),
    "lease_of_older_epoch": _lease(lambda lease, vendor: {"epoch": lease.epoch - 1, "serial": lease.serial + 9}),
    "lease_of_other_kind": _lease(
        lambda lease, vendor: {"installation": "server" if lease.installation == "standalone" else "standalone"}
    ),
    "lease_of_older_revision": _lease(lambda lease, vendor: {"revision": 0}),
    "lease_too_long": _lease(lambda lease, vendor: {"contact_until": lease.nbf + 41 * DAY}),
    "lease_of_sandbox": _lease(lambda lease, vendor: {"sandbox": True}),
    "lease_begins_later": _lease(lambda lease, vendor: {"iat": vendor.now + DAY, "nbf": vendor.now + DAY}),
    "lease_is_over": _lease(
        lambda lease, vendor: {
            "iat": vendor.now - 2 * DAY,
            "nbf": vendor.now - 2 * DAY,
            "exp": vendor.now - DAY,
            "contact_until": vendor.now - DAY,
            "refresh_after": vendor.now - DAY,
        }
    ),
    "lease_with_gap": _lease(_gap),
    "lease_as_successor": _lease(lambda lease, vendor: {"role": "successor"}),
    "lease_with_huge_number": _lease(lambda lease, vendor: {"serial": 2**63}),
    # refusals and time
    "refused": _refused,
    "lost": _lost,
    "late": _late,
    # not signed at all
    "status": _status,
    "html": _html,
    "json": _json,
    "redirect": _redirect,
    "empty": lambda moment, args: Reply(body=b""),
    # not even HTTP as one would wish
    "bomb": _bomb,
    "oversized": _oversized,
    "endless": _endless,
    "slow": _slow,
    "silent": _silent,
    "cut": _cut,
    "hang_up": _hang_up,
}
"""Names as the scenarios use them."""
