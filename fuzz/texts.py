"""Texts that people and files bring: codes, versions, durations, instants, addresses, CSV, forms, settings, cursors."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fuzz.target import CAP, FuzzTarget, as_text, hold
from tenure.agent.settings import read_settings as read_agent_settings
from tenure.core.activation_codes import ActivationCode, from_random, parse_code
from tenure.core.periods import format_duration, format_instant, parse_duration, parse_instant, parse_until
from tenure.core.refusals import Refused
from tenure.core.versions import parse_version, refuse_below
from tenure.http.csv_import import CUSTOMERS, ORDERS, CsvLine, read_lines
from tenure.http.paging import next_cursor, read_cursor
from tenure.sdk.network.proxy import read_proxy
from tenure.sdk.network.resolvers import read_resolver
from tenure.sdk.network.server import read_server
from tenure.server.settings import read_settings as read_server_settings
from tenure.site.settings import read_settings as read_site_settings
from tenure.web.multipart import read_parts
from tenure.wire.armor import armor_message, read_armor
from tenure.wire.b64 import b64_decode, b64_encode
from tenure.wire.devices import read_ticket, write_ticket
from tenure.wire.strict_json import parse_json

CODE = from_random(bytes(range(19))).reveal().encode()
PARTS = 3
"""Parts of a form at the most, so that a few bytes can be too many."""
FORM = "multipart/form-data; boundary=x"
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made inside
_SCRATCH = Path(tempfile.mkdtemp(prefix="tenure-fuzz-", dir=_MEMORY if _MEMORY.is_dir() else None))


def _check_json(parse: Callable[[bytes], Any]) -> Callable[[bytes], None]:
    def check(data: bytes) -> None:
        read = parse(data)
        if isinstance(read, Refused):
            return
        names: list[str] = []

        def count(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
            names.extend(name for name, _ in pairs)
            hold(len({name for name, _ in pairs}) == len(pairs), "a key stands twice")
            return dict(pairs)

        def refuse(word: str) -> Any:
            raise AssertionError(f"{word} is no JSON")

        again = json.loads(data.decode("utf-8"), object_pairs_hook=count, parse_constant=refuse)
        hold(again == read, "two readers read two values")
        json.dumps(read).encode("utf-8")
        json.dumps(read, ensure_ascii=False).encode("utf-8")

    return check


def _stdlib_json(data: bytes) -> Any:
    """A defect: the standard library's reading, which takes NaN and the last of two keys."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return Refused(parse_json(b"", CAP).code)


def _check_code(parse: Callable[[str], ActivationCode | Refused]) -> Callable[[bytes], None]:
    def check(data: bytes) -> None:
        code = parse(as_text(data))
        if isinstance(code, Refused):
            typed = as_text(data).strip()
            hold(len(typed) < 5 or typed not in code.detail, "a refusal repeats what was typed")
            return
        spelled = code.reveal()
        hold(parse(spelled) == code, "its own spelling is another code")
        other = ("0" if spelled[0] != "0" else "1") + spelled[1:]
        hold(isinstance(parse(other), Refused), "a mistyped code is a code")

    return check


def _unchecked_code(text: str) -> ActivationCode | Refused:
    """A defect: the check symbol is not looked at."""
    read = parse_code(text)
    letters = text.upper().replace("-", "")
    return ActivationCode(letters) if isinstance(read, Refused) and len(letters) == 20 and letters.isalnum() else read


def _check_version(parse: Callable[[str], Any]) -> Callable[[bytes], None]:
    def check(data: bytes) -> None:
        text = as_text(data)
        read = parse(text)
        if not isinstance(read, Refused):
            hold(refuse_below(text, text) is None, "a version is below itself")

    return check


def _round_trip(parse: Callable[[str], Any], spell: Callable[[Any], str]) -> Callable[[bytes], None]:
    """What is accepted is spelled, and read again as the same."""

    def check(data: bytes) -> None:
        read = parse(as_text(data))
        if not isinstance(read, Refused):
            hold(parse(spell(read)) == read, "its own spelling is something else")

    return check


def _check_cursor(read: Callable[[str, Any], Any]) -> Callable[[bytes], None]:
    def check(data: bytes) -> None:
        text = as_text(data)
        for key in (str, int, tuple[int, str], tuple[str, str]):
            found = read(text, key)
            if not isinstance(found, Refused):
                hold(next_cursor(found) == text, "a cursor has two spellings")

    return check


def _any_cursor(text: str, key: Any) -> Any:
    """A defect: a second spelling is a cursor too."""
    return read_cursor(text.rstrip("="), key)


def _check_lines(read: Callable[..., list[CsvLine] | Refused]) -> Callable[[bytes], None]:
    def check(data: bytes) -> None:
        for table in (CUSTOMERS, ORDERS):
            lines = read(data, table, 50, "EUR")
            if isinstance(lines, Refused):
                hold(lines.field == "file", "a refusal of the whole table names the file")
                continue
            numbers = [line.number for line in lines]
            hold(1 <= len(lines) <= 50 and numbers == sorted(set(numbers)), "lines are counted once, in order")
            for line in lines:
                json.dumps(line.body, ensure_ascii=False).encode("utf-8")
                hold(line.fault is None or bool(line.fault.detail), "a fault says what is wrong")

    return check


def _careless_lines(data: bytes, table: object, most: int, currency: str) -> list[CsvLine] | Refused:
    """A defect: any bytes are taken for UTF-8."""
    return [CsvLine(number=1, body={"text": data.decode()}, cells={}, fault=None)]


def _check_form(most: int) -> Callable[[bytes], None]:
    def check(data: bytes) -> None:
        try:
            fields, files = read_parts(FORM, data, most)
        except ValueError:
            return
        hold(len(fields) + len(files) <= PARTS, "more parts than a form may have")
        for name, value in fields:
            hold((name + value).encode("utf-8") is not None, "a field is a text")

    return check


def _check_settings(*readers: tuple[str, Callable[[Path], Any]]) -> Callable[[bytes], None]:
    def check(data: bytes) -> None:
        for name, read in readers:
            path = _SCRATCH / name
            path.write_bytes(data)
            refused = read(path)
            hold(not isinstance(refused, Refused) or bool(refused.detail), "a refusal says what is wrong")

    return check


def _check_armor(read: Callable[[str], Any]) -> Callable[[bytes], None]:
    def check(data: bytes) -> None:
        messages = read(as_text(data))
        if isinstance(messages, Refused):
            return
        for each in messages:
            if each.kind:
                again = read(armor_message(each.kind, each.token))
                hold(not isinstance(again, Refused) and again[0].token == each.token, "a message changes when sent on")

    return check


def _split_armor(text: str) -> Any:
    """A defect: what stands between the marks is looked for without asking whether it is there."""
    return read_armor(text.split("-----\n", 1)[1] if "BEGIN" in text else text)


def _check_b64(decode: Callable[[bytes], bytes | None]) -> Callable[[bytes], None]:
    def check(data: bytes) -> None:
        read = decode(data)
        hold(read is None or b64_encode(read) == data, "base64url has two spellings")
        hold(decode(b64_encode(data)) == data, "what is encoded is not decoded")

    return check


def _check_addresses(*readers: Callable[[str], Any]) -> Callable[[bytes], None]:
    def check(data: bytes) -> None:
        for read in readers:
            refused = read(as_text(data))
            hold(not isinstance(refused, Refused) or bool(refused.field), "a refusal names its field")

    return check


TARGETS: dict[str, FuzzTarget] = {
    "strict JSON": FuzzTarget(
        _check_json(lambda data: parse_json(data, CAP)),
        (b'{"a": [1, 2.5, "x\\u00e9"], "b": null}', b'[1e5, -0.0, {"": "\\ud83d\\ude00"}]', b'{"a": 1, "\\u0061": 2}'),
        _check_json(_stdlib_json),
    ),
    "activation code": FuzzTarget(
        _check_code(parse_code), (CODE, CODE.lower().replace(b"-", b" ")), _check_code(_unchecked_code)
    ),
    "version": FuzzTarget(
        _check_version(parse_version),
        (b"12.4.1", b"1.0-rc.2+build.7", b"2026.11"),
        _check_version(lambda text: [int(part) for part in text.split(".")]),
    ),
    "duration": FuzzTarget(
        _round_trip(parse_duration, format_duration),
        (b"P1M", b"P1Y", b"P30D"),
        _round_trip(lambda text: parse_duration(f"P{int(text[1:-1] or 0)}{text[-1:]}"), format_duration),
    ),
    "instant": FuzzTarget(
        _round_trip(parse_instant, format_instant),
        (b"2026-12-31T23:59:59Z", b"2024-02-29T00:00:00Z"),
        _round_trip(lambda text: parse_instant(f"{int(text[:4]):04d}{text[4:]}"), format_instant),
    ),
    "end of a day": FuzzTarget(
        _round_trip(parse_until, format_instant),
        (b"2026-12-31", b"2024-02-29T00:00:00Z"),
        _round_trip(lambda text: parse_until(text[: text.index("-")]), format_instant),
    ),
    "cursor": FuzzTarget(
        _check_cursor(read_cursor),
        (next_cursor("sub_1").encode(), next_cursor((5, "x")).encode(), next_cursor(7).encode()),
        _check_cursor(_any_cursor),
    ),
    "CSV": FuzzTarget(
        _check_lines(read_lines),
        (
            b'name,reference,email,credit_limit\n"A, B",c 1,a@b.example,12.50\n',
            b"customer;offer;devices;until;trial\r\nACME;off_1;10;2026-12-31;yes\r\n",
        ),
        _check_lines(_careless_lines),
    ),
    "form with files": FuzzTarget(
        _check_form(PARTS),
        (
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
            b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.csv"\r\n\r\na\r\n--x\r\n'
            b'Content-Disposition: form-data; name="b"\r\n\r\n\xc3\xa9\r\n--x\r\n'
            b'Content-Disposition: form-data; name="c"\r\n\r\n\r\n--x--\r\n',
            b"".join(b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' for _ in range(PARTS + 1))
            + b"--x--\r\n",
        ),
        _check_form(10 * PARTS),
    ),
    "settings": FuzzTarget(
        _check_settings(
            ("agent.toml", read_agent_settings),
            ("site.toml", read_site_settings),
            ("server.json", read_server_settings),
        ),
        (
            b'product = "editor"\nversion = "12.0"\n',
            b'{"listen": "127.0.0.1:8443"}',
            b'[network]\nresolvers = ["1.1.1.1"]\n',
            b"a = " + b"1" * 5_000,
            b"a = " + b"[" * 3_000,
        ),
        _check_settings(("agent.toml", lambda path: path.read_text(encoding="utf-8"))),
    ),
    "offline message": FuzzTarget(
        _check_armor(read_armor),
        (armor_message("REQUEST", b"a.b.c", (("Site", "Berlin"),)).encode(), b"aa.bb.cc"),
        _check_armor(_split_armor),
    ),
    "base64url": FuzzTarget(
        _check_b64(b64_decode), (b"AQID", b"_-8", b""), _check_b64(lambda data: b64_decode(data.rstrip(b"=")))
    ),
    "addresses": FuzzTarget(
        _check_addresses(read_server, read_proxy, read_resolver),
        (b"https://license.example:8443", b"http://[::1]:80", b"http://me:pw@proxy.example:3128", b"dot://9.9.9.9@dns"),
        _check_addresses(lambda text: text.encode("idna")),
    ),
    "enrollment token": FuzzTarget(
        _round_trip(read_ticket, write_ticket),
        (b"eyJzaXRlIjoiaHR0cHM6Ly9hLmV4YW1wbGUifQ",),
        _round_trip(json.loads, str),
    ),
}
