"""Questions and answers, proven: a request by its site's key, an answer by the root and by the question it belongs to.

Whether what was proven is acceptable (older, forked, outside its time) is decided in the core.
"""

from typing import Generic, TypeVar

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.wire import b64, jws, strict_json
from tenure.wire.jws import CAPS, TokenType, token_digest
from tenure.wire.keys import Purpose, Signer, from_jwk, is_id_of
from tenure.wire.messages import ActivateAnswer, ActivateRequest, Jwk, SyncAnswer, SyncRequest, refuse_incoherent_answer
from tenure.wire.root import TrustedRoot

Q = TypeVar("Q", ActivateRequest, SyncRequest)
A = TypeVar("A", ActivateAnswer, SyncAnswer)


class _Exchange(Generic[Q, A]):
    """A kind of question with its kind of answer."""

    def __init__(self, question: TokenType, question_type: type[Q], answer: TokenType, answer_type: type[A]) -> None:
        self.question, self.answer = question, answer
        self.load_question: strict_json.StrictLoader[Q] = strict_json.StrictLoader(question_type, CAPS[question])
        self.load_answer: strict_json.StrictLoader[A] = strict_json.StrictLoader(answer_type, CAPS[answer])


_ACTIVATION = _Exchange(TokenType.ACTIVATE_REQUEST, ActivateRequest, TokenType.ACTIVATE_ANSWER, ActivateAnswer)
_PREVIEW = _Exchange(TokenType.PREVIEW_REQUEST, ActivateRequest, TokenType.ACTIVATE_ANSWER, ActivateAnswer)
_SYNC = _Exchange(TokenType.SYNC_REQUEST, SyncRequest, TokenType.SYNC_ANSWER, SyncAnswer)


class ProvenRequest(msgspec.Struct, Generic[Q], frozen=True):
    """A proven request: the message, who signed it, and what its answer must carry."""

    message: Q
    public: bytes
    sha256: str
    """Base64url SHA-256 of the bytes received."""
    token: bytes


class ProvenAnswer(msgspec.Struct, Generic[A], frozen=True):
    """A proven answer and its bytes, to be stored verbatim."""

    message: A
    token: bytes


def seal_request(message: ActivateRequest | SyncRequest, signer: Signer) -> bytes:
    """The sealed request, to be stored before it is sent and sent again byte for byte."""
    typ = TokenType.SYNC_REQUEST if isinstance(message, SyncRequest) else TokenType.ACTIVATE_REQUEST
    return jws.sign_token(typ, message, signer)


def seal_preview_request(message: ActivateRequest, signer: Signer) -> bytes:
    """The sealed question what a code would start."""
    return jws.sign_token(TokenType.PREVIEW_REQUEST, message, signer)


def read_preview(token: bytes) -> ProvenRequest[ActivateRequest] | Refused:
    """A question what a code would start, proven like an activation."""
    return _read_question(token, _PREVIEW)


def read_activate(token: bytes) -> ProvenRequest[ActivateRequest] | Refused:
    """An activation request proven by the very key it names, under the id that follows from it.

    That key must be read before it can verify; nothing else of the payload is used until it has.
    Refuses like `jws.parse_token`, `strict_json.StrictLoader`, `keys.from_jwk`, and with `key_unknown`,
    `signature_invalid`.
    """
    return _read_question(token, _ACTIVATION)


def _read_question(
    token: bytes, exchange: "_Exchange[ActivateRequest, ActivateAnswer]"
) -> ProvenRequest[ActivateRequest] | Refused:
    envelope = jws.parse_token(token, exchange.question)
    if isinstance(envelope, Refused):
        return envelope
    message = exchange.load_question(envelope.payload)
    if isinstance(message, Refused):
        return message
    public = from_jwk(msgspec.structs.asdict(message.key), "key")
    if isinstance(public, Refused):
        return public
    if not is_id_of(envelope.kid, public):
        return Refused(RefusalCode.KEY_UNKNOWN, "The key id does not follow from the key.", "header.kid")
    opened = jws.verify_token(envelope, public)
    return opened if isinstance(opened, Refused) else ProvenRequest(message, public, token_digest(token), token)


def unwrap_sync(token: bytes) -> jws.ParsedToken | Refused:
    """The form of a synchronization request; its `kid` finds the site whose key then goes into `read_sync`."""
    return jws.parse_token(token, TokenType.SYNC_REQUEST)


def claimed_site(envelope: jws.ParsedToken) -> str:
    """The site that an unproven request names, to look its key up with; empty when it cannot be read."""
    message = _SYNC.load_question(envelope.payload)
    return "" if isinstance(message, Refused) else message.site


def claimed_request(envelope: jws.ParsedToken) -> str:
    """The id of an unproven synchronization request, such as one's own; empty when it cannot be read."""
    message = _SYNC.load_question(envelope.payload)
    return "" if isinstance(message, Refused) else message.request


def read_sync(envelope: jws.ParsedToken, public: bytes) -> ProvenRequest[SyncRequest] | Refused:
    """A synchronization request proven by `public`, the key registered under `envelope.kid`.

    Refuses with `signature_invalid` and like `strict_json.StrictLoader`.
    """
    opened = jws.verify_token(envelope, public)
    if isinstance(opened, Refused):
        return opened
    message = _SYNC.load_question(opened.payload)
    return (
        message
        if isinstance(message, Refused)
        else ProvenRequest(message, public, token_digest(opened.token), opened.token)
    )


def read_introduction(envelope: jws.ParsedToken) -> ProvenRequest[SyncRequest] | Refused:
    """A synchronization request proven by the very key it brings, of a site that is not known.

    Refuses `key_unknown` for one that brings none, and like `read_activate`.
    """
    message = _SYNC.load_question(envelope.payload)
    if isinstance(message, Refused) or message.key is None:
        return message if isinstance(message, Refused) else Refused(RefusalCode.KEY_UNKNOWN, field="header.kid")
    public = from_jwk(msgspec.structs.asdict(message.key), "key")
    if isinstance(public, Refused):
        return public
    if not is_id_of(envelope.kid, public):
        return Refused(RefusalCode.KEY_UNKNOWN, "The key id does not follow from the key.", "header.kid")
    return read_sync(envelope, public)


def answer_sync(message: SyncAnswer, signer: Signer) -> bytes:
    """The sealed answer. Raises ValueError for one that no reader would accept."""
    return _seal_answer(_SYNC, message, signer)


def answer_lease(message: SyncAnswer, signer: Signer) -> bytes:
    """As `answer_sync` for one that brings a lease just sealed and says nothing else but its window: all of it is the
    server's own or was read strictly, so that it is not read again. Raises ValueError for one that is too large."""
    return jws.sign_token(_SYNC.answer, message, signer)


def answer_activate(message: ActivateAnswer, signer: Signer) -> bytes:
    """The sealed answer. Raises ValueError for one that no reader would accept."""
    return _seal_answer(_ACTIVATION, message, signer)


def _seal_answer(exchange: _Exchange[Q, A], message: A, signer: Signer) -> bytes:
    payload = msgspec.json.encode(message)
    read = exchange.load_answer(payload)
    fault = read if isinstance(read, Refused) else refuse_incoherent_answer(message)
    if fault is not None:
        raise ValueError(f"{fault.field}: {fault.detail}")
    return jws.sign_token(exchange.answer, payload, signer)


def read_sync_answer(
    token: bytes, request: bytes, root: TrustedRoot, *, sandbox: bool = False
) -> ProvenAnswer[SyncAnswer] | Refused:
    """The answer to the sealed `request`, proven by an answer key of `root`.

    Refuses like `jws.parse_token`, `TrustedRoot.key_for`, `strict_json.StrictLoader`, and with `signature_invalid`;
    `not_the_answer` when nonce or request hash are another question's. The reader's clock plays no part.
    """
    return _read_answer(_SYNC, token, request, root, sandbox)


def read_activate_answer(
    token: bytes, request: bytes, root: TrustedRoot, *, sandbox: bool = False
) -> ProvenAnswer[ActivateAnswer] | Refused:
    """The answer to the sealed activation or preview `request`; otherwise as `read_sync_answer`."""
    is_preview = jws.typ_of(request) is TokenType.PREVIEW_REQUEST
    read = _read_answer(_PREVIEW if is_preview else _ACTIVATION, token, request, root, sandbox)
    if (
        isinstance(read, Refused)
        or read.message.result == "refused"
        or is_preview == (read.message.preview is not None)
    ):
        return read
    return Refused(RefusalCode.NOT_THE_ANSWER, field="result")


def read_unasked(
    token: bytes, root: TrustedRoot, product: str, *, sandbox: bool = False
) -> SyncAnswer | ActivateAnswer | Refused:
    """An answer proven by an answer key of `root`, whosever question it belongs to: to say why it is not taken
    [spec: offline-exchange].

    Refuses like `read_sync_answer`, but for `not_the_answer`.
    """
    exchange: _Exchange[SyncRequest, SyncAnswer] | _Exchange[ActivateRequest, ActivateAnswer] = _SYNC
    if jws.typ_of(token) is TokenType.ACTIVATE_ANSWER:
        exchange = _ACTIVATION
    envelope = jws.parse_token(token, exchange.answer)
    if isinstance(envelope, Refused):
        return envelope
    key = root.key_for(envelope.kid, Purpose.ANSWER, product=product, sandbox=sandbox)
    opened = key if isinstance(key, Refused) else jws.verify_token(envelope, key.public)
    return opened if isinstance(opened, Refused) else exchange.load_answer(opened.payload)


def _read_answer(
    exchange: _Exchange[Q, A], token: bytes, request: bytes, root: TrustedRoot, sandbox: bool
) -> ProvenAnswer[A] | Refused:
    asked = jws.parse_token(request, exchange.question)
    question = asked if isinstance(asked, Refused) else exchange.load_question(asked.payload)
    if isinstance(question, Refused):
        return question
    envelope = jws.parse_token(token, exchange.answer)
    if isinstance(envelope, Refused):
        return envelope
    key = root.key_for(envelope.kid, Purpose.ANSWER, product=question.product, sandbox=sandbox)
    if isinstance(key, Refused):
        return key
    opened = jws.verify_token(envelope, key.public)
    message = opened if isinstance(opened, Refused) else exchange.load_answer(opened.payload)
    if isinstance(message, Refused):
        return message
    for field, theirs, ours in (
        ("nonce", message.nonce, question.nonce),
        ("request_sha256", message.request_sha256, token_digest(request)),
    ):
        if theirs != ours:
            return Refused(RefusalCode.NOT_THE_ANSWER, field=field)
    fault = key.refuse_outside_window(message.time) or refuse_incoherent_answer(message)
    return ProvenAnswer(message, token) if fault is None else fault


def public_jwk(public: bytes) -> Jwk:
    """A public key for the field `key` of an activation."""
    return Jwk("OKP", "Ed25519", b64.encode_text(public))
