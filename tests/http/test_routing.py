"""Which address has which handler: what is fixed before what is in braces, and no place taken twice."""

from typing import Any

import pytest

from tenure.http.routing import Matched, RouteEntry, Routes, has_readable_host, tidy

TABLE = Routes(
    [
        RouteEntry("GET", "/", "start"),
        RouteEntry("GET", "/v1/things", "list"),
        RouteEntry("POST", "/v1/things", "make"),
        RouteEntry("GET", "/v1/things/{thing}", "read"),
        RouteEntry("GET", "/v1/things/export", "export"),
        RouteEntry("POST", "/v1/things/{thing}/parts/{part}", "part"),
        RouteEntry("GET", "/v1/things/{one}/history", "history"),
    ]
)


@pytest.mark.parametrize(
    ("path", "template", "methods", "parameters"),
    [
        ("/", "/", {"GET"}, {}),
        ("", "/", {"GET"}, {}),
        ("/v1/things", "/v1/things", {"GET", "POST"}, {}),
        ("//v1///things/", "/v1/things", {"GET", "POST"}, {}),
        ("/v1/things/7", "/v1/things/{thing}", {"GET"}, {"thing": "7"}),
        ("/v1/things/{thing}", "/v1/things/{thing}", {"GET"}, {"thing": "{thing}"}),
        ("/v1/things/export", "/v1/things/export", {"GET"}, {}),
        ("/v1/things/7/history", "/v1/things/{one}/history", {"GET"}, {"one": "7"}),
        ("/v1/things/7/parts/ü", "/v1/things/{thing}/parts/{part}", {"POST"}, {"thing": "7", "part": "ü"}),
    ],
)
def test_a_path_finds_its_handlers(path: str, template: str, methods: set[str], parameters: dict[str, str]) -> None:
    found = TABLE.find(path)
    assert isinstance(found, Matched)
    assert (found.path, set(found.handlers), found.parameters) == (template, methods, parameters)


@pytest.mark.parametrize(
    "path", ["/v1", "/V1/things", "/v1/things/7/parts", "/v1/things/7/history/1", "/v1/things.", "/x"]
)
def test_what_no_template_fits_is_not_found(path: str) -> None:
    assert TABLE.find(path) is None


@pytest.mark.parametrize(
    "routes",
    [
        [RouteEntry("GET", "/a/{b}", 1), RouteEntry("GET", "/a/{b}", 2)],
        [RouteEntry("GET", "/a/{b}", 1), RouteEntry("POST", "/a/{c}", 2)],
        [RouteEntry("GET", "/a/", 1), RouteEntry("POST", "/a", 2)],
    ],
    ids=["the same twice", "two names for one place", "with and without the last slash"],
)
def test_a_place_is_not_taken_twice(routes: list[RouteEntry[Any]]) -> None:
    with pytest.raises(ValueError, match="already taken"):
        Routes(routes)


def test_a_path_is_shown_as_it_is_compared() -> None:
    assert [tidy(path) for path in ("", "/", "//a//b/", "/a/b")] == ["/", "/", "/a/b", "/a/b"]


@pytest.mark.parametrize(
    ("host", "readable"),
    [(b"sample:80", True), (b"[::1]:443", True), (b"", True), (b"a b", False), (b"\xc3\xbc", False), (b"a/b", False)],
)
def test_a_host_that_fits_no_address_is_seen(host: bytes, readable: bool) -> None:
    assert has_readable_host({"headers": [(b"host", host)]}) is readable
    assert has_readable_host({"headers": []})
