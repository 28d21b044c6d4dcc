"""Every operation of the API with an example of what it takes, and a world of several tenants to ask it in.

An operation, a body or a field that has no example here fails the tests that walk them, so that none is added unlooked
at.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
from msgspec import inspect as shapes

from tenure.core.business.command_table import COMMANDS
from tenure.core.business.command_table.row import CommandField, FieldKind
from tenure.core.policy.rules import Role
from tenure.http.inputs import InputPlace, path_names
from tenure.http.operations import WRITES, Operation
from tenure.server.roles import ROLES, SCOPES
from tenure.store import emails
from tests.server.server_env import Caller, ServerEnv
from tests.server.users import User, joined

PLAN: dict[str, Any] = {
    "name": "P",
    "features": ["edit"],
    "base_features": ["read"],
    "min_version": "10.0",
    "min_devices": 1,
    "max_devices": 1_000,
    "max_sites": 5,
}
BRAND = {
    "name": "West",
    "logo": "https://west.example/logo.svg",
    "color": "#aabbcc",
    "support": "help@west.example",
    "renew_url": "https://west.example/renew",
}
WHY: dict[str, Any] = {"why": "asked for", "outcome_hash": ""}
BODIES: dict[str, dict[str, Any]] = {
    "create_product": {"id": "other", "name": "Other"},
    "create_plan": {
        "id": "other", "product": "editor", "kind": "limited", "period": "P1Y", "start": "at_order", "trial": "P30D",
        **PLAN,
    },
    "update_product": {"name": "Other"},
    "update_plan": PLAN,
    "update_provider": {"name": "Westward"},
    "create_provider": {"name": "West", "currency": "EUR", "sandbox": False, "brand": BRAND},
    "change_brand": BRAND,
    "create_customer": {"name": "Cole", "reference": "c 1", "email": "cole@west.example", "credit_limit": 0},
    "change_customer": {"name": "Cole", "reference": "c 1", "email": "cole@west.example", "credit_limit": 0},
    "set_credit_limit": {"credit_limit": 5_000, "why": "framework contract"},
    "create_token": {"name": "t", "role": "customer", "customer": "customer", "scopes": ["money:read"], "days": 30},
    "create_offer": {
        "plan": "standard", "currency": "EUR", "bands": [{"unit": 2, "up_to": 10}, {"unit": 1}],
        "settlement": "prepaid", "name": "O", "code_in_mail": False,
    },
    "publish_policy": {
        "rules": {"grace_days": 7, "late_renewal": "from_now", "stop_clock": True, "reminders": [30, 7]},
        "plans": {"standard": {"grace_days": 3}},
        "customer_actions": ["order", "renew"],
        "provider_actions": ["order", "renew", "top_up"],
        "renewal_order": "cheapest",
        "apply_now": True,
        "outcome_hash": "",
    },
    "publish_policy_bounds": {"bounds": {"grace_days": {"minimum": 1, "maximum": 60, "locked": False}}},
    "foresee_impact": {
        "rules": {"grace_days": 7},
        "plans": {},
        "customer_actions": ["order", "renew"],
        "provider_actions": ["order", "renew", "top_up"],
        "renewal_order": "cheapest",
        "apply_now": True,
        "outcome_hash": "",
    },
    "create_order": {
        "customer": "customer", "offer": "offer", "devices": 1, "until": "2026-12-31", "renewal_intent": "manual",
        "trial": False, "order_request": "order_request", **WHY,
    },
    "request_order": {"customer": "customer", "offer": "offer", "devices": 5, "note": "for the new office"},
    "decline_order_request": {"reason": "not before March"},
    "confirm_payments": {
        "reference": "r",
        "lines": [{"subscription": "subscription", "covers": "renewal", "devices": 0, "outcome_hash": ""}],
        "why": "asked for",
    },
    "exchange_offline": {"request": "request"},
    "top_up": {"amount": 1, "reference": "r", "note": "cash"},
    "run_batch": {"commands": [{"method": "POST", "path": "/v1/customers", "body": {"name": "Dora"}, "key": "k1"}]},
    "request_payment": {"amount": 500, "subscription": "subscription", "note": "for March"},
    "book_payment": {"reference": "bank 77", "amount": 500},
    "pay_in_sandbox": {"payment_request": "payment_request"},
    "receive_payment_notification": {
        "provider": "provider", "request": "P-00000000", "amount": 500, "currency": "EUR", "reference": "gw 1",
        "sent_at": 1_767_225_600, "signature": "0" * 64,
    },
    "change_payment_settings": {"instructions": "To the usual account.", "request_days": 14},
    "set_clock": {"now": "2026-02-01T00:00:00Z", "rate": 1},
    "sign_in": {"email": "nobody@north.example", "password": "wrong and long", "device": "tnd_0_0", "browser": "curl"},
    "show_second_factor": {"ticket": "tnt_nobodys", "code": "123456", "device": "tnd_0_0", "browser": "curl"},
    "choose_membership": {"id": "id"},
    "change_password": {"old": "wrong and long", "new": "even longer and wronger"},
    "propose_second_factor": {"password": "wrong and long"},
    "confirm_second_factor": {"code": "123456"},
    "remove_second_factor": {"password": "wrong and long", "code": "123456"},
    "change_role": {"role": "auditor"},
    "invite": {"email": "dora@north.example", "name": "Dora", "role": "auditor", "customer": "customer"},
    "read_invitation": {"token": "tni_nobodys"},
    "accept_invitation": {
        "token": "tni_nobodys", "name": "Dora", "password": "long and secret", "email": "dora@north.example",
        "browser": "Firefox on Linux",
    },
    "request_password_reset": {"email": "nobody@north.example"},
    "finish_password_reset": {"token": "tnp_nobodys", "password": "long and secret"},
    "create_webhook": {"url": "https://north.example/hook", "events": ["subscription.*"], "note": "ours"},
    "change_webhook": {
        "url": "https://north.example/hook", "events": ["subscription.renewed"], "note": "", "active": True,
    },
    "rotate_webhook_secret": {"overlap_hours": 24},
    "send_test_email": {"to": "ana@north.example"},
    "publish_root": {"document": "a.b.c"},
    "publish_amnesty": {"since": "2025-12-20T00:00:00Z", "until": "2025-12-27T00:00:00Z", "text": "a long outage"},
}  # fmt: skip
_EXAMPLES: dict[FieldKind, Any] = {
    FieldKind.TEXT: "away", FieldKind.DAYS: 1, FieldKind.FLAG: False, FieldKind.LAST_DAY: "2026-02-01T00:00:00Z",
    FieldKind.INSTANT: "2026-02-01T00:00:00Z", FieldKind.CODE: "code", FieldKind.SITES: ["site"],
    FieldKind.CUSTOMER: "customer", FieldKind.OFFER: "offer",
}  # fmt: skip


def _example(field: CommandField) -> Any:
    match field.kind:
        case FieldKind.SITE:
            return field.name
        case FieldKind.DEVICES:
            return 20 if field.least else 0
        case FieldKind.CHOICE:
            return field.values[0] if field.required else None
        case _:
            return _EXAMPLES[field.kind]


_VALUE = {"name": "0" * 64, "owner": "1" * 64, "browser": "2" * 64, "sealed": "AAAA"}
BODIES |= {
    "keep_portal_value": {"kind": "page", **_VALUE},
    "find_portal_value": {"name": "0" * 64},
    "change_portal_value": {"name": "0" * 64, "sealed": "AAAA"},
    "forget_portal_browser": {"name": "2" * 64},
}
BODIES |= {row.name: {**{each.name: _example(each) for each in row.fields}, **WHY} for row in COMMANDS}
OTHERS = {"product": "editor", "plan": "standard", "number": "1"}
"""What is in a path and belongs to nobody in particular."""
OWNED = frozenset(
    {
        "provider",
        "customer",
        "offer",
        "subscription",
        "site",
        "recipient",
        "code",
        "token",
        "user",
        "invitation",
        "id",
    }
    | {"request", "payment_request", "order_request", "webhook", "delivery", "email", "session"}
)
OF_USERS = frozenset(
    {
        "sign_out", "choose_membership", "change_password", "propose_second_factor", "confirm_second_factor",
        "remove_second_factor", "list_sessions", "end_session", "end_other_sessions",
    }
)  # fmt: skip
"""About one's own account: open to every user whatever the role, and to no program."""
TRACES = ("audit", "throttles")
"""Tables in which somebody leaves traces who is refused at the door."""


@dataclass
class Tenancy:
    """One customer's things, who may ask for them by a token, and users of each role in each team by a session."""

    staff: Caller
    customer: Caller
    things: dict[str, str]
    users: dict[tuple[Role, str], User]


@dataclass
class World:
    """Two providers, the one in the north with two customers."""

    env: ServerEnv
    north: Tenancy
    south: Tenancy
    neighbor: Tenancy

    @property
    def operations(self) -> tuple[Operation, ...]:
        return self.env.api.operations

    def caller(self, one: Operation) -> Caller:
        """Who in the north may ask for it: the desk, or the vendor for what is his, or a stranger for what is open."""
        if one.rule.public:
            return Caller(self.env.http, "")
        return self.north.staff if Role.PROVIDER in open_to(one) else self.env.vendor


def open_to(one: Operation) -> frozenset[Role]:
    """The kinds of callers that can have a token for it."""
    return frozenset(
        kind
        for kind, scopes in SCOPES.items()
        if kind in one.rule.kinds and (not one.rule.scope or one.rule.scope in scopes)
    )


async def furnished(env: ServerEnv) -> World:
    """The office with a second provider and customers who own something."""
    south = (await env.vendor.post("/v1/providers", {"name": "South", "currency": "EUR"}))["id"]
    body = {"name": "desk", "role": "provider", "scopes": SCOPES[Role.PROVIDER]}
    made = await env.vendor.post("/v1/tokens", body, provider=south)
    staff = Caller(env.http, made["token"])
    sold = {"plan": "standard", "currency": "EUR", "bands": [{"unit": 1_200}]}
    offer = (await staff.post("/v1/offers", sold))["id"]
    here = env.offers["standard"]
    return World(
        env,
        await _tenancy(env, env.staff, env.provider, here, "Anvil"),
        await _tenancy(env, staff, south, offer, "Bellows"),
        await _tenancy(env, env.staff, env.provider, here, "Chisel"),
    )


async def _tenancy(env: ServerEnv, staff: Caller, provider: str, offer: str, name: str) -> Tenancy:
    customer = (await staff.post("/v1/customers", {"name": name}))["id"]
    await staff.post(f"/v1/customers/{customer}/top-ups", {"amount": 100_000, "reference": f"for {name}"})
    order = await staff.post("/v1/subscriptions", {"customer": customer, "offer": offer, "devices": 10})
    sites = [env.site(), env.site()]
    for site in sites:
        await site.activate(order["activation_code"])
    body = {"name": name, "role": "customer", "customer": customer, "scopes": SCOPES[Role.CUSTOMER]}
    token = await staff.post("/v1/tokens", body)
    users = await _users(env, staff, customer)
    asked = {"email": "eve@example.com", "name": "Eve", "role": "auditor"}
    invitation = await staff.post("/v1/invitations", asked | {"customer": customer})
    await staff.post("/v1/invitations", asked | {"email": f"eve@{name.lower()}.example"})
    member = users[Role.CUSTOMER, "auditor"]
    hook = await staff.post("/v1/webhooks", {"url": f"https://{name.lower()}.example/hook"})
    email = await env.context.db.write(
        emails.add_email, env.context.safe, provider, f"{name}@x.example", "ended", {}, 1
    )
    assert isinstance(email, emails.StoredEmail)
    payment = await staff.post(f"/v1/customers/{customer}/payment-requests", {"amount": 1_000})
    wished = await staff.post("/v1/order-requests", {"customer": customer, "offer": offer, "devices": 5})
    things = {
        "webhook": hook["id"],
        "delivery": (await staff.send("POST", f"/v1/webhooks/{hook['id']}/test")).json()["id"],
        "email": email.id,
        "provider": provider,
        "customer": customer,
        "offer": offer,
        "subscription": order["subscription"]["id"],
        "code": order["subscription"]["codes"][0]["id"],
        "site": sites[0].id,
        "recipient": sites[1].id,
        "token": token["id"],
        "user": member.id,
        "id": member.membership,
        "invitation": invitation["id"],
        "request": sites[0].asking().decode(),
        "payment_request": payment["id"],
        "order_request": wished["id"],
        "session": (await member.get("/v1/me/sessions"))["items"][0]["id"],
    }
    return Tenancy(staff, Caller(env.http, token["token"]), things, users)


async def _users(env: ServerEnv, staff: Caller, customer: str) -> dict[tuple[Role, str], User]:
    """Somebody of each role in the provider's team, the customer's, and the vendor's."""
    found = {}
    for kind, roles in ROLES.items():
        by, more = (env.vendor if kind == Role.VENDOR else staff), {}
        if kind == Role.CUSTOMER:
            more = {"customer": customer}
        for role in roles:
            found[Role(kind), str(role)] = await joined(env, by, role, **more)
    return found


def unknown(like: str) -> str:
    """An id of the same kind that nobody has."""
    return f"{like.partition('_')[0]}_{'7' * 26}"


def fields(one: Operation) -> tuple[shapes.Field, ...]:
    """The fields of the operation's body; none when it takes no body."""
    body = one.input_from(InputPlace.BODY)
    if body is None:
        return ()
    info = shapes.type_info(body.type)
    assert isinstance(info, shapes.StructType)
    return info.fields


def places(one: Operation) -> Iterator[tuple[str, str]]:
    """(where, name) of every id that a request for this operation carries."""
    yield from (("path", name) for name in path_names(one.path) if name not in OTHERS)
    yield from (("query", query.name) for query in one.query_inputs if _is_id(shapes.type_info(query.type)))
    yield from (("body", field.encode_name) for field in fields(one) if _is_id(field.type))


def _is_id(shape: shapes.Type) -> bool:
    if isinstance(shape, shapes.UnionType):
        return any(map(_is_id, shape.types))
    if isinstance(shape, shapes.Metadata):
        return _is_id(shape.type)
    return isinstance(shape, shapes.StrType) and (shape.pattern or "").startswith("^[a-z]{2,4}_")


def path_of(one: Operation, things: dict[str, str]) -> str:
    """The operation's path, about `things`."""
    path = one.path
    for name in path_names(one.path):
        path = path.replace(f"{{{name}}}", OTHERS.get(name) or things[name])
    return path


def body_of(one: Operation, things: dict[str, str]) -> dict[str, Any] | None:
    """The operation's example body, about `things`; None when it takes none."""
    if not one.input_from(InputPlace.BODY):
        return None
    return _about(BODIES[one.name], things)


def _about(body: dict[str, Any], things: dict[str, str]) -> dict[str, Any]:
    told = {name: things.get(str(value), value) if name in OWNED else value for name, value in body.items()}
    if "lines" in told:
        told["lines"] = [_about(line, things) for line in told["lines"]]
    if "going" in told:
        told["going"] = [things.get(name, name) for name in told["going"]]
    return told


async def ask(one: Operation, caller: Caller, things: dict[str, str], *ids: str, **query: str) -> httpx2.Response:
    """The operation's example about `things`; `ids` are sent as parameters where they may be left out."""
    asked = {name: things[name] for name in ids}
    return await caller.send(one.method, path_of(one, things), body_of(one, things), **asked, **query)


def dry(one: Operation) -> dict[str, str]:
    """What makes a write a rehearsal."""
    return {"dry_run": "true"} if one.method in WRITES else {}
