"""A browser in its plainest form: keeps its cookie, reads forms out of pages, sends them as browsers do."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx2


@dataclass
class FormFound:
    """A form as it stands in a page."""

    action: str
    method: str
    fields: dict[str, Any] = field(default_factory=dict)
    texts: str = ""


class Reader(HTMLParser):
    """Forms, links, headings and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[FormFound] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._select = ""
        self._area = ""
        self._open: FormFound | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        self.tags.append((tag, held))
        if tag == "form":
            self._open = FormFound(held.get("action", ""), held.get("method", "get"))
            self.forms.append(self._open)
        elif tag == "a" and "href" in held:
            self.links.append(held["href"])
        elif self._open is not None and "name" in held:
            self._field(tag, held)
        elif tag == "option" and self._open is not None and self._select:
            chosen = "selected" in held or self._select not in self._open.fields
            if chosen:
                self._open.fields[self._select] = held.get("value", "")

    def _field(self, tag: str, held: dict[str, str]) -> None:
        form, name = self._open, held["name"]
        assert form is not None
        kind = held.get("type", "text")
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._area = name
            form.fields[name] = ""
        elif tag == "input" and kind in {"checkbox", "radio"}:
            if "checked" in held:
                value = held.get("value", "on")
                form.fields[name] = [*form.fields.get(name, []), value] if kind == "checkbox" else value
        elif tag == "input" and name in form.fields:
            before = form.fields[name]
            form.fields[name] = [*(before if isinstance(before, list) else [before]), held.get("value", "")]
        elif tag == "input":
            form.fields[name] = held.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._open is not None:
            self._open.texts += data
            if self._area:
                self._open.fields[self._area] += data

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


class Tab:
    """One tab: remembers cookies and where it is; follows redirects like a browser."""

    def __init__(self, app: Any, origin: str = "https://portal.test") -> None:
        self.origin = origin
        self.http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=origin)
        self.answer: httpx2.Response | None = None

    @property
    def page(self) -> Reader:
        assert self.answer is not None
        return Reader(self.answer.text)

    @property
    def text(self) -> str:
        return self.page.text

    @property
    def status(self) -> int:
        assert self.answer is not None
        return self.answer.status_code

    @property
    def path(self) -> str:
        assert self.answer is not None
        return self.answer.url.raw_path.decode()

    async def open(self, path: str, **headers: str) -> Reader:
        """Go to an address."""
        self.answer = await self.http.get(path, headers=headers)
        return await self._followed()

    async def send(
        self,
        form: FormFound | None = None,
        *,
        headers: dict[str, str] | None = None,
        files: dict[str, tuple[str, bytes, str]] | None = None,
        **fields: Any,
    ) -> Reader:
        """Fill a form in and send it; without `form` the first that has all `fields`, or has a token alone.

        `files` are (name, content, media type) by field, sent as a form with files.
        """
        chosen = form or self.form(*fields)
        own = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin"} if headers is None else headers
        data = {**chosen.fields, **fields}
        path = chosen.action or self.path
        if chosen.method.lower() == "get":
            self.answer = await self.http.get(path, params=data)
        else:
            self.answer = await self.http.post(path, data=data, headers=own, files=files)
        return await self._followed()

    async def agree(self) -> Reader:
        """Say yes to the question that stands before what cannot be undone."""
        return await self.send(self.form("_sure"))

    def form(self, *names: str, action: str = "") -> FormFound:
        """The form of this page with these fields (or at this address)."""
        for each in self.page.forms:
            wanted = each.action == action if action else {"_token", *names} <= set(each.fields)
            if wanted:
                return each
        raise AssertionError(f"no form with {names or action} at {self.path}: {[f.action for f in self.page.forms]}")

    async def _followed(self) -> Reader:
        assert self.answer is not None
        for _ in range(5):
            if self.answer.status_code != 303:
                break
            self.answer = await self.http.get(self.answer.headers["location"])
        return self.page
