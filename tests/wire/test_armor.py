"""Text that people carry is read back whatever terminals and mail programs did to it; a lost character is seen."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.refusals import Refused
from tenure.wire.armor import WIDTH, armor_message, read_armor

TOKEN = b"eyJhbGciOiJFZERTQSJ9." + b"QUJD" * 80 + b"." + b"c2ln" * 20
TOLD = (("Product", "editor"), ("Site", "Head office: Berlin"), ("Made", "2026-01-01T00:00:00Z"))
TEXT = armor_message("ANSWER", TOKEN, TOLD)


def broken(width: int) -> str:
    """Every line broken hard at `width`."""
    return "\n".join(line[at : at + width] for line in TEXT.split("\n") for at in range(0, max(len(line), 1), width))


DONE: dict[str, Callable[[], str]] = {
    "as it is": lambda: TEXT,
    "CR LF": lambda: TEXT.replace("\n", "\r\n"),
    "CR alone": lambda: TEXT.replace("\n", "\r"),
    "blanks at the ends": lambda: "\n".join(f"  {line}   " for line in TEXT.split("\n")),
    "hard blanks": lambda: TEXT.replace("\n", "\xa0\n\xa0"),
    "quoted": lambda: "\n".join(f"> > {line}" for line in TEXT.split("\n")),
    "every second line blank": lambda: TEXT.replace("\n", "\n\n"),
    "no blank line left": lambda: TEXT.replace("\n\n", "\n"),
    "words around it": lambda: f"Hello,\nhere it is: {TEXT}\nBest regards",
    "a narrow window": lambda: broken(33),
    "broken in the middle of the words for people": lambda: broken(31),
}


@pytest.mark.parametrize("how", DONE)
def test_it_is_read_back_whatever_was_done_to_its_lines(how: str) -> None:
    found = read_armor(DONE[how]())
    assert not isinstance(found, Refused), found
    assert [each.token for each in found] == [TOKEN]


@given(width=st.integers(min_value=31, max_value=WIDTH + 10), ends=st.sampled_from(["\n", "\r\n", " \n", "\n  "]))
def test_it_is_read_back_however_wide_the_window_was(width: int, ends: str) -> None:
    found = read_armor(broken(width).replace("\n", ends))
    assert not isinstance(found, Refused), found
    assert found[0].token == TOKEN


@given(at=st.integers(min_value=0, max_value=len(TOKEN) - 1))
def test_a_lost_character_is_noticed(at: int) -> None:
    lines = TEXT.split("\n\n", 1)
    body = lines[1].replace("\n", "")
    lost = f"{lines[0]}\n\n{body[:at]}{body[at + 1 :]}"
    assert isinstance(read_armor(lost), Refused)
