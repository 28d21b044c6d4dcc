"""Hot operations have the manners of all others."""

import httpx2
import pytest

from tests.http.calls import code_of, refused

JOSE = {"Content-Type": "application/jose"}


async def test_bytes_in_bytes_out(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/echo", content=b"a.b.c", headers=JOSE)
    assert (answer.status_code, answer.content) == (200, b"a.b.c")
    assert answer.headers["content-type"] == "application/jose"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "body", "headers", "code"),
    [
        ("GET", b"", {}, "method_not_allowed"),
        ("PUT", b"a.b.c", JOSE, "method_not_allowed"),
        ("OPTIONS", b"", {}, "method_not_allowed"),
        ("POST", b"a.b.c", {}, "media_type_unsupported"),
        ("POST", b"a.b.c", {"Content-Type": "application/json"}, "media_type_unsupported"),
        ("POST", b"a.b.c", JOSE | {"Content-Encoding": "gzip"}, "media_type_unsupported"),
        ("POST", b"x" * 1_025, JOSE, "body_too_large"),
        ("POST", b"no jws", JOSE, "message_malformed"),
        ("POST", b"", JOSE, "message_malformed"),
        ("POST", b"busy", JOSE, "server_busy"),
        ("POST", b"break", JOSE, "internal"),
    ],
)
async def test_what_is_refused(
    client: httpx2.AsyncClient, method: str, body: bytes, headers: dict[str, str], code: str
) -> None:
    answer = await client.request(method, "/v1/echo", content=body, headers=headers)
    assert code_of(answer) == code
    assert "secret" not in answer.text


async def test_the_path_has_one_spelling(client: httpx2.AsyncClient) -> None:
    assert refused(await client.post("/v1/echo/", content=b"a.b.c", headers=JOSE))["code"] == "not_found"
    assert (await client.post("/v1/echo?x=1", content=b"a.b.c", headers=JOSE)).status_code == 200
