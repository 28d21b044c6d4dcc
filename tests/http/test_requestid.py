"""Request ids and trace ids."""

import os
import re

import httpx2
import pytest

from tenure.http.requestid import DRAWN, current_request_id, random_request_id, trace_id

TRACE = "0af7651916cd43dd8448eb211c80319c"


async def test_every_answer_has_an_id_of_its_own(client: httpx2.AsyncClient) -> None:
    paths = ["/v1/things", "/nowhere", "/v1/echo", "/v1/fail", "/livez", "/docs"]
    ids = [(await client.get(path)).headers["request-id"] for path in paths]
    assert len(set(ids)) == len(paths)
    assert all(re.fullmatch("req_[0-9a-f]{24}", one) for one in ids)
    assert current_request_id() == "", "nothing is left behind in the caller's context"


async def test_a_callers_id_is_not_taken_over(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/livez", headers={"Request-Id": "req_forged", "X-Request-Id": "req_forged"})
    assert answer.headers["request-id"] != "req_forged"


def test_ids_do_not_repeat() -> None:
    assert len({random_request_id() for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize(
    ("header", "trace"),
    [
        (f"00-{TRACE}-b7ad6b7169203331-01", TRACE),
        (f"01-{TRACE}-b7ad6b7169203331-01-more", TRACE),
        (f"00-{TRACE}-b7ad6b7169203331-01-more", ""),
        (f"01-{TRACE}-b7ad6b7169203331-01more", ""),
        (f"ff-{TRACE}-b7ad6b7169203331-01", ""),
        (f"00-{TRACE.upper()}-b7ad6b7169203331-01", ""),
        (f"00-{'0' * 32}-b7ad6b7169203331-01", ""),
        (f"00-{TRACE}-{'0' * 16}-01", ""),
        (f"00-{TRACE}-b7ad6b7169203331", ""),
        ("", ""),
        ("\n", ""),
    ],
)
def test_a_traceparent_is_read_by_the_letter(header: str, trace: str) -> None:
    assert trace_id(header) == trace


def test_ids_are_fresh_in_every_process() -> None:
    ids = [random_request_id() for _ in range(3 * DRAWN)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("req_[0-9a-f]{24}", each) for each in ids)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, random_request_id().encode())
        os._exit(0)
    os.waitpid(child, 0)
    told = os.read(reading, 100).decode()
    os.close(reading)
    os.close(writing)
    assert told not in (*ids, *(random_request_id() for _ in range(DRAWN)))
