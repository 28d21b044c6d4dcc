"""Histories that show tampering (B12): each link's hash covers the link and the hash before it. Pure.

    hash = SHA-256(domain ‖ previous hash ‖ for each of chain, seq, kind, at, recorded_at, by, body: length ‖ bytes)

with domain `tenure-history-1` and a zero byte, lengths as 8 bytes big endian, numbers as decimal ASCII, and 32 zero
bytes before the first link. The columns stored beside the body are covered too, and the chain's own name, so that a
link can neither be altered in part nor moved elsewhere. Chains are named `facts/sub_…`, `ledger/prv_…`,
`catalog/prv_…`, `policy/prv_…`, `records/prv_…`. A tail that was cut off, or a history rewritten as a whole, is found
by comparing with a checkpoint: the heads of all chains at an earlier time, signed and kept elsewhere.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant

DOMAIN = b"tenure-history-1\x00"
ZERO = bytes(32)


class StoredFact(msgspec.Struct, frozen=True):
    """What happened, as stored: when it took effect, when it was recorded, by whom, and the encoded fact."""

    kind: str
    at: Instant
    recorded_at: Instant
    by: str
    body: bytes


class ChainPosition(msgspec.Struct, frozen=True):
    """Where a chain stands: the number and the hash of its last link; before the first one 0 and zero bytes."""

    seq: int = 0
    hash: bytes = ZERO


class ChainLink(msgspec.Struct, frozen=True):
    """A fact in its place in a chain."""

    seq: int
    prev_hash: bytes
    hash: bytes
    fact: StoredFact


class ChainFault(StrEnum):
    """What can be wrong with a history."""

    MISSING = "missing"
    """A link was deleted, or moved."""
    ALTERED = "altered"
    """A link is not what was written."""
    CUT = "cut"
    """Links at the end are gone."""
    REWRITTEN = "rewritten"
    """The chain is sound in itself but not the one that was signed."""
    DIFFERS = "differs"
    """What is stored beside the history does not say the same."""


class ChainFinding(msgspec.Struct, frozen=True):
    """One fault, in which chain and at which link."""

    chain: str
    seq: int
    fault: ChainFault
    detail: str = ""


def make_link(chain: str, head: ChainPosition, fact: StoredFact) -> ChainLink:
    """`fact` as the link after `head`."""
    return ChainLink(head.seq + 1, head.hash, link_digest(chain, head.seq + 1, head.hash, fact), fact)


def extend_chain(chain: str, head: ChainPosition, facts: Iterable[StoredFact]) -> list[ChainLink]:
    """`facts` as the links after `head`, in order."""
    links = []
    for fact in facts:
        links.append(make_link(chain, head, fact))
        head = ChainPosition(links[-1].seq, links[-1].hash)
    return links


def link_digest(chain: str, seq: int, previous: bytes, fact: StoredFact) -> bytes:
    """The hash of one link, as the module describes it."""
    state = hashlib.sha256(DOMAIN + previous)
    for part in (chain, str(seq), fact.kind, str(fact.at), str(fact.recorded_at), fact.by):
        _hash_part(state, part.encode())
    _hash_part(state, fact.body)
    return state.digest()


def _hash_part(state: "hashlib._Hash", part: bytes) -> None:
    state.update(len(part).to_bytes(8, "big"))
    state.update(part)


def verify_chain(chain: str, links: Iterable[ChainLink], head: ChainPosition) -> Iterator[ChainFinding]:
    """Every fault in a chain that should end at `head`; a sound chain yields nothing."""
    seq, previous = 0, ZERO
    for found in links:
        if found.seq != seq + 1:
            yield ChainFinding(chain, seq + 1, ChainFault.MISSING)
        elif found.prev_hash != previous:
            yield ChainFinding(chain, found.seq, ChainFault.ALTERED, "it does not follow the link before it")
        if found.hash != link_digest(chain, found.seq, found.prev_hash, found.fact):
            yield ChainFinding(chain, found.seq, ChainFault.ALTERED, "its hash does not cover what it says")
        seq, previous = found.seq, found.hash
    if seq < head.seq:
        yield ChainFinding(chain, head.seq, ChainFault.CUT, f"it ends at {seq}")
    elif ChainPosition(seq, previous) != head:
        yield ChainFinding(chain, seq, ChainFault.DIFFERS, "the recorded head is another")


class ChainHead(msgspec.Struct, frozen=True):
    """One line of a checkpoint; the hash in lower-case hexadecimal."""

    chain: str
    seq: int
    hash: str


class Checkpoint(msgspec.Struct, frozen=True):
    """The heads of all chains at one instant: the payload that is signed and kept off the server."""

    at: Instant
    heads: tuple[ChainHead, ...]


def write_checkpoint(at: Instant, heads: Mapping[str, ChainPosition]) -> bytes:
    """The payload of a checkpoint, heads in the order of their chains' names."""
    rows = tuple(ChainHead(chain, head.seq, head.hash.hex()) for chain, head in sorted(heads.items()))
    return msgspec.json.encode(Checkpoint(at, rows))


def read_checkpoint(payload: bytes) -> Checkpoint | Refused:
    """The checkpoint in a payload whose signature was checked; refuses `message_malformed`."""
    try:
        return msgspec.json.decode(payload, type=Checkpoint)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        return Refused(RefusalCode.MESSAGE_MALFORMED, f"This is not a checkpoint: {fault}.")


def compare_checkpoint(then: ChainHead, link_then: bytes | None, now: ChainPosition) -> ChainFinding | None:
    """What a checkpoint shows: `link_then` is the present hash of the link that was the head `then`."""
    if now.seq < then.seq or link_then is None:
        return ChainFinding(then.chain, then.seq, ChainFault.CUT, f"it ends at {now.seq}; {then.seq} links were signed")
    if link_then.hex() != then.hash:
        return ChainFinding(then.chain, then.seq, ChainFault.REWRITTEN, "another link was signed here")
    return None
