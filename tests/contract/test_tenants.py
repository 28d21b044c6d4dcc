"""P6: a provider never sees or touches another's data, whichever function is asked, by list, by id or by write."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from tenure.core.business import ledger as money
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Phase
from tenure.store import (
    accounts,
    audit_log,
    board,
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
    policy_impact,
    projections,
    provider_chain,
    search,
    sites,
    subscriptions,
    tenants,
    tokens,
    users,
    webhooks,
)
from tenure.store.board import BoardQuery
from tenure.store.engine import Connection, Database, WriteConflict
from tenure.store.schema import METADATA, TENANT_TABLES
from tenure.store.users import TeamPlace
from tests.contract.seed import NOW, STAMP, fact, site, two_providers

Ask = Callable[[Connection, str], Any]

BY_DUE, BY_NAME = search.SubscriptionOrder.DUE, search.CustomerOrder.NAME
ASKED = partial(BoardQuery, now=NOW, until=NOW + 90 * DAY, since=NOW, most=10)


def _rows(found: Sequence[search.ListedSubscription]) -> list[projections.StandingRow]:
    return [each.standing for each in found]


def _listed(conn: Connection, who: str, wanted: projections.StandingFilter) -> list[projections.StandingRow]:
    return _rows(search.page(conn, who, wanted, "", NOW, BY_DUE, None, 10))


LISTS: dict[str, Ask] = {
    "offers": catalog.OFFERS.page,
    "offers on sale": lambda conn, who: catalog.OFFERS.page(conn, who, withdrawn=False),
    "policies": catalog.POLICIES.all,
    "catalog log": lambda conn, who: provider_chain.links_after(conn, who, provider_chain.CATALOG),
    "policy log": lambda conn, who: provider_chain.links_after(conn, who, provider_chain.POLICY),
    "tokens": tokens.list_tokens,
    "due accounts": lambda conn, who: accounts.due_accounts(conn, NOW, 10, who),
    "subscriptions of a.customer": lambda conn, who: subscriptions.of_customer(conn, who, f"cus_{who[-1]}"),
    "due subscriptions": lambda conn, who: subscriptions.due_subscriptions(conn, NOW, 10, who),
    "listed": lambda conn, who: _listed(conn, who, projections.StandingFilter()),
    "listed customers": lambda conn, who: [
        (f"prv_{each.name}",) for each in search.customers_page(conn, who, "", BY_NAME, None, 10)
    ],
    "board": lambda conn, who: _rows(board.board_list(conn, "due", ASKED(provider=who)).rows),
    "reach of a policy": lambda conn, who: _rows(policy_impact.first_reached(conn, who, ["pln"], NOW, 10)),
    "payment requests": lambda conn, who: payments.page(conn, who, None, None, NOW, "", 10),
    "order requests": lambda conn, who: order_requests.page(conn, who, None, None, "", 10),
    "sites": sites.page,
    "outbox": outbox.notes_after,
    "team": lambda conn, who: users.team_page(conn, TeamPlace(who)),
    "invitations": lambda conn, who: invitations.open_invitations(conn, TeamPlace(who)),
    "audit": audit_log.entries_before,
    "webhooks": webhooks.page,
}
BY_CONTENT = {"policies", "catalog log", "policy log", "team"}
"""Lists whose rows name their owner only in what they say."""
OF_A: dict[str, Ask] = {
    "offer": lambda conn, who: catalog.OFFERS.get(conn, who, "off_a"),
    "customer": lambda conn, who: tenants.get_customer(conn, who, "cus_a"),
    "account": lambda conn, who: accounts.get_account(conn, who, "cus_a"),
    "account to lock": lambda conn, who: accounts.lock_account(conn, who, "cus_a"),
    "statement": lambda conn, who: ledger.statement_lines(conn, who, "cus_a"),
    "balances": lambda conn, who: ledger.balances_at(conn, who, "cus_a", 99) != money.Balances(),
    "subscription": lambda conn, who: subscriptions.get_subscription(conn, who, "sub_a"),
    "subscriptions of customer": lambda conn, who: subscriptions.of_customer(conn, who, "cus_a"),
    "facts": lambda conn, who: facts.load_history(conn, who, "sub_a"),
    "facts of many": lambda conn, who: facts.load_many(conn, who, ["sub_a"]),
    "history": lambda conn, who: facts.links_after(conn, who, "sub_a"),
    "standing": lambda conn, who: projections.get_standing(conn, who, "sub_a"),
    "listed of customer": lambda conn, who: _listed(conn, who, projections.StandingFilter(customer="cus_a")),
    "listed by phase": lambda conn, who: [
        each for each in _listed(conn, who, projections.StandingFilter(phase=Phase.ACTIVE))
        if each.subscription == "sub_a"
    ],
    "payment request": lambda conn, who: payments.get(conn, who, "pay_a"),
    "payment request by reference": lambda conn, who: payments.by_reference(conn, who, "P-a"),
    "order request": lambda conn, who: order_requests.get(conn, who, "orq_a"),
    "site": lambda conn, who: sites.of_tenant(conn, who, "sit_a"),
    "sites of subscription": lambda conn, who: sites.page(conn, who, "sub_a"),
    "webhook": lambda conn, who: webhooks.get_webhook(conn, who, "whk_a"),
    "deliveries": lambda conn, who: deliveries.page(conn, who, "whk_a"),
    "claimed deliveries": lambda conn, who: deliveries.claim(conn, who, "whk_a", NOW, NOW + 9, 9),
    "words": lambda conn, who: leases.outstanding_leases(conn, who, ["sub_a"]),
    "membership": lambda conn, who: users.get_membership_in(conn, TeamPlace(who), "usr_a"),
    "teammate": lambda conn, who: users.get_teammate(conn, TeamPlace(who), "usr_a"),
}  # fmt: skip
WRITES_TO_A: dict[str, Ask] = {
    "offer": lambda conn, who: catalog.OFFERS.change(conn, who, "off_a", 1, b"theirs", STAMP),
    "offer withdrawn": lambda conn, who: catalog.OFFERS.withdraw(conn, who, "off_a", 1, STAMP),
    "customer": lambda conn, who: tenants.change_customer(
        conn, tenants.CustomerRow("cus_a", who, "theirs", None, b"", 1, NOW), 1
    ),
    "role": lambda conn, who: users.set_role(conn, TeamPlace(who), "usr_a", "auditor"),
    "leaving": lambda conn, who: users.leave_team(conn, TeamPlace(who), "usr_a"),
    "invitation": lambda conn, who: invitations.withdraw(conn, TeamPlace(who), "inv_a"),
    "token": lambda conn, who: tokens.withdraw_token(conn, who, "tok_a", NOW),
    "posting": lambda conn, who: ledger.book_postings(
        conn, who, "cus_a", "thief", [money.charge(1, at=NOW, recorded_at=NOW, subscription="sub_a")]
    ),
}  # fmt: skip
SILENT_WRITES_TO_A: dict[str, Ask] = {
    "webhook gone": lambda conn, who: webhooks.delete(conn, who, "whk_a"),
    "webhook failing": lambda conn, who: webhooks.mark_failing(conn, hook_of(who), NOW),
    "webhook disabled": lambda conn, who: webhooks.disable_webhook(conn, hook_of(who), "", NOW),
    "webhook served": lambda conn, who: webhooks.mark_served(conn, hook_of(who), 9),
    "webhook changed": lambda conn, who: webhooks.change(conn, hook_of(who), 1),
    "settled": lambda conn, who: accounts.mark_settled(conn, who, "cus_a", NOW + 5, NOW + 6),
    "credit limit": lambda conn, who: accounts.set_credit_limit(conn, who, "cus_a", 500),
    "customer touched": lambda conn, who: tenants.touch_customer(conn, who, "cus_a"),
    "hurry": lambda conn, who: accounts.mark_due(conn, who, "cus_a", 1),
    "look again": lambda conn, who: subscriptions.look_again(conn, who, "sub_a", 1),
    "transfer": lambda conn, who: subscriptions.move_to_customer(conn, who, "sub_a", "cus_b"),
}


def hook_of(provider: str) -> webhooks.WebhookRow:
    """The first provider's webhook, claimed to be `provider`'s."""
    return webhooks.WebhookRow("whk_a", provider, "https://x.test", (), "", b"", 0, NOW)


def owner_of(found: Any) -> str:
    """Whose a listed thing is."""
    return str(found[0] if isinstance(found, tuple) else found.provider)


@pytest.fixture
async def stocked(db: Database) -> Database:
    def stock(conn: Connection) -> None:
        two_providers(conn)
        for letter in "ab":
            accounts.mark_settled(conn, f"prv_{letter}", f"cus_{letter}", NOW, NOW)
            subscriptions.look_again(conn, f"prv_{letter}", f"sub_{letter}", NOW)

    await db.write(stock)
    return db


async def _asked(db: Database, questions: dict[str, Ask], who: str) -> dict[str, Any]:
    return {what: await db.dry_run(ask, who) for what, ask in questions.items()}


async def test_a_list_shows_ones_own_alone(stocked: Database) -> None:
    own, others = await _asked(stocked, LISTS, "prv_a"), await _asked(stocked, LISTS, "prv_b")
    nobodys = await _asked(stocked, LISTS, "prv_c")
    assert {what: len(found) for what, found in own.items()} == dict.fromkeys(LISTS, 1), "one of everything"
    assert {what: len(found) for what, found in others.items()} == dict.fromkeys(LISTS, 1)
    assert {what: found for what, found in nobodys.items() if found} == {}
    assert [what for what in LISTS if own[what] == others[what]] == []
    named = {what: owner_of(found[0]) for what, found in own.items() if what not in BY_CONTENT}
    assert named == dict.fromkeys(named, "prv_a")


async def test_anothers_thing_is_not_there(stocked: Database) -> None:
    own, others = await _asked(stocked, OF_A, "prv_a"), await _asked(stocked, OF_A, "prv_b")
    assert [what for what, found in own.items() if not found] == [], "its owner finds it"
    assert {what: found for what, found in others.items() if found} == {}


async def test_anothers_thing_cannot_be_written(stocked: Database) -> None:
    own, others = await _asked(stocked, WRITES_TO_A, "prv_a"), await _asked(stocked, WRITES_TO_A, "prv_b")
    assert [what for what, outcome in own.items() if isinstance(outcome, Refused)] == [], "its owner may"
    codes_of_refusals = {what: getattr(outcome, "code", outcome) for what, outcome in others.items()}
    assert codes_of_refusals == dict.fromkeys(WRITES_TO_A, RefusalCode.NOT_FOUND)


async def test_a_write_that_names_another_tenant_hits_nothing(stocked: Database) -> None:
    before = await stocked.read(_state_of_a)

    def tried(conn: Connection, write: Ask, who: str) -> list[Any]:
        write(conn, who)
        return _state_of_a(conn)

    hits = {}
    for what, write in SILENT_WRITES_TO_A.items():
        assert await stocked.dry_run(tried, write, "prv_a") != before, f"{what}: its owner's hits"
        hits[what] = await stocked.dry_run(tried, write, "prv_b")
    assert hits == dict.fromkeys(SILENT_WRITES_TO_A, before)


async def test_facts_cannot_be_appended_to_anothers_history(stocked: Database) -> None:
    with pytest.raises(WriteConflict):
        await stocked.write(facts.append_facts, "prv_b", "sub_a", 2, [fact()])


async def test_a_page_ends_where_the_tenant_ends(stocked: Database) -> None:
    """However wide the page, it never runs on into the next tenant's rows."""
    for n in range(3):
        await stocked.write(sites.add, site("a", id=f"sit_a{n}", thumbprint=f"key{n}"))
    assert [each.id for each in await stocked.read(sites.page, "prv_a", None, "", 99)] == [
        "sit_a", "sit_a0", "sit_a1", "sit_a2",
    ]  # fmt: skip
    assert [each.id for each in await stocked.read(sites.page, "prv_a", None, "sit_a0", 1)] == ["sit_a1"]


def test_every_table_of_a_tenant_names_it() -> None:
    without = {"meta", "idempotency", "throttles", "documents", "providers", "announcements"}
    without |= {"users", "sessions", "recovery"}  # a user is of no tenant: memberships say where it belongs
    without |= {"browser_values"}  # a browser's, sealed with its secret: whose they are is inside
    assert {table.name for table in METADATA.sorted_tables if "provider" not in table.c} == without
    assert {table.name for table in TENANT_TABLES} <= {table.name for table in METADATA.sorted_tables}
    nullable = {table.name for table in TENANT_TABLES if table.c.provider.nullable}
    assert not nullable


def _state_of_a(conn: Connection) -> list[Any]:
    return [
        accounts.get_account(conn, "prv_a", "cus_a"),
        tenants.get_customer(conn, "prv_a", "cus_a"),
        subscriptions.get_subscription(conn, "prv_a", "sub_a"),
        codes.by_digest(conn, b"a"),
        webhooks.get_webhook(conn, "prv_a", "whk_a"),
    ]
