"""The provider's desk: one command on one subscription, from the token's permissions to what is stored and shown.

Loads, lets `core.act` decide, stores, shows. Everything a command does happens in one transaction of the caller.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from tenure.core import commands as c
from tenure.core import ledger
from tenure.core.account import Account, Item, posted
from tenure.core.act import Outcome, plan_hash, same_plan
from tenure.core.allowed import Allowed, allowed_actions, samples
from tenure.core.decide import decide
from tenure.core.expected import Expected, expected
from tenure.core.facts import SeatConflictListed
from tenure.core.past import as_it_held
from tenure.core.periods import format_instant
from tenure.core.plurals import format_count
from tenure.core.policy import Role
from tenure.core.refusals import Code, Refused
from tenure.core.remedies import helps
from tenure.core.standing import Amnesty
from tenure.core.subscription import Subscription, evolve
from tenure.core.timeline import Instant, at, cut, merge, starting
from tenure.server import books, places, policies, rows, seat_conflicts, settling, shares, takeover
from tenure.server.beside import rows_of
from tenure.server.books import Books
from tenure.server.context import DUE, Tenant
from tenure.server.notices import outages
from tenure.server.subscribed import OutcomeView, SubscriptionView, subscription_view
from tenure.server.views import ExplainView, SpanView, explain_view, posting_view, timeline_view
from tenure.store import accounts, sites, subscriptions
from tenure.store.engine import Connection
from tenure.store.sites import Site


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """One command as it came: what is asked, and the plan and revision the caller has seen, if it says so."""

    command: c.Command
    plan: str = ""
    """Hash of a previewed plan (B4)."""
    check: Callable[[Subscription], Refused | None] = lambda _: None
    """What else must hold inside the transaction, such as If-Match."""


class Done(msgspec.Struct, frozen=True):
    """An accepted command: what it did, and how that is shown."""

    outcome: Outcome
    view: OutcomeView


class Opened(msgspec.Struct, frozen=True):
    """A subscription in its customer's books."""

    books: Books
    item: Item


def load(conn: Connection, tenant: Tenant, name: str, *, lock: bool = True) -> Books | Refused:
    """The books that a tenant's subscription is in; a foreign one is `not_found`, like an unknown one."""
    customer = books.customer_of(conn, tenant.id, name)
    mine = customer is not None and tenant.owns(customer)
    loaded = books.load(conn, tenant.id, customer, tenant.time, lock=lock) if mine and customer is not None else None
    return Refused(Code.NOT_FOUND, field="subscription") if loaded is None else loaded


def current(conn: Connection, tenant: Tenant, name: str) -> Opened | Refused:
    """The subscription with everything booked that was due up to the tenant's now [spec: settlement]."""
    takeover.take_over_all(conn, tenant.id, name, tenant.time)
    loaded = load(conn, tenant, name)
    if isinstance(loaded, Refused):
        return loaded
    settled = settling.settled(conn, loaded)
    item = settled.item(name)
    return Refused(Code.NOT_FOUND, field="subscription") if item is None else Opened(settled, item)


def look(conn: Connection, tenant: Tenant, name: str) -> Opened | Refused | Literal["due"]:
    """As `current`, without writing; `DUE` when something must be booked first."""
    loaded = load(conn, tenant, name, lock=False)
    if isinstance(loaded, Refused):
        return loaded
    waiting = sites.waiting(conn, tenant.id, name)
    if waiting or books.is_due(loaded):
        return DUE
    item = loaded.item(name)
    return Refused(Code.NOT_FOUND, field="subscription") if item is None else Opened(loaded, item)


def seen_for(conn: Connection, tenant: Tenant, sub: Subscription, available: int) -> c.Seen:
    """What lies outside the subscription, for its tenant's role."""
    policy = policies.history(conn, tenant.id)
    plan = sub.terms_at(tenant.now).plan
    plan_row = books.plan_of(conn, plan)
    held, published = rows_of(conn, tenant.id, sub.id), outages(conn)
    return c.Seen(
        rules=policy.rules_at(tenant.now, plan, plan_row.period if plan_row else None),
        actions=policy.permitted(tenant.role),
        floor=plan_row.floor if plan_row else "",
        available=available,
        in_use=sum(_in_use(sub, row, published, tenant.now) for row in held) + places.taken(conn, sub, tenant.now, 0),
        words=books.words(conn, tenant.id, [sub.id])[sub.id],
        parts=tuple(shares.prolonged_part(row, sub.id, published) for row in held),
        seat_conflict=seat_conflicts.coming(conn, sub, tenant.now),
    )


def _in_use(sub: Subscription, row: Site, published: tuple[Amnesty, ...], now: Instant) -> int:
    """Devices of an administration server that count here: not where it only waits; where it left as long as it may
    still go by what it had [spec: leaving]."""
    state = sub.site(row.id)
    if row.subscription != sub.id or state is None or state.staged:
        return 0
    return row.devices if state.holds else min(row.devices, shares.prolonged_part(row, sub.id, published).counted(now))


def command(conn: Connection, tenant: Tenant, opened: Opened, asking: Asking) -> Done | Refused:
    """Decide on what `current` opened, and store; a refusal leaves nothing behind, not even what was due."""
    loaded, item = opened.books, opened.item
    refused = asking.check(item.sub)
    if refused is not None:
        return refused
    seen = seen_for(conn, tenant, item.sub, loaded.row.available)
    outcome = settling.acted(loaded, item.sub.id, asking.command, seen)
    if isinstance(outcome, Refused):
        return outcome
    changed = same_plan(asking.plan, outcome, asking.command, tenant.now) if asking.plan else None
    if changed is not None:
        return changed
    keep(conn, tenant, loaded, outcome)
    ahead = _in_its_books(conn, tenant, loaded, outcome)
    after = seat_conflicts.relist(conn, outcome.subscription, tenant.now)
    view = show(conn, outcome, asking.command, tenant, ahead=ahead)
    if after is not outcome.subscription:  # the list of a seat conflict follows from what was done
        shown = subscription_view(after, tenant.now, ahead, books.names_of(conn, after))
        view = msgspec.structs.replace(view, subscription=shown, facts=(*view.facts, SeatConflictListed.__name__))
    warned = _delays_a_successor(conn, item.sub, outcome.subscription)
    return Done(outcome, msgspec.structs.replace(view, warnings=warned))


def _delays_a_successor(conn: Connection, before: Subscription, after: Subscription) -> tuple[str, ...]:
    """That what is paid now reaches further, and a successor staged at a site takes over so much later
    [spec: successor]."""
    until, later = before.paid_until, after.paid_until
    if until is None or later is None or later <= until:
        return ()
    using = [row for row in rows_of(conn, after.provider, after.id) if row.subscription == after.id]
    waiting = sum(row.successor is not None for row in using)
    if not waiting:
        return ()
    where = "a site" if waiting == 1 else format_count(waiting, "site")
    moved = f"on {format_instant(later)} instead of {format_instant(until)}"
    return (f"Another subscription waits at {where} to follow this one: it takes over {moved}.",)


def keep(conn: Connection, tenant: Tenant, loaded: Books, outcome: Outcome) -> None:
    """Store an outcome: what was due before, the command's own facts and postings, and what followed."""
    now, by = tenant.now, tenant.by
    books.keep(conn, loaded, outcome.before)
    subs = {item.sub.id: item for item in outcome.after.items}
    sub = outcome.subscription
    books.append(conn, tenant.id, outcome.facts, subs.values(), now)
    books.book_postings(conn, tenant.id, loaded.row.customer, by, outcome.postings)
    accounts.settled(conn, tenant.id, loaded.row.customer, outcome.after.account.settled_at, outcome.after.next_due)
    rows.follow(conn, sub, (fact for name, fact in outcome.facts if name == sub.id), now)
    if sub.customer != loaded.row.customer:
        _hand_over(conn, tenant, sub)


def _hand_over(conn: Connection, tenant: Tenant, sub: Subscription) -> None:
    """From now on another account pays: not for what fell due before, so that account is settled up to now first."""
    heir = books.load(conn, tenant.id, sub.customer, tenant.time)
    if heir is not None:
        settling.advance(conn, heir)
    subscriptions.transfer(conn, tenant.id, sub.id, sub.customer)
    accounts.hurry(conn, tenant.id, sub.customer, tenant.now)


def _in_its_books(conn: Connection, tenant: Tenant, loaded: Books, outcome: Outcome) -> Expected:
    """What will become of the subscription; of one that was handed over, by its new owner's balance."""
    sub, after = outcome.subscription, outcome.after
    same = sub.customer == loaded.row.customer
    heir = None if same else books.load(conn, tenant.id, sub.customer, tenant.time, lock=False)
    return ahead_of(heir, sub.id) if heir is not None else expected(after.account, after.items, sub.id, tenant.now)


def ahead_of(loaded: Books, name: str) -> Expected:
    """What will become of a subscription of the books if nobody does anything (`core.expected`)."""
    return expected(loaded.account, loaded.items, name, loaded.now)


def show(
    conn: Connection, outcome: Outcome, asked: c.Command, tenant: Tenant, code: str = "", ahead: Expected | None = None
) -> OutcomeView:
    """An outcome as the API shows it; `code` only in the one answer that may.

    `ahead`: what will become of the subscription, where another account than the outcome's pays for it.
    """
    sub, after = outcome.subscription, outcome.after
    ahead = ahead or expected(after.account, after.items, sub.id, tenant.now)
    return OutcomeView(
        subscription=subscription_view(sub, tenant.now, ahead, books.names_of(conn, sub)),
        facts=tuple(type(fact).__name__ for _, fact in outcome.facts),
        postings=tuple(map(posting_view, outcome.postings)),
        timeline=timeline_view(ahead.timeline, sub.paid_until if ahead.renewals else None),
        affected_leases=len(sub.sites_holding) if outcome.facts else 0,
        plan=plan_hash(outcome, asked, tenant.now),
        activation_code=code,
    )


def view(conn: Connection, tenant: Tenant, opened: Opened) -> SubscriptionView:
    """A subscription with what the caller may do to it (B3)."""
    sub = opened.item.sub
    row, role, now = accounts.account(conn, tenant.id, sub.customer), _acting(tenant.role), tenant.now
    seen = seen_for(conn, tenant, sub, row.available if row else 0)
    item = Item(sub, books.book(conn, policies.history(conn, tenant.id), sub.terms_at_last.plan), seen.words)
    account = Account() if row is None else Account(balance=row.balance, credit_limit=row.credit_limit)
    tried = zip(allowed_actions(sub, role, seen, now), samples(sub, role, now), strict=True)
    priced = tuple(_with_what_follows(tenant, one, account, item, command, seen) for one, (_, command) in tried)
    return subscription_view(sub, now, ahead_of(opened.books, sub.id), books.names_of(conn, sub), priced)


def history(conn: Connection, tenant: Tenant, opened: Opened) -> tuple[SpanView, ...]:
    """Every span that has held, as it held, and what will hold if nobody does anything (B1)."""
    sub, ahead = opened.item.sub, ahead_of(opened.books, opened.item.sub.id)
    held = as_it_held(books.history(conn, tenant.id, sub.id))
    spans = merge((*cut(held, tenant.now), *starting(ahead.timeline, tenant.now))) if ahead.renewals else held
    return timeline_view(spans, sub.paid_until if ahead.renewals else None)


def explanation(tenant: Tenant, opened: Opened) -> ExplainView:
    """Why it is as it is, and what helps it (B2)."""
    account, item = opened.books.account, opened.item
    ahead = ahead_of(opened.books, item.sub.id)
    span = at(ahead.timeline, tenant.now)
    remedies = helps(account, opened.books.items, item.sub.id, ahead.outlook, span, tenant.now)
    return explain_view(ahead, remedies, tenant.now)


def _with_what_follows(
    tenant: Tenant, one: Allowed, account: Account, item: Item, command: c.Command, seen: c.Seen
) -> Allowed:
    """The price with what the action lets fall due at once: automatic renewal in grace buys the next period."""
    outcome = decide(item.sub, command, seen, tenant.now)
    if isinstance(outcome, Refused):
        return one
    sub = item.sub
    for fact in outcome.facts:
        sub = evolve(sub, fact)
    after = settling.tried_again(tenant, posted(account, outcome.postings), msgspec.structs.replace(item, sub=sub))
    more = sum(posting.moved(ledger.Account.BALANCE) for posting in after.postings)
    return msgspec.structs.replace(one, price=one.price - more)


def _acting(role: Role) -> Role:
    return Role.PROVIDER if role is Role.SITE else role


def rebuild(conn: Connection, provider: str, name: str, now: Instant) -> None:
    """The subscription's projections anew, from its facts alone."""
    sub = books.subscription(conn, provider, name)
    if sub is not None:
        books.project(conn, sub, now)
