"""What a decoder found wrong, told to people: one sentence with the field's label, its rule and its range."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
import pytest

from tenure.core.field_errors import field_label, field_refusal, without_label


class _Intent(StrEnum):
    AUTO = "auto"
    MANUAL = "manual"


class _Price(msgspec.Struct, forbid_unknown_fields=True):
    unit: Annotated[int, msgspec.Meta(ge=0, le=9_000)]


class _Order(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    email: Annotated[str, msgspec.Meta(pattern=r"^([^\x00-\x20@]+@[^\x00-\x20@]+)?$")] = ""
    amount: Annotated[int, msgspec.Meta(ge=1, le=10_000)] | None = None
    devices: Annotated[int, msgspec.Meta(ge=1, le=90)] = 1
    intent: _Intent = _Intent.AUTO
    mode: Literal["", "on", "off"] = ""
    trial: bool = False
    since: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    bands: Annotated[tuple[_Price, ...], msgspec.Meta(min_length=1, max_length=2)] | None = None
    rules: dict[Annotated[str, msgspec.Meta(pattern="^[a-z_]+$")], Annotated[int, msgspec.Meta(ge=0, le=90)]] = {}


@pytest.mark.parametrize(
    ("body", "field", "sentence"),
    [
        ({}, "name", "Name: this field is missing; text is needed."),
        ({"nmae": "a"}, "nmae", "There is no field called `nmae` here; look for a misspelled name."),
        ({"name": ""}, "name", "Name: please fill this in."),
        ({"name": "a" * 201}, "name", "Name: this is too long, at most 200 characters fit."),
        ({"name": None}, "name", "Name: text is needed."),
        ({"email": "ana"}, "email", "E-mail: an address such as ana@example.com is needed."),
        (
            {"amount": 0},
            "amount",
            "Amount: a whole number of minor units (such as cents) from 1 to 10,000 is needed.",
        ),
        ({"devices": "25"}, "devices", "Devices: a whole number from 1 to 90 is needed."),
        ({"devices": -5}, "devices", "Devices: a whole number from 1 to 90 is needed."),
        ({"devices": 1.5}, "devices", "Devices: a whole number from 1 to 90 is needed."),
        ({"devices": 10**30}, "devices", "Devices: a whole number from 1 to 90 is needed."),
        ({"intent": "maybe"}, "intent", "Intent: one of auto, manual is needed."),
        ({"mode": "maybe"}, "mode", "Mode: one of off, on is needed."),
        ({"trial": "yes"}, "trial", "Trial: true or false is needed."),
        ({"since": "soon"}, "since", "Since: a moment such as 2027-03-31T12:00:00Z is needed."),
        ({"since": "2027-03-31T12:00:00"}, "since", "Since: a moment such as 2027-03-31T12:00:00Z is needed."),
        ({"bands": []}, "bands", "Bands: at least 1 item must be there."),
        (
            {"bands": [{"unit": 1}, {"unit": -1}]},
            "bands[1].unit",
            "Unit: a whole number of minor units (such as cents) from 0 to 9,000 is needed.",
        ),
        (
            {"bands": [{}]},
            "bands[0].unit",
            "Unit: this field is missing; a whole number of minor units (such as cents) from 0 to 9,000 is needed.",
        ),
        ({"bands": [7]}, "bands[0]", "Bands, number 1: a group of fields is needed."),
        (
            {"rules": {"lease_days": 5, "grace_days": 91}},
            "rules.grace_days",
            "Grace after a paid period: a whole number from 0 to 90 is needed.",
        ),
        ({"rules": {"A": 1}}, "rules", "Rules: a name in lower case letters and _ is needed."),
    ],
)
def test_what_is_wrong_is_said_in_words_with_the_true_range(body: dict[str, Any], field: str, sentence: str) -> None:
    whole = {"name": "a"} | body if body else body
    with pytest.raises(msgspec.ValidationError) as wrong:
        msgspec.convert(whole, _Order)
    told = field_refusal(str(wrong.value), kind=_Order, value=whole)
    assert (told.field, told.detail) == (field, sentence)


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("Expected `int` >= 1", "Devices: a whole number of at least 1 is needed."),
        ("Expected `int` <= 90", "Devices: a whole number of at most 90 is needed."),
        ("Expected `int | null`, got `str`", "Devices: a whole number is needed."),
        ("Expected `str` matching regex '^[A-Z]{3}$'", "Devices: a currency in three capitals, such as EUR is needed."),
        ("Expected `str` matching regex '^x+$'", "Devices: this is not written as it should be."),
        ("Invalid enum value 'x'", "Devices: this is none of the values there are."),
        ("Something that no decoder has said yet", "Devices: this value cannot be used."),
    ],
)
def test_a_message_alone_becomes_a_sentence_too(message: str, sentence: str) -> None:
    assert field_refusal(f"{message} - at `$.devices`").detail == sentence


def test_the_request_as_a_whole_is_called_so() -> None:
    assert field_refusal("Expected `object`, got `array`").detail == "The request: a group of fields is needed."


def test_a_form_that_shows_the_label_shows_the_sentence_alone() -> None:
    told = field_refusal("Expected `int` >= 1 - at `$.devices`")
    assert without_label("devices", told.detail) == "A whole number of at least 1 is needed."
    assert without_label("devices", "From 1 to 90 devices are sold.") == "From 1 to 90 devices are sold."
    assert field_label("rules.grace_days") == "Grace after a paid period"
