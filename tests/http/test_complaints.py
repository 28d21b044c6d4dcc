"""Every field of every request body of both servers, with everything that can be wrong: told in words, by name."""

import importlib
import json
import pkgutil
from collections.abc import Iterator

import pytest
from msgspec import inspect as shapes

import tenure.server.api
import tenure.site.api
from tenure.core.field_errors import describe_pattern
from tenure.core.refusals import RefusalCode, Refused
from tenure.http.bodies import load_body
from tenure.http.body_types import RequestBody
from tests.http.calls import JARGON

WRONG = (
    '""', '"abc def"', '"\\u0007"', "7", "-5", "1.5", "9" * 30, '"1,50"', json.dumps("a" * 600_000), "null", "true",
    "[]", "[null]", '[""]', "[{}]", "{}", '{"x": "y"}', '{"A B": -1}',
)  # fmt: skip


def _bodies() -> Iterator[type[RequestBody]]:
    for package in (tenure.server.api, tenure.site.api):
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            importlib.import_module(found.name)
    waiting = [each for each in RequestBody.__subclasses__() if each.__module__.startswith("tenure.")]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        yield one


BODIES = sorted(set(_bodies()), key=lambda one: (one.__module__, one.__name__))


def _fields(one: type[RequestBody]) -> tuple[shapes.Field, ...]:
    shape = shapes.type_info(one)
    assert isinstance(shape, shapes.StructType)
    return shape.fields


@pytest.mark.parametrize("one", BODIES, ids=lambda one: f"{one.__module__}.{one.__name__}")
def test_a_wrong_value_is_told_in_words_and_its_field_by_name(one: type[RequestBody]) -> None:
    refused = 0
    for field in _fields(one):
        for raw in WRONG:
            # Decoders read in the order of the body: what else is missing is told only of a value that will do.
            content = f"{{{json.dumps(field.encode_name)}: {raw}}}".encode()
            told = load_body(content, one, 1_000_000)
            if isinstance(told, Refused):
                refused += 1
                # A number that no computer holds is refused before anybody looks at fields.
                assert told.field or told.code is RefusalCode.BODY_UNREADABLE, content[:80]
                assert told.detail, content[:80]
                assert not JARGON.search(told.detail), (content[:80], told.detail)
                assert told.detail[:1].isupper(), told.detail
                assert told.detail.endswith("."), told.detail
    for content in (b'{"nmae": 1}', b"{}"):
        told = load_body(content, one, 1_000)
        if isinstance(told, Refused):
            refused += 1
            assert told.field
            assert not JARGON.search(told.detail), told.detail
    assert refused


def _patterns(shape: object, seen: set[type]) -> Iterator[str]:
    if isinstance(shape, shapes.StrType) and shape.pattern:
        yield shape.pattern
    if isinstance(shape, shapes.StructType):
        if shape.cls in seen:
            return
        seen.add(shape.cls)
        for field in shape.fields:
            yield from _patterns(field.type, seen)
    elif isinstance(shape, shapes.Type):
        for name in ("type", "item_type", "key_type", "value_type"):
            yield from _patterns(getattr(shape, name, None), seen)
        for each in (*getattr(shape, "types", ()), *(getattr(shape, "item_types", ()))):
            yield from _patterns(each, seen)


def test_for_every_pattern_of_a_request_there_are_words() -> None:
    seen: set[type] = set()
    found = {pattern for one in BODIES for pattern in _patterns(shapes.type_info(one), seen)}
    assert len(found) > 15
    assert not [pattern for pattern in found if not describe_pattern(pattern)]
