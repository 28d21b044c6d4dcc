"""Mails to customers out of the feed: what happened is read in order, and whoever must know is written to.

Each part of the feed becomes letters in the transaction that notes how far it was read, so that none is written twice.
What is no longer true when it is read is not written at all.
"""

from collections.abc import Callable

import msgspec

from tenure.core import facts as f
from tenure.core.contract import contract, contract_at, timeline
from tenure.core.expected import outlook_of
from tenure.core.outlook import Outlook, renews, sentence
from tenure.core.pricing import format_money
from tenure.core.reminders import Remedy, remedy
from tenure.core.runway import lacking
from tenure.core.subscription import Subscription
from tenure.core.timeline import DAY, Instant, Phase, Span, at
from tenure.http.outgoing.mailing import is_mailbox
from tenure.server import books
from tenure.server.context import Context
from tenure.server.messages.catalogue import REMINDER
from tenure.server.messages.dates import date, dated
from tenure.server.real_time import RealTime
from tenure.server.values import Customer, Product, Provider
from tenure.store import facts, letters, outbox, people
from tenure.store.catalogue import PRODUCTS
from tenure.store.chronicle import VENDOR
from tenure.store.engine import Conflict, Connection
from tenure.store.outbox import Note

AT_ONCE = 100
"""Notes read in one transaction."""


class News(msgspec.Struct, frozen=True):
    """One note of the feed about a subscription, and how that stands now."""

    note: Note
    sub: Subscription
    now: Instant
    missing: int = 0
    """What must come in so that the next period is paid when it falls due, minor units."""
    outlook: Outlook | None = None
    """What is known of the next renewal; None where nothing renews itself."""

    @property
    def renewal(self) -> str:
        """The same sentence that pages, devices and applications show, with instants as letters say them."""
        return "" if self.outlook is None else dated(sentence(self.outlook, self.now))

    @property
    def lacks(self) -> str:
        """The same as people write it."""
        return format_money(self.missing, self.sub.terms_at(self.now).currency)

    @property
    def span(self) -> Span:
        """What holds now."""
        return at(timeline(self.sub), self.now)


class Written(msgspec.Struct, frozen=True):
    """What a letter says besides what every letter about a subscription says."""

    template: str
    values: dict[str, str]


def compose(conn: Connection, context: Context, provider: str, since: int, real: Instant) -> int:
    """Write the letters for the next part of the provider's feed after number `since`; how many notes were read.

    Raises Conflict when another process has read it.
    """
    notes = outbox.page(conn, provider, since, AT_ONCE)
    tenant = people.provider(conn, provider)
    if tenant is None or not notes:
        return 0
    for note in notes:
        if note.kind in LETTERS and note.subscription is not None:
            _write(conn, context, tenant, note, real)
    if not letters.read_up_to(conn, provider, since, notes[-1].seq):
        raise Conflict("another process has read this feed")
    return len(notes)


def _write(conn: Connection, context: Context, tenant: people.Provider, note: Note, real: Instant) -> None:
    sub = books.subscription(conn, tenant.id, note.subscription or "")
    row = None if sub is None else people.customer(conn, tenant.id, sub.customer)
    if sub is None or row is None:
        return
    customer = msgspec.json.decode(row.body, type=Customer)
    if not is_mailbox(customer.email):
        return
    now = tenant.clock.read(real) if tenant.clock else real
    loaded = books.load(conn, tenant.id, sub.customer, RealTime(real), lock=False)
    missing = 0 if loaded is None else lacking(loaded.account, loaded.items, sub.id, now)
    known = loaded is not None and loaded.item(sub.id) is not None
    seen = outlook_of(loaded.account, loaded.items, sub.id, now) if loaded is not None and known else None
    written = LETTERS[note.kind](conn, News(note, sub, now, missing, seen))
    if written is not None:
        values = about(conn, context, tenant, sub, now) | {"customer": row.name} | written.values
        letters.put(conn, context.safe, tenant.id, customer.email, written.template, values, real)


def about(
    conn: Connection, context: Context, tenant: people.Provider, sub: Subscription, now: Instant
) -> dict[str, str]:
    """What every letter about a subscription can say."""
    terms = sub.terms_at(now)
    product, plan = PRODUCTS.get(conn, VENDOR, sub.product), books.plan_of(conn, terms.plan)
    brand = msgspec.json.decode(tenant.body, type=Provider).brand
    return {
        "subscription": sub.id,
        "product": msgspec.json.decode(product.body, type=Product).name if product else sub.product,
        "plan": plan.name if plan else terms.plan,
        "devices": str(terms.devices),
        "link": f"{context.portal_url}/subscriptions/{sub.id}" if context.portal_url else "",
        "renew_url": brand.renew_url,
    }


def _reminder(_: Connection, news: News) -> Written | None:
    told = msgspec.json.decode(news.note.body)
    over = news.now >= told["end"] or contract_at(news.sub, news.now).phase.value != told["phase"]
    # On the day itself the mail that grace has begun says the same.
    if over or told["offset"] == 0 or not _ends(news.sub, told["end"]):
        return None
    helps = remedy(news.sub, news.now)
    if renews(news.outlook) or (helps is Remedy.TOP_UP and not news.missing):
        return None  # the money is there: it will be taken when it falls due
    days = -(-(told["end"] - news.now) // DAY)
    values = {"phase": told["phase"], "why": told["why"], "end": date(told["end"]), "days_left": str(days)}
    values |= {"remedy": helps.value, "missing": news.lacks if news.missing else ""}
    values["renewal"] = news.renewal
    if helps is Remedy.UNDO and news.sub.cancellation is not None:
        values["canceled"] = date(news.sub.cancellation.effective)
    return Written("reminder", values)


def _ends(sub: Subscription, end: Instant) -> bool:
    """Whether something still changes at `end`: a renewal meanwhile has moved it."""
    return any(span.since == end for span in contract(sub))


def _now_grace(_: Connection, news: News) -> Written | None:
    span = news.span
    if span.phase is not Phase.GRACE or span.until is None or news.sub.failed_at == span.since:
        return None
    return Written("grace_began", {"since": date(span.since), "end": date(span.until), "why": span.why.value})


def _now_ended(_: Connection, news: News) -> Written | None:
    span = news.span
    if span.phase is not Phase.ENDED or news.sub.failed_at == span.since:
        return None
    return Written("ended", {"since": date(span.since), "why": span.why.value})


def _payment_failed(conn: Connection, news: News) -> Written | None:
    sub, span = news.sub, news.span
    if sub.failed_at is None or span.phase not in (Phase.GRACE, Phase.ENDED):
        return None
    failed = [
        fact
        for each in facts.load(conn, sub.provider, sub.id)
        if isinstance(fact := f.decode(each.body), f.PaymentFailed)
    ]
    currency = sub.terms_at(news.now).currency
    values = {
        "since": date(failed[-1].at),
        "price": format_money(failed[-1].price, currency),
        "missing": news.lacks if news.missing else format_money(failed[-1].missing, currency),
        "phase": span.phase.value,
        "end": date(span.until) if span.phase is Phase.GRACE and span.until else "",
    }
    return Written("payment_failed", values)


def _ordered(_: Connection, news: News) -> Written | None:
    sub = news.sub
    first = sub.paid[0] if sub.paid else None
    values = {
        "price": format_money(sub.first_price, sub.changes[0].terms.currency),
        "begins": date(first.since) if first else "",
        "end": date(first.until) if first else "",
        "last_group": sub.codes[-1].last_group,
        "renewal": news.renewal,
    }
    return Written("subscription_ordered", values)


LETTERS: dict[str, Callable[[Connection, News], Written | None]] = {
    REMINDER: _reminder,
    f"subscription.now_{Phase.GRACE}": _now_grace,
    f"subscription.now_{Phase.ENDED}": _now_ended,
    "subscription.payment_failed": _payment_failed,
    "subscription.ordered": _ordered,
}
"""Which notes are written to customers about, and by whom."""
