"""Browsers in words, from what real ones say of themselves."""

import pytest

from tenure.web.browsers import browser_in_words

KHTML = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KHTML} Safari/537.36 Edg/131.0.0.0", "Edge on Windows"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {KHTML} Safari/537.36", "Chrome on macOS"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {KHTML} Mobile Safari/537.36", "Chrome on Android"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {KHTML} Safari/537.36", "Chrome on ChromeOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (X11; FreeBSD amd64)", ""),
        ("Mozilla/5.0 (Windows NT 10.0) Something/1.0", "a browser on Windows"),
        ("curl/8.9.1", "curl"),
        ("<script>alert(1)</script>\x00", ""),
        ("", ""),
        ("x" * 100_000 + "Firefox/133.0", ""),
    ],
)
def test_a_browser_is_called_as_people_call_it(agent: str, words: str) -> None:
    assert browser_in_words(agent) == words
