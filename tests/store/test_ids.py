"""Names of stored things sort by birth and hold a UUID of their moment."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from tenure.store import ids

NOW = 1_800_000_000


def read(tail: str) -> int:
    """The number that 26 symbols of Crockford's base 32 spell, as its author has it; none of them is too many bits."""
    assert len(tail) == 26
    value = 0
    for symbol in tail:
        value = value << 5 | "0123456789abcdefghjkmnpqrstvwxyz".index(symbol)
    assert value < 1 << 128
    return value


@given(st.integers(0, 2**33))
def test_a_name_is_well_formed_and_holds_a_uuid_of_its_moment(now: int) -> None:
    name = ids.new_id("sub", now)
    inside = uuid.UUID(int=read(name.removeprefix("sub_")))
    assert inside.version == 7
    assert inside.variant == uuid.RFC_4122
    assert inside.int >> 80 == now * 1000


@given(st.integers(0, 2**33), st.integers(1, 2**33))
def test_who_is_born_later_sorts_later(now: int, later: int) -> None:
    assert ids.new_id("sub", now) < ids.new_id("sub", now + later)


def test_names_of_one_moment_differ() -> None:
    assert len({ids.new_id("sub", NOW) for _ in range(1_000)}) == 1_000
