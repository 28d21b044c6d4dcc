"""What a fact changed, in a sentence: amounts, counts, days, and the names of what it is about; a line for every kind.

Instants stand in RFC 3339 and amounts as `12.50 EUR`, for the surfaces to write as their readers do.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from tenure.core.periods import format_instant
from tenure.core.plurals import format_count
from tenure.core.pricing import format_money
from tenure.core.subscription import facts
from tenure.core.subscription.facts import Fact
from tenure.core.subscription.terms import Period, RenewalIntent, Terms, TermsField


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """How people call what facts name by ids; what is not here is not called by its id."""

    currency: str
    sites: Mapping[str, str] = {}
    codes: Mapping[str, str] = {}
    """Id of a code to its last group."""
    plans: Mapping[str, str] = {}
    customers: Mapping[str, str] = {}

    def money(self, minor: int) -> str:
        """`12.50 EUR`."""
        return format_money(minor, self.currency)

    def site(self, name: str) -> str:
        """An installation by its name."""
        return self.sites.get(name) or "an installation"

    def code(self, name: str) -> str:
        """A code by its end."""
        last = self.codes.get(name)
        return f"the code …{last}" if last else "a code"

    def plan(self, name: str) -> str:
        """A plan by its name; its id is what the vendor chose to be read."""
        return self.plans.get(name) or name


def describe_fact(fact: Fact, names: Names) -> str:
    """What `fact` changed, as one or two sentences.

    Worked example: a Renewed fact of 75.00 EUR is "Paid until 2027-01-30T00:00:00Z, 10 devices: 75.00 EUR from the
    balance."
    """
    said = _WORDS[type(fact)](fact, names)
    return f"{said[:1].upper()}{said[1:]}." if said else ""


def _terms(terms: Terms, names: Names, field: TermsField | None) -> str:
    devices, plan = format_count(terms.devices, "device"), f"plan {names.plan(terms.plan)}"
    if field is TermsField.DEVICES:
        return devices
    return plan if field is TermsField.PLAN else f"{plan}, {devices}"


def _extra(amount: int, names: Names) -> str:
    return f"; {names.money(amount)} paid on top" if amount else ""


def _back(amount: int, names: Names) -> str:
    return f"; {names.money(amount)} had been paid on top" if amount else ""


def _stretch(period: Period | None) -> str:
    if period is None:
        return ""
    trial = "trial" if period.trial else "paid"
    return f"{trial} from {format_instant(period.since)} until {format_instant(period.until)}"


def _ordered(fact: facts.Ordered, names: Names) -> str:
    price = "as a trial" if fact.trial else names.money(fact.price)
    owed = ", not paid yet" if fact.awaiting_payment and not fact.trial else ""
    renews = "it renews by itself" if fact.intent is RenewalIntent.AUTO else "it is renewed by hand"
    begins = _stretch(fact.period) or f"to be activated by {format_instant(fact.activate_by)}"
    return f"{_terms(fact.terms, names, None)}, {price}{owed}; {begins}; code …{fact.code.last_group}; {renews}"


def _confirmed(fact: facts.PaymentConfirmed, names: Names) -> str:
    covers = {"order": "the order", "renewal": "a renewal", "raise": "more devices"}.get(fact.covers, fact.covers)
    return f"{names.money(fact.amount)} for {covers}, reference {fact.reference}"


def _arrived(fact: facts.SiteActivated | facts.SuccessorStaged, names: Names) -> str:
    called = fact.name or "An installation"
    share = f", {format_count(fact.allotment, 'device')}" if fact.allotment else ""
    return f"{called}, version {fact.version or 'not told'}{share}, by {names.code(fact.code)}"


def _released(fact: facts.SiteReleaseOrdered, names: Names) -> str:
    more = "; it may take another code" if fact.another_code else ""
    return f"{names.site(fact.site)} is told to give its place up, at the latest {format_instant(fact.until)}{more}"


def _left(fact: facts.SiteLeft, names: Names) -> str:
    return f"{names.site(fact.site)}{', its place is free at once' if fact.freed else ''}"


def _ephemeral(fact: facts.EphemeralCounted, names: Names) -> str:
    return f"{fact.came:,} came and {fact.went:,} went on the day that began {format_instant(fact.day)}"


def _started(fact: facts.SuccessorStarted, names: Names) -> str:
    paid = _stretch(fact.period)
    return f"{names.site(fact.site)}{'; ' + paid if paid else ''}"


def _reserved(fact: facts.RenewalReserved, names: Names) -> str:
    period = fact.period
    return f"{names.money(period.price)} set aside for {format_count(period.devices, 'device')}, {_stretch(period)}"


def _unreserved(fact: facts.ReserveReleased, names: Names) -> str:
    kept = f"; it stays {_stretch(fact.kept)}" if fact.kept else ""
    return f"{names.money(fact.amount)} back on the balance{kept}"


def _renewed(fact: facts.Renewed, names: Names) -> str:
    period = fact.period
    ways = {"balance": "from the balance", "reserve": "from what was set aside", "external": "paid outside the balance"}
    price = f"{names.money(period.price)} {ways[fact.paid_by]}" if fact.paid_by in ways else "free of charge"
    return f"{_stretch(period)}, {format_count(period.devices, 'device')}: {price}"


def _lost(fact: facts.SiteDeclaredLost, names: Names) -> str:
    recipient = (
        f"; {format_count(fact.allotment, 'device')} go to {names.site(fact.recipient)}" if fact.recipient else ""
    )
    return f"{names.site(fact.site)}{recipient}"


def _changed(fact: facts.TermsChanged, names: Names) -> str:
    return f"{_terms(fact.terms, names, fact.field)}{_extra(fact.amount, names)}"


def _scheduled(fact: facts.ChangeScheduled, names: Names) -> str:
    terms = _terms(fact.terms, names, fact.field)
    return f"{terms} from {format_instant(fact.effective)} on{_extra(fact.amount, names)}"


def _dropped(fact: facts.ChangeDropped, names: Names) -> str:
    what = "everything"
    if fact.field is not None:
        what = {TermsField.PLAN: "the plan", TermsField.DEVICES: "the number of devices"}[fact.field]
    return f"{what} that was to change at {format_instant(fact.effective)}{_back(fact.amount, names)}"


def _held(fact: facts.HoldPlaced, names: Names) -> str:
    hold = fact.hold
    until = f", until {format_instant(hold.until)}" if hold.until is not None else ""
    clock = "; the clock of paid days stops" if hold.stop_clock else ""
    return f"by the {hold.owner}: {hold.reason}{until}{clock}"


def _unheld(fact: facts.HoldReleased, names: Names) -> str:
    shift = f"; {format_count(fact.shift_days, 'paid day')} added at the end" if fact.shift_days else ""
    return f"the pause by the {fact.owner}{shift}"


def _canceled(fact: facts.Canceled, names: Names) -> str:
    grace = f", then {format_count(fact.grace_days, 'day')} of grace" if fact.grace_days else ""
    return f"{'at once' if fact.at_once else 'service ends'} at {format_instant(fact.effective)}{grace}"


def _extended(fact: facts.GraceExtended, names: Names) -> str:
    period = f" of the period that began {format_instant(fact.period)}" if fact.period is not None else ""
    return f"{format_count(fact.days, 'more day')} of grace at the end{period}"


def _conflict(fact: facts.SeatConflictListed, names: Names) -> str:
    stop = f"stop: {', '.join(map(names.site, fact.out))}" if fact.out else ""
    stay = f"stay: {', '.join(map(names.site, fact.back))}" if fact.back else ""
    how = "chosen by a person" if fact.edited else "in the order in which applications go"
    listed = "; ".join(filter(None, (stop, stay))) or "the list is empty"
    return f"at {format_instant(fact.effective)} {listed}; {how}"


def _resolved(fact: facts.ForkResolved, names: Names) -> str:
    ways = {"restored": "one, restored from a backup", "second_site": "two of their own", "retired": "one is to go"}
    by = "; said by the customer's side" if fact.own else ""
    return f"{names.site(fact.site)}: {ways.get(fact.resolution, fact.resolution)}{by}"


def _freed(fact: facts.AllotmentFreed, names: Names) -> str:
    return f"{format_count(fact.allotment, 'device')} of {names.site(fact.site)} go to the others"


def _of_site(fact: facts.SuccessorDropped | facts.ForkFound, names: Names) -> str:
    return names.site(fact.site)


def _nothing(fact: facts.CancellationUndone, names: Names) -> str:
    return "the earlier way of renewing holds again"


_WORDS: Final[Mapping[type[Fact], Callable[[Any, Names], str]]] = {
    facts.Ordered: _ordered,
    facts.PaymentConfirmed: _confirmed,
    facts.Activated: lambda fact, names: _stretch(fact.period),
    facts.SiteActivated: _arrived,
    facts.SiteReplaced: lambda fact, names: f"{names.site(fact.replacement)} has the place of {names.site(fact.site)}",
    facts.SiteReleaseOrdered: _released,
    facts.SiteLeft: _left,
    facts.EphemeralCounted: _ephemeral,
    facts.SuccessorStaged: _arrived,
    facts.SuccessorDropped: _of_site,
    facts.SuccessorStarted: _started,
    facts.RenewalReserved: _reserved,
    facts.ReserveReleased: _unreserved,
    facts.Renewed: _renewed,
    facts.Reanchored: lambda fact, names: f"periods count from {format_instant(fact.anchor)}",
    facts.SiteDeclaredLost: _lost,
    facts.PaymentFailed: lambda fact, names: f"{names.money(fact.missing)} missing of {names.money(fact.price)}",
    facts.Refunded: lambda fact, names: f"{names.money(fact.amount)} for days from {format_instant(fact.since)} on",
    facts.RenewalIntentSet: lambda fact, names: (
        "it renews by itself" if fact.intent is RenewalIntent.AUTO else "it is renewed by hand"
    ),
    facts.TermsChanged: _changed,
    facts.ChangeScheduled: _scheduled,
    facts.ChangeDropped: _dropped,
    facts.HoldPlaced: _held,
    facts.HoldReleased: _unheld,
    facts.Canceled: _canceled,
    facts.CancellationUndone: _nothing,
    facts.CodeReissued: lambda fact, names: f"the new code ends in …{fact.code.last_group}",
    facts.CodeBlocked: lambda fact, names: f"{names.code(fact.code)}; service ends at {format_instant(fact.ends)}",
    facts.CodeUnblocked: lambda fact, names: names.code(fact.code),
    facts.GraceExtended: _extended,
    facts.SeatConflictListed: _conflict,
    facts.AllotmentFreed: _freed,
    facts.AllotmentSet: lambda fact, names: f"{names.site(fact.site)}: {format_count(fact.allotment, 'device')}",
    facts.DevicesReleased: lambda fact, names: f"{format_count(fact.count, 'device')} by {names.site(fact.site)}",
    facts.ForkFound: _of_site,
    facts.ForkResolved: _resolved,
    facts.Transferred: lambda fact, names: f"to {names.customers.get(fact.customer) or 'another customer'}",
    facts.Learned: lambda fact, names: (
        f"{names.site(fact.site)} showed lease {fact.serial:,}, good until {format_instant(fact.until)}"
    ),
}
