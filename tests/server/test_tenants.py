"""Every route of the built API, asked by everybody who should not be: a foreign thing looks exactly like no thing.

Routes, places of ids and rules are read from the API itself. A route that has no line in `ACCESS`, a body without an
example or an id without an owner fails here, so that none is ever added unlooked at.
"""

import re

import httpx2
import msgspec
import pytest

from tenure.core.business.command_table import ROWS
from tenure.core.policy.rules import Role
from tenure.http.inputs import InputPlace
from tenure.http.operations import Operation
from tenure.server.roles import scopes_of
from tests.server.route_matrix import (
    BODIES,
    OF_USERS,
    OWNED,
    TRACES,
    Tenancy,
    World,
    ask,
    dry,
    fields,
    open_to,
    places,
    unknown,
)
from tests.server.server_env import Caller

pytestmark = pytest.mark.anyio

PROVEN = "receive_payment_notification"
"""Open to everybody, but what is sent must prove itself by a signature."""
PUBLIC = f"list_notices read_root read_sandbox_root read_jwks read_sandbox_jwks read_liveness read_readiness {PROVEN}"
DOORS: dict[str, tuple[int, str]] = {
    "sign_in": (401, "sign_in_refused"),
    "show_second_factor": (401, "sign_in_refused"),
    "read_invitation": (404, "link_unknown"),
    "accept_invitation": (404, "link_unknown"),
    "request_password_reset": (204, ""),
    "finish_password_reset": (404, "link_unknown"),
    "keep_portal_value": (401, "not_authenticated"),
    "find_portal_value": (401, "not_authenticated"),
    "change_portal_value": (401, "not_authenticated"),
    "forget_portal_browser": (401, "not_authenticated"),
}
"""What strangers may try, and what they are told who have nothing to show."""
OWN = {"read_me", "list_event_kinds", *OF_USERS}
"""About whoever asks, or the same for everybody: no scope is needed."""
VENDORS = "create_product create_plan update_plan create_provider publish_root publish_amnesty read_metrics"
VENDORS += " publish_policy_bounds read_email_status send_test_email update_product update_provider read_keys"
STAFFS = (
    "list_providers read_provider list_customers create_customer read_customer change_customer list_tokens create_token"
    " withdraw_token create_offer withdraw_offer publish_policy read_policy top_up list_events read_clock set_clock"
    " set_credit_limit read_policy_bounds confirm_payment confirm_payments"
    " export_customers read_board read_effective foresee_impact"
    " read_brand change_brand"
    " list_webhooks read_webhook create_webhook change_webhook delete_webhook rotate_webhook_secret list_deliveries"
    " replay_delivery test_webhook list_emails resend_email"
    " decline_order_request book_payment change_payment_settings rotate_gateway_secret"
)
EVERYBODYS = (
    "list_products read_product list_plans read_plan list_offers list_subscriptions create_order read_subscription"
    " read_timeline explain_subscription read_history"
    " read_seat_conflict"
    " read_account read_statement read_runway list_sites read_site"
    " export_subscriptions export_statement request_payment list_payment_requests read_payment_request"
    " request_order list_order_requests read_order_request withdraw_order_request"
    " withdraw_payment_request pay_in_sandbox read_payment_settings run_batch"
    " exchange_offline"
    " read_waiting_code show_code"
    " list_users change_role remove_user invite list_invitations withdraw_invitation read_audit"
)
GIVEN = ROWS.keys() - {"confirm_payment"}
"""Commands on a subscription: open to a customer's token, whose action the decision itself may then refuse."""
KINDS: dict[str, frozenset[Role]] = {
    **dict.fromkeys(VENDORS.split(), frozenset({Role.VENDOR})),
    **dict.fromkeys(STAFFS.split(), frozenset({Role.VENDOR, Role.PROVIDER})),
    **dict.fromkeys((*EVERYBODYS.split(), *GIVEN, *OWN), frozenset({Role.VENDOR, Role.PROVIDER, Role.CUSTOMER})),
}
ACCESS = {*PUBLIC.split(), *DOORS, *KINDS}


def plain(answer: httpx2.Response) -> tuple[int, str]:
    """Status and body without what is different each time."""
    text = answer.text
    if not answer.headers["content-type"].startswith("text/csv"):
        problem = answer.json()
        problem.pop("request_id", None)
        text = msgspec.json.encode(problem).decode()
    return answer.status_code, re.sub(r"[a-z]{2,4}_[0-9a-z]{26}", "<id>", text)


async def test_every_route_has_its_line_here(world: World) -> None:
    names = {one.name for one in world.operations}
    assert names == ACCESS, f"say who may ask: {sorted(names ^ ACCESS)}"
    assert {one.name for one in world.operations if one.input_from(InputPlace.BODY)} == set(BODIES)
    for one in world.operations:
        assert {field.encode_name for field in fields(one)} == set(BODIES.get(one.name, ())), one.name
        found = {name for _, name in places(one)}
        assert found <= OWNED, f"{one.name}: to whom belongs {sorted(found - OWNED)}?"
        assert one.rule.public == (one.name in PUBLIC.split() or one.name in DOORS), one.name
        if not one.rule.public:
            assert bool(one.rule.scope) == (one.name not in OWN), f"{one.name} asks for no scope"
            assert open_to(one) == KINDS[one.name], one.name


async def test_nothing_is_served_beside_the_operations(world: World) -> None:
    """What has a route is what the table lists, the documentation, and the two signed operations."""
    served = {(route.method, route.path) for route in world.env.api.routes}
    described = {("GET", "/"), ("GET", "/openapi.json"), ("GET", "/docs"), ("GET", "/refusals/{code}")}
    assert served == {(one.method, one.path) for one in world.operations} | described
    documented = {
        (path, method.upper()) for path, methods in world.env.api.document["paths"].items() for method in methods
    }
    assert documented == {(one.path, one.method) for one in world.operations} | {
        ("/v1/activate", "POST"),
        ("/v1/activation-preview", "POST"),
        ("/v1/sync", "POST"),
    }


async def test_strangers_learn_nothing(world: World) -> None:
    before = await world.env.snapshot(but=TRACES)
    for one in world.operations:
        for token in ("", "tnr_" + "0" * 52, "tns_" + "0" * 52, "x"):
            answer = await ask(one, Caller(world.env.http, token), world.north.things)
            if one.name in DOORS:
                assert answer.status_code == DOORS[one.name][0], one.name
                assert not answer.content or answer.json()["code"] == DOORS[one.name][1]
            elif one.name in PROVEN.split():
                assert (answer.status_code, answer.json()["code"]) == (401, "signature_invalid"), one.name
            elif one.rule.public:
                assert answer.status_code == 200, one.name
            else:
                assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated"), one.name
                assert answer.headers["www-authenticate"].startswith("Bearer")
    assert await world.env.snapshot(but=TRACES) == before


async def test_a_token_without_the_scope_is_refused(world: World) -> None:
    """A token of the right kind that carries every scope but the one asked for."""
    env = world.env
    guarded = [one for one in world.operations if one.rule.scope]
    every = {one.rule.scope for one in guarded}
    for scope in sorted(every):
        vendor = all(Role.PROVIDER not in open_to(one) for one in guarded if one.rule.scope == scope)
        who, more = (env.vendor, {"role": "vendor"}) if vendor else (env.staff, {"role": "provider"})
        known = {one.rule.scope for one in guarded if Role.PROVIDER in one.rule.kinds or vendor}
        rest = sorted(known - {scope, "server:write" if not vendor else scope})
        lacking = Caller(env.http, (await who.post("/v1/tokens", {"name": "less", "scopes": rest, **more}))["token"])
        before = await env.snapshot()
        for one in (one for one in guarded if one.rule.scope == scope):
            answer = await ask(one, lacking, world.north.things)
            assert (answer.status_code, answer.json()["code"]) == (403, "action_not_permitted"), one.name
            assert scope in answer.json()["detail"]
        assert await env.snapshot() == before


async def test_a_token_of_the_wrong_kind_is_refused(world: World) -> None:
    before = await world.env.snapshot()
    asked = {Role.PROVIDER: world.north.staff, Role.CUSTOMER: world.north.customer}
    for one in world.operations:
        for kind, caller in asked.items():
            if not one.rule.public and kind not in open_to(one):
                answer = await ask(one, caller, world.north.things)
                assert (answer.status_code, answer.json()["code"]) == (403, "action_not_permitted"), one.name
    assert await world.env.snapshot() == before


@pytest.mark.parametrize("who", ["desk", "customer"])
async def test_what_is_ones_own_is_found(world: World, who: str) -> None:
    """The control: with one's own ids the same requests get through to the decision."""
    caller = world.north.staff if who == "desk" else world.north.customer
    kind = Role.PROVIDER if who == "desk" else Role.CUSTOMER
    for one in world.operations:
        if one.rule.public or kind not in open_to(one) or one.name in OF_USERS:
            continue
        given = [name for where, name in places(one) if where == "query"]
        answer = await ask(one, caller, world.north.things, *given, **dry(one))
        permitted = {200, 201, 204, 409} | ({403} if who == "customer" else set())
        assert answer.status_code in permitted, (one.name, answer.text)


@pytest.mark.parametrize("by", ["token", "session"])
@pytest.mark.parametrize("asking", ["another provider", "its customer", "another customer of the same provider"])
async def test_m02_p6_a_foreign_thing_cannot_be_told_from_no_thing(world: World, asking: str, by: str) -> None:
    """Each id of each request in turn is a foreign one and one that does not exist, the others are the caller's own."""
    mine = world.neighbor if asking.startswith("another customer") else world.south
    kind = Role.PROVIDER if asking == "another provider" else Role.CUSTOMER
    caller: Caller = mine.users[kind, "owner"]
    if by == "token":
        caller = mine.staff if kind is Role.PROVIDER else mine.customer
    before, looked_at = await world.env.snapshot(), 0
    for one in world.operations:
        if one.rule.public or kind not in open_to(one):
            continue
        for where, name in places(one):
            foreign, nobodys = world.north.things[name], unknown(world.north.things[name])
            if foreign == mine.things[name]:
                continue  # the same provider's offer, or the provider itself: theirs to see
            given = [name] if where == "query" else []
            seen = await ask(one, caller, mine.things | {name: foreign}, *given)
            control = await ask(one, caller, mine.things | {name: nobodys}, *given)
            assert plain(seen) == plain(control), (one.name, where, name)
            assert seen.status_code in _refusing(one, where), (one.name, where, name, seen.text)
            assert foreign not in seen.text.replace(str(seen.url), "")
            looked_at += 1
    assert looked_at > 25
    assert await world.env.snapshot() == before


def _refusing(one: Operation, where: str) -> set[int]:
    if where == "path":
        return {404}
    # A filter narrows a list to nothing; what is in a body may be refused for the caller's own lack of permission.
    return {404, 403, 409} if where == "body" else {404, 200}


async def test_m02_p6_lists_never_hold_a_foreign_row(world: World) -> None:
    lists = [one for one in world.operations if one.method == "GET" and one.input_from(InputPlace.PAGING)]
    assert len(lists) >= 10
    for one in lists:
        for mine, others in ((world.north, [world.south]), (world.south, [world.north, world.neighbor])):
            await _clean(one, mine.staff, mine, others)
        for mine in (world.north, world.neighbor):
            other = world.neighbor if mine is world.north else world.north
            await _clean(one, mine.customer, mine, [world.south, other])


async def _clean(one: Operation, caller: Caller, mine: Tenancy, others: list[Tenancy]) -> None:
    kind = Role.PROVIDER if caller is mine.staff else Role.CUSTOMER
    if kind not in open_to(one):
        return
    cursor, rows = "", 0
    while True:
        page = {"limit": "1"} | ({"cursor": cursor} if cursor else {})
        answer = await ask(one, caller, mine.things, **page)
        assert answer.status_code == 200, answer.text
        theirs = {thing for other in others for thing in other.things.values()} - set(mine.things.values())
        assert not [thing for thing in theirs if thing in answer.text], one.name
        rows += len(answer.json()["items"])
        cursor = answer.json()["next"] or ""
        if not cursor:
            break
    assert rows, f"{one.name} shows nothing at all to {kind}"


VENDORS_OWN_TOO = {
    "list_tokens", "create_token", "withdraw_token", "list_users", "change_role", "remove_user", "invite",
    "list_invitations", "withdraw_invitation", "read_audit", "list_emails", "resend_email",
}  # fmt: skip
"""What the vendor has of its own: without a provider these are about the vendor's team."""


async def test_the_vendor_must_say_whose_data_is_meant(world: World) -> None:
    for one in world.operations:
        if ("query", "provider") not in places(one) or one.name in VENDORS_OWN_TOO:
            continue
        vague = await ask(one, world.env.vendor, world.north.things, **dry(one))
        assert (vague.status_code, vague.json().get("field")) == (422, "provider"), one.name
        wrong = await ask(
            one, world.env.vendor, world.north.things | {"provider": unknown("prv_")}, "provider", **dry(one)
        )
        assert (wrong.status_code, wrong.json().get("field")) == (404, "provider"), one.name
        # Naming the wrong one of two providers finds nothing either: the predicate is in every query.
        if any(name not in {"provider"} for where, name in places(one) if where == "path"):
            crossed = await ask(
                one,
                world.env.vendor,
                world.north.things | {"provider": world.south.things["provider"]},
                "provider",
                **dry(one),
            )
            assert crossed.status_code == 404, one.name


@pytest.mark.parametrize("kind", [Role.VENDOR, Role.PROVIDER, Role.CUSTOMER])
async def test_m02_each_role_gets_what_it_includes_and_no_more(world: World, kind: Role) -> None:
    """Every route by everybody who can sign in, about one's own, a foreign thing and no thing."""
    ids = {name: value for name, value in world.north.things.items() if re.fullmatch(r"[a-z]{2,4}_[0-9a-z]{26}", value)}
    nothing = world.north.things | {name: unknown(value) for name, value in ids.items()}
    before, let_in, kept_out = await world.env.snapshot(but=TRACES), 0, 0
    for (side, role), user in world.north.users.items():
        for one in world.operations:
            if side is not kind or one.rule.public or one.name == "sign_out":
                continue
            included = kind in one.rule.kinds and (not one.rule.scope or one.rule.scope in scopes_of(kind, role))
            given = [name for where, name in places(one) if where == "query"]
            foreign: dict[int, tuple[int, str]] = {}
            for number, things in enumerate((world.north.things, world.south.things, nothing)):
                answer = await ask(one, user, things, *given, **({} if one.name in UNREHEARSED else dry(one)))
                refused = answer.json().get("detail", "") if answer.status_code == 403 else ""
                kept_out += (told := refused.startswith(("Your role", "This is not open"))) and not included
                let_in += included and answer.status_code < 300
                assert told is not included, (kind, role, one.name, answer.text)
                if things is not world.north.things and given and "provider" in given and kind is not Role.VENDOR:
                    assert answer.status_code >= 400, (role, one.name, answer.text)
                    foreign[number] = plain(answer)
            assert len(set(foreign.values())) <= 1, (role, one.name, foreign)
    assert let_in > 20
    assert kept_out > 20
    assert await world.env.snapshot(but=TRACES) == before


UNREHEARSED = {"change_password", "propose_second_factor", "remove_second_factor"}
"""What has no dry run: asked with what is wrong, it is refused."""


async def test_a_withdrawn_and_an_expired_token_are_unknown(world: World) -> None:
    env = world.env
    made = await env.staff.post("/v1/tokens", {"name": "short", "role": "provider", "scopes": ["*"], "days": 1})
    caller = Caller(env.http, made["token"])
    assert (await caller.send("GET", "/v1/policy")).status_code == 200
    assert made["id"] in [each["id"] for each in (await env.staff.get("/v1/tokens"))["items"]]
    assert (await env.staff.send("DELETE", f"/v1/tokens/{made['id']}")).status_code == 204
    assert (await caller.send("GET", "/v1/policy")).status_code == 401
    assert made["id"] not in [each["id"] for each in (await env.staff.get("/v1/tokens"))["items"]]
    assert any(
        made["id"] in each["detail"] for each in (await env.staff.get("/v1/audit", what="token_withdrawn"))["items"]
    )
    late = Caller(
        env.http,
        (await env.staff.post("/v1/tokens", {"name": "late", "role": "provider", "scopes": ["*"], "days": 1}))["token"],
    )
    env.clock.now += 86_400 - 1
    assert (await late.send("GET", "/v1/policy")).status_code == 200
    env.clock.now += 1
    assert (await late.send("GET", "/v1/policy")).status_code == 401
