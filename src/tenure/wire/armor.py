"""Sealed messages as text that people carry: framed, wrapped, and with a checksum that notices a lost character
[spec: offline-exchange].

Nothing in it is believed: the lines above the message are for people, and what it says is proven by its own signature.
"""

import hashlib
import re
from typing import Literal

import msgspec

from tenure.core.refusals import Refused
from tenure.wire import strict_json

Kind = Literal["REQUEST", "ANSWER", "NOTICE", "ROOT"]

CAP = 512 * 1024
"""Characters looked at: an answer with every root document that followed."""
WIDTH = 64
MOST = 64
"""Blocks in one text."""

_BLOCK = re.compile(
    r"-----BEGIN TENURE (REQUEST|ANSWER|NOTICE|ROOT)-----(.*?)-----END TENURE \1-----", re.DOTALL | re.ASCII
)
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9_.\-|]")
_JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)


class ArmoredMessage(msgspec.Struct, frozen=True):
    """One message as it lay in a text."""

    kind: str
    token: bytes


def armor_message(kind: Kind, token: bytes, told: tuple[tuple[str, str], ...] = ()) -> str:
    """The text that carries `token`; `told` are lines for people, a name and a value each."""
    # A root document is several messages, one a line; a bar stands for the line feed.
    plain = token.decode("ascii").replace("\n", "|")
    lines = [plain[at : at + WIDTH] for at in range(0, len(plain), WIDTH)]
    head = [f"{name}: {_safe_line(value)}" for name, value in told]
    framed = [
        f"-----BEGIN TENURE {kind}-----",
        *head,
        "",
        *lines,
        f"={_checksum(token)}",
        f"-----END TENURE {kind}-----",
    ]
    return "\n".join(framed) + "\n"


def read_armor(text: str) -> tuple[ArmoredMessage, ...] | Refused:
    """Every message in `text`, in order; a text without a frame may be one bare message.

    Refuses `message_too_large` and `message_malformed`, the latter also where the checksum does not fit.
    """
    if len(text) > CAP:
        return strict_json.too_large(len(text), CAP)
    bare = text.strip()
    if _JWS.fullmatch(bare):
        return (ArmoredMessage("", bare.encode("ascii")),)
    found: list[ArmoredMessage] = []
    for match in _BLOCK.finditer(text):
        block = _read_message(match[1], match[2])
        if isinstance(block, Refused):
            return block
        found.append(block)
    if not 1 <= len(found) <= MOST:
        return strict_json.refuse_malformed("There is no offline message in this text.", "text")
    return tuple(found)


def _read_message(kind: str, inside: str) -> ArmoredMessage | Refused:
    lines = _below_the_head([line.replace("\xa0", " ").strip().lstrip("> ") for line in inside.splitlines()])
    checks = [line[1:] for line in lines if line.startswith("=")]
    plain = "".join(line for line in lines if not line.startswith("="))
    if len(checks) != 1 or not plain or _NOT_BASE64.search(plain):
        return strict_json.refuse_malformed("The offline message is not whole.", "text")
    token = plain.replace("|", "\n").encode("ascii")
    if checks[0] != _checksum(token):
        return strict_json.refuse_malformed(
            "The checksum does not fit: something was lost or changed on the way.", "text"
        )
    return ArmoredMessage(kind, token)


def _below_the_head(lines: list[str]) -> list[str]:
    """The lines of the message itself, blank ones left out, whatever a terminal or a mail program did to the text.

    A line for people that was broken in two leaves a rest without a colon: all up to the next blank line goes.
    """
    last = max((at for at, line in enumerate(lines) if ": " in line), default=-1)
    rest = lines[last + 1 :]
    if last >= 0 and rest and rest[0] and "" in rest:
        rest = rest[rest.index("") :]
    return [line for line in rest if line]


def _checksum(token: bytes) -> str:
    return hashlib.sha256(token).hexdigest()[:8]


def _safe_line(value: str) -> str:
    return "".join(char if char.isprintable() else " " for char in value)[:200]
