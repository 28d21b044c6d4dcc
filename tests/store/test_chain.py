"""Chains: every change to any part of any link is found, by arithmetic alone (B12)."""

import hashlib

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.refusals import RefusalCode, Refused
from tenure.store import chain
from tenure.store.chain import ZERO, ChainFault, ChainHead, ChainLink, ChainPosition, Checkpoint, StoredFact

TEXT = st.text(max_size=8)
FACTS = st.lists(
    st.builds(StoredFact, TEXT, st.integers(-9, 9), st.integers(-9, 9), TEXT, st.binary(max_size=8)),
    min_size=1,
    max_size=6,
)


def head_of(links: list[ChainLink]) -> ChainPosition:
    return ChainPosition(links[-1].seq, links[-1].hash)


def faults(links: list[ChainLink], head: ChainPosition, name: str = "facts/sub") -> set[ChainFault]:
    return {finding.fault for finding in chain.verify_chain(name, links, head)}


def test_the_hash_is_the_one_that_the_module_describes() -> None:
    fact = StoredFact("Ordered", 7, 8, "ana", b"{}")
    parts = [b"facts/sub", b"1", b"Ordered", b"7", b"8", b"ana", b"{}"]
    described = b"tenure-history-1\0" + bytes(32) + b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    assert chain.link_digest("facts/sub", 1, ZERO, fact) == hashlib.sha256(described).digest()


@given(FACTS)
def test_what_nobody_touched_is_sound(facts: list[StoredFact]) -> None:
    links = chain.extend_chain("facts/sub", ChainPosition(), facts)
    assert faults(links, head_of(links)) == set()
    one_by_one = [ChainLink(0, b"", ZERO, facts[0])]
    for fact in facts:
        one_by_one.append(chain.make_link("facts/sub", head_of(one_by_one), fact))
    assert one_by_one[1:] == links


@given(FACTS, st.data())
def test_b12_any_single_edit_is_found(facts: list[StoredFact], data: st.DataObject) -> None:
    links = chain.extend_chain("facts/sub", ChainPosition(), facts)
    at = data.draw(st.integers(0, len(links) - 1))
    field = data.draw(st.sampled_from(["kind", "at", "recorded_at", "by", "body", "seq", "prev_hash", "hash"]))
    old = links[at]
    target: ChainLink | StoredFact = old.fact if field in StoredFact.__struct_fields__ else old
    value = getattr(target, field)
    other = value + 1 if isinstance(value, int) else value + (b"x" if isinstance(value, bytes) else "x")
    changed = msgspec.structs.replace(target, **{field: other})
    edited = changed if isinstance(changed, ChainLink) else msgspec.structs.replace(old, fact=changed)
    assert faults([*links[:at], edited, *links[at + 1 :]], head_of(links))


@given(FACTS, st.data())
def test_b12_any_deletion_swap_or_move_is_found(facts: list[StoredFact], data: st.DataObject) -> None:
    links = chain.extend_chain("facts/sub", ChainPosition(), facts)
    at = data.draw(st.integers(0, len(links) - 1))
    assert faults([*links[:at], *links[at + 1 :]], head_of(links)), "deleted"
    assert faults(links, head_of(links), "facts/other"), "moved to another chain"
    if at:
        swapped = [*links[: at - 1], links[at], links[at - 1], *links[at + 1 :]]
        assert faults(swapped, head_of(links)), "swapped"
        renumbered = [msgspec.structs.replace(link, seq=n) for n, link in enumerate(swapped, 1)]
        assert faults(renumbered, head_of(links)), "swapped and renumbered"


def test_bytes_cannot_wander_from_one_field_to_its_neighbor() -> None:
    one = StoredFact("Order", 1, 23, "ana", b"x")
    others = [StoredFact("Ordere", 1, 23, "ana", b"x"), StoredFact("Order", 12, 3, "ana", b"x")]
    others.append(StoredFact("Order", 1, 23, "an", b"ax"))
    assert len({chain.link_digest("c", 1, ZERO, each) for each in [one, *others]}) == 4


@given(FACTS, FACTS)
def test_b12_a_rewritten_history_is_found_by_the_checkpoint(facts: list[StoredFact], other: list[StoredFact]) -> None:
    links = chain.extend_chain("facts/sub", ChainPosition(), facts)
    then = ChainHead("facts/sub", len(links), links[-1].hash.hex())
    forged = chain.extend_chain("facts/sub", ChainPosition(), other)
    assert faults(forged, head_of(forged)) == set(), "the control: in itself it is sound"
    at_that_place = forged[len(links) - 1].hash if len(forged) >= len(links) else None
    found = chain.compare_checkpoint(then, at_that_place, head_of(forged))
    if other[: len(facts)] == facts:
        assert found is None, "it only grew"
    else:
        assert found is not None
        assert found.fault is (ChainFault.CUT if len(forged) < len(links) else ChainFault.REWRITTEN)


def test_a_checkpoint_is_read_as_it_was_written() -> None:
    heads = {"ledger/b": ChainPosition(2, b"\x02" * 32), "facts/a": ChainPosition(1, b"\x01" * 32)}
    payload = chain.write_checkpoint(7, heads)
    assert payload == chain.write_checkpoint(7, dict(reversed(heads.items()))), "the order of asking does not matter"
    read = chain.read_checkpoint(payload)
    assert read == Checkpoint(7, (ChainHead("facts/a", 1, "01" * 32), ChainHead("ledger/b", 2, "02" * 32)))
    for bad in (b"", b"[]", b'{"at":"7","heads":[]}', payload[:-1], b'{"at":7}'):
        refused = chain.read_checkpoint(bad)
        assert isinstance(refused, Refused)
        assert refused.code is RefusalCode.MESSAGE_MALFORMED
