"""The walk over forms sees what it is there to see: words of programs, faults, and fields filled one by one."""

import httpx2
import pytest

from tests.web.browser import FormFound, Tab
from tests.web.forms_walk import HUGE, complaint, huge_in_each


def answered(text: str, status: int = 422) -> Tab:
    tab = Tab(None)
    tab.answer = httpx2.Response(status, text=text)
    return tab


@pytest.mark.parametrize(
    "text",
    [
        "Expected `int` &gt;= 1 - at `$.amount`", "Expected &#34;int&#34;", "Object missing required field `name`",
        "JSONDecodeError", "1 validation error for Body", "Traceback (most recent call last)", "msgspec", "NoneType",
        "invalid literal for int() with base 10", "&lt;Form object at 0x7f&gt;", "<script>alert(1)</script>",
    ],
)  # fmt: skip
def test_words_of_a_program_are_a_complaint(text: str) -> None:
    assert complaint(answered(f"<p>{text}</p>"), "/tokens", "emoji")


def test_a_fault_is_a_complaint_and_a_refusal_in_words_is_none() -> None:
    assert complaint(answered("Sorry", 500), "/tokens", "emoji")
    assert complaint(answered("A whole number from 1 to 90, please."), "/tokens", "emoji") == ""


def test_each_field_has_its_turn_with_a_huge_value_but_the_token() -> None:
    form = FormFound("/tokens", "post", {"_token": "t", "_key": "k", "name": "till", "days": "30"})
    tried = huge_in_each(form)
    assert sorted(tried) == ["_key", "days", "name"]
    assert {name: [each for each in data if data[each] == HUGE] for name, data in tried.items()} == {
        "_key": ["_key"], "days": ["days"], "name": ["name"],
    }  # fmt: skip
