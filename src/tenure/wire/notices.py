"""The vendor's word to everybody (an amnesty), sealed and read [spec: amnesty].

What an amnesty moves is `core.standing`'s; checkpoints of the history are the command line's and the store's.
"""

from typing import Literal

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.core.standing import Amnesty
from tenure.wire import fields, seal, strict
from tenure.wire.keys import Purpose, Signer
from tenure.wire.root import Root
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


_load = strict.Loader(Notice, CAPS[Typ.NOTICE])


def seal_notice(notice: Notice, signer: Signer) -> bytes:
    """The sealed notice. Raises ValueError, naming the field, for one that no reader would accept."""
    payload = msgspec.json.encode(notice)
    read = _load(payload)
    fault = read if isinstance(read, Refused) else _contradiction(notice)
    if fault is not None:
        raise ValueError(f"{fault.field}: {fault.detail}")
    return seal.seal(Typ.NOTICE, payload, signer)


def read_notice(token: bytes, root: Root, *, product: str | None = None, sandbox: bool = False) -> Notice | Refused:
    """A notice proven by a notice key of `root`; refuses like `leases.read_lease`.

    `product`: the reader's; a notice for another one, or by a key that may not speak for it, is `key_not_for_this`.
    """
    envelope = seal.unwrap(token, Typ.NOTICE)
    if isinstance(envelope, Refused):
        return envelope
    key = root.key(envelope.kid, Purpose.NOTICE, product=product, sandbox=sandbox)
    if isinstance(key, Refused):
        return key
    opened = seal.verify(envelope, key.public)
    notice = opened if isinstance(opened, Refused) else _load(opened.payload)
    if isinstance(notice, Refused):
        return notice
    for fault in (key.window(notice.iat), _contradiction(notice)):
        if fault is not None:
            return fault
    for spoken_for in {notice.product, product or notice.product}:
        if not key.covers(spoken_for) or notice.product not in ("*", spoken_for):
            return Refused(Code.KEY_NOT_FOR_THIS, f"It speaks for {notice.product}.", "product")
    return notice


def _contradiction(notice: Notice) -> Refused | None:
    if notice.until <= notice.since:
        return strict.malformed("The outage ends before it begins.", "until")
    return None
