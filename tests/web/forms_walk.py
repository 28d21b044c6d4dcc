"""Every form that a walk over a program's pages finds, filled in as nobody should, and what such a form may answer."""

import re
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from tests.web.browser import FormFound, Tab

GIVEN = {
    "empty": "",
    "huge": "x" * 20_000,
    "100 kB": "y" * 100_000,
    "emoji": "🚀👩‍👩‍👧‍👦",
    "bidirectional marks": "abc\u202e\u2066def\u2069",
    "NUL and line ends": "a\x00b\r\nc",
    "negative": "-5",
    "no date": "2027-02-31",
    "a number with a comma": "1,50",
    "a number with a space": "1 000",
    "a lone brace": "{{7*7}}<script>alert(1)</script>'\"",
}
"""What is written into every field at once, and a choice that was never offered."""
BROKEN = (
    "Traceback", "Something went wrong on our side", "Internal Server Error", "msgspec", "NoneType", "Expected `",
    "Expected &", "Object missing", "Object contains", "matching regex", "JSONDecode", "JSON is malformed",
    "JSON path", "$.", "ValidationError", "validation error", "DecodeError", "Invalid value", "Invalid enum",
    "Invalid base64", "Invalid UUID", "invalid literal", "codec can&#39;t", "codec can't", "Unicode", "object at 0x",
)  # fmt: skip
"""Words of decoders, validators and tracebacks, as a page's source would have them."""
_ID = re.compile(r"[a-z]{3}_[0-9a-z]{26}")


def kind(form: FormFound, at: str = "") -> tuple[str, tuple[str, ...]]:
    """Forms that differ in nothing but ids are one kind."""
    return _ID.sub("*", form.action or at), tuple(sorted(form.fields))


async def crawled(tab: Tab, starts: list[str], most: int = 250, *, skip: tuple[str, ...] = ()) -> dict[str, FormFound]:
    """The forms that post, one of each kind, by a name; links are followed, of each kind of address twice."""
    todo, seen, found = list(starts), dict[str, int](), dict[tuple[str, tuple[str, ...]], FormFound]()
    looked = 0
    while todo and looked < most:
        path = todo.pop(0).partition("#")[0]
        pattern = _ID.sub("*", path)
        if seen.get(pattern, 0) >= 2 or path in seen:
            continue
        seen[pattern] = seen.get(pattern, 0) + 1
        seen[path] = seen.get(path, 0) + 1
        looked += 1
        await tab.open(path)
        # 409: a page that says why something cannot be done now.
        assert tab.status < 400 or tab.status == 409, ("a link of a page leads here", path, tab.status, tab.text[:300])
        if tab.answer is None or "html" not in tab.answer.headers.get("content-type", ""):
            continue
        page = tab.page
        at = tab.path.partition("?")[0]
        for form in page.forms:
            if form.method.lower() == "post" and not (form.action or at).startswith(skip or ("\0",)):
                form.action = form.action or at
                found.setdefault(kind(form), form)
        todo += [each for each in page.links if each.startswith("/") and not each.startswith(("/assets/", "//"))]
    return {f"{action} {' '.join(fields)}": form for (action, fields), form in found.items()}


def filled(form: FormFound, value: str) -> dict[str, str]:
    """Every field of a form with that value, but for what fences it and tells it from the ones before."""
    own = {"_token": str(form.fields["_token"]), "_key": uuid.uuid4().hex}
    return {name: own.get(name, value) for name in form.fields}


HUGE = "y" * 100_000
"""One field alone with it passes the bound of a whole form, so that the field's own bound has to answer."""


def huge_in_each(form: FormFound) -> dict[str, dict[str, Any]]:
    """By field: the form as it stands on its page, with a value of 100 kB in that field alone."""
    own = {**form.fields, "_key": uuid.uuid4().hex}
    return {name: {**own, name: HUGE} for name in form.fields if name != "_token"}


async def sent(tab: Tab, form: FormFound, data: Mapping[str, Any], *, follow: bool = True) -> int:
    """Send it as a browser would and go on to where the answer is; the status of the page that is shown."""
    own = {"Origin": tab.origin, "Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
    tab.answer = await tab.http.post(form.action, content=urlencode(data, doseq=True).encode(), headers=own)
    for _ in range(5):
        if tab.answer.status_code != 303 or not follow:
            break
        tab.answer = await tab.http.get(tab.answer.headers["location"])
    return tab.answer.status_code


def complaint(tab: Tab, name: str, given: str) -> str:
    """What is wrong with the page that a form was answered with; empty for nothing."""
    assert tab.answer is not None
    if tab.status >= 500:
        return f"{name} given {given}: {tab.status} {tab.text[:200]}"
    found = [word for word in BROKEN if word in tab.answer.text]
    if "<script>alert" in tab.answer.text:
        found.append("markup was not made harmless")
    return f"{name} given {given}: {found}" if found else ""


async def kept(tab: Tab, form: FormFound, value: str) -> bool:
    """Whether a form that was shown again still holds what was entered into its texts."""
    again = [each for each in tab.page.forms if (each.action or "") == form.action]
    return any(value in map(str, each.fields.values()) for each in again)


Questions = dict[str, str]
"""The text of each question's page, by the route that asks it."""


async def questions_asked(
    tab: Tab, forms: dict[str, FormFound], routes: list[str], given: dict[str, dict[str, str | list[str]]]
) -> Questions:
    """What stands on the page of each question that these forms lead to; nothing is agreed to.

    `routes`: those that ask, as `/tokens/{token}/withdraw`. `given`: by route, what is chosen and written.
    """
    patterns = {route: re.compile(re.sub(r"{\w+}", "[^/]+", route)) for route in routes}
    found: Questions = {}
    for form in forms.values():
        at = form.action.partition("?")[0]
        route = next((each for each, pattern in patterns.items() if pattern.fullmatch(at)), "")
        if not route:
            continue
        await sent(tab, form, {**form.fields, **given.get(route, {})})
        assert [each for each in tab.page.forms if "_sure" in each.fields], (form.action, tab.status, tab.text[-400:])
        found[route] = tab.text
    return found
