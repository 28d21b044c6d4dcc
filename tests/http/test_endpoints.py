"""An address and a port as people write them: one form for every program, and what is none told in words."""

import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.endpoints import Endpoint, known_endpoint, openable_url, read_endpoint


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:8080", "127.0.0.1", 8080),
        ("0.0.0.0:0", "0.0.0.0", 0),  # noqa: S104 - it is only read
        ("[::1]:443", "::1", 443),
        ("[fe80::1%eth0]:443", "fe80::1%eth0", 443),
        ("localhost:65535", "localhost", 65_535),
    ],
)
def test_an_address_and_a_port_are_read_and_written_the_same(text: str, host: str, port: int) -> None:
    assert read_endpoint(text) == known_endpoint(text) == Endpoint(host, port)
    assert str(Endpoint(host, port)) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "An address and a port, such as 127.0.0.1:8080"),
        ("8080", "An address and a port"),
        (":8080", "0.0.0.0:8080 for all of this computer's"),
        ("http://127.0.0.1:8080", "An address and a port"),
        ("127.0.0.1", "An address and a port"),
        ("::1:8080", "An IPv6 address stands in brackets"),
        ("[::1:8080", "An address and a port"),
        ("[::1]", "An address and a port"),
        ("127.0.0.1:65536", "'65536' is no port"),
        ("127.0.0.1:-1", "'-1' is no port"),
        ("127.0.0.1:80,5", "'80,5' is no port"),
        ("127.0.0.1:", "'' is no port"),
        ("127.0.0.1:８０", "is no port"),
        ("127.0.0.1:" + "9" * 99, "is no port"),
        ("😀:80", "An address and a port"),
        ("a" * 300 + ":80", "An address and a port"),
        ("local host:80", "An address and a port"),
    ],
)
def test_what_is_none_is_told_in_words(text: str, told: str) -> None:
    found = read_endpoint(text, "devices.listen")
    assert isinstance(found, Refused)
    assert (found.code, found.field) == (RefusalCode.FIELD_INVALID, "devices.listen")
    assert told in found.detail
    assert len(found.detail) < 250
    with pytest.raises(ValueError, match=r"."):
        known_endpoint(text)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://0.0.0.0:8443", "https://office:8443"),
        ("http://[::]:8443", "http://office:8443"),
        ("http://127.0.0.1:8443", "http://127.0.0.1:8443"),
        ("http://10.0.0.0:8443", "http://10.0.0.0:8443"),
        ("http://[fd00::5]:8443", "http://[fd00::5]:8443"),
    ],
)
def test_an_address_that_stands_for_all_is_shown_by_the_computer_s_name(url: str, shown: str) -> None:
    assert openable_url(url, "office") == shown
    assert openable_url("https://0.0.0.0:8443", "fd00::5") == "https://[fd00::5]:8443"
