"""What a reader of a page sees that no page should say: ids of the program where a name exists, words of a decoder."""

import re
from collections.abc import Iterable
from html.parser import HTMLParser

_UNSEEN = {"script", "style", "title", "head", "template"}
_CHOSEN = {"hidden", "radio", "checkbox", "submit", "button", "password"}
_VOID = {
    "input",
    "br",
    "img",
    "meta",
    "link",
    "hr",
    "wbr",
    "path",
    "rect",
    "line",
    "circle",
    "polyline",
    "polygon",
    "use",
}
IDS = re.compile(r"\b(?:[a-z]{2,5}_[0-9a-z]{10,}|[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{26}|[0-9a-f]{16,})\b")
"""An id with its prefix, a ULID, or a digest in hexadecimal."""
DECODER = re.compile(
    r"Expected [`\"]|msgspec|JSON path|\$\.[a-z]|Traceback|Object (?:missing|contains)|matching regex"
    r"|\b(?:int|str|dict|bool|float|NoneType|None|NULL|null|nan|NaN|undefined|Undefined|Namespace)\b"
    r"|\b[A-Z][a-zA-Z]+(?:Error|Exception)\b"
)
"""What programs say to programmers."""


class _Reader(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        if tag not in _VOID:
            self._open.append(tag)
        for name in ("placeholder", "alt", "title", "aria-label", "data-label"):
            if held.get(name):
                self.texts.append((f"{tag}[{name}]", held[name]))
        if tag == "input" and held.get("type", "text") not in _CHOSEN and held.get("value"):
            self.texts.append(("input", held["value"]))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not _UNSEEN & set(self._open):
            self.texts.append((self._open[-1] if self._open else "", " ".join(data.split())))


def seen_texts(html: str) -> list[tuple[str, str]]:
    """What can be read on a page, each piece with the element it stands in; names for screen readers included."""
    return _Reader(html).texts


def internal_words(html: str, ids: Iterable[str] = ()) -> list[str]:
    """Ids (those that match `IDS`, and `ids` as whole words) and words of a decoder, each with its surroundings."""
    named = [re.escape(each) for each in ids]
    own = re.compile(rf"(?<![\w.-])(?:{'|'.join(named)})(?![\w-])") if named else None
    found = []
    for where, text in seen_texts(html):
        for pattern in (IDS, DECODER, own):
            if pattern is not None:
                found += [
                    f"{hit[0]} in <{where}> {text[max(0, hit.start() - 40) : hit.end() + 40]}"
                    for hit in pattern.finditer(text)
                ]
    return found
