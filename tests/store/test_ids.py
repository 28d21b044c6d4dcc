"""Names of stored things sort by birth and are told from anything that only looks like one."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from tenure.store import ids

NOW = 1_800_000_000


@given(st.integers(0, 2**33))
def test_a_name_is_well_formed_and_holds_a_uuid_of_its_moment(now: int) -> None:
    name = ids.new("sub", now)
    assert ids.is_id("sub", name)
    assert not ids.is_id("cus", name)
    inside = uuid.UUID(int=ids._read(name.removeprefix("sub_")))
    assert inside.version == 7
    assert inside.variant == uuid.RFC_4122
    assert inside.int >> 80 == now * 1000


@given(st.integers(0, 2**33), st.integers(1, 2**33))
def test_who_is_born_later_sorts_later(now: int, later: int) -> None:
    assert ids.new("sub", now) < ids.new("sub", now + later)


def test_names_of_one_moment_differ() -> None:
    assert len({ids.new("sub", NOW) for _ in range(1_000)}) == 1_000


def test_what_only_looks_like_a_name_is_none() -> None:
    good = ids.new("sub", NOW)
    bad = [
        "",
        "sub_",
        "sub",
        good.upper(),
        good[:-1],
        good + "0",
        good.replace("sub_", "sub-"),
        f" {good}",
        f"{good}\n",
    ]
    bad += ["sub_" + "z" * 26, "sub_" + "0" * 26, good.replace(good[-1], "u"), good[:-1] + "\u0660", f"x{good}"]
    assert [text for text in bad if ids.is_id("sub", text)] == []


@given(st.text(alphabet=ids.ALPHABET, min_size=26, max_size=26))
def test_every_accepted_name_has_one_spelling(tail: str) -> None:
    if ids.is_id("sub", f"sub_{tail}"):
        assert ids._write(ids._read(tail)) == tail
