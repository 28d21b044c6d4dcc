"""Answers and leases signed by a key that was revoked since: what was said stays, and the next key signs it again.

A site sends a request again until it is answered, whatever has happened to the keys meanwhile: the answer stored for it
would be refused by every client that has the root document in force. Which key signs now is `keyring`'s to say.
"""

import hashlib
from typing import TypeVar

import msgspec

from tenure.core.lease.claims import Lease
from tenure.core.refusals import Refused
from tenure.server.context import ServerContext
from tenure.store import leases, sites
from tenure.store.engine import Connection
from tenure.wire import jws
from tenure.wire.jws import TokenType
from tenure.wire.keys import Purpose
from tenure.wire.messages import ActivateAnswer, SyncAnswer

A = TypeVar("A", SyncAnswer, ActivateAnswer)


def is_believed(context: ServerContext, answer: bytes, typ: TokenType, *, sandbox: bool) -> bool:
    """Whether the keys that signed the stored `answer`, and the leases in it, stand in the root document in force."""
    envelope = jws.parse_token(answer, typ)
    if isinstance(envelope, Refused):
        return True  # this server stored no such answer; the reader names the fault
    told = msgspec.json.decode(envelope.payload, type=_SignedLeases)
    kids = [envelope.kid, *(_token_kid(token) for token in (told.lease, told.successor) if token)]
    return all(context.keys.is_believed(kid, sandbox=sandbox) for kid in kids)


def reissued_sync(
    conn: Connection, context: ServerContext, site: str, product: str, answer: bytes, *, sandbox: bool
) -> bytes:
    """The stored answer to a synchronization, as it is while its keys count, else signed again and stored so."""
    if is_believed(context, answer, TokenType.SYNC_ANSWER, sandbox=sandbox):
        return answer
    return _reissue_answer(conn, context, site, product, answer, TokenType.SYNC_ANSWER, SyncAnswer, sandbox=sandbox)


def reissued_activation(
    conn: Connection, context: ServerContext, site: str, product: str, answer: bytes, *, sandbox: bool
) -> bytes:
    """As `reissued_sync`, for the answer to an activation."""
    typ = TokenType.ACTIVATE_ANSWER if jws.typ_of(answer) is TokenType.ACTIVATE_ANSWER else TokenType.SYNC_ANSWER
    if typ is TokenType.SYNC_ANSWER or is_believed(context, answer, typ, sandbox=sandbox):
        return answer
    return _reissue_answer(conn, context, site, product, answer, typ, ActivateAnswer, sandbox=sandbox)


class _SignedLeases(msgspec.Struct, frozen=True):
    """What of an answer is signed by itself."""

    lease: str = ""
    successor: str = ""


def _reissue_answer(
    conn: Connection,
    context: ServerContext,
    site: str,
    product: str,
    answer: bytes,
    typ: TokenType,
    kind: type[A],
    *,
    sandbox: bool,
) -> bytes:
    envelope = jws.parse_token(answer, typ)
    if isinstance(envelope, Refused):
        return answer
    message, now = msgspec.json.decode(envelope.payload, type=kind), context.clock()
    # A key signs only what is dated inside its own window; a sandbox's is open for good, and its time another.
    time = max(message.time, now) if not sandbox else message.time
    message = msgspec.structs.replace(
        message,
        time=time,
        root=context.keys.root_of(sandbox=sandbox).version,
        lease=_reissue_lease(conn, context, site, product, message.lease, sandbox=sandbox),
        successor=_reissue_lease(conn, context, site, product, message.successor, sandbox=sandbox),
        **({"notices": context.notices_carried(sandbox=sandbox)} if isinstance(message, SyncAnswer) else {}),
    )
    reissued = jws.sign_token(typ, message, context.answer_signer(product, sandbox=sandbox))
    sites.keep_answer(conn, site, reissued)
    return reissued


def _reissue_lease(
    conn: Connection, context: ServerContext, site: str, product: str, token: str, *, sandbox: bool
) -> str:
    envelope = jws.parse_token(token.encode(), TokenType.LEASE) if token else None
    if envelope is None or isinstance(envelope, Refused) or context.keys.is_believed(envelope.kid, sandbox=sandbox):
        return token
    lease = msgspec.json.decode(envelope.payload, type=Lease)
    signer = context.keys.signer_for(Purpose.LEASE, product, context.clock(), sandbox=sandbox)
    entry = context.keys.root_of(sandbox=sandbox).document.find_key(signer.key_id)
    # A key signs only what is dated inside its own window, and only a successor begins later than it was signed.
    dated = lease.iat if entry is None else max(lease.iat, entry.nbf)
    if dated < lease.exp:
        begins = dated if lease.nbf == lease.iat else max(lease.nbf, dated)
        lease = msgspec.structs.replace(lease, iat=dated, nbf=begins, refresh_after=max(lease.refresh_after, dated))
    reissued = jws.sign_token(TokenType.LEASE, lease, signer)
    leases.replace_token(conn, site, _safe_digest(token.encode()), _safe_digest(reissued), reissued)
    return reissued.decode()


def _safe_digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()


def _token_kid(token: str) -> str:
    envelope = jws.parse_token(token.encode(), TokenType.LEASE)
    return "" if isinstance(envelope, Refused) else envelope.kid
