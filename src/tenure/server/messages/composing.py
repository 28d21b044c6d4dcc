"""Mails to customers out of the feed: events are read in order, and the customer of each is written to.

Each part of the feed becomes emails in the transaction that notes how far it was read, so that none is written twice.
What is no longer true when it is read is not written at all.
"""

from collections.abc import Callable

import msgspec

from tenure.core.business.expected_renewals import outlook_of
from tenure.core.business.runway import lacking_money
from tenure.core.pricing import format_money
from tenure.core.renewal_outlook import RenewalOutlook, outlook_sentence, will_renew
from tenure.core.subscription import facts as f
from tenure.core.subscription.contract import contract_at, contract_timeline, timeline
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.reminders import ReminderRemedy, reminder_remedy
from tenure.core.timeline import DAY, Instant, Phase, Span, span_at
from tenure.http.outgoing.smtp import is_mailbox
from tenure.server import account_repository
from tenure.server.context import ServerContext
from tenure.server.messages.catalog import REMINDER
from tenure.server.messages.dates import format_date, format_dates_in
from tenure.server.real_time import RealTime
from tenure.server.values import CustomerValue, ProductValue, ProviderValue
from tenure.store import emails, facts, outbox, tenants
from tenure.store.catalog import PRODUCTS
from tenure.store.engine import Connection, WriteConflict
from tenure.store.outbox import OutboxNote
from tenure.store.provider_chain import VENDOR

AT_ONCE = 100
"""Notes read in one transaction."""


class FeedNote(msgspec.Struct, frozen=True):
    """One note of the feed about a subscription, and how that stands now."""

    note: OutboxNote
    sub: Subscription
    now: Instant
    missing: int = 0
    """What must come in so that the next period is paid when it falls due, minor units."""
    outlook: RenewalOutlook | None = None
    """What is known of the next renewal; None where nothing renews itself."""

    @property
    def renewal_sentence(self) -> str:
        """The same sentence that pages, devices and applications show, with instants as emails say them."""
        return "" if self.outlook is None else format_dates_in(outlook_sentence(self.outlook, self.now))

    @property
    def shortfall_sentence(self) -> str:
        """The same as people write it."""
        return format_money(self.missing, self.sub.terms_at(self.now).currency)

    @property
    def current_span(self) -> Span:
        """What holds now."""
        return span_at(timeline(self.sub), self.now)


class EmailWords(msgspec.Struct, frozen=True):
    """The template of an email, and its words beyond those of every email about a subscription."""

    template: str
    values: dict[str, str]


def compose_emails(conn: Connection, context: ServerContext, provider: str, since: int, real: Instant) -> int:
    """Write the emails for the next part of the provider's feed after number `since`; how many notes were read.

    Raises Conflict when another process has read it.
    """
    notes = outbox.notes_after(conn, provider, since, AT_ONCE)
    tenant = tenants.get_provider(conn, provider)
    if tenant is None or not notes:
        return 0
    for note in notes:
        if note.kind in EMAILS and note.subscription is not None:
            _write_email(conn, context, tenant, note, real)
    if not emails.read_up_to(conn, provider, since, notes[-1].seq):
        raise WriteConflict("another process has read this feed")
    return len(notes)


def _write_email(
    conn: Connection, context: ServerContext, tenant: tenants.ProviderRow, note: OutboxNote, real: Instant
) -> None:
    sub = account_repository.load_subscription(conn, tenant.id, note.subscription or "")
    row = None if sub is None else tenants.get_customer(conn, tenant.id, sub.customer)
    if sub is None or row is None:
        return
    customer = msgspec.json.decode(row.body, type=CustomerValue)
    if not is_mailbox(customer.email):
        return
    now = tenant.clock.now_at(real) if tenant.clock else real
    loaded = account_repository.load_books(conn, tenant.id, sub.customer, RealTime(real), lock=False)
    missing = 0 if loaded is None else lacking_money(loaded.account, loaded.items, sub.id, now)
    known = loaded is not None and loaded.find_item(sub.id) is not None
    seen = outlook_of(loaded.account, loaded.items, sub.id, now) if loaded is not None and known else None
    written = EMAILS[note.kind](conn, FeedNote(note, sub, now, missing, seen))
    if written is not None:
        values = common_values(conn, context, tenant, sub, now) | {"customer": row.name} | written.values
        emails.add_email(conn, context.safe, tenant.id, customer.email, written.template, values, real)


def common_values(
    conn: Connection, context: ServerContext, tenant: tenants.ProviderRow, sub: Subscription, now: Instant
) -> dict[str, str]:
    """What every email about a subscription can say."""
    terms = sub.terms_at(now)
    product, plan = PRODUCTS.get(conn, VENDOR, sub.product), account_repository.plan_of(conn, terms.plan)
    brand = msgspec.json.decode(tenant.body, type=ProviderValue).brand
    return {
        "subscription": sub.id,
        "product": msgspec.json.decode(product.body, type=ProductValue).name if product else sub.product,
        "plan": plan.name if plan else terms.plan,
        "devices": str(terms.devices),
        "link": f"{context.portal_url}/subscriptions/{sub.id}" if context.portal_url else "",
        "renew_url": brand.renew_url,
    }


def _reminder_words(_: Connection, news: FeedNote) -> EmailWords | None:
    told = msgspec.json.decode(news.note.body)
    over = news.now >= told["end"] or contract_at(news.sub, news.now).phase.value != told["phase"]
    # On the day itself the mail that grace has begun says the same.
    if over or told["offset"] == 0 or not _end_words(news.sub, told["end"]):
        return None
    helps = reminder_remedy(news.sub, news.now)
    if will_renew(news.outlook) or (helps is ReminderRemedy.TOP_UP and not news.missing):
        return None  # the money is there: it will be taken when it falls due
    days = -(-(told["end"] - news.now) // DAY)
    values = {"phase": told["phase"], "why": told["why"], "end": format_date(told["end"]), "days_left": str(days)}
    values |= {"remedy": helps.value, "missing": news.shortfall_sentence if news.missing else ""}
    values["renewal"] = news.renewal_sentence
    if helps is ReminderRemedy.UNDO and news.sub.cancellation is not None:
        values["canceled"] = format_date(news.sub.cancellation.effective)
    return EmailWords("reminder", values)


def _end_words(sub: Subscription, end: Instant) -> bool:
    """Whether something still changes at `end`: a renewal meanwhile has moved it."""
    return any(span.since == end for span in contract_timeline(sub))


def _now_grace(_: Connection, news: FeedNote) -> EmailWords | None:
    span = news.current_span
    if span.phase is not Phase.GRACE or span.until is None or news.sub.failed_at == span.since:
        return None
    return EmailWords(
        "grace_began", {"since": format_date(span.since), "end": format_date(span.until), "why": span.why.value}
    )


def _now_ended(_: Connection, news: FeedNote) -> EmailWords | None:
    span = news.current_span
    if span.phase is not Phase.ENDED or news.sub.failed_at == span.since:
        return None
    return EmailWords("ended", {"since": format_date(span.since), "why": span.why.value})


def _payment_failed(conn: Connection, news: FeedNote) -> EmailWords | None:
    sub, span = news.sub, news.current_span
    if sub.failed_at is None or span.phase not in (Phase.GRACE, Phase.ENDED):
        return None
    failed = [
        fact
        for each in facts.load_history(conn, sub.provider, sub.id)
        if isinstance(fact := f.decode_fact(each.body), f.PaymentFailed)
    ]
    currency = sub.terms_at(news.now).currency
    values = {
        "since": format_date(failed[-1].at),
        "price": format_money(failed[-1].price, currency),
        "missing": news.shortfall_sentence if news.missing else format_money(failed[-1].missing, currency),
        "phase": span.phase.value,
        "end": format_date(span.until) if span.phase is Phase.GRACE and span.until else "",
    }
    return EmailWords("payment_failed", values)


def _order_words(_: Connection, news: FeedNote) -> EmailWords | None:
    sub = news.sub
    first = sub.paid_periods[0] if sub.paid_periods else None
    values = {
        "price": format_money(sub.first_price, sub.changes[0].terms.currency),
        "begins": format_date(first.since) if first else "",
        "end": format_date(first.until) if first else "",
        "last_group": sub.codes[-1].last_group,
        "renewal": news.renewal_sentence,
    }
    return EmailWords("subscription_ordered", values)


EMAILS: dict[str, Callable[[Connection, FeedNote], EmailWords | None]] = {
    REMINDER: _reminder_words,
    f"subscription.now_{Phase.GRACE}": _now_grace,
    f"subscription.now_{Phase.ENDED}": _now_ended,
    "subscription.payment_failed": _payment_failed,
    "subscription.ordered": _order_words,
}
"""Which notes are written to customers about, and by whom."""
