"""Questions and answers, proven: a request by its site's key, an answer by the root and by the question it belongs to.

Whether what was proven is acceptable (older, forked, outside its time) is decided in the core.
"""

from typing import Generic, TypeVar

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.wire import b64, seal, strict
from tenure.wire.keys import Purpose, Signer, from_jwk, key_id
from tenure.wire.messages import ActivateAnswer, ActivateRequest, Jwk, SyncAnswer, SyncRequest, incoherent
from tenure.wire.root import Root
from tenure.wire.seal import CAPS, Typ, digest

Q = TypeVar("Q", ActivateRequest, SyncRequest)
A = TypeVar("A", ActivateAnswer, SyncAnswer)


class _Exchange(Generic[Q, A]):
    """A kind of question with its kind of answer."""

    def __init__(self, question: Typ, question_type: type[Q], answer: Typ, answer_type: type[A]) -> None:
        self.question, self.answer = question, answer
        self.load_question: strict.Loader[Q] = strict.Loader(question_type, CAPS[question])
        self.load_answer: strict.Loader[A] = strict.Loader(answer_type, CAPS[answer])


_ACTIVATION = _Exchange(Typ.ACTIVATE_REQUEST, ActivateRequest, Typ.ACTIVATE_ANSWER, ActivateAnswer)
_LOOK = _Exchange(Typ.LOOK_REQUEST, ActivateRequest, Typ.ACTIVATE_ANSWER, ActivateAnswer)
_SYNC = _Exchange(Typ.SYNC_REQUEST, SyncRequest, Typ.SYNC_ANSWER, SyncAnswer)


class Asked(msgspec.Struct, Generic[Q], frozen=True):
    """A proven request: the message, who signed it, and what its answer must carry."""

    message: Q
    public: bytes
    sha256: str
    """Base64url SHA-256 of the bytes received."""
    token: bytes


class Answered(msgspec.Struct, Generic[A], frozen=True):
    """A proven answer and its bytes, to be stored verbatim."""

    message: A
    token: bytes


def ask(message: ActivateRequest | SyncRequest, signer: Signer) -> bytes:
    """The sealed request, to be stored before it is sent and sent again byte for byte."""
    typ = Typ.SYNC_REQUEST if isinstance(message, SyncRequest) else Typ.ACTIVATE_REQUEST
    return seal.seal(typ, message, signer)


def ask_to_look(message: ActivateRequest, signer: Signer) -> bytes:
    """The sealed question what a code would start."""
    return seal.seal(Typ.LOOK_REQUEST, message, signer)


def read_look(token: bytes) -> Asked[ActivateRequest] | Refused:
    """A question what a code would start, proven like an activation."""
    return _read_question(token, _LOOK)


def read_activate(token: bytes) -> Asked[ActivateRequest] | Refused:
    """An activation request proven by the very key it names, under the id that follows from it.

    That key must be read before it can verify; nothing else of the payload is used until it has.
    Refuses like `seal.unwrap`, `strict.Loader`, `keys.from_jwk`, and with `key_unknown`, `signature_invalid`.
    """
    return _read_question(token, _ACTIVATION)


def _read_question(
    token: bytes, exchange: "_Exchange[ActivateRequest, ActivateAnswer]"
) -> Asked[ActivateRequest] | Refused:
    envelope = seal.unwrap(token, exchange.question)
    if isinstance(envelope, Refused):
        return envelope
    message = exchange.load_question(envelope.payload)
    if isinstance(message, Refused):
        return message
    public = from_jwk(msgspec.structs.asdict(message.key), "key")
    if isinstance(public, Refused):
        return public
    if envelope.kid != key_id(public):
        return Refused(Code.KEY_UNKNOWN, "The key id does not follow from the key.", "header.kid")
    opened = seal.verify(envelope, public)
    return opened if isinstance(opened, Refused) else Asked(message, public, digest(token), token)


def unwrap_sync(token: bytes) -> seal.Envelope | Refused:
    """The form of a synchronisation request; its `kid` finds the site whose key then goes into `read_sync`."""
    return seal.unwrap(token, Typ.SYNC_REQUEST)


def claimed_site(envelope: seal.Envelope) -> str:
    """The site that an unproven request names, to look its key up with; empty when it cannot be read."""
    message = _SYNC.load_question(envelope.payload)
    return "" if isinstance(message, Refused) else message.site


def claimed_request(envelope: seal.Envelope) -> str:
    """The id of an unproven synchronization request, such as one's own; empty when it cannot be read."""
    message = _SYNC.load_question(envelope.payload)
    return "" if isinstance(message, Refused) else message.request


def read_sync(envelope: seal.Envelope, public: bytes) -> Asked[SyncRequest] | Refused:
    """A synchronisation request proven by `public`, the key registered under `envelope.kid`.

    Refuses with `signature_invalid` and like `strict.Loader`.
    """
    opened = seal.verify(envelope, public)
    if isinstance(opened, Refused):
        return opened
    message = _SYNC.load_question(opened.payload)
    return message if isinstance(message, Refused) else Asked(message, public, digest(opened.token), opened.token)


def read_introduction(envelope: seal.Envelope) -> Asked[SyncRequest] | Refused:
    """A synchronization request proven by the very key it brings, of a site that is not known.

    Refuses `key_unknown` for one that brings none, and like `read_activate`.
    """
    message = _SYNC.load_question(envelope.payload)
    if isinstance(message, Refused) or message.key is None:
        return message if isinstance(message, Refused) else Refused(Code.KEY_UNKNOWN, field="header.kid")
    public = from_jwk(msgspec.structs.asdict(message.key), "key")
    if isinstance(public, Refused):
        return public
    if envelope.kid != key_id(public):
        return Refused(Code.KEY_UNKNOWN, "The key id does not follow from the key.", "header.kid")
    return read_sync(envelope, public)


def answer_sync(message: SyncAnswer, signer: Signer) -> bytes:
    """The sealed answer. Raises ValueError for one that no reader would accept."""
    return _answer(_SYNC, message, signer)


def answer_activate(message: ActivateAnswer, signer: Signer) -> bytes:
    """The sealed answer. Raises ValueError for one that no reader would accept."""
    return _answer(_ACTIVATION, message, signer)


def _answer(exchange: _Exchange[Q, A], message: A, signer: Signer) -> bytes:
    payload = msgspec.json.encode(message)
    read = exchange.load_answer(payload)
    fault = read if isinstance(read, Refused) else incoherent(message)
    if fault is not None:
        raise ValueError(f"{fault.field}: {fault.detail}")
    return seal.seal(exchange.answer, payload, signer)


def read_sync_answer(
    token: bytes, request: bytes, root: Root, *, sandbox: bool = False
) -> Answered[SyncAnswer] | Refused:
    """The answer to the sealed `request`, proven by an answer key of `root`.

    Refuses like `seal.unwrap`, `Root.key`, `strict.Loader`, and with `signature_invalid`; `not_the_answer` when
    nonce or request hash are another question's. The reader's clock plays no part.
    """
    return _read(_SYNC, token, request, root, sandbox)


def read_activate_answer(
    token: bytes, request: bytes, root: Root, *, sandbox: bool = False
) -> Answered[ActivateAnswer] | Refused:
    """The answer to the sealed activation `request`, or look; otherwise as `read_sync_answer`."""
    looks = seal.typ_of(request) is Typ.LOOK_REQUEST
    read = _read(_LOOK if looks else _ACTIVATION, token, request, root, sandbox)
    if isinstance(read, Refused) or read.message.result == "refused" or looks == (read.message.preview is not None):
        return read
    return Refused(Code.NOT_THE_ANSWER, field="result")


def read_unasked(
    token: bytes, root: Root, product: str, *, sandbox: bool = False
) -> SyncAnswer | ActivateAnswer | Refused:
    """An answer proven by an answer key of `root`, whosever question it belongs to: to say why it is not taken
    [spec: offline-exchange].

    Refuses like `read_sync_answer`, but for `not_the_answer`.
    """
    exchange: _Exchange[SyncRequest, SyncAnswer] | _Exchange[ActivateRequest, ActivateAnswer] = _SYNC
    if seal.typ_of(token) is Typ.ACTIVATE_ANSWER:
        exchange = _ACTIVATION
    envelope = seal.unwrap(token, exchange.answer)
    if isinstance(envelope, Refused):
        return envelope
    key = root.key(envelope.kid, Purpose.ANSWER, product=product, sandbox=sandbox)
    opened = key if isinstance(key, Refused) else seal.verify(envelope, key.public)
    return opened if isinstance(opened, Refused) else exchange.load_answer(opened.payload)


def _read(exchange: _Exchange[Q, A], token: bytes, request: bytes, root: Root, sandbox: bool) -> Answered[A] | Refused:
    asked = seal.unwrap(request, exchange.question)
    question = asked if isinstance(asked, Refused) else exchange.load_question(asked.payload)
    if isinstance(question, Refused):
        return question
    envelope = seal.unwrap(token, exchange.answer)
    if isinstance(envelope, Refused):
        return envelope
    key = root.key(envelope.kid, Purpose.ANSWER, product=question.product, sandbox=sandbox)
    if isinstance(key, Refused):
        return key
    opened = seal.verify(envelope, key.public)
    message = opened if isinstance(opened, Refused) else exchange.load_answer(opened.payload)
    if isinstance(message, Refused):
        return message
    for field, theirs, ours in (
        ("nonce", message.nonce, question.nonce),
        ("request_sha256", message.request_sha256, digest(request)),
    ):
        if theirs != ours:
            return Refused(Code.NOT_THE_ANSWER, field=field)
    fault = key.window(message.time) or incoherent(message)
    return Answered(message, token) if fault is None else fault


def jwk(public: bytes) -> Jwk:
    """A public key for the field `key` of an activation."""
    return Jwk("OKP", "Ed25519", b64.encode_text(public))
