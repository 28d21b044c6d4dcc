"""The API's own description, for programs and people: the document, one plain page, every refusal under its name."""

import asyncio
from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from tenure.core.refusals import TABLE, Code, Refused, Row
from tenure.http.answers import JSON, Answer
from tenure.http.auth import PUBLIC
from tenure.http.docs_page import page
from tenure.http.docs_style import CSP, HTML
from tenure.http.operations import Operation, operation

_BY_NAME = {str(code): row for code, row in TABLE.items()}


def operations(document: Callable[[], dict[str, Any]]) -> tuple[Operation, ...]:
    """`GET /openapi.json`, `/docs` and `/refusals/{code}`: public, and not part of what they describe.

    `document` is called beside the event loop when somebody first asks, and what is made of it is kept.
    """

    @cache
    def as_json() -> bytes:
        return msgspec.json.encode(document())

    @cache
    def as_page() -> bytes:
        return page(document()).encode()

    async def openapi_document() -> Answer[bytes]:
        """This API's description."""
        return Answer(body=await asyncio.to_thread(as_json), media_type=JSON)

    async def documentation() -> Answer[bytes]:
        """This API's description as a page."""
        made = await asyncio.to_thread(as_page)
        return Answer(body=made, media_type=HTML, headers=(("Content-Security-Policy", CSP),))

    async def refusal(code: str) -> Row | Refused:
        """What a problem's `type` refers to."""
        return _BY_NAME.get(code) or Refused(Code.NOT_FOUND, field="code")

    return (
        operation("GET", "/openapi.json", PUBLIC, openapi_document, documented=False),
        operation("GET", "/docs", PUBLIC, documentation, documented=False),
        operation("GET", "/refusals/{code}", PUBLIC, refusal, documented=False),
    )
