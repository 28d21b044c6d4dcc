"""Idempotency-Key: one request, one effect, the same answer again; another payload or a race is told apart."""

import asyncio

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.api import BuiltApi
from tenure.http.idempotency import payload_hash, read_key
from tenure.http.responses import ApiResponse, json_response, mark_replayed, pack_response, unpack_response
from tests.http.calls import NEW, caller, code_of, key, refused
from tests.http.sample import Things


async def test_the_same_request_again_gets_the_stored_answer(client: httpx2.AsyncClient, things: Things) -> None:
    first = await client.post("/v1/things", json=NEW, headers=key("k"))
    again = await client.post("/v1/things", json=NEW, headers=key("k"))
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert first.headers["request-id"] != again.headers["request-id"]
    assert len(things.things) == 1


async def test_another_payload_under_the_key_is_refused(client: httpx2.AsyncClient) -> None:
    await client.post("/v1/things", json=NEW, headers=key("k"))
    other = await client.post("/v1/things", json=NEW | {"name": "window"}, headers=key("k"))
    assert code_of(other) == "idempotency_key_reused"
    dry = await client.post("/v1/things?dry_run=true", json=NEW, headers=key("k"))
    assert code_of(dry) == "idempotency_key_reused"


async def test_the_second_of_two_at_once_is_told_to_wait(client: httpx2.AsyncClient, things: Things) -> None:
    at_work, go_on = asyncio.Event(), asyncio.Event()

    async def pause() -> None:
        at_work.set()
        await go_on.wait()

    things.pause = pause
    first = asyncio.create_task(client.post("/v1/things", json=NEW, headers=key("k")))
    await at_work.wait()
    second = await client.post("/v1/things", json=NEW, headers=key("k"))
    assert code_of(second) == "request_in_flight"
    assert second.headers["retry-after"] == "1"
    go_on.set()
    assert (await first).status_code == 201
    assert (await client.post("/v1/things", json=NEW, headers=key("k"))).headers["idempotency-replayed"] == "true"


async def test_two_callers_never_meet_under_one_key(api: BuiltApi, client: httpx2.AsyncClient) -> None:
    await client.post("/v1/things", json=NEW, headers=key("k"))
    renew = await client.post("/v1/things/thing_000000/renew", headers=key("k"))
    assert code_of(renew) == "renewal_too_early", "another route is another scope"
    async with caller(api, "reader-token") as other:
        assert code_of(await other.post("/v1/things", json=NEW, headers=key("k"))) == "action_not_permitted"


async def test_a_refusal_and_a_dry_run_use_up_no_key(client: httpx2.AsyncClient, things: Things) -> None:
    dry = await client.post("/v1/things?dry_run=true", json=NEW, headers=key("k"))
    assert (dry.status_code, things.things) == (201, {})
    assert (await client.post("/v1/things", json=NEW, headers=key("k"))).status_code == 201
    assert code_of(await client.post("/v1/things", json=NEW, headers=key("l"))) == "already_exists"
    assert things.records.kept.keys() == {("tok_writer POST /v1/things", "k")}


async def test_every_post_needs_a_key(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/things", json=NEW)
    assert refused(answer)["code"] == "idempotency_key_missing"
    assert refused(answer)["field"] == "Idempotency-Key"


@pytest.mark.parametrize("bad", [[""], ["a b"], ["a\x7f"], ["é"], ["x" * 256], ["a", "b"]])
def test_a_key_is_one_short_visible_word(bad: list[str]) -> None:
    told = read_key(bad)
    assert isinstance(told, Refused)
    assert told.code is RefusalCode.FIELD_INVALID


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=255))
def test_any_visible_word_will_do(word: str) -> None:
    assert read_key([word]) == word


@given(st.lists(st.tuples(st.sampled_from(["POST", "PUT"]), st.text(max_size=3), st.binary(max_size=3),
                          st.binary(max_size=3)), min_size=2, max_size=2, unique=True))  # fmt: skip
def test_no_two_requests_share_a_hash(pair: list[tuple[str, str, bytes, bytes]]) -> None:
    assert payload_hash(*pair[0]) != payload_hash(*pair[1])


def test_an_answer_survives_being_stored() -> None:
    answer = json_response({"code": "ABCDE"}, 201, etag='"1"', headers=[("Location", "/x")])
    assert unpack_response(pack_response(answer)) == answer
    assert mark_replayed(answer).headers[-1] == ("Idempotency-Replayed", "true")
    assert isinstance(unpack_response(pack_response(answer)), ApiResponse)
