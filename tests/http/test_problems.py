"""Refusals as RFC 9457 problems: the whole table, times to wait, and errors that must tell a stranger nothing."""

import json
import logging

import httpx2
import msgspec
import pytest

from tenure.core.field_errors import field_refusal
from tenure.core.refusals import TABLE, RefusalCode, Refused
from tenure.http.problems import RefusedError, problem_response, refusal_of, retry_after
from tests.http.calls import refused
from tests.http.sample import NOW


@pytest.mark.parametrize("code", list(RefusalCode))
def test_every_refusal_of_the_table_can_be_sent(code: RefusalCode) -> None:
    answer = problem_response(Refused(code, "why", "terms.devices"), NOW, "req_1")
    body = json.loads(answer.body)
    row = TABLE[code]
    assert (answer.status, answer.media_type) == (row.status, "application/problem+json")
    assert 400 <= answer.status < 600
    assert body == {
        "type": f"/refusals/{code}", "title": row.sentence, "status": row.status, "code": code, "cause": row.cause,
        "remedy": row.remedy, "who": row.who, "conclusive": row.conclusive, "request_id": "req_1", "detail": "why",
        "field": "terms.devices",
    }  # fmt: skip


async def test_a_refusal_that_knows_when_says_it_as_a_date(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/things/thing_000001/renew", headers={"Idempotency-Key": "k"})
    body = refused(answer)
    assert body["possible_at"] == "2026-09-22T14:13:20Z"
    assert body["detail"] == "thing_000001 can be renewed later."
    # Waiting a day is not something to do in a loop.
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize(
    ("refusal", "seconds"),
    [
        (Refused(RefusalCode.TOO_MANY_REQUESTS, when=NOW + 40), 40),
        (Refused(RefusalCode.TOO_MANY_REQUESTS, when=NOW - 40), 1),
        (Refused(RefusalCode.TOO_MANY_REQUESTS), 1),
        (Refused(RefusalCode.SERVER_BUSY), 2),
        (Refused(RefusalCode.REQUEST_IN_FLIGHT), 1),
        (Refused(RefusalCode.RENEWAL_TOO_EARLY, when=NOW + 40), None),
        (Refused(RefusalCode.NOT_FOUND), None),
    ],
)
def test_retry_after_is_there_where_waiting_helps(refusal: Refused, seconds: int | None) -> None:
    assert retry_after(refusal, NOW) == seconds
    headers = dict(problem_response(refusal, NOW).headers)
    assert headers.get("Retry-After") == (None if seconds is None else str(seconds))


def test_every_429_and_503_says_when_to_come_again() -> None:
    for row in TABLE.values():
        if row.status in (429, 503):
            assert "Retry-After" in dict(problem_response(Refused(row.code), NOW).headers), row.code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RefusedError(Refused(RefusalCode.SITE_LIMIT)), RefusalCode.SITE_LIMIT),
        (msgspec.ValidationError("Expected `int`, got `str` - at `$.devices`"), RefusalCode.FIELD_INVALID),
        (msgspec.DecodeError("malformed"), RefusalCode.BODY_UNREADABLE),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"), RefusalCode.BODY_UNREADABLE),
        (KeyError("secret"), RefusalCode.INTERNAL),
    ],
)
def test_every_exception_has_its_refusal(error: Exception, code: RefusalCode) -> None:
    assert refusal_of(error).code is code
    assert "secret" not in repr(refusal_of(error))


@pytest.mark.parametrize(
    ("message", "field", "detail"),
    [
        (
            "Expected `int`, got `str` - at `$.terms.devices`",
            "terms.devices",
            "Devices: a whole number is needed.",
        ),
        ("Object missing required field `name`", "name", "Name: this field is missing."),
        ("Object missing required field `name` - at `$.a`", "a.name", "Name: this field is missing."),
        (
            "Object contains unknown field `x` - at `$.a`",
            "a.x",
            "There is no field called `x` here; look for a misspelled name.",
        ),
        ("Expected `str`, got `int` - at `$[...]`", "[...]", "The request: text is needed."),
        ("Expected `object`, got `array`", "", "The request: a group of fields is needed."),
    ],
)
def test_a_decoders_words_become_field_and_sentence(message: str, field: str, detail: str) -> None:
    assert field_refusal(message) == Refused(RefusalCode.FIELD_INVALID, detail, field)


def test_a_field_name_as_long_as_the_body_is_not_sent_back_whole() -> None:
    told = field_refusal(f"Object contains unknown field `{'x' * 60_000}`")
    assert len(told.detail) <= 300
    assert len(told.field) <= 200


async def test_an_unforeseen_error_is_logged_and_not_told(
    client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "tenure.http"):
        answer = await client.get("/v1/fail")
    assert refused(answer)["code"] == "internal"
    assert "secret" not in answer.text
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [KeyError]


async def test_a_type_can_be_looked_up(client: httpx2.AsyncClient) -> None:
    problem_type = refused(await client.get("/nowhere"))["type"]
    row = (await client.get(problem_type)).json()
    assert row["code"] == "not_found"
    assert refused(await client.get("/refusals/never_heard_of"))["field"] == "code"


async def test_a_method_not_offered_names_those_that_are(client: httpx2.AsyncClient) -> None:
    answer = await client.patch("/v1/things")
    assert refused(answer)["code"] == "method_not_allowed"
    assert answer.headers["allow"] == "GET, HEAD, POST"
    assert (await client.put("/v1/echo")).headers["allow"] == "POST"
