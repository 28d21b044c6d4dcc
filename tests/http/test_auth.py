"""Who may call what: tokens, kinds and scopes, for every route of the sample."""

import httpx2
import pytest

from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode
from tenure.http.api import BuiltApi
from tenure.http.auth import ANONYMOUS, PUBLIC, AccessRule, Principal, bearer_token, judge_access
from tests.http.calls import NEW, caller, code_of, key
from tests.http.sample import PRINCIPALS, build

WRITE = AccessRule("a:write", frozenset({Role.PROVIDER}))
ANYBODY_KNOWN = AccessRule()


@pytest.mark.parametrize(
    ("rule", "principal", "code"),
    [
        (PUBLIC, ANONYMOUS, None),
        (ANYBODY_KNOWN, ANONYMOUS, RefusalCode.NOT_AUTHENTICATED),
        (ANYBODY_KNOWN, Principal(kind=Role.SITE), None),
        (WRITE, ANONYMOUS, RefusalCode.NOT_AUTHENTICATED),
        (WRITE, Principal(kind=Role.PROVIDER, scopes=frozenset({"a:write"})), None),
        (WRITE, Principal(kind=Role.PROVIDER, scopes=frozenset({"a:read"})), RefusalCode.ACTION_NOT_PERMITTED),
        (WRITE, Principal(kind=Role.PROVIDER), RefusalCode.ACTION_NOT_PERMITTED),
        (WRITE, Principal(kind=Role.CUSTOMER, scopes=frozenset({"a:write"})), RefusalCode.ACTION_NOT_PERMITTED),
    ],
)
def test_a_rule_is_judged(rule: AccessRule, principal: Principal, code: RefusalCode | None) -> None:
    told = judge_access(rule, principal)
    assert (None if told is None else told.code) is code


@pytest.mark.parametrize(
    ("sent", "token"),
    [
        (["Bearer abc"], "abc"),
        (["bearer abc.d_e-f~g+h/i=="], "abc.d_e-f~g+h/i=="),
        (["BEARER   abc"], "abc"),
        ([], None),
        ([""], None),
        (["Bearer"], None),
        (["Bearer "], None),
        (["Bearer a b"], None),
        (["Bearerabc"], None),
        (["Basic YTpi"], None),
        (["Bearer é"], None),
        (["Bearer " + "x" * 513], None),
        (["Bearer abc", "Bearer abc"], None),
        (["Bearer abc, Bearer def"], None),
    ],
)
def test_exactly_one_well_formed_token_is_read(sent: list[str], token: str | None) -> None:
    assert bearer_token(sent) == token


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer unknown-token", "Basic d3JpdGVyLXRva2Vu", "Bearer a b"])
async def test_a_stranger_is_asked_who_it_is(api: BuiltApi, header: str) -> None:
    async with caller(api, "") as client:
        answer = await client.get("/v1/things", headers={"Authorization": header} if header else {})
    assert code_of(answer) == "not_authenticated"
    assert answer.headers["www-authenticate"] == 'Bearer realm="tenure"'


async def test_every_documented_route_keeps_strangers_and_the_unscoped_out(api: BuiltApi) -> None:
    """A new operation is in this matrix by being documented; only what says `public` is open."""
    public = set()
    for path, methods in api.document["paths"].items():
        for method, described in methods.items():
            if not described["security"]:
                public.add(path)
                continue
            for token, code in (("", "not_authenticated"), ("bare-token", "action_not_permitted")):
                async with caller(api, token) as client:
                    answer = await client.request(method, path.replace("{thing}", "thing_000001"))
                assert code_of(answer) == code, (method, path, token)
    assert public == {"/v1/echo", "/livez", "/readyz"}


async def test_the_kind_counts_as_well_as_the_scope(api: BuiltApi) -> None:
    assert "things:write" in PRINCIPALS["reader-token"].scopes
    async with caller(api, "reader-token") as client:
        assert (await client.get("/v1/things")).status_code == 200
        assert code_of(await client.post("/v1/things", json=NEW, headers=key("k"))) == "action_not_permitted"


async def test_public_routes_ask_nothing(api: BuiltApi) -> None:
    async with caller(api, "") as client:
        assert (await client.get("/livez")).json() == {"status": "ok", "checks": []}


async def test_options_tells_the_methods_without_offering_itself(api: BuiltApi) -> None:
    async with caller(api, "") as client:
        for path, methods in (("/v1/things", "GET, HEAD, POST"), ("/v1/things/thing_000001", "DELETE, GET, HEAD")):
            answer = await client.options(path)
            assert (code_of(answer), answer.headers["allow"]) == ("method_not_allowed", methods)


async def test_a_caller_without_an_id_is_our_fault_not_let_in() -> None:
    async def careless(token: str) -> Principal | None:
        return Principal(kind=Role.VENDOR, scopes=frozenset({"things:read"}))

    async with caller(build(authenticate=careless)) as client:
        assert code_of(await client.get("/v1/things")) == "internal"


async def test_the_caller_is_handed_to_the_operation(client: httpx2.AsyncClient) -> None:
    made = await client.post("/v1/things", json=NEW, headers=key("k"))
    assert made.json()["owner"] == "tok_writer"
