"""The documentation says what is so: fields, unknown ones, unions, headers, refusals, hot operations, who may call."""

from typing import Any

import httpx2
import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.api import BuiltApi
from tenure.http.auth import PUBLIC
from tenure.http.docs import render_page
from tenure.http.openapi import ApiDescription, openapi_document, payload_of, tag_of
from tenure.http.operations import make_operation
from tenure.http.responses import ApiResponse
from tests.http.sample import ECHO, Thing


def described(api: BuiltApi, method: str, path: str) -> dict[str, Any]:
    one: dict[str, Any] = api.document["paths"][path][method]
    return one


def refusals(api: BuiltApi, method: str, path: str) -> dict[str, set[str]]:
    """Status to the codes that the document allows under it."""
    found = {}
    for status, response in described(api, method, path)["responses"].items():
        if "$ref" in response:
            shared = api.document["components"]["responses"][response["$ref"].rpartition("/")[2]]
            (schema,) = shared["content"].values()
            found[status] = set(schema["schema"]["allOf"][1]["properties"]["code"]["enum"])
    return found


async def test_the_document_is_served_as_it_was_built(client: httpx2.AsyncClient, api: BuiltApi) -> None:
    answer = await client.get("/openapi.json")
    assert answer.json() == api.document
    assert answer.headers["content-type"] == "application/json"
    assert api.document["openapi"] == "3.1.0"


def test_requests_refuse_unknown_fields_and_answers_may_grow(api: BuiltApi) -> None:
    schemas = api.document["components"]["schemas"]
    closed = {name for name, one in schemas.items() if one.get("additionalProperties") is False}
    assert closed == {"NewThing", "Round", "Square", "Rename"}
    assert "additionalProperties" not in schemas["Thing"]


def test_unions_name_what_tells_them_apart(api: BuiltApi) -> None:
    shape = api.document["components"]["schemas"]["NewThing"]["properties"]["shape"]
    assert shape["discriminator"]["propertyName"] == "type"
    assert set(shape["discriminator"]["mapping"]) == {"round", "square"}


def test_parameters_come_from_the_signature(api: BuiltApi) -> None:
    parameters = {one["name"]: one for one in described(api, "get", "/v1/things")["parameters"]}
    assert set(parameters) == {"name", "owned", "limit", "cursor"}
    assert parameters["limit"]["schema"] | {"description": ""} == {
        "type": "integer", "minimum": 1, "maximum": 200, "default": 50, "description": "",
    }  # fmt: skip
    assert not any(one["required"] for one in parameters.values())
    (thing,) = described(api, "get", "/v1/things/{thing}")["parameters"]
    assert (thing["in"], thing["required"], thing["schema"]["maxLength"]) == ("path", True, 12)


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("post", "/v1/things", {"Idempotency-Key": True}),
        ("put", "/v1/things/{thing}/name", {"If-Match": False}),
        ("delete", "/v1/things/{thing}", {"If-Match": True}),
        ("get", "/v1/things", {}),
    ],
)
def test_headers_are_documented_where_they_are_read(
    api: BuiltApi, method: str, path: str, headers: dict[str, bool]
) -> None:
    found = {
        one["name"]: one["required"] for one in described(api, method, path)["parameters"] if one["in"] == "header"
    }
    assert found == headers


def test_every_refusal_that_can_come_is_named(api: BuiltApi) -> None:
    assert refusals(api, "post", "/v1/things") == {
        "400": {"body_unreadable", "idempotency_key_missing"},
        "401": {"not_authenticated"},
        "403": {"action_not_permitted"},
        "409": {"already_exists", "request_in_flight"},
        "413": {"body_too_large"},
        "415": {"media_type_unsupported"},
        "422": {"field_invalid", "idempotency_key_reused"},
        "429": {"too_many_requests"},
        "500": {"internal"},
        "503": {"server_busy"},
    }
    assert refusals(api, "get", "/livez").keys() == {"422", "429", "500", "503"}
    assert "412" in refusals(api, "delete", "/v1/things/{thing}")


def test_refusals_are_problems_with_their_headers(api: BuiltApi) -> None:
    responses = api.document["components"]["responses"]
    assert {media for one in responses.values() for media in one["content"]} == {"application/problem+json"}
    assert {"Retry-After", "Request-Id"} <= responses["too_many_requests"]["headers"].keys()
    assert "WWW-Authenticate" in responses["not_authenticated"]["headers"]


def test_a_hot_operation_is_documented_like_any_other(api: BuiltApi) -> None:
    echo = described(api, "post", "/v1/echo")
    assert list(echo["requestBody"]["content"]) == ["application/jose"]
    assert list(echo["responses"]["200"]["content"]) == ["application/jose"]
    assert echo["requestBody"]["content"]["application/jose"]["schema"]["maxLength"] == 1_024
    assert refusals(api, "post", "/v1/echo")["400"] == {"body_unreadable", "message_malformed"}
    assert echo["security"] == []


def test_scopes_are_shown(api: BuiltApi) -> None:
    assert described(api, "post", "/v1/things")["security"] == [{"bearer": ["things:write"]}]


def test_every_reference_leads_somewhere(api: BuiltApi) -> None:
    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                found: Any = api.document
                for part in node["$ref"].removeprefix("#/").split("/"):
                    found = found[part]
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(api.document)


async def same() -> str:
    """Answers."""
    return ""


def test_two_operations_cannot_share_a_name_or_a_place() -> None:
    about = ApiDescription(title="x", version="1")
    with pytest.raises(TypeError, match="declared twice: same"):
        openapi_document(
            about, [make_operation("GET", "/v1/a", PUBLIC, same), make_operation("GET", "/v1/b", PUBLIC, same)]
        )
    with pytest.raises(TypeError, match="declared twice: echo"):
        openapi_document(about, [], [ECHO, ECHO])


def test_what_is_behind_a_result_type() -> None:
    assert payload_of(ApiResponse[Thing]) is Thing
    assert payload_of(ApiResponse[None]) is None
    assert payload_of(None) is None
    assert payload_of(ApiResponse[Thing] | str) == str | Thing
    assert Refused(RefusalCode.NOT_FOUND).code is RefusalCode.NOT_FOUND


@pytest.mark.parametrize(
    ("path", "tag"), [("/v1/things/{thing}", "things"), ("/livez", "service"), ("/v1/{odd}", "service")]
)
def test_operations_are_grouped_by_their_path(path: str, tag: str) -> None:
    assert tag_of(path) == tag


async def test_the_page_shows_every_operation_and_asks_nothing_from_elsewhere(
    client: httpx2.AsyncClient, api: BuiltApi
) -> None:
    answer = await client.get("/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for methods in api.document["paths"].values():
        for one in methods.values():
            assert f'id="{one["operationId"]}"' in answer.text
    assert "<script" not in answer.text
    assert "http://" not in answer.text
    assert "https://" not in answer.text


async def test_the_page_cannot_be_scripted_by_a_description() -> None:
    async def nasty() -> str:
        """<script>alert(1)</script>"""
        return ""

    from_docs = openapi_document(
        ApiDescription(title="<b>", version="1"), [make_operation("GET", "/v1/x", PUBLIC, nasty)]
    )
    shown = render_page(from_docs)
    assert "<script>" not in shown
    assert "<b>" not in shown
