"""The alphabets and ranges of message fields, declared once so that no field anywhere is without bounds.

Patterns end in `\\Z`, never `$`, which would let a final line feed through.
"""

from typing import Annotated

from msgspec import Meta

YEAR_9999 = 253_402_300_799
"""The last second of the year 9999: the last instant that RFC 3339 can spell."""
SAFE = 2**53 - 1
"""The greatest integer that every JSON library keeps exact."""
DEVICES = 10_000_000
YEAR = 366 * 86_400

Moment = Annotated[int, Meta(ge=0, le=YEAR_9999)]
"""Unix seconds, 1970 to 9999."""
Serial = Annotated[int, Meta(ge=0, le=SAFE)]
Count = Annotated[int, Meta(ge=0, le=DEVICES)]
Amount = Annotated[int, Meta(ge=0, le=2**53 - 1)]
"""Money in minor units; every JSON reader holds it exactly."""
Seconds = Annotated[int, Meta(ge=0, le=100 * YEAR)]
Days = Annotated[int, Meta(ge=0, le=36_600)]
Percent = Annotated[int, Meta(ge=0, le=1_000)]

Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"\A[a-z0-9][a-z0-9_.-]*\Z")]
"""Ids of sites, subscriptions, products, plans, features: lower case, digits, `_ . -`."""
Issuer = Annotated[str, Meta(min_length=1, max_length=256, pattern=r"\A[!-~]+\Z")]
"""Who signed, as RFC 7519 has it: a name or the server's address."""
RequestId = Annotated[str, Meta(min_length=20, max_length=64, pattern=r"\A[a-z0-9_-]+\Z")]
"""Chosen by the client before the first sending, never used again: long enough to be unique (`req_` and a UUID)."""
Unanswered = Annotated[tuple[RequestId, ...], Meta(max_length=8)]
"""Ids of requests of the sender that wait for their answers, or were given up waiting for; the latest first."""
Kid = Annotated[str, Meta(min_length=1, max_length=32, pattern=r"\A[a-z0-9_-]+\Z")]
Bytes32 = Annotated[str, Meta(min_length=43, max_length=43, pattern=r"\A[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]\Z")]
"""32 bytes (nonce, SHA-256, Ed25519 key) as base64url; the last character has only its one canonical spelling."""
MaybeBytes32 = Annotated[str, Meta(max_length=43, pattern=r"\A(?:[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])?\Z")]
Token = Annotated[str, Meta(max_length=256, pattern=r"\A[A-Za-z0-9_.-]*\Z")]
"""Opaque to all but its maker."""
SEALED_MOST = 8_192
Jws = Annotated[str, Meta(max_length=SEALED_MOST, pattern=r"\A(?:[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)?\Z")]
"""A sealed message inside another; empty for none."""
Version = Annotated[str, Meta(max_length=64, pattern=r"\A[!-~]*\Z")]
"""An application's version, read by `core.versions`; here only bounded."""
Word = Annotated[str, Meta(max_length=64, pattern=r"\A[a-z0-9_]*\Z")]
"""A stable name such as a refusal's code; readers meet newer ones than they know."""
Host = Annotated[str, Meta(max_length=256, pattern=r"\A[!-~]*\Z")]
"""A host, resolver or address as configured."""
Product = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"\A(?:\*|[a-z0-9][a-z0-9_.-]*)\Z")]
"""A product's id, or `*` for every one."""
MaybeId = Annotated[str, Meta(max_length=64, pattern=r"\A(?:[a-z0-9][a-z0-9_.-]*)?\Z")]
Url = Annotated[str, Meta(max_length=2_048, pattern=r"\A(?:https?://[!-~]+)?\Z")]
# Control characters and line separators would let a name forge a log line or a page.
_LINE = r"\A[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z"
Name = Annotated[str, Meta(max_length=128, pattern=_LINE)]
Line = Annotated[str, Meta(max_length=512, pattern=_LINE)]
"""One line for people."""
