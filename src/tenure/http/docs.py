"""The API's own description, for programs and people: the document, one plain page, every refusal under its name."""

import asyncio
from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from tenure.core.refusals import TABLE, RefusalCode, RefusalRow, Refused
from tenure.http.auth import PUBLIC
from tenure.http.docs_page import render_page
from tenure.http.docs_style import CSP, HTML
from tenure.http.operations import Operation, make_operation
from tenure.http.responses import JSON, ApiResponse

_BY_NAME = {str(code): row for code, row in TABLE.items()}


def documentation_operations(document: Callable[[], dict[str, Any]]) -> tuple[Operation, ...]:
    """`GET /openapi.json`, `/docs` and `/refusals/{code}`: public, and not part of what they describe.

    The first request for it calls `document` outside the event loop, and the result is kept.
    """

    @cache
    def as_json() -> bytes:
        return msgspec.json.encode(document())

    @cache
    def as_page() -> bytes:
        return render_page(document()).encode()

    async def openapi_document() -> ApiResponse[bytes]:
        """This API's description."""
        return ApiResponse(body=await asyncio.to_thread(as_json), media_type=JSON)

    async def documentation() -> ApiResponse[bytes]:
        """This API's description as a page."""
        made = await asyncio.to_thread(as_page)
        return ApiResponse(body=made, media_type=HTML, headers=(("Content-Security-Policy", CSP),))

    async def refusal(code: str) -> RefusalRow | Refused:
        """What a problem's `type` refers to."""
        return _BY_NAME.get(code) or Refused(RefusalCode.NOT_FOUND, field="code")

    return (
        make_operation("GET", "/openapi.json", PUBLIC, openapi_document, documented=False),
        make_operation("GET", "/docs", PUBLIC, documentation, documented=False),
        make_operation("GET", "/refusals/{code}", PUBLIC, refusal, documented=False),
    )
