"""The client against servers that are not what they should be: a coded refusal, never a trace, nothing believed."""

import errno
import itertools
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tenure.core.refusals import ExitCode
from tenure.http.client.api_exchange import ANSWER_CAP, fill_path
from tests.cli.hostile_server import JSON, PROBLEM, Reply, hostile_server, reply
from tests.cli.terminal import Terminal


def at(home: Path, url: str) -> Terminal:
    return Terminal(home, {"TENURE_URL": url, "TENURE_TOKEN": "tnr_secret"})


def problem(code: str, status: int, *, conclusive: bool = True, **more: Any) -> bytes:
    told = {"type": f"/refusals/{code}", "title": "No.", "status": status, "code": code, "cause": "c", "remedy": "r"}
    return json.dumps({**told, "who": "caller", "conclusive": conclusive, "request_id": "req_1", **more}).encode()


def endless() -> Iterator[bytes]:
    return itertools.repeat(b"x" * 65_536, 2 * ANSWER_CAP // 65_536)


@pytest.mark.parametrize(
    "given",
    [
        reply(b"<html>Sign in to the hotel's network</html>", 200, "text/html"),
        reply(b"<html>502</html>", 502, "text/html"),
        reply(b"", 200, "text/plain"),
        reply(b"", 302, "text/html", location="https://elsewhere.example.com/"),
        reply(b"{", 404, PROBLEM),
        reply(b'{"title": "no code"}', 404, PROBLEM),
        reply(b"[" * 100_000, 404, PROBLEM),
        reply(b"\xff\xfe", 500, PROBLEM),
        reply(b"not json", 200, JSON),
        reply(b"", 200, JSON),
        reply(b"[" * 100_000, 200, JSON),
        reply(b'{"no": "list"}', 200, JSON),
        reply(b'{"items": 7}', 200, JSON),
        Reply(200, JSON, endless),
    ],
)
def test_an_answer_that_no_tenure_server_gives_is_no_answer(tmp_path: Path, given: Reply) -> None:
    with hostile_server(given) as server:
        found = at(tmp_path, server.url).refused("customers", "list")
    assert (found["code"], found["exit"]) == ("unreachable", ExitCode.UNREACHABLE)
    assert server.url in found["detail"]


@pytest.mark.parametrize("body", [b'"text"', b"[]", b'{"id": 7}', b"null", b"{}", b'{"activation_code": "ABCDE"}'])
def test_json_of_another_shape_is_shown_as_it_came(tmp_path: Path, body: bytes) -> None:
    with hostile_server(reply(body)) as server:
        for words in (("order", "cus_1", "off_1", "3"), ("subscriptions", "explain", "sub_x"), ("policy", "show")):
            ran = at(tmp_path, server.url).run(*words)
            assert ran.code == ExitCode.DONE
            assert body.decode() in ran.out
            assert "another form" in ran.err
        for words in (("statement", "cus_x"), ("runway", "cus_x"), ("top-up", "cus_x", "1", "--reference", "r")):
            assert at(tmp_path, server.url).refused(*words)["code"] == "unreachable"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://localhost:1", "https://127.0.0.1:1", "https://no-such-host.invalid"]
)
def test_a_server_that_is_not_there(tmp_path: Path, url: str) -> None:
    found = at(tmp_path, url).refused("customers", "list")
    assert (found["code"], found["exit"]) == ("unreachable", ExitCode.UNREACHABLE)
    assert url in found["title"]
    assert "Check the address (--url" in found["remedy"]
    assert "tenure doctor" not in str(found), "that is a site's tool"


def test_a_write_without_an_answer_names_the_key_that_makes_it_safe_to_repeat(tmp_path: Path) -> None:
    with hostile_server(reply(b"<html>", 504, "text/html"), reply(b"{}")) as server:
        terminal = at(tmp_path, server.url)
        found = terminal.refused("customers", "add", "Quay")
        key = server.seen[0].headers["idempotency-key"]
        assert f"--idempotency-key {key}" in found["detail"]
        terminal.run("customers", "add", "Quay", "--idempotency-key", key)
        assert server.seen[1].headers["idempotency-key"] == key


def test_a_connection_that_is_cut_is_no_answer(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.close()
        assert at(tmp_path, url).refused("events")["code"] == "unreachable"


@pytest.mark.parametrize("status", [409, 429, 503])
def test_a_short_wait_is_waited_and_the_same_is_sent_again(tmp_path: Path, status: int) -> None:
    busy = reply(problem("server_busy", status, conclusive=False), status, PROBLEM, retry_after="2")
    with hostile_server(busy, busy, reply(b'{"id": "cus_1", "name": "Quay"}')) as server:
        terminal = at(tmp_path, server.url)
        assert terminal.run("customers", "add", "Quay").code == ExitCode.DONE
        assert terminal.slept == [2, 2]
        assert len({(each.headers["idempotency-key"], each.body) for each in server.seen}) == 1


@pytest.mark.parametrize("wait", ["60", "99999999999", "soon", ""])
def test_a_long_wait_is_left_to_the_caller(tmp_path: Path, wait: str) -> None:
    busy = reply(problem("too_many_requests", 429, conclusive=False), 429, PROBLEM, retry_after=wait)
    with hostile_server(busy) as server:
        terminal = at(tmp_path, server.url)
        assert terminal.refused("customers", "list")["exit"] == ExitCode.LATER
        assert len(server.seen) <= 4
        assert all(each <= 10 for each in terminal.slept)


def test_a_conclusive_refusal_is_not_repeated(tmp_path: Path) -> None:
    with hostile_server(reply(problem("already_exists", 409), 409, PROBLEM)) as server:
        assert at(tmp_path, server.url).refused("products", "add", "a", "A")["code"] == "already_exists"
        assert len(server.seen) == 1


def test_a_problem_is_passed_on_as_it_came(tmp_path: Path) -> None:
    body = problem("not_found", 404, detail="What?", new_member=[1, 2])
    with hostile_server(reply(body, 404, PROBLEM)) as server:
        ran = at(tmp_path, server.url).run("customers", "show", "cus_1", "--json")
    assert ran.err.encode() == body + b"\n"
    assert ran.code == ExitCode.UNKNOWN


@pytest.mark.parametrize(
    ("status", "exit_"),
    [(401, 3), (403, 3), (404, 4), (409, 2), (422, 2), (429, 9), (500, 1), (503, 9)],
)
def test_a_refusal_of_a_newer_server_has_the_family_of_its_status(tmp_path: Path, status: int, exit_: int) -> None:
    with hostile_server(reply(problem("something_new", status), status, PROBLEM)) as server:
        ran = at(tmp_path, server.url).run("customers", "show", "cus_1")
    assert ran.code == exit_
    assert "(something_new)" in ran.err


def test_an_answer_is_passed_on_byte_for_byte(tmp_path: Path) -> None:
    body = b'{"b": 1.50,  "a": "\xc3\xa9", "n": 12345678901234567890}'
    with hostile_server(reply(body)) as server:
        assert at(tmp_path, server.url).run("customers", "show", "cus_1", "--json").out.encode() == body + b"\n"


def test_a_list_that_says_it_goes_on_but_holds_nothing_ends(tmp_path: Path) -> None:
    with hostile_server(
        reply(b'{"items": [{"id": "a"}], "next": "n"}'), reply(b'{"items": [], "next": "n"}')
    ) as server:
        assert at(tmp_path, server.url).good("customers", "list") == {"items": [{"id": "a"}], "next": None}
        assert [each.query for each in server.seen] == ["limit=200", "limit=200&cursor=n"]


def test_every_request_says_who_asks_and_what_it_reads(tmp_path: Path) -> None:
    with hostile_server(reply(b"{}")) as server:
        at(tmp_path, server.url).run("customers", "show", "cus_1")
        (asked,) = server.seen
    assert asked.headers["authorization"] == "Bearer tnr_secret"
    assert asked.headers["accept-encoding"] == "identity"
    assert asked.headers["user-agent"].startswith("tenure-cli/")


@pytest.mark.parametrize("name", ["../../v1/tokens", "..", ".", "a/b", "a?b=c", "a#b", "a%2Fb", "é", "a b", "", "\n"])
def test_whatever_is_typed_as_an_id_stays_one_segment_of_the_path(tmp_path: Path, name: str) -> None:
    with hostile_server(reply(b"{}")) as server:
        at(tmp_path, server.url).run("webhooks", "show", name)
    (asked,) = server.seen
    assert asked.path.count("/") == 3
    assert asked.path.startswith("/v1/webhooks/")
    assert asked.query == ""
    assert fill_path("/v1/x/{a}", a="..") == "/v1/x/%2E%2E"


def test_what_this_computer_lacks_is_not_told_as_the_servers_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> socket.socket:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(socket, "create_connection", full)
    found = at(tmp_path, "https://127.0.0.1:1").refused("customers", "list")
    assert (found["code"], found["exit"]) == ("unreachable", ExitCode.UNREACHABLE)
    assert found["title"] == "This computer cannot open a connection."
    assert "the server was not asked" in found["remedy"]


def test_a_key_that_no_header_carries_is_the_callers_to_mend(tmp_path: Path) -> None:
    with hostile_server(reply(b"{}")) as server:
        found = at(tmp_path, server.url).refused("customers", "add", "Quay", "--idempotency-key", "\u00fc")
        assert (found["code"], server.seen) == ("field_invalid", [])
