"""A browser in words, from its `User-Agent`: "Firefox on Windows". To be recognized by its owner, never trusted."""

import re
from typing import Final

_NAMES: Final = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Vivaldi", "Vivaldi"),
    ("Firefox/", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"), ("python", "a Python program"),
)  # fmt: skip
"""A piece of it, and the name; most say that they are Chrome and Safari too, so the first that is found counts."""
_SYSTEMS: Final = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"), ("Macintosh", "macOS"), ("Linux", "Linux"),
)  # fmt: skip
LONGEST: Final = 1_000
"""Characters that are looked at."""


def browser_in_words(agent: str) -> str:
    """What `agent` says, as people call it; empty where it says nothing that is known.

    Worked example: "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0" is "Firefox on Linux".
    """
    shown = agent[:LONGEST]
    name, system = (_first(shown, table) for table in (_NAMES, _SYSTEMS))
    if name and system:
        return f"{name} on {system}"
    return name or (f"a browser on {system}" if system else "")


def _first(text: str, table: tuple[tuple[str, str], ...]) -> str:
    return next((word for piece, word in table if re.search(re.escape(piece), text, re.IGNORECASE)), "")
