"""What is known of the next renewal, as a value and in plain words: server, site, device and mail say the same.

It is worked out by `expected_renewals` and carried by leases; it promises nothing, and what holds stays
`contract.timeline`'s.
"""

import re

import msgspec

from tenure.core.periods import format_instant
from tenure.core.pricing import EXPONENTS, format_money
from tenure.core.timeline import Instant, Phase, PhaseCause, Span, Timeline, cut_at, merge_spans, starting_at

_INSTANT = re.compile(r"\b(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)Z")


class RenewalOutlook(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The next period of a subscription that is paid from a balance without anybody asking; money in minor units."""

    at: Instant
    """When it falls due, or fell due where it was not paid."""
    price: int
    currency: str
    covered_until: Instant | None = None
    """Up to here the balance pays; None: not even the next period."""
    lasts: bool = False
    """No end of the money is in sight."""
    missing: int = 0
    """What must come in so that the next period is paid that is not covered."""


def will_renew(outlook: RenewalOutlook | None) -> bool:
    """Whether the next period will be bought by itself, its money being there."""
    return outlook is not None and outlook.covered_until is not None


def outlook_sentence(outlook: RenewalOutlook, now: Instant) -> str:
    """For people: `It renews by itself on 2026-12-30 00:00:00 UTC for 75.00 EUR; the balance covers it until …`."""
    when, price = format_moment(outlook.at), in_words(outlook.price, outlook.currency)
    if outlook.covered_until is not None:
        least = "at least " if outlook.lasts else ""
        far = f"the balance covers it until {least}{format_moment(outlook.covered_until)}"
        return f"It renews by itself on {when} for {price}; {far}."
    verb, missing = ("fell", "are") if outlook.at <= now else ("fall", "will be")
    short = in_words(outlook.missing, outlook.currency)
    return f"{price} {verb} due on {when}; {short} {missing} missing."


def carried_on(spans: Timeline, outlook: RenewalOutlook | None, paid_until: Instant | None) -> Timeline:
    """`spans` of a contract paid or reserved to `paid_until`, with the renewals that are covered: its end comes later.

    Grace and end keep their lengths and move to the end of what is covered; they vanish where no end is in sight. A
    hold that lasts beyond the renewal stays what it is: below it the contract is renewed all the same.
    """
    if outlook is None or outlook.covered_until is None:
        return spans
    end_of_paid = max(outlook.at, paid_until or outlook.at)
    before, rest = cut_at(spans, end_of_paid), starting_at(spans, end_of_paid)
    if not before or not rest or before[-1].phase not in (Phase.ACTIVE, Phase.PAUSED):
        return spans
    held = next((span for span in (rest[0], before[-1]) if span.phase is Phase.PAUSED), None)
    after = rest[1:] if rest[0] is held else rest
    if not after or after[0].why is not PhaseCause.PAYMENT_ENDED:
        return spans
    end = None if outlook.lasts else outlook.covered_until
    later = outlook.covered_until - end_of_paid
    if held is not None and after[0].phase is Phase.ENDED:  # the hold's own end is hidden by that of the contract
        longer = msgspec.structs.replace(held, until=after[0].since + later)
        return merge_spans((*cut_at(before, held.since), *_followed(longer, after, later, end is None)))
    # Grace has what the terms of its time give, as the renewed period will; an end without grace says nothing of it.
    model = after[0] if after[0].phase is Phase.GRACE else before[-1]
    going = msgspec.structs.replace(
        model, since=end_of_paid, until=end, phase=Phase.ACTIVE, why=PhaseCause.PAID, note=""
    )
    course = (msgspec.structs.replace(after[0], since=end_of_paid), *after[1:])
    whole = (*before, *_followed(going, course, later, end is None))
    if held is None or held.until is None:
        return merge_spans(whole)
    return merge_spans((*before, held, *starting_at(whole, held.until)))


def _followed(span: Span, rest: Timeline, later: int, lasts: bool) -> Timeline:
    """`span`, and after it `rest`, so many seconds later; alone and open where no end is in sight."""
    if lasts:
        return (msgspec.structs.replace(span, until=None),)
    moved = (
        msgspec.structs.replace(each, since=each.since + later, until=each.until and each.until + later)
        for each in rest
    )
    return (span, *moved)


def format_moment(instant: Instant) -> str:
    """For people: `2027-01-01 00:00:00 UTC`."""
    return format_instant(instant).replace("T", " ").replace("Z", " UTC")


def format_moments_in(text: str) -> str:
    """A sentence with its instants as people read them: `2027-01-01T00:00:00Z` becomes `2027-01-01 00:00:00 UTC`."""
    return _INSTANT.sub(r"\1 \2 UTC", text)


def in_words(amount: int, currency: str) -> str:
    """Minor units as `75.00 EUR`; of a currency that is not known here, the minor units."""
    return format_money(amount, currency) if currency in EXPONENTS else f"{amount} {currency}"
