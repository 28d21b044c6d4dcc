"""Two providers that have everything once, so that a test finds something wherever it looks.

Ids end in the provider's letter; every body names its owner. `NOW` is when it all happened.
"""

import msgspec

from tenure.core.business import ledger as money
from tenure.core.refusals import Refused
from tenure.store import (
    accounts,
    audit_log,
    catalog,
    codes,
    deliveries,
    facts,
    invitations,
    leases,
    ledger,
    order_requests,
    outbox,
    payments,
    projections,
    sites,
    subscriptions,
    tenants,
    tokens,
    users,
    webhooks,
)
from tenure.store.catalog import CatalogItem, WriteStamp
from tenure.store.chain import StoredFact
from tenure.store.engine import Connection
from tenure.store.provider_chain import VENDOR

NOW = 1_800_000_000
STAMP = WriteStamp("tester", NOW)


def fact(kind: str = "Ordered", body: bytes = b"{}", at: int = NOW) -> StoredFact:
    """A fact whose body means nothing here."""
    return StoredFact(kind, at, at, "tester", body)


def sell(conn: Connection) -> None:
    """What the vendor sells."""
    must(catalog.PRODUCTS.add(conn, CatalogItem("prd", VENDOR, "", b"product", 1, NOW), STAMP))
    must(catalog.PLANS.add(conn, CatalogItem("pln", VENDOR, "prd", b"plan", 1, NOW), STAMP))


def provide(conn: Connection, letter: str, *, sandbox: bool = False) -> None:
    """A provider with one of everything."""
    provider, owner = f"prv_{letter}", letter.encode()
    clock = tenants.ProviderClock(NOW, NOW, 1) if sandbox else None
    must(tenants.add_provider(conn, tenants.ProviderRow(provider, letter, sandbox, "EUR", owner, 1, NOW, clock=clock)))
    must(catalog.OFFERS.add(conn, CatalogItem(f"off_{letter}", provider, "pln", owner, 1, NOW), STAMP))
    must(catalog.POLICIES.publish(conn, provider, 0, owner, STAMP))
    must(tenants.add_customer(conn, tenants.CustomerRow(f"cus_{letter}", provider, letter, "ref", owner, 1, NOW)))
    accounts.open_account(conn, provider, f"cus_{letter}", "EUR", NOW)
    top_up = money.top_up(10_000, at=NOW, recorded_at=NOW, reference="first")
    must(ledger.book_postings(conn, provider, f"cus_{letter}", "tester", [top_up]))
    token = tokens.ApiToken(owner, f"tok_{letter}", provider, None, "provider", ("order",), letter, NOW)
    tokens.add_token(conn, token)
    staff(conn, letter)
    subscribe(conn, letter)
    payments.save(conn, payment_request(letter))
    order_requests.save(conn, order_request(letter))
    payments.save_gateway(conn, payments.PaymentGateway(provider=provider, instructions=letter))
    outbox.add_note(conn, provider, "ordered", f"sub_{letter}", NOW, NOW, owner)
    must(webhooks.add(conn, webhooks.WebhookRow(f"whk_{letter}", provider, "https://x.test", (), "", b"", 0, NOW), 9))
    deliveries.add_delivery(conn, (provider, f"whk_{letter}"), 1, "ordered", owner, NOW)


def staff(conn: Connection, letter: str) -> None:
    """Somebody in the provider's team, somebody asked into it, and a line in its audit."""
    place = users.TeamPlace(f"prv_{letter}")
    must(users.add_user(conn, user(letter)))
    must(users.join_team(conn, membership(letter)))
    asked = invitations.Invitation(
        f"inv_{letter}", letter.encode(), "new@x.test", "New", place.provider, None, "auditor", letter, NOW, NOW + 100
    )
    invitations.invite(conn, asked)
    audit_log.record_event(conn, place, audit_log.AuditEvent("invited", f"usr_{letter}", letter), NOW)


def user(letter: str) -> users.UserRow:
    """Somebody of the provider's."""
    return users.UserRow(f"usr_{letter}", f"{letter}@x.test", letter, f"hash of {letter}", NOW)


def membership(letter: str, **changed: object) -> users.Membership:
    """That user's part in the provider's team."""
    known = users.Membership(f"mem_{letter}", f"usr_{letter}", "provider", f"prv_{letter}", None, "operator", NOW)
    return msgspec.structs.replace(known, **changed)


def subscribe(conn: Connection, letter: str) -> None:
    """The provider's subscription with two facts, a code, a site, a lease."""
    provider, customer, subscription, owner = f"prv_{letter}", f"cus_{letter}", f"sub_{letter}", letter.encode()
    subscriptions.add_subscription(
        conn, subscriptions.SubscriptionRow(subscription, provider, customer, "prd", False, NOW)
    )
    facts.append_facts(conn, provider, subscription, 0, [fact("Ordered", owner), fact("Activated", owner)])
    codes.add(conn, codes.StoredCode(owner, f"cod_{letter}", provider, subscription, "ABCDE", "live", NOW))
    projections.save_standing(conn, standing(letter))
    sites.add(conn, site(letter))
    leases.add_lease(conn, lease(letter))


def standing(letter: str, **changed: object) -> projections.StandingRow:
    """The projection of the provider's subscription: active for 30 days from now, then grace for 10."""
    day = 86_400
    known = projections.StandingRow(
        f"sub_{letter}", f"prv_{letter}", f"cus_{letter}", "prd", "pln", "limited", 10, "ABCDE",
        active_from=NOW, paid_until=NOW + 30 * day, ended_at=NOW + 40 * day, due_at=NOW + 30 * day,
    )  # fmt: skip
    return msgspec.structs.replace(known, **changed)


def payment_request(letter: str) -> payments.PaymentRequest:
    """The provider's customer is to pay."""
    return payments.PaymentRequest(
        id=f"pay_{letter}",
        provider=f"prv_{letter}",
        customer=f"cus_{letter}",
        subscription=f"sub_{letter}",
        reference=f"P-{letter}",
        amount=100,
        note="",
        by_actor="tester",
        created=NOW,
        expires=NOW + 86_400,
    )


def order_request(letter: str) -> order_requests.OrderRequest:
    """The provider's customer would like to have something ordered."""
    return order_requests.OrderRequest(
        id=f"orq_{letter}",
        provider=f"prv_{letter}",
        customer=f"cus_{letter}",
        offer=f"off_{letter}",
        devices=5,
        note="",
        by_actor="tester",
        created=NOW,
    )


def site(letter: str, **changed: object) -> sites.SiteRow:
    """The provider's site."""
    known = sites.SiteRow(
        f"sit_{letter}", f"prv_{letter}", f"cus_{letter}", "prd", f"sub_{letter}", f"key-{letter}", b"jwk", "active",
        NOW, letter, "1.0", letter.encode(),
    )  # fmt: skip
    return msgspec.structs.replace(known, **changed)


def lease(letter: str, **changed: object) -> leases.SignedLease:
    """The first lease of the provider's site."""
    known = leases.SignedLease(
        f"sit_{letter}", 1, 1, leases.PRESENT, f"prv_{letter}", f"sub_{letter}", 2, NOW, NOW + 100, NOW + 200,
        letter.encode(), letter.encode(),
    )  # fmt: skip
    return msgspec.structs.replace(known, **changed)


def two_providers(conn: Connection) -> None:
    """`prv_a` and `prv_b`."""
    sell(conn)
    provide(conn, "a")
    provide(conn, "b")


def must(outcome: object) -> None:
    """It was not refused."""
    assert not isinstance(outcome, Refused), outcome
