"""The border: what every answer carries, who is turned away before any work, and the last net under every error."""

import asyncio
import logging
from typing import Any

import httpx2
import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.api import BuiltApi
from tenure.http.logs import ServedRequest
from tenure.http.middleware import EdgeMiddleware, MiddlewareParts, log_requests
from tests.http.calls import NEW, caller, code_of, key, refused
from tests.http.sample import NOW, Things, build

PROTECTING = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}


async def test_every_answer_carries_the_headers_that_protect(client: httpx2.AsyncClient) -> None:
    for path in ("/v1/things", "/nowhere", "/v1/echo", "/v1/fail", "/livez", "/openapi.json"):
        headers = (await client.get(path)).headers
        assert PROTECTING.items() <= dict(headers).items(), path
        assert "server" not in headers


async def test_an_answer_may_set_such_a_header_itself(client: httpx2.AsyncClient) -> None:
    headers = (await client.get("/docs")).headers
    assert headers.get_list("content-security-policy")[0].startswith(
        "default-src 'none'; frame-ancestors 'none'; style"
    )
    assert len(headers.get_list("content-security-policy")) == 1


async def test_head_is_get_without_the_body(client: httpx2.AsyncClient) -> None:
    await client.post("/v1/things", json=NEW, headers=key("k"))
    got, headed = await client.get("/v1/things"), await client.head("/v1/things")
    assert (headed.status_code, headed.content) == (200, b"")
    assert headed.headers["content-length"] == str(len(got.content))
    assert (await client.head("/nowhere")).status_code == 404
    assert (await client.head("/v1/echo")).status_code == 405


async def test_too_many_at_once_are_told_so_at_once() -> None:
    things, at_work, go_on = Things(), asyncio.Event(), asyncio.Event()

    async def pause() -> None:
        at_work.set()
        await go_on.wait()

    things.pause = pause
    api = build(things, in_flight_most=1)
    async with caller(api) as client:
        first = asyncio.create_task(client.post("/v1/things", json=NEW, headers=key("k")))
        await at_work.wait()
        answer = await client.get("/v1/things")
        assert (code_of(answer), answer.headers["retry-after"]) == ("server_busy", "2")
        assert code_of(await client.post("/v1/echo", headers={"Content-Type": "application/jose"})) == "server_busy"
        assert (await client.get("/livez")).status_code == 200, "its keeper must still see it"
        go_on.set()
        assert (await first).status_code == 201
        assert (await client.get("/v1/things")).status_code == 200
    assert api.in_flight == 0


async def test_whoever_is_not_admitted_is_turned_away_before_any_work() -> None:
    asked: list[tuple[str, str]] = []

    def admit(address: str, path: str) -> Refused | None:
        asked.append((address, path))
        return Refused(RefusalCode.TOO_MANY_REQUESTS, when=NOW + 7) if path.startswith("/v1") else None

    async with caller(build(admit=admit)) as client:
        answer = await client.get("/v1/fail")
        assert (code_of(answer), answer.headers["retry-after"]) == ("too_many_requests", "7")
        assert code_of(await client.get("/elsewhere")) == "not_found"
        await client.get("/livez")
    assert asked == [("127.0.0.1", "/v1/fail"), ("127.0.0.1", "/elsewhere")]


async def test_one_observation_for_each_request() -> None:
    seen: list[ServedRequest] = []
    async with caller(build(observers=(seen.append,))) as client:
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        await client.get("/v1/things/thing_000001?x=1", headers={"traceparent": trace})
        await client.head("/livez")
        await client.get("/some/secret/path")
        await client.request("BREW", "/v1/echo")
    assert [(one.method, one.route, one.status, one.token_id) for one in seen] == [
        ("GET", "/v1/things/{thing}", 422, "tok_writer"),
        ("HEAD", "/livez", 200, ""),
        ("GET", "-", 404, ""),
        ("OTHER", "/v1/echo", 405, ""),
    ]
    assert seen[0].trace_id == "0af7651916cd43dd8448eb211c80319c"
    assert all(one.milliseconds >= 0 and one.address == "127.0.0.1" for one in seen)


async def test_requests_are_logged_as_events(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("tenure.test.access")
    with caplog.at_level(logging.INFO, log.name):
        async with caller(build(observers=(log_requests(log, quiet={"/v1/things"}),))) as client:
            await client.get("/livez")
            await client.get("/v1/things")
            await client.get("/v1/things?odd=1")
    events = [one.msg for one in caplog.records if isinstance(one.msg, ServedRequest)]
    assert [(one.route, one.status) for one in events] == [("/livez", 200), ("/v1/things", 422)]


def middleware() -> MiddlewareParts:
    return MiddlewareParts(clock=lambda: NOW, ticks=lambda: 0.0)


async def test_an_error_that_nobody_caught_is_still_a_problem(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("secret")

    async with caller(EdgeMiddleware(broken, middleware())) as client:
        answer = await client.get("/")
    assert refused(answer)["code"] == "internal"
    assert "secret" not in answer.text
    assert caplog.records[0].exc_info is not None


async def test_half_an_answer_is_ended_not_mended() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("after the start")

    edge = EdgeMiddleware(broken, middleware())
    async with caller(edge) as client:
        with pytest.raises(RuntimeError, match="after the start"):
            await client.get("/")
    assert edge.in_flight == 0


async def test_a_websocket_is_closed(api: BuiltApi) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    await api({"type": "websocket", "path": "/v1/things", "headers": []}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1000}]


async def test_the_address_is_the_connections(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/address", headers={"X-Forwarded-For": "203.0.113.9"})
    assert answer.json() == "127.0.0.1"
