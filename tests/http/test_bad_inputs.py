"""Everything that can be wrong with a request, cell by cell: a coded problem each time, never 5xx, never bare text."""

import base64
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.http.calls import NEW, code_of, key, refused

VECTORS = Path(__file__).parents[3] / "shared" / "vectors"
JSON = {"Content-Type": "application/json"}
ABSENT = f"{VECTORS} is not there, so that this ring of public test vectors is left out"

OPERATIONS = {
    "create": ("POST", "/v1/things", key("k")),
    "rename": ("PUT", "/v1/things/thing_000001/name", {}),
}

BODIES: dict[str, tuple[bytes, dict[str, str], str]] = {
    "no body": (b"", JSON, "body_unreadable"),
    "no type": (b"{}", {}, "media_type_unsupported"),
    "form": (b"name=a", {"Content-Type": "application/x-www-form-urlencoded"}, "media_type_unsupported"),
    "multipart": (b"--x--", {"Content-Type": "multipart/form-data; boundary=x"}, "media_type_unsupported"),
    "msgpack": (b"\x80", {"Content-Type": "application/x-msgpack"}, "media_type_unsupported"),
    "problem type": (b"{}", {"Content-Type": "application/problem+json"}, "media_type_unsupported"),
    "utf-16": ("{}".encode("utf-16"), {"Content-Type": "application/json; charset=utf-16"}, "media_type_unsupported"),
    "compressed": (b"\x1f\x8b", JSON | {"Content-Encoding": "gzip"}, "media_type_unsupported"),
    "cut off": (b'{"name":"a"', JSON, "body_unreadable"),
    "not utf-8": (b'{"name":"\xff"}', JSON, "body_unreadable"),
    "byte order mark": (b'\xef\xbb\xbf{"name":"a"}', JSON, "body_unreadable"),
    "twice": (b'{"name":"a","name":"b"}', JSON, "body_unreadable"),
    "too deep": (b'{"name":' + b"[" * 60_000, JSON, "body_unreadable"),
    "not a number": (b'{"name":NaN}', JSON, "body_unreadable"),
    "endless": (b'{"name":1e999}', JSON, "body_unreadable"),
    "too large": (b'{"name":"' + b"a" * 70_000 + b'"}', JSON, "body_too_large"),
    "array": (b"[]", JSON, "field_invalid"),
    "text": (b'"a"', JSON, "field_invalid"),
    "null": (b"null", JSON, "field_invalid"),
    "empty": (b"{}", JSON, "field_invalid"),
    "unknown field": (json.dumps(NEW | {"nmae": "a"}).encode(), JSON, "field_invalid"),
    "null name": (json.dumps(NEW | {"name": None}).encode(), JSON, "field_invalid"),
    "long name": (json.dumps(NEW | {"name": "a" * 201}).encode(), JSON, "field_invalid"),
    "NUL": (json.dumps(NEW | {"name": "a\0"}).encode(), JSON, "field_invalid"),
}


@pytest.mark.parametrize("operation", list(OPERATIONS))
@pytest.mark.parametrize("body", list(BODIES))
async def test_a_bad_body(client: httpx2.AsyncClient, operation: str, body: str) -> None:
    method, path, headers = OPERATIONS[operation]
    content, more, code = BODIES[body]
    assert code_of(await client.request(method, path, content=content, headers=headers | more)) == code


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"shape": {"type": "square", "side": 0}}, "shape.side"),
        ({"shape": {"type": "square", "side": 1001}}, "shape.side"),
        ({"shape": {"type": "square", "side": "2"}}, "shape.side"),
        ({"shape": {"type": "square", "side": True}}, "shape.side"),
        ({"shape": {"type": "square", "radius": 2}}, "shape.radius"),
        ({"shape": {"type": "square"}}, "shape.side"),
        ({"shape": {"type": "star"}}, "shape.type"),
        ({"shape": {}}, "shape.type"),
        ({"shape": []}, "shape"),
        ({"name": 7}, "name"),
        ({"name": ["a"]}, "name"),
        ({"note": "\x07"}, "note"),
        ({"until": "2027-01-01"}, "until"),
        ({"until": "2027-01-01T00:00:00"}, "until"),
        ({"until": "2027-13-01T00:00:00Z"}, "until"),
        ({"until": 5}, "until"),
    ],
)
async def test_a_bad_field_is_named(client: httpx2.AsyncClient, change: dict[str, Any], field: str) -> None:
    problem = refused(await client.post("/v1/things", json=NEW | change, headers=key("k")))
    assert problem["code"] == "field_invalid"
    assert problem["field"] == field
    assert problem["detail"]
    assert problem["remedy"]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Authorization": "Bearer"}, "not_authenticated"),
        ({"Authorization": "Bearer " + "x" * 10_000}, "not_authenticated"),
        ({"Authorization": "Digest a"}, "not_authenticated"),
        ({"Host": "a b"}, "field_invalid"),
        ({"Host": "<script>"}, "field_invalid"),
        ({"If-Match": "7"}, "field_invalid"),
        ({"If-Match": '"8"'}, "not_found"),
        ({"Content-Length": "-1"}, "body_unreadable"),
    ],
)
async def test_a_bad_header(client: httpx2.AsyncClient, headers: dict[str, str], code: str) -> None:
    answer = await client.put("/v1/things/thing_000001/name", content=b'{"name":"a"}', headers=JSON | headers)
    assert code_of(answer) == code


@pytest.mark.parametrize(
    "path",
    ["/", "/v1", "/v2/things", "//", "/v1/things/x/y", "/v1/%00", "/%ff", "/v1/things/..", "/refusals/x", "/é",
     "/v1/echo/", "/" + "x" * 4_000, "/v1/things/%0d%0aSet-Cookie:%20a"],
)  # fmt: skip
async def test_a_path_that_leads_nowhere(client: httpx2.AsyncClient, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = await client.request(method, path)
        assert code_of(answer) in {"not_found", "method_not_allowed"}, method
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "QUERY", "X" * 100])
async def test_a_method_nobody_offers(client: httpx2.AsyncClient, method: str) -> None:
    for path in ("/v1/things", "/v1/things/thing_000001", "/v1/echo", "/livez", "/openapi.json"):
        answer = await client.request(method, path)
        assert (code_of(answer), bool(answer.headers["allow"])) == ("method_not_allowed", True)


def vectors(name: str) -> Any:
    file = VECTORS / name
    return json.loads(file.read_text()) if file.exists() else None


@pytest.mark.skipif(not VECTORS.exists(), reason=ABSENT)
async def test_naughty_strings_in_every_place(client: httpx2.AsyncClient) -> None:
    """Kept as they are or refused by name; in no place anything else."""
    texts = [base64.b64decode(one).decode(errors="replace") for one in vectors("naughty_strings.base64.json")]
    assert len(texts) > 400
    kept = 0
    for number, text in enumerate(texts):
        made = await client.post("/v1/things", json=NEW | {"name": text, "note": text}, headers=key(f"k{number}"))
        if made.status_code == 201:
            kept += 1
            assert (made.json()["name"], made.json()["note"]) == (text, text)
        else:
            assert code_of(made) in {"field_invalid", "already_exists"}, text
        found = await client.get("/v1/things", params={"name": text})
        assert found.status_code == 200 or refused(found)["field"] == "name"
        assert code_of(await client.get("/v1/things", params={"cursor": text, "limit": text})) == "field_invalid"
        assert code_of(await client.get(httpx2.URL("http://sample").join("/v1/things/").copy_with(
            raw_path=b"/v1/things/" + _quoted(text)))) == "not_found"  # fmt: skip
        named = {b"Idempotency-Key": text.encode()[:255]}
        tried = await client.post("/v1/things", json=NEW, headers=named)
        assert tried.status_code == 201 or code_of(tried)
    assert kept > 350


def _quoted(text: str) -> bytes:
    return b"".join(b"%%%02X" % byte for byte in text.encode()) or b"%20"


@pytest.mark.skipif(not VECTORS.exists(), reason=ABSENT)
async def test_the_public_json_suite(client: httpx2.AsyncClient) -> None:
    """What must not parse is `body_unreadable`; what may parse is at most the wrong shape."""
    suite = {name: base64.b64decode(text) for name, text in vectors("json_test_suite.base64.json").items()}
    assert len(suite) > 300
    for name, content in suite.items():
        if len(content) > 64 * 1024:
            expected = {"body_too_large"}
        else:
            expected = {"n": {"body_unreadable"}, "y": {"field_invalid", "body_unreadable"}}.get(
                name[0], {"field_invalid", "body_unreadable"}
            )
        answer = await client.put("/v1/things/thing_000001/name", content=content, headers=JSON)
        assert code_of(answer) in expected, name
