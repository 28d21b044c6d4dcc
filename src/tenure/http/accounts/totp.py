"""The second factor: codes of an authenticator application (RFC 6238), each good once and for about a minute.

The caller keeps the last step that was used and hands it back here, so that a code works only once, also if others saw
it.
"""

import base64
import hmac
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, urlencode

from tenure.core.timeline import Instant

STEP: Final = 30
"""Seconds for which an application shows one code."""
DRIFT: Final = 1
"""So many steps may the clocks be apart, either way."""
DIGITS: Final = 6

Draw = Callable[[int], bytes]


def new_secret(draw: Draw) -> str:
    """160 random bits in base32, as authenticator applications take them."""
    return base64.b32encode(draw(20)).decode()


def enrollment_uri(secret: str, account: str, issuer: str) -> str:
    """The `otpauth:` address of which applications read a picture; `account` and `issuer` are what they show."""
    told = urlencode({"secret": secret, "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{quote(issuer)}:{quote(account)}?{told}"


def step_of(secret: str, code: str, now: Instant, used: int) -> int | None:
    """Which step `code` belongs to, if it is near `now` and later than the last `used` one; None: it is not good.

    Every step is compared, whichever matches, each in constant time.
    """
    typed = "".join(code.split()).encode("utf-8", "replace")
    present, found = now // STEP, None
    for step in range(present - DRIFT, present + DRIFT + 1):
        if hmac.compare_digest(_code(secret, max(step, 0)).encode(), typed) and step > used:
            found = step
    return found


def _code(secret: str, step: int) -> str:
    """The code of one step (RFC 4226, section 5.3)."""
    mac = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), "sha1")
    at = mac[-1] & 15
    return f"{(int.from_bytes(mac[at : at + 4], 'big') & 0x7FFFFFFF) % 10**DIGITS:0{DIGITS}}"
