"""Views made of what core and store know: which fields are copied, and how."""

from typing import Any

import msgspec
import pytest

from tenure.http.views import copy_fields


class Stored(msgspec.Struct):
    id: str = "a"
    created: int = 1_767_225_600
    ended: int | None = None
    price: int = 5
    figure: int = 7


class Bare(msgspec.Struct):
    id: str = "a"
    created: int = 0
    ended: int | None = None


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    created: str
    ended: str | None
    price: int
    figure: int | str
    note: str = "none"


def test_fields_of_one_name_are_copied_and_instants_told() -> None:
    shown = copy_fields(Shown, Stored())
    assert shown == Shown(id="a", created="2026-01-01T00:00:00Z", ended=None, price=5, figure=7)


def test_what_is_said_otherwise_stays_as_it_is_said() -> None:
    given: dict[str, Any] = {"id": "b", "ended": "never", "note": "n"}
    assert copy_fields(Shown, Stored(), **given) == Shown(
        id="b", created="2026-01-01T00:00:00Z", ended="never", price=5, figure=7, note="n"
    )


def test_a_field_that_nothing_says_is_an_error() -> None:
    with pytest.raises(AttributeError, match="price"):
        copy_fields(Shown, Bare())
