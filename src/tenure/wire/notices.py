"""The vendor's word to everybody (an amnesty), sealed and read [spec: amnesty].

What an amnesty moves is `lease.standing`'s; checkpoints of the history are the command line's and the store's.
"""

from typing import Literal

import msgspec

from tenure.core.lease.standing import OutageAmnesty
from tenure.core.refusals import RefusalCode, Refused
from tenure.wire import field_types, jws, strict_json
from tenure.wire.jws import CAPS, TokenType
from tenure.wire.keys import Purpose, Signer
from tenure.wire.root import TrustedRoot


class SignedNotice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Claims of a `tenure-notice+jws`: the outage [since, until) from which no customer shall suffer."""

    iss: field_types.Issuer
    jti: field_types.Id
    iat: field_types.Moment
    """When it was published."""
    kind: Literal["amnesty"]
    since: field_types.Moment
    until: field_types.Moment
    product: field_types.Product = "*"
    text: field_types.Line = ""

    def as_amnesty(self) -> OutageAmnesty:
        """What the core reckons with."""
        return OutageAmnesty(self.since, self.until)


_load = strict_json.StrictLoader(SignedNotice, CAPS[TokenType.NOTICE])


def seal_notice(notice: SignedNotice, signer: Signer) -> bytes:
    """The sealed notice. Raises ValueError, naming the field, for one that no reader would accept."""
    payload = msgspec.json.encode(notice)
    read = _load(payload)
    fault = read if isinstance(read, Refused) else _refuse_contradiction(notice)
    if fault is not None:
        raise ValueError(f"{fault.field}: {fault.detail}")
    return jws.sign_token(TokenType.NOTICE, payload, signer)


def read_notice(
    token: bytes, root: TrustedRoot, *, product: str | None = None, sandbox: bool = False
) -> SignedNotice | Refused:
    """A notice proven by a notice key of `root`; refuses like `leases.read_lease`.

    `product`: the reader's; a notice for another one, or by a key that may not speak for it, is `key_not_for_this`.
    """
    envelope = jws.parse_token(token, TokenType.NOTICE)
    if isinstance(envelope, Refused):
        return envelope
    key = root.key_for(envelope.kid, Purpose.NOTICE, product=product, sandbox=sandbox)
    if isinstance(key, Refused):
        return key
    opened = jws.verify_token(envelope, key.public)
    notice = opened if isinstance(opened, Refused) else _load(opened.payload)
    if isinstance(notice, Refused):
        return notice
    for fault in (key.refuse_outside_window(notice.iat), _refuse_contradiction(notice)):
        if fault is not None:
            return fault
    for spoken_for in {notice.product, product or notice.product}:
        if not key.covers(spoken_for) or notice.product not in ("*", spoken_for):
            return Refused(RefusalCode.KEY_NOT_FOR_THIS, f"It speaks for {notice.product}.", "product")
    return notice


def _refuse_contradiction(notice: SignedNotice) -> Refused | None:
    if notice.until <= notice.since:
        return strict_json.refuse_malformed("The outage ends before it begins.", "until")
    return None
