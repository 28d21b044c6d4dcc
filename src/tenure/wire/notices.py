"""The vendor's word to everybody (amnesty) and about its own books (checkpoint), sealed and read (spec 3.9, 6.10).

What an amnesty moves is `core.standing`'s; whether a checkpoint agrees with the books is the store's.
"""

from typing import Literal, TypeVar

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.core.standing import Amnesty
from tenure.wire import fields, seal, strict
from tenure.wire.keys import Purpose, Signer
from tenure.wire.root import Key, Root
from tenure.wire.seal import CAPS, Typ


class Notice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Claims of a `tenure-notice+jws`: the outage [since, until) for which nobody shall suffer."""

    iss: fields.Issuer
    jti: fields.Id
    iat: fields.Moment
    """When it was published."""
    kind: Literal["amnesty"]
    since: fields.Moment
    until: fields.Moment
    product: fields.Product = "*"
    text: fields.Line = ""

    def amnesty(self) -> Amnesty:
        """What the core reckons with."""
        return Amnesty(self.since, self.until)


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Claims of a `tenure-checkpoint+jws`: how far every chain of the history had come."""

    iss: fields.Issuer
    iat: fields.Moment
    heads: fields.Bytes32
    """SHA-256 over all chains' heads, in the store's order."""
    chains: fields.Serial
    facts: fields.Serial
    upto: fields.Serial = 0
    """The store's position up to which this speaks."""


C = TypeVar("C", Notice, Checkpoint)

_load_notice = strict.Loader(Notice, CAPS[Typ.NOTICE])
_load_checkpoint = strict.Loader(Checkpoint, CAPS[Typ.CHECKPOINT])


def seal_notice(notice: Notice, signer: Signer) -> bytes:
    """The sealed notice. Raises ValueError, naming the field, for one that no reader would accept."""
    return _seal(Typ.NOTICE, notice, _load_notice, signer)


def seal_checkpoint(checkpoint: Checkpoint, signer: Signer) -> bytes:
    """The sealed checkpoint. Raises ValueError, naming the field, for one that no reader would accept."""
    return _seal(Typ.CHECKPOINT, checkpoint, _load_checkpoint, signer)


def _seal(typ: Typ, claims: C, load: strict.Loader[C], signer: Signer) -> bytes:
    payload = msgspec.json.encode(claims)
    read = load(payload)
    fault = read if isinstance(read, Refused) else _contradiction(claims)
    if fault is not None:
        raise ValueError(f"{fault.field}: {fault.detail}")
    return seal.seal(typ, payload, signer)


def read_notice(token: bytes, root: Root, *, product: str | None = None, sandbox: bool = False) -> Notice | Refused:
    """A notice proven by a notice key of `root`; refuses like `leases.read_lease`.

    `product`: the reader's; a notice for another one, or by a key that may not speak for it, is `key_not_for_this`.
    """
    read = _read(token, Typ.NOTICE, root, Purpose.NOTICE, _load_notice, product=product, sandbox=sandbox)
    if isinstance(read, Refused):
        return read
    notice, key = read
    for spoken_for in {notice.product, product or notice.product}:
        if not key.covers(spoken_for) or notice.product not in ("*", spoken_for):
            return Refused(Code.KEY_NOT_FOR_THIS, f"It speaks for {notice.product}.", "product")
    return notice


def read_checkpoint(token: bytes, root: Root) -> Checkpoint | Refused:
    """A checkpoint proven by a checkpoint key of `root`; refuses like `leases.read_lease`."""
    read = _read(token, Typ.CHECKPOINT, root, Purpose.CHECKPOINT, _load_checkpoint)
    return read if isinstance(read, Refused) else read[0]


def _read(
    token: bytes,
    typ: Typ,
    root: Root,
    purpose: Purpose,
    load: strict.Loader[C],
    *,
    product: str | None = None,
    sandbox: bool = False,
) -> tuple[C, Key] | Refused:
    envelope = seal.unwrap(token, typ)
    if isinstance(envelope, Refused):
        return envelope
    key = root.key(envelope.kid, purpose, product=product, sandbox=sandbox)
    if isinstance(key, Refused):
        return key
    opened = seal.verify(envelope, key.public)
    claims = opened if isinstance(opened, Refused) else load(opened.payload)
    if isinstance(claims, Refused):
        return claims
    for fault in (key.window(claims.iat), _contradiction(claims)):
        if fault is not None:
            return fault
    return claims, key


def _contradiction(claims: Notice | Checkpoint) -> Refused | None:
    if isinstance(claims, Notice) and claims.until <= claims.since:
        return strict.malformed("The outage ends before it begins.", "until")
    return None
