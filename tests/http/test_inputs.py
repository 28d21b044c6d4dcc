"""What operations take: the rules for their functions, and query strings read in one spelling only."""

from enum import StrEnum
from typing import Annotated, Any

import httpx2
import msgspec
import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.auth import PUBLIC, AccessRule, Principal
from tenure.http.body_types import RequestBody
from tenure.http.etags import IfMatch
from tenure.http.idempotency import IdempotentRequest
from tenure.http.inputs import Address, InputGroup, InputPlace, OperationInput, inputs_of, result_of
from tenure.http.operations import make_operation, read_query
from tenure.http.paging import PageRequest, ResultPage
from tenure.http.problems import accept, require_found
from tenure.http.responses import ApiResponse
from tests.http.calls import refused


class Color(StrEnum):
    RED = "red"
    BLUE = "blue"


async def everything(
    thing: str, caller: Principal, ticket: IdempotentRequest, seen: IfMatch, paging: PageRequest, address: Address,
    body: dict[str, int], color: Color | None = None, dry_run: bool = False,
) -> ApiResponse[ResultPage[int]] | Refused:  # fmt: skip
    raise AssertionError("only its signature is read")


def test_a_signature_says_where_each_input_comes_from() -> None:
    places = {one.name: one.place for one in inputs_of(everything, "/v1/things/{thing}")}
    assert places == {
        "thing": InputPlace.PATH, "caller": InputPlace.CALLER, "ticket": InputPlace.TICKET, "seen": InputPlace.IF_MATCH,
        "paging": InputPlace.PAGING, "address": InputPlace.ADDRESS, "body": InputPlace.BODY, "color": InputPlace.QUERY,
        "dry_run": InputPlace.QUERY,
    }  # fmt: skip
    color = inputs_of(everything, "/v1/things/{thing}")[7]
    assert (color.type, color.required, color.default) == (Color, False, None)
    assert result_of(everything) == ApiResponse[ResultPage[int]]


def test_a_path_that_the_function_does_not_take_is_an_error() -> None:
    with pytest.raises(TypeError, match=r"does not take \['other'\]"):
        inputs_of(everything, "/v1/{other}")


class Asked(InputGroup, frozen=True, kw_only=True):
    caller: Principal
    color: Color | None = None
    dry_run: bool = False


async def grouped(asked: Asked, thing: str, size: int = 1) -> str:
    return f"{thing} {size} {asked.color} {asked.dry_run}"


def test_a_group_stands_for_its_fields_and_a_dry_run_is_asked_last() -> None:
    made = make_operation("PUT", "/v1/things/{thing}", AccessRule(), grouped)
    assert [one.name for one in made.inputs] == ["caller", "color", "dry_run", "thing", "size"]
    assert [one.name for one in made.query_inputs] == ["color", "size", "dry_run"]
    assert made.query_inputs[0].type is Color


async def test_a_group_is_handed_to_the_function_as_one() -> None:
    made = make_operation("PUT", "/v1/things/{thing}", AccessRule(), grouped)
    values = {"caller": Principal(), "color": Color.RED, "dry_run": True, "thing": "a", "size": 2}
    assert await made.call(values) == "a 2 red True"


async def test_a_refusal_that_is_raised_is_the_answer() -> None:
    async def missing() -> str:
        return require_found(None, "thing")

    async def refusing() -> str:
        return accept(Refused(RefusalCode.SITE_LIMIT))

    assert accept("a") == require_found("a", "thing") == "a"
    found = await make_operation("GET", "/v1/x", AccessRule(), missing).call({})
    assert found == Refused(RefusalCode.NOT_FOUND, field="thing")
    assert await make_operation("GET", "/v1/x", AccessRule(), refusing).call({}) == Refused(RefusalCode.SITE_LIMIT)


async def no_ticket(dry_run: bool = False) -> None:
    """A write that forgets its ticket."""


async def no_dry_run(ticket: IdempotentRequest) -> None:
    """A write that forgets dry_run."""


async def text_dry_run(ticket: IdempotentRequest, dry_run: str = "") -> None:
    """A write whose dry_run is anything."""


async def reading_with_body(body: dict[str, int]) -> None:
    """A body where none is read."""


class Loose(msgspec.Struct):
    """Ignores what it does not know."""


class Around(RequestBody, frozen=True, kw_only=True):
    inner: list[Loose] | None = None


async def loose_body(ticket: IdempotentRequest, body: Around, dry_run: bool = False) -> None:
    """A body with a hole inside."""


async def putting_with_ticket(ticket: IdempotentRequest, dry_run: bool = False) -> None:
    """A key where none is documented."""


@pytest.mark.parametrize(
    ("method", "function", "fault"),
    [
        ("POST", no_ticket, "takes a Ticket"),
        ("POST", no_dry_run, "takes `dry_run: bool = False`"),
        ("POST", text_dry_run, "takes `dry_run: bool = False`"),
        ("PUT", no_dry_run, "takes `dry_run: bool = False`"),
        ("GET", reading_with_body, "only a write takes a body"),
        ("POST", loose_body, "refuse unknown fields: Loose"),
        ("PUT", putting_with_ticket, "only a POST takes a Ticket"),
    ],
)
def test_an_operation_without_the_manners_is_not_built(method: Any, function: Any, fault: str) -> None:
    with pytest.raises(TypeError, match=fault):
        make_operation(method, "/v1/x", AccessRule(), function)


async def good_post(ticket: IdempotentRequest, dry_run: bool = False) -> None:
    """A write with every manner."""


def test_strangers_do_not_share_keys() -> None:
    assert make_operation("POST", "/v1/x", AccessRule(), good_post)
    with pytest.raises(TypeError, match="no token that would keep their keys apart"):
        make_operation("POST", "/v1/x", PUBLIC, good_post)


def test_an_exemption_has_to_be_written_down() -> None:
    assert make_operation("POST", "/v1/x", PUBLIC, no_ticket, exempt=["idempotency_key"]).status == 204
    assert make_operation("POST", "/v1/x", AccessRule(), no_dry_run, exempt=["dry_run"]).status == 204


KNOWN = (
    OperationInput("flag", InputPlace.QUERY, bool, False, False),
    OperationInput("count", InputPlace.QUERY, Annotated[int, msgspec.Meta(ge=1, le=200)], False, 50),
    OperationInput("color", InputPlace.QUERY, Color, False, None),
    OperationInput("name", InputPlace.QUERY, Annotated[str, msgspec.Meta(max_length=3)], True),
)


@pytest.mark.parametrize(
    ("raw", "changed"),
    [
        (b"name=a", {}),
        (b"name=", {"name": ""}),
        (b"name=%C3%A9", {"name": "é"}),
        (b"name=a&flag=true", {"flag": True}),
        (b"name=a&flag=false", {}),
        (b"name=a&count=200", {"count": 200}),
        (b"name=a&color=red", {"color": Color.RED}),
    ],
)
def test_a_query_string_is_read(raw: bytes, changed: dict[str, Any]) -> None:
    assert read_query(raw, KNOWN) == {"flag": False, "count": 50, "color": None, "name": "a"} | changed


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"", "name"),
        (b"name=a&flag=1", "flag"),
        (b"name=a&flag=True", "flag"),
        (b"name=a&flag=", "flag"),
        (b"name=a&flag=yes", "flag"),
        (b"name=a&flag=true&flag=false", "flag"),
        (b"name=a&falg=true", "falg"),
        (b"name=a&count=0", "count"),
        (b"name=a&count=201", "count"),
        (b"name=a&count=+1", "count"),
        (b"name=a&count=01", "count"),
        (b"name=a&count=1.0", "count"),
        (b"name=a&count=1e2", "count"),
        (b"name=a&count=%D9%A1", "count"),
        (b"name=a&count=" + b"9" * 5_000, "count"),
        (b"name=a&color=Red", "color"),
        (b"name=a%00", "name"),
        (b"name=a%0A", "name"),
        (b"name=abcd", "name"),
        (b"name=%FF", "query"),
        (b"name=\xc3\xa9", "query"),
        (b"&".join([b"name=a"] * 60), "query"),
    ],
)
def test_any_other_spelling_names_the_parameter(raw: bytes, field: str) -> None:
    told = read_query(raw, KNOWN)
    assert isinstance(told, Refused)
    assert (told.code, told.field) == (RefusalCode.FIELD_INVALID, field)


async def test_a_misspelled_dry_run_is_no_real_write(client: httpx2.AsyncClient) -> None:
    for query in ("dryrun=true", "dry_run=1", "dry-run=true", "dry_run=true&dry_run=false", "DRY_RUN=true"):
        answer = await client.put(f"/v1/things/thing_000001/name?{query}", json={"name": "a"})
        assert refused(answer)["code"] == "field_invalid", query


async def test_an_id_that_cannot_exist_is_not_found(client: httpx2.AsyncClient) -> None:
    for strange in ("thing_1", "x", "thing_000001%0A", "%00", "..%2f..%2fetc", "thing_٠٠٠٠٠٠"):
        assert refused(await client.get(f"/v1/things/{strange}"))["code"] == "not_found", strange
