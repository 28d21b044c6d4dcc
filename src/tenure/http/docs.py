"""The API's own description, for programs and people: the document, one plain page, every refusal under its name."""

import base64
import hashlib
from html import escape
from typing import Any

import msgspec

from tenure.core.refusals import TABLE, Code, Refused, Row
from tenure.http.answers import JSON, Answer
from tenure.http.auth import PUBLIC
from tenure.http.operations import Operation, operation

_STYLE = (
    ":root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:auto;padding:1rem}"
    "code{font-family:ui-monospace,monospace}section{border-top:1px solid #8888;margin-top:1.5rem}dt{font-weight:600}"
)
_CSP = (
    "default-src 'none'; frame-ancestors 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    + "'"
)
HTML = "text/html; charset=utf-8"

_BY_NAME = {str(code): row for code, row in TABLE.items()}


def operations(document: dict[str, Any]) -> tuple[Operation, ...]:
    """`GET /openapi.json`, `/docs` and `/refusals/{code}`: public, and not part of what they describe."""
    as_json = msgspec.json.encode(document)
    as_page = page(document).encode()

    async def openapi_document() -> Answer[bytes]:
        """This API's description."""
        return Answer(body=as_json, media_type=JSON)

    async def documentation() -> Answer[bytes]:
        """This API's description as a page."""
        return Answer(body=as_page, media_type=HTML, headers=(("Content-Security-Policy", _CSP),))

    async def refusal(code: str) -> Row | Refused:
        """What a problem's `type` refers to."""
        return _BY_NAME.get(code) or Refused(Code.NOT_FOUND, field="code")

    return (
        operation("GET", "/openapi.json", PUBLIC, openapi_document, documented=False),
        operation("GET", "/docs", PUBLIC, documentation, documented=False),
        operation("GET", "/refusals/{code}", PUBLIC, refusal, documented=False),
    )


def page(document: dict[str, Any]) -> str:
    """`document` as one HTML page without script or anything from elsewhere."""
    info = document["info"]
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(info["title"])}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{escape(info['description'])}</p>"
        '<p><a href="/openapi.json">OpenAPI document</a></p>'
    ]
    for path, methods in document["paths"].items():
        parts += [_operation(path, method, one) for method, one in methods.items()]
    return "".join([*parts, "</body></html>"])


def _operation(path: str, method: str, one: dict[str, Any]) -> str:
    parameters = "".join(
        f"<li><code>{escape(put['name'])}</code> ({escape(put['in'])}{', required' if put['required'] else ''})</li>"
        for put in one.get("parameters", ())
    )
    refusals = " ".join(
        f'<a href="/refusals/{escape(code)}"><code>{escape(code)}</code></a>' for code in _codes(one["responses"])
    )
    paragraphs = "".join(f"<p>{escape(text)}</p>" for text in one["description"].split("\n\n"))
    return (
        f'<section id="{escape(one["operationId"])}"><h2><code>{method.upper()} {escape(path)}</code></h2>{paragraphs}'
        f"<ul>{parameters}</ul><dl><dt>May refuse</dt><dd>{refusals}</dd></dl></section>"
    )


def _codes(responses: dict[str, Any]) -> list[str]:
    names = [one["$ref"].rpartition("/")[2] for one in responses.values() if "$ref" in one]
    return [code for name in names for code in name.split("-")]
