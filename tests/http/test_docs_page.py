"""The page of the API: every operation with its body, and examples that the operations themselves would read."""

from pathlib import Path

import msgspec
import pytest

from tenure.core.refusals import Refused
from tenure.http.bodies import load_body
from tenure.http.docs_page import render_page
from tenure.http.inputs import InputPlace
from tenure.http.schema_examples import example_value
from tests.server.server_env import office

pytestmark = pytest.mark.anyio


async def test_every_example_of_the_real_api_is_read_by_its_operation(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        schemas = env.api.document["components"]["schemas"]
        unread = []
        for one in env.api.operations:
            body = one.input_from(InputPlace.BODY)
            if body is None:
                continue
            content = env.api.document["paths"][one.path][one.method.lower()]["requestBody"]["content"]
            told = example_value(content["application/json"]["schema"], schemas)
            read = load_body(msgspec.json.encode(told), body.type, one.cap)
            if isinstance(read, Refused):
                unread.append((one.name, read.field, read.detail))
        assert unread == []


async def test_the_page_has_contents_scopes_fields_examples_and_how_to_sign_in(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        shown = render_page(env.api.document)
        for words in (
            'href="#create_order"', 'id="create_order"', "Authorization: Bearer $TOKEN", "catalog:write",
            "public: no token is asked for", "Idempotency-Key: $(uuidgen)", "&quot;features&quot;",
            "one of limited, unlimited", 'id="authentication"',
        ):  # fmt: skip
            assert words in shown, words
        assert shown.count("style=") == 0, "the policy of the page lets no style in but its own sheet"
        assert "<script" not in shown


async def test_a_browser_gets_a_page_at_the_root_and_a_program_json(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        page = await env.http.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        for link in ("/docs", "/openapi.json", "/readyz"):
            assert f'href="{link}"' in page.text
            assert (await env.http.get(link)).status_code == 200
        for accept in ("*/*", "application/json"):
            program = await env.http.get("/", headers={"Accept": accept})
            assert program.headers["content-type"] == "application/json"
            assert program.json()["docs"] == "/docs"
        assert program.headers["vary"] == "Accept"
        assert (await env.http.post("/")).status_code == 405
