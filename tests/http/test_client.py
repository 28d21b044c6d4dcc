"""The client of our APIs, over both transports: answers, refusals, waits, lists, and whose fault a fault is."""

import asyncio
import errno
import gzip
import json
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx2
import msgspec
import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.client.api_exchange import (
    ANSWER_CAP,
    ApiAnswer,
    ApiCaller,
    ApiOutcome,
    ApiRefusal,
    ApiRequest,
    FaultPlace,
    NoAnswer,
    Steps,
    exchange,
    fill_path,
    list_items,
)
from tenure.http.client.transports import AsyncTransport, SyncTransport
from tenure.http.problems import describe_refusal

T = TypeVar("T")
Answering = Callable[[httpx2.Request], httpx2.Response]
PROBLEM, JSON = {"content-type": "application/problem+json"}, {"content-type": "application/json; charset=utf-8"}
READ = ApiRequest(method="GET", path="/v1/things")
SHIP = ApiCaller(token="tnr_secret", provider="prv_1", address="203.0.113.9")


@dataclass
class Line(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Runs steps against `answering`, and remembers requests and pauses."""

    kind: str
    answering: Answering
    seen: list[httpx2.Request] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def run(self, steps: Steps[T]) -> T:
        if self.kind == "sync":
            with httpx2.Client(transport=self, base_url="http://api.test") as http:
                return SyncTransport(http, self.slept.append).run(steps)
        return asyncio.run(self._run_beside(steps))

    async def _run_beside(self, steps: Steps[T]) -> T:
        async with httpx2.AsyncClient(transport=self, base_url="http://api.test") as http:
            return await AsyncTransport(http, self._sleep).run(steps)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.seen.append(request)
        return self.answering(request)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return self.handle_request(request)


Lines = Callable[[Answering], Line]


@pytest.fixture(params=["sync", "async"])
def line(request: pytest.FixtureRequest) -> Lines:
    return lambda answering: Line(request.param, answering)


def refused(code: RefusalCode, **headers: str) -> httpx2.Response:
    problem = describe_refusal(Refused(code))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(problem.status, content=msgspec.json.encode(problem), headers=PROBLEM | named)


def test_a_request_says_who_asks_for_whom_and_is_done_once(line: Lines) -> None:
    at = line(lambda _: httpx2.Response(200, content=b'{"id": 1}', headers=JSON | {"etag": '"7"'}))
    asked = ApiRequest(
        method="POST", path="/v1/things", body={"a": "ü"}, query={"x": True, "y": False, "z": None, "q": ""}, key="k-1"
    )
    found = at.run(exchange(asked, SHIP))
    assert isinstance(found, ApiAnswer)
    assert (found.value, found.etag, found.status) == ({"id": 1}, '"7"', 200)
    (sent,) = at.seen
    assert dict(sent.url.params) == {"provider": "prv_1", "x": "true", "q": ""}
    assert sent.headers["authorization"] == "Bearer tnr_secret"
    assert sent.headers["x-forwarded-for"] == "203.0.113.9"
    assert sent.headers["idempotency-key"] == "k-1"
    assert json.loads(sent.content) == {"a": "ü"}


def test_a_request_that_names_its_provider_keeps_it(line: Lines) -> None:
    """Staff of the vendor name one for a single request, whatever provider they otherwise work for."""
    for caller in (SHIP, ApiCaller(token="tnr_vendor")):
        at = line(lambda _: httpx2.Response(204))
        at.run(exchange(msgspec.structs.replace(READ, query={"provider": "prv_2"}), caller))
        assert dict(at.seen[0].url.params) == {"provider": "prv_2"}


def test_a_request_that_names_none_is_for_the_callers_provider(line: Lines) -> None:
    at = line(lambda _: httpx2.Response(204))
    at.run(exchange(msgspec.structs.replace(READ, query={"provider": None}), SHIP))
    assert dict(at.seen[0].url.params) == {"provider": "prv_1"}


def test_an_operation_of_no_provider_takes_none(line: Lines) -> None:
    at = line(lambda _: httpx2.Response(204))
    found = at.run(exchange(msgspec.structs.replace(READ, tenant=False), SHIP))
    assert isinstance(found, ApiAnswer)
    assert found.value is None
    assert not at.seen[0].url.params


FILES = [
    ("/v1/customers.csv", "text/csv; charset=utf-8"), ("/v1/root/2", "application/jose"),
    ("/v1/sandbox/root/1", "application/JOSE"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "media"), FILES)
def test_a_file_is_handed_on_as_it_came_where_one_was_asked_for(line: Lines, path: str, media: str) -> None:
    asked = msgspec.structs.replace(READ, path=path)
    found = line(lambda _: httpx2.Response(200, content=b"a.b.c", headers={"content-type": media})).run(
        exchange(asked, SHIP)
    )
    assert isinstance(found, ApiAnswer)
    assert found.body == b"a.b.c"
    assert place_of(line(lambda _: httpx2.Response(200, json=[])).run(exchange(asked, SHIP))) is FaultPlace.ANSWER


def test_a_compressed_answer_is_not_unpacked(line: Lines) -> None:
    """A few thousand bytes of it would be millions [spec: connection-rules]."""
    read: list[int] = []

    class Bomb(Endless):
        def __iter__(self) -> Iterator[bytes]:
            read.append(1)
            yield gzip.compress(b" " * ANSWER_CAP)

        async def __aiter__(self) -> Any:
            for each in self:
                yield each

    at = line(lambda _: httpx2.Response(200, stream=Bomb(), headers=JSON | {"content-encoding": "GZIP"}))
    assert place_of(at.run(exchange(READ, SHIP))) is FaultPlace.ANSWER
    assert not read
    assert at.seen[0].headers["accept-encoding"] == "identity"


def test_a_problem_is_the_servers_own_words(line: Lines) -> None:
    at = line(lambda _: refused(RefusalCode.NOT_FOUND))
    found = at.run(exchange(READ, SHIP, 4))
    assert isinstance(found, ApiRefusal)
    assert (found.problem.code, found.wait, at.slept) == ("not_found", None, [])
    assert found.raw == msgspec.json.encode(describe_refusal(Refused(RefusalCode.NOT_FOUND)))


def test_a_short_wait_is_waited_and_the_same_is_sent_again(line: Lines) -> None:
    answers = iter(
        [refused(RefusalCode.SERVER_BUSY, retry_after="2"), httpx2.Response(200, content=b"1", headers=JSON)]
    )
    at = line(lambda _: next(answers))
    asked = ApiRequest(method="POST", path="/v1/things", key="k-1")
    assert at.run(exchange(asked, SHIP, 4)) == ApiAnswer(200, b"1")
    assert at.slept == [2]
    assert {each.headers["idempotency-key"] for each in at.seen} == {"k-1"}


@pytest.mark.parametrize(("wait", "sent"), [("60", 1), ("2", 3), ("soon", 3)])
def test_tries_and_patience_end(line: Lines, wait: str, sent: int) -> None:
    at = line(lambda _: refused(RefusalCode.SERVER_BUSY, retry_after=wait))
    assert isinstance(at.run(exchange(READ, SHIP, 3)), ApiRefusal)
    assert len(at.seen) == sent


def test_a_list_is_read_to_its_end_or_to_its_limit(line: Lines) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        first, most = int(request.url.params.get("cursor", 0)), int(request.url.params["limit"])
        items = list(range(first, min(first + most, 450)))
        following = str(first + most) if first + most < 450 else None
        return httpx2.Response(200, json={"items": items, "next": following})

    counts: list[int] = []
    everything = line(answer).run(list_items(READ, SHIP, progress=counts.append))
    assert isinstance(everything, list)
    assert [msgspec.json.decode(each) for each in everything] == list(range(450))
    assert counts == [200, 400, 450]
    some = line(answer).run(list_items(READ, SHIP, limit=210))
    assert isinstance(some, list)
    assert len(some) == 210


def test_a_list_that_goes_on_without_items_ends_and_one_without_a_list_is_none(line: Lines) -> None:
    assert line(lambda _: httpx2.Response(200, json={"items": [], "next": "x"})).run(list_items(READ, SHIP)) == []
    found = line(lambda _: httpx2.Response(200, json={"items": 7})).run(list_items(READ, SHIP))
    assert isinstance(found, NoAnswer)
    assert found.place is FaultPlace.ANSWER


def endless() -> Iterator[bytes]:
    while True:
        yield b"x" * (ANSWER_CAP // 4)


class Endless(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        return endless()

    async def __aiter__(self) -> Any:
        for each in endless():
            yield each


@pytest.mark.parametrize(
    "given",
    [
        lambda: httpx2.Response(200, content=b"<html>", headers={"content-type": "text/html"}),
        lambda: httpx2.Response(200, content=b"{", headers=JSON),
        lambda: httpx2.Response(200, content=b"", headers=JSON),
        lambda: httpx2.Response(302, headers={"location": "https://elsewhere.example"}),
        lambda: httpx2.Response(500, content=b"\xff", headers=PROBLEM),
        lambda: httpx2.Response(500, content=b"[" * 100_000, headers=PROBLEM),
        lambda: httpx2.Response(200, stream=Endless(), headers=JSON),
        lambda: httpx2.Response(200, content=b"a;b", headers={"content-type": "text/csv"}),
        lambda: httpx2.Response(200, content=b"a.b.c", headers={"content-type": "application/jose"}),
        lambda: httpx2.Response(200, content=gzip.compress(b"{}"), headers=JSON | {"content-encoding": "gzip"}),
    ],
)
def test_what_no_server_of_ours_answers_is_no_answer(line: Lines, given: Callable[[], httpx2.Response]) -> None:
    assert place_of(line(lambda _: given()).run(exchange(READ, SHIP))) is FaultPlace.ANSWER


def place_of(outcome: ApiOutcome) -> FaultPlace:
    assert isinstance(outcome, NoAnswer), outcome
    assert outcome.why
    return outcome.place


def raising(fault: Exception, cause: BaseException | None = None) -> Answering:
    def answer(_: httpx2.Request) -> httpx2.Response:
        raise fault from cause

    return answer


NO_FILES = OSError(errno.EMFILE, "Too many open files")
UNREADABLE_TLS = ssl.SSLCertVerificationError(1, "certificate verify failed")


@pytest.mark.parametrize(
    ("answering", "place"),
    [
        (raising(httpx2.ConnectError("no"), NO_FILES), FaultPlace.COMPUTER),
        (raising(httpx2.ConnectError("no"), ExceptionGroup("all", [ConnectionRefusedError(111, "no"), NO_FILES])),
         FaultPlace.COMPUTER),
        (raising(OSError(errno.ENOMEM, "no memory")), FaultPlace.COMPUTER),
        (raising(httpx2.PoolTimeout("")), FaultPlace.COMPUTER),
        (raising(httpx2.ConnectError("no"), ConnectionRefusedError(errno.ECONNREFUSED, "no")), FaultPlace.NETWORK),
        (raising(httpx2.ConnectError("no"), UNREADABLE_TLS), FaultPlace.CERTIFICATE),
        (raising(httpx2.ReadTimeout("slow")), FaultPlace.NETWORK),
        (raising(httpx2.ReadError("cut"), NO_FILES), FaultPlace.NETWORK),
        (raising(httpx2.RemoteProtocolError("not HTTP")), FaultPlace.ANSWER),
    ],
)  # fmt: skip
def test_a_fault_is_told_as_of_the_place_where_it_is(line: Lines, answering: Answering, place: FaultPlace) -> None:
    assert place_of(line(answering).run(exchange(READ, SHIP))) is place


@pytest.mark.parametrize(
    "asked",
    [
        ApiRequest(method="POST", path="/v1/things", key="ü"),
        ApiRequest(method="PUT", path="/v1/things", if_match="two words"),
        ApiRequest(method="GET", path="/v1/things/" + "x" * 100_000),
        ApiRequest(method="GET", path="/v1/things", query={"q": "\udcff"}),
        ApiRequest(method="POST", path="/v1/things", body={"name": "\udcff"}),
    ],
)
def test_what_can_never_be_sent_is_a_fault_of_the_request(line: Lines, asked: ApiRequest) -> None:
    at = line(lambda _: httpx2.Response(204))
    assert place_of(at.run(exchange(asked, SHIP))) is FaultPlace.REQUEST
    assert not at.seen


def test_a_token_that_no_header_carries_is_unknown(line: Lines) -> None:
    at = line(lambda _: httpx2.Response(204))
    found = at.run(exchange(READ, ApiCaller(token="tnr_ü")))
    assert isinstance(found, ApiRefusal)
    assert (found.problem.code, at.seen) == ("not_authenticated", [])


def test_a_part_of_a_path_stays_one_segment() -> None:
    assert fill_path("/v1/a/{one}/b", one="../x y/ü") == "/v1/a/%2E%2E%2Fx%20y%2F%C3%BC/b"
