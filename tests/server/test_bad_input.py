"""Everything that can be wrong with a request to any operation: a coded problem each time, and nothing is half done."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from msgspec import inspect as shapes

from tenure.core.refusals import TABLE, RefusalCode
from tenure.http.inputs import InputPlace, path_names
from tenure.http.operations import Operation
from tests.http.calls import JARGON
from tests.server.route_matrix import BODIES, World, ask, body_of, dry, fields, path_of, unknown
from tests.server.server_env import Caller, office
from tests.server.wrong import cells, encode

pytestmark = pytest.mark.anyio

VECTORS = Path(__file__).parents[3] / "shared" / "vectors"
JSON = "application/json"
UNREADABLE = frozenset({"field_invalid", "body_unreadable", "body_too_large"})


def named(world: World, name: str) -> Operation:
    return next(one for one in world.operations if one.name == name)


def refused(answer: httpx2.Response) -> str:
    """The problem's code, after a look at what every problem promises."""
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert not JARGON.search(problem.get("detail", "")), problem
    row = TABLE[RefusalCode(problem["code"])]
    assert (answer.status_code, problem["status"], problem["remedy"]) == (row.status, row.status, row.remedy)
    assert problem["request_id"] == answer.headers["request-id"]
    return row.code


async def raw(world: World, one: Operation, content: bytes, **headers: str) -> httpx2.Response:
    """The operation with a body as it is; its other parts are those of the example."""
    sent = {"Authorization": f"Bearer {world.caller(one).token}", "Content-Type": JSON}
    if one.method == "POST":
        sent["Idempotency-Key"] = f"raw {next(world.caller(one).numbers)}".replace(" ", "-")
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    kept = [(name.encode(), value.encode("latin-1")) for name, value in sent.items() if value]
    path = path_of(one, world.north.things)
    answer = await world.env.http.request(one.method, path, content=content, headers=kept)
    if answer.status_code >= 400:
        promised = world.env.api.document["paths"][one.path][one.method.lower()]["responses"]
        named = promised.get(str(answer.status_code), {}).get("$ref", "")
        assert answer.json()["code"] in named.rpartition("/")[2].split("-"), f"{one.name} does not say it may refuse so"
    return answer


# -- bodies --


@pytest.mark.parametrize("name", sorted(BODIES))
async def test_each_field_of_each_body(world: World, name: str) -> None:
    """Wrong type, too long, wrong alphabet, NUL, half a surrogate, beyond bounds, missing, twice, unknown."""
    one = named(world, name)
    example = body_of(one, world.north.things)
    assert example is not None
    before, looked_at = await world.env.snapshot(), 0
    for wrong, content in cells(fields(one), example, closed=True):
        assert _told(name, await raw(world, one, content)) in UNREADABLE, wrong
        looked_at += 1
    assert looked_at >= 10
    assert await world.env.snapshot() == before


def _told(name: str, answer: httpx2.Response) -> str:
    """The refusal's code; a batch that can be read refuses each command that cannot by itself."""
    if name == "run_batch" and answer.status_code == 200:
        (item,) = answer.json()["items"]
        return str(item["answer"]["code"])
    return refused(answer)


@pytest.mark.parametrize("name", sorted(BODIES))
async def test_each_body_as_a_whole(world: World, name: str) -> None:
    one = named(world, name)
    whole = encode(body_of(one, world.north.things))
    before = await world.env.snapshot()
    broken = [whole[: len(whole) * part // 8] for part in range(8)]
    broken += [
        b"\xef\xbb\xbf" + whole,
        whole + b"}",
        whole + whole,
        b"[" * 5_000,
        b"null",
        b"[]",
        whole.replace(b'"', b"'"),
    ]
    broken += [whole[:-1] + b',"x":"' + b"a" * 70_000 + b'"}', b"\xff\xfe" + whole, whole.decode().encode("utf-16")]
    for content in broken:
        if content != b"{}":
            assert refused(await raw(world, one, content)) in UNREADABLE, content[:80]
    for kind in ("", "text/plain", "application/xml", "multipart/form-data; boundary=x", "application/jose"):
        assert refused(await raw(world, one, whole, Content_Type=kind)) == "media_type_unsupported", kind
    assert refused(await raw(world, one, whole, Content_Encoding="gzip")) == "media_type_unsupported"
    assert await world.env.snapshot() == before


async def test_the_order_of_fields_means_nothing(world: World) -> None:
    """Written backwards and with blanks it is the same request (here: the same plan)."""
    one = named(world, "change_devices")
    example = body_of(one, world.north.things)
    assert example is not None
    path = path_of(one, world.north.things) + "?dry_run=true"
    plans = []
    for content in (encode(example), json.dumps(dict(reversed(example.items())), indent=3).encode()):
        headers = {"Content-Type": JSON, "Idempotency-Key": f"order-{len(plans)}"}
        headers |= {"Authorization": f"Bearer {world.north.staff.token}"}
        plans.append((await world.env.http.post(path, content=content, headers=headers)).json()["outcome_hash"])
    assert plans[0] == plans[1]


# -- what is well formed and makes no sense --

Cell = tuple[str, dict[str, Any], str]


def sense() -> Iterator[Cell]:
    """(operation, what is different from its example, the refusal)."""
    for until, code in {
        "2025-12-31": "term_too_short",
        "1969-12-31T23:59:59Z": "field_invalid",
        "1970-01-01": "term_too_short",
        "2026-01-27": "term_too_short",
        "2027-02-29": "field_invalid",
        "9999-12-30": "field_invalid",
        "9999-12-31": "field_invalid",
        "2026-12-31T23:59:60Z": "field_invalid",
        "2026-12-31 23:59:59": "field_invalid",
        "31.12.2026": "field_invalid",
        "": "field_invalid",
        "P1Y": "field_invalid",
    }.items():
        yield "create_order", {"until": until}, code
    yield "create_order", {"trial": True, "until": None}, "unknown_plan"
    yield "create_order", {"devices": 1_000_000}, "insufficient_balance"
    yield "create_order", {"offer": unknown("off_")}, "unknown_plan"
    yield "create_order", {"customer": unknown("cus_")}, "not_found"
    yield "hold", {"until": "2025-12-31T00:00:00Z"}, "field_invalid"
    yield "hold", {"until": "1969-12-31T23:59:59Z"}, "field_invalid"
    yield "hold", {"until": "0001-01-01T00:00:00+23:59"}, "field_invalid"
    yield "hold", {"until": "9999-12-31T23:59:59-23:59"}, "field_invalid"
    for moment in (
        "0001-01-01T00:00:00+23:59",
        "1969-12-31T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "2028-02-29T00:00:00Z",
    ):
        yield "drop_change", {"effective": moment}, "nothing_to_change"
        if not moment.startswith("2028"):
            yield "reanchor", {"anchor": moment}, "field_invalid"
    yield "change_devices", {"devices": 10}, "nothing_to_change"
    yield "change_devices", {"devices": 999_999}, "insufficient_balance"
    yield "change_devices", {"outcome_hash": f"1767225600.{'0' * 64}"}, "outcome_changed_meanwhile"
    yield "change_devices", {"outcome_hash": f"99999999999999999999.{'0' * 64}"}, "outcome_changed_meanwhile"
    yield "change_plan", {"offer": unknown("off_")}, "unknown_plan"
    yield "extend_grace", {"days": 90}, "grace_out_of_bounds"
    yield "block_code", {"code": unknown("cod_")}, "not_found"
    yield "unblock_code", {"code": unknown("cod_")}, "not_found"
    yield "transfer", {"customer": unknown("cus_")}, "not_found"
    yield "release_site", {"site": unknown("site_")}, "site_unknown"
    yield "resolve_fork", {"site": unknown("site_")}, "site_unknown"
    yield "edit_seat_conflict", {"going": [unknown("site_")]}, "nothing_to_change"
    yield "free_allotment", {"site": unknown("site_")}, "site_unknown"
    yield "free_allotment", {}, "still_promised"
    yield "declare_site_lost", {"site": unknown("site_")}, "site_unknown"
    yield "declare_site_lost", {"recipient": unknown("site_")}, "site_unknown"
    yield "confirm_payment", {}, "not_awaiting_payment"
    yield "undo_cancellation", {}, "nothing_to_undo"
    yield "release", {}, "not_paused"
    yield "renew", {}, "renewal_too_early"
    yield "create_product", {"id": "editor"}, "already_exists"
    yield "create_plan", {"id": "standard"}, "already_exists"
    yield "create_plan", {"product": "ghost"}, "not_found"
    yield "create_plan", {"min_devices": 9, "max_devices": 8}, "field_invalid"
    for period in ("P0D", "P", "P1", "P11Y", "P1Y1Y", "P1D1Y", "P9999999", "P4000D"):
        yield "create_plan", {"period": period}, "field_invalid"
        yield "create_plan", {"trial": period}, "field_invalid"
    yield "update_plan", {"min_devices": 9, "max_devices": 8}, "field_invalid"
    yield "update_plan", {"min_version": "9" * 30 + ".1"}, "version_unreadable"
    yield "create_provider", {"name": "North"}, "already_exists"
    yield "create_provider", {"currency": "XXX"}, "field_invalid"
    yield "create_offer", {"plan": "ghost"}, "unknown_plan"
    yield "create_offer", {"currency": "ZZZ"}, "field_invalid"
    yield "create_offer", {"currency": "USD"}, "field_invalid"
    yield "create_offer", {"bands": [{"unit": 1}, {"unit": 1}]}, "field_invalid"
    yield "create_offer", {"bands": [{"unit": 1, "up_to": 5}, {"unit": 1, "up_to": 5}]}, "field_invalid"
    yield "create_offer", {"plan": "monthly", "settlement": "external"}, "automatic_needs_prepaid"
    yield "publish_policy", {"rules": {"ghost": 1}}, "field_invalid"
    yield "publish_policy", {"rules": {"grace_days": "14"}}, "field_invalid"
    yield "publish_policy", {"rules": {"grace_days": True}}, "field_invalid"
    yield "publish_policy", {"rules": {"grace_days": 91}}, "policy_out_of_bounds"
    yield "publish_policy", {"rules": {"grace_days": -1}}, "field_invalid"
    yield "publish_policy", {"rules": {"reminders": list(range(50))}}, "field_invalid"
    yield "publish_policy", {"rules": {"reminders": [366]}}, "policy_out_of_bounds"
    yield "publish_policy", {"rules": {"sync_interval": 3 * 86_400, "lease_days": 14}}, "policy_out_of_bounds"
    yield "publish_policy", {"plans": {"monthly": {"grace_days": 31}}}, "policy_out_of_bounds"
    yield "publish_policy", {"plans": {"ghost": {"grace_days": 3}}}, "unknown_plan"
    yield "create_token", {"role": "site", "customer": None}, "field_invalid"
    yield "create_token", {"role": "vendor", "customer": None}, "field_invalid"
    yield "create_token", {"role": "provider"}, "field_invalid"
    yield "create_token", {"customer": None}, "field_invalid"
    yield "create_token", {"customer": unknown("cus_")}, "not_found"
    yield "create_token", {"scopes": ["money:write"]}, "field_invalid"
    yield "create_token", {"scopes": ["\u202e"]}, "field_invalid"
    yield "top_up", {"amount": 2, "reference": "for Anvil"}, "duplicate_reference"
    yield "set_clock", {}, "sandbox_only"
    yield "publish_root", {"document": "a.b.c\na.b.c"}, "message_malformed"
    yield "publish_root", {"document": "ü"}, "message_malformed"


@pytest.mark.parametrize("cell", [pytest.param(each, id=f"{number}-{each[0]}") for number, each in enumerate(sense())])
async def test_what_is_well_formed_and_makes_no_sense(world: World, cell: Cell) -> None:
    name, change, code = cell
    one = named(world, name)
    example = body_of(one, world.north.things)
    assert example is not None
    before = await world.env.snapshot()
    assert refused(await raw(world, one, encode(example | change))) == code
    assert await world.env.snapshot() == before


async def test_a_leap_day_is_a_day_like_any_other(world: World) -> None:
    order = {"customer": world.north.things["customer"], "offer": world.north.things["offer"], "devices": 1}
    shown = await world.north.staff.post("/v1/subscriptions", order | {"until": "2028-02-29"}, dry_run="true")
    assert shown["subscription"]["paid_until"] == "2028-03-01T00:00:00Z"
    shown = await world.north.staff.post(
        "/v1/subscriptions", order | {"until": "2028-02-29T12:00:00+02:00"}, dry_run="true"
    )
    assert shown["subscription"]["paid_until"] == "2028-02-29T10:00:00Z"


# -- headers, paths, queries --


async def test_p4_a_repeated_key_has_one_effect_and_belongs_to_one_request(world: World) -> None:
    staff, path = world.north.staff, "/v1/customers"
    first = await staff.send("POST", path, {"name": "Once"}, key="the key")
    assert refused(first) == "field_invalid", "a blank is no visible character"
    first = await staff.send("POST", path, {"name": "Once"}, key="the-key")
    stored = await world.env.snapshot()
    again = await staff.send("POST", path, {"name": "Once"}, key="the-key")
    assert (again.status_code, again.content) == (first.status_code, first.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["etag"] == first.headers["etag"]
    assert "idempotency-replayed" not in first.headers
    for body, query in (
        ({"name": "Twice"}, {}),
        ({"name": "Once"}, {"dry_run": "true"}),
        ({"name": "Once", "email": ""}, {}),
    ):
        assert refused(await staff.send("POST", path, body, key="the-key", **query)) == "idempotency_key_reused"
    assert await world.env.snapshot() == stored
    other = await world.south.staff.send("POST", path, {"name": "Once"}, key="the-key")
    assert other.status_code == 201, "a key belongs to its token"
    assert other.json()["id"] != first.json()["id"]


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 256, "a\tb"])
async def test_every_post_wants_one_sound_key(world: World, key: str) -> None:
    before = await world.env.snapshot()
    for one in world.operations:
        if one.input_from(InputPlace.TICKET):
            body = encode(body_of(one, world.north.things) or {})
            answer = await raw(world, one, body, Idempotency_Key=key)
            assert refused(answer) == ("field_invalid" if key else "idempotency_key_missing"), one.name
    assert await world.env.snapshot() == before


QUERIES = (
    {"dryrun": "true"}, {"dry_run": "yes"}, {"provider": "North"}, {"limit": "0"}, {"limit": "201"}, {"limit": "ten"},
    {"cursor": "!"}, {"cursor": "AAAA"}, {"cursor": "ImEiIA"}, {"x\0": "1"},
)  # fmt: skip


async def test_no_operation_knows_other_parameters(world: World) -> None:
    before = await world.env.snapshot()
    for one in world.operations:
        caller = world.caller(one)
        for query in QUERIES:
            answer = await ask(one, caller, world.north.things, **query)
            assert refused(answer) == "field_invalid", (one.name, query)
    assert await world.env.snapshot() == before


async def test_a_parameter_given_twice_is_refused(world: World) -> None:
    for one in world.operations:
        for query in one.query_inputs:
            path = path_of(one, world.north.things)
            sent = {
                "Authorization": f"Bearer {world.caller(one).token}",
                "Idempotency-Key": "k",
                "Content-Type": JSON,
            }
            value = {"dry_run": "true", "limit": "5"}.get(query.name, unknown("prv_"))
            content = encode(body_of(one, world.north.things)) if one.input_from(InputPlace.BODY) else b""
            address = f"{path}?{query.name}={value}&{query.name}={value}"
            answer = await world.env.http.request(one.method, address, content=content, headers=sent)
            assert refused(answer) == "field_invalid", (one.name, query.name)


@pytest.mark.parametrize(
    "wrong",
    ["x", "sub_", "SUB_" + "0" * 26, "sub_" + "0" * 25, "sub_" + "0" * 27, "sub_" + "Ü" * 26, "%00", "..", "-1", "0",
     "9" * 400, "sub_" + "0" * 26 + "%0a", "%F0%9F%92%A5", "'", "x" * 5_000],
)  # fmt: skip
async def test_ids_that_cannot_exist_are_answered_like_those_that_do_not(world: World, wrong: str) -> None:
    before = await world.env.snapshot()
    for one in world.operations:
        for name in path_names(one.path):
            path = path_of(one, world.north.things | {name: wrong}).replace("/standard", f"/{wrong}")
            path = path.replace("/editor", f"/{wrong}")
            path = f"{path.removesuffix('1')}{wrong}" if name == "number" else path
            headers = {"Authorization": f"Bearer {world.caller(one).token}", "Idempotency-Key": "k"}
            content = b""
            if one.input_from(InputPlace.BODY):
                content, headers["Content-Type"] = encode(body_of(one, world.north.things)), JSON
            answer = await world.env.http.request(one.method, path, content=content, headers=headers)
            assert refused(answer) in {"not_found", "method_not_allowed"}, (one.name, path)
    assert await world.env.snapshot() == before


async def test_an_old_version_is_refused_wherever_one_can_be_named(world: World) -> None:
    before, looked_at = await world.env.snapshot(), 0
    for one in world.operations:
        if not one.input_from(InputPlace.IF_MATCH):
            continue
        body = encode(body_of(one, world.north.things)) if one.input_from(InputPlace.BODY) else b""
        plain = {} if body else {"Content_Type": ""}
        for tag in ('"999"', 'W/"1"', '"1 "', '"x"'):
            assert refused(await raw(world, one, body, If_Match=tag, **plain)) in {"version_stale", "field_invalid"}, (
                one.name
            )
        for tag in ("1", '"1', "", '"ü"', "*, 1"):
            if tag:
                assert refused(await raw(world, one, body, If_Match=tag, **plain)) == "field_invalid", one.name
        looked_at += 1
    assert looked_at > 20
    assert await world.env.snapshot() == before


# -- texts --


REFUSING = {"field_invalid", "not_awaiting_payment", "link_unknown"}
"""What refuses a text, or the rest of the example that it stands in."""


def naughty() -> list[str]:
    encoded = json.loads((VECTORS / "naughty_strings.base64.json").read_text())
    return [base64.b64decode(one).decode(errors="replace") for one in encoded]


def free_texts(one: Operation) -> list[str]:
    """The fields that hold words of people's own choosing."""
    return [field.encode_name for field in fields(one) if _free(field.type)]


def _free(shape: shapes.Type) -> bool:
    if isinstance(shape, shapes.Metadata):
        shape = shape.type
    return isinstance(shape, shapes.StrType) and "\\x7f-\\x9f" in (shape.pattern or "")


@pytest.mark.skipif(
    not VECTORS.exists(), reason=f"{VECTORS} is not there: this ring of public test vectors is left out"
)
async def test_naughty_strings_in_every_text(world: World) -> None:
    """Kept as they are or refused by name; each string in one operation, each operation with sixty of all kinds."""
    texts, kept, before = naughty(), 0, await world.env.snapshot()
    assert len(texts) > 400
    places = [(one, free_texts(one)) for one in world.operations]
    # Fourteen actions take nothing but a reason in the same way; one of them stands for all.
    places = [(one, names) for one, names in places if names and (names != ["why"] or one.name == "cancel")]
    assert len(places) >= 8
    for number, text in enumerate(texts):
        one, names = places[number % len(places)]
        body = (body_of(one, world.north.things) or {}) | dict.fromkeys(names, text)
        answer = await world.caller(one).send(one.method, path_of(one, world.north.things), body, **dry(one))
        kept += answer.status_code < 400
        assert answer.status_code < 400 or refused(answer) in REFUSING, text
    assert kept > 300
    assert await world.env.snapshot() == before


@pytest.mark.parametrize(("features", "base"), [(11, 0), (0, 6), (4, 4)])
async def test_the_longest_texts_that_are_accepted_fit_into_a_lease(tmp_path: Path, features: int, base: int) -> None:
    """What catalog, provider and holds may say at most must not keep a site from being licensed."""
    url, wide = "https://" + "w" * 504, "💥" * 128
    brand = {"name": wide, "logo": url, "color": "#abcdef", "support": "💥" * 200, "renew_url": url}
    names = [f"{number:02}{'f' * 62}" for number in range(features + base)]
    plan = {"id": "wide", "product": "editor", "name": wide, "kind": "limited", "period": "P1Y", "max_sites": 1_000}
    async with office(tmp_path) as env:
        selling = {"name": wide, "currency": "EUR", "brand": brand}
        provider = (await env.vendor.post("/v1/providers", selling))["id"]
        made = await env.vendor.post(
            "/v1/tokens", {"name": "d", "role": "provider", "scopes": ["*"]}, provider=provider
        )
        staff = Caller(env.http, made["token"])
        more = {"features": [*names[:features], "m" * 64, "n" * 64], "base_features": names[features:]}
        assert await env.vendor.refused("/v1/plans", plan | more) == "field_invalid"
        said = {"features": names[:features], "base_features": names[features:]}
        await env.vendor.post("/v1/plans", plan | said)
        offer = (await staff.post("/v1/offers", {"plan": "wide", "currency": "EUR", "bands": [{"unit": 0}]}))["id"]
        customer = (await staff.post("/v1/customers", {"name": wide}))["id"]
        order = await staff.post("/v1/subscriptions", {"customer": customer, "offer": offer, "devices": 5})
        path = f"/v1/subscriptions/{order['subscription']['id']}"
        site = env.site()
        granted = await site.activate(order["activation_code"])
        assert not isinstance(granted, str), granted
        await staff.post(f"{path}/change-devices", {"devices": 4})
        for by, until in ((staff, "2026-02-01"), (env.vendor, "2026-03-01")):
            held = {"reason": "💥" * 200, "until": f"{until}T00:00:00Z"}
            await by.post(f"{path}/hold", held, **({} if by is staff else {"provider": provider}))
        told = await site.sync()
        assert not isinstance(told, str), told
        assert told.result == "lease"
        assert site.lease is not None
        assert len(site.lease.lease.spans) >= 4
        assert site.lease.lease.provider == wide
