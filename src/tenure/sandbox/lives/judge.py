"""The judge: each day served is paid for at the terms agreed, and only once [spec: day-prices, ledger].

It reads the facts, the postings and the timeline that is signed for sites, and works out by its own sums (`arithmetic`)
what every day should have cost: the highest total agreed so far. It knows no rule of the core's pricing and imports
none.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tenure.core.business import commands as c
from tenure.core.business.ledger import LedgerAccount, Posting
from tenure.core.policy.rules import LateRenewal
from tenure.core.subscription import facts as f
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.fold import Subscription, evolve, fold
from tenure.core.subscription.terms import Period, Settlement, Terms, TermsField
from tenure.core.timeline import Phase, Span
from tenure.sandbox.lives.arithmetic import (
    DAY,
    SCALE,
    add_periods,
    begun_days,
    half_up,
    round_down,
    whole_days,
    whole_period,
    whole_price,
)


class UnfairLife(Exception):
    """A customer was served days without payment, or paid for days without service."""


@dataclass
class PaidPeriod:
    """A period as the judge sees it: what each of its days costs, counted from its end."""

    since: int
    until: int
    terms: Terms
    days: int
    """How many days the price of a whole period stands for."""
    cost: list[int]
    """By days left, the last day first; scaled."""
    waived: int = 0
    paid: int = 0
    """What should have been taken for it so far."""

    def raise_to(self, moment: int, terms: Terms) -> None:
        """From `moment` on no day costs less than `terms` ask."""
        asked, before = self.asked(terms), half_up(sum(self.cost))
        for left in range(begun_days(max(moment, self.since), self.until)):
            self.cost[left] = max(self.cost[left], asked)
        self.paid += half_up(sum(self.cost)) - before

    def asked(self, terms: Terms) -> int:
        """What a day costs by `terms`, less what a trial waives; scaled."""
        days = (
            self.days if terms.period == self.terms.period else whole_days(self.since, add_periods(self.since, terms))
        )
        return max(0, whole_price(terms) - self.waived) * SCALE // days

    def unused(self, moment: int) -> int:
        """What its unused whole days were paid for."""
        if moment <= self.since:
            return self.paid
        return min(self.paid, round_down(sum(self.cost[: whole_days(moment, self.until)])))


@dataclass
class SubscriptionJudge:
    """Follows one subscription of an account, from its order on."""

    sub: Subscription
    periods: list[PaidPeriod] = field(default_factory=list)
    reserved: PaidPeriod | None = None
    gone: int = 0
    """What was kept of reserves that were given up."""
    order: int = 0
    """Paid with the order, its term not begun."""
    anchor: int = 0
    moved: int = 0
    outside: int = 0
    judged_until: int = 0
    looks: int = 0
    late: LateRenewal | None = None
    """As the command said that is being followed."""
    promised: int = 0
    """Until when signed leases promise service, whatever is agreed."""
    credited: int = 0
    """What came back for the unused days of periods that a plan of another length ends."""
    credit: int = 0
    """What should have come back."""

    @classmethod
    def from_order(cls, fact: f.Ordered) -> "SubscriptionJudge":
        """From its order."""
        judge = cls(sub=fold((fact,)), judged_until=fact.at)
        expected = 0 if fact.trial else whole_price(fact.terms)
        if fact.until is not None:
            expected = half_up(
                expected
                * SCALE
                // whole_days(fact.at, add_periods(fact.at, fact.terms))
                * begun_days(fact.at, fact.until)
            )
        _require_equal("the order's price", fact.price, expected)
        judge.order = 0 if fact.terms.settlement is Settlement.EXTERNAL else fact.price
        if fact.period is not None:
            judge._begin_term(fact.period)
        return judge

    # What happens

    def follow(self, command: c.Command | None, facts: Iterable[f.Fact], postings: Iterable[Posting], now: int) -> None:
        """One batch: what fell due by itself (no command), or what a command did."""
        before, self.late, self.credited = self.sub, getattr(command, "late", None), 0
        told = tuple(facts)
        since = min([now, *(fact.at for fact in told)])
        for fact in told:
            if not isinstance(fact, f.Ordered):
                self._judge_service(fact.at)
                self._judge_fact(fact)
                self.sub = evolve(self.sub, fact)
        for posting in postings:
            self.moved -= posting.moved_on(LedgerAccount.BALANCE)
        self._judge_service(now)
        self._keep_agreed(before, command, since, now)
        moment = self.sub.contract_clock(now)
        for period in self._serve_live():
            if period.until > moment:
                start = max(period.since, moment)
                period.raise_to(start, self.sub.terms_for(start))
        self._check_balance()

    def _serve_live(self) -> list[PaidPeriod]:
        return [*self.periods, *([self.reserved] if self.reserved else [])]

    def _check_balance(self) -> None:
        should = self.order + self.gone + sum(period.paid for period in self._serve_live())
        taken = self.outside if self.sub.changes[0].terms.settlement is Settlement.EXTERNAL else self.moved
        _require_equal("taken in all", taken, should)

    def _judge_fact(self, fact: f.Fact) -> None:
        match fact:
            case f.Activated() | f.PaymentConfirmed() | f.SuccessorStarted():
                self._judge_confirmed(fact)
                if fact.period is not None:
                    self._begin_term(fact.period)
            case f.Renewed():
                self._judge_renewed(fact)
            case f.RenewalReserved():
                kept = self.reserved
                if kept is not None and kept.until == fact.period.until:
                    return  # days that leases promise, more expensive at the terms now agreed: seen when all is told
                self.reserved = self._expect_period(fact.period, fact.at)
                if kept is not None:  # what signed leases promise stays paid for
                    first = len(self.reserved.cost) - len(kept.cost)
                    pairs = zip(self.reserved.cost[first:], kept.cost, strict=True)
                    self.reserved.cost[first:] = [max(pair) for pair in pairs]
                    self.reserved.paid = half_up(sum(self.reserved.cost))
            case f.ReserveReleased():
                self._judge_released(fact)
            case f.Refunded():
                self._judge_refunded(fact)
            case f.HoldReleased():
                self._shift_periods(fact)
            case f.Reanchored():
                self.anchor = fact.anchor
            case f.TermsChanged():
                self.credit = sum(each.unused(fact.at) for each in self.periods)
            case _:
                pass

    def _judge_confirmed(self, fact: f.Fact) -> None:
        if isinstance(fact, f.PaymentConfirmed):
            self.outside += fact.amount
            self.order = fact.amount if fact.covers == "order" else self.order

    def _begin_term(self, period: Period) -> None:
        """The term begins: what was paid with the order is the price of its first period."""
        terms = self.sub.terms_at(period.since)
        days = whole_days(period.since, add_periods(period.since, terms))
        each = 0 if period.trial else whole_price(terms) * SCALE // days
        length = begun_days(period.since, period.until)
        made = PaidPeriod(period.since, period.until, terms, days, [each] * length)
        made.waived, made.paid = (whole_price(terms) if period.trial else 0), half_up(each * length)
        _require_equal("paid with the order", self.order, made.paid)
        self.order, self.periods = 0, [made]
        ends_there = period.trial or self.sub.until_ordered is not None
        self.anchor = period.until if ends_there else period.since

    def _expect_period(self, period: Period, at: int) -> PaidPeriod:
        """The next period at the terms agreed for it; the first of another length is whole."""
        last = self.periods[-1]
        terms = self.sub.terms_for(max(period.since, self.sub.contract_clock(at)))
        anchor = self.anchor
        if period.since != last.until or terms.period != last.terms.period:
            anchor = period.since
        begins, ends = whole_period(anchor, terms, period.since)
        if anchor == period.since and period.until != ends:
            raise UnfairLife(
                f"the first period of {terms.plan} is not whole: {period.since} to {period.until}, not {ends}"
            )
        days = whole_days(begins, ends)
        length = begun_days(period.since, period.until)
        each = whole_price(terms) * SCALE // days
        made = PaidPeriod(period.since, period.until, terms, days, [each] * length)
        made.paid = half_up(each * length)
        return made

    def _judge_renewed(self, fact: f.Renewed) -> None:
        period = fact.period
        if fact.paid_by == "reserve" and self.reserved is not None:
            if self.reserved.terms.period != self.periods[-1].terms.period:
                self.anchor = self.reserved.since
            self.periods.append(self.reserved)
            self.reserved = None
            return
        last = self.periods[-1]
        if period.since < last.until:
            self._cut_periods(period)
            made = self._bought_again(period)
        else:
            self._charge_grace(period, fact.at)
            made = self._expect_period(period, fact.at)
            if period.since != last.until or made.terms.period != last.terms.period:
                self.anchor = period.since
        self.periods.append(made)

    def _bought_again(self, period: Period) -> PaidPeriod:
        terms = self.sub.terms_at(period.since)
        until = add_periods(period.since, terms)
        _require_equal("the end of a period that begins again", period.until, until)
        days = whole_days(period.since, until)
        self.anchor = period.since
        made = PaidPeriod(period.since, until, terms, days, [whole_price(terms) * SCALE // days] * days)
        made.paid = whole_price(terms)
        return made

    def _cut_periods(self, fresh: Period) -> None:
        """Another plan begins at once: the rest of what was paid was given back just before (`_judge_refunded`)."""
        moment, due = fresh.since, self.credit
        if self.promised <= fresh.until:
            _require_equal("credited for unused days", self.credited, due)
        elif not 0 <= self.credited <= due:
            raise UnfairLife(f"{self.credited} credited for unused days worth {due}")
        for period in self.periods:
            if period.until > moment:
                self.gone += period.paid if period.since >= moment else 0
                period.cost = period.cost[whole_days(moment, period.until) :]
                period.until = moment
        self.periods = [period for period in self.periods if period.since < moment]

    def _charge_grace(self, period: Period, at: int) -> None:
        """Grace that was served is charged, days without service never are (`late_renewal`)."""
        end, over = self.periods[-1].until, timeline(self.sub)[-1].since
        if at <= end or self.late is LateRenewal.FROM_END:
            return
        served = min(at, over) - end
        rule = self.late or self.sub.rules.late_renewal
        if at >= over and rule is LateRenewal.FROM_NOW:
            served = 0
        longest = add_periods(at, self.sub.terms_at(at)) - at - DAY
        _require_equal("days charged before a late payment", at - period.since, min(served, max(longest, 0)))

    def _judge_released(self, fact: f.ReserveReleased) -> None:
        old = self.reserved
        if old is None:
            raise UnfairLife("a reserve was released that was never made")
        if fact.kept is None:
            free = old.unused(self.sub.contract_clock(fact.at))
            _require_equal("released", fact.amount, free)
            self.gone += old.paid - fact.amount
            self.reserved = None
            return
        length = begun_days(fact.kept.since, fact.kept.until)
        kept = PaidPeriod(fact.kept.since, fact.kept.until, old.terms, old.days, old.cost[len(old.cost) - length :])
        kept.paid = half_up(sum(kept.cost))
        _require_equal("released", fact.amount, old.paid - kept.paid)
        self.reserved = kept

    def _judge_refunded(self, fact: f.Refunded) -> None:
        """Unused whole days at what they cost; less only for days that signed leases go on promising."""
        owed, external = self.sub.owed, self.sub.changes[0].terms.settlement is Settlement.EXTERNAL
        if not self.periods:
            if not 0 <= fact.amount <= max(self.order, self.sub.first_price):
                raise UnfairLife(f"{fact.amount} were refunded of an order of {self.order}")
            self.order -= 0 if external else fact.amount
            return
        left = fact.amount
        if owed is not None:
            mine = [each for each in self.periods if owed.begun or each.since > owed.since]
            _require_equal("refunded", fact.amount, sum(each.unused(fact.at) for each in mine))
        else:
            mine = [each for each in self.periods if each.until > fact.at]
            self.credited = fact.amount
        for each in mine:
            part = min(left, each.unused(fact.at))
            each.paid, left = each.paid - (0 if external else part), left - part

    def _shift_periods(self, fact: f.HoldReleased) -> None:
        """Days held come on top: what was paid for is still to come, nothing is paid again."""
        after = evolve(self.sub, fact)
        for mine, theirs in zip(self._serve_live(), after.paid_periods, strict=True):
            mine.since, mine.until = theirs.since, theirs.until
        self.anchor += fact.shift_days * DAY if self.sub.stopped is not None and after.stopped is None else 0

    # What was served

    def _judge_service(self, now: int) -> None:
        """Everything between the last look and `now` is held against what is paid for it."""
        if now <= self.judged_until:
            return
        for span in timeline(self.sub):
            since, until = max(span.since, self.judged_until), min(now, now if span.until is None else span.until)
            if since < until and span.phase is Phase.ACTIVE:
                self.looks += 1
                for moment in (since, until - 1):
                    self._judge_span(span, moment)
        self.judged_until = now

    def _judge_span(self, span: Span, moment: int) -> None:
        served = self.sub.terms_at(moment)
        if span.limit != served.devices or served.plan not in span.features:
            raise UnfairLife(f"signed for {span.limit} of {span.features}, agreed {served.devices} of {served.plan}")
        period = next((each for each in self._serve_live() if each.since <= moment < each.until), None)
        if period is None:
            raise UnfairLife(f"served at {moment}, paid for until {self.periods[-1].until}")
        if period.asked(served) > period.cost[begun_days(moment, period.until) - 1]:
            raise UnfairLife(f"{served.devices} of {served.plan} were served at {moment}, and not paid for")

    # What was agreed

    def _keep_agreed(self, before: Subscription, command: c.Command | None, since: int, now: int) -> None:
        """What a command does not name stays agreed; what it names is agreed now."""
        named = _named_fields(command, before, now)
        for each in TermsField:
            was, is_ = _field_course(before, since, each), _field_course(self.sub, now, each)
            left = iter(was)  # edges that a longer period covers become one: the last agreement counts
            if each not in named and not (is_[-1] == was[-1] and all(value in left for value in is_)):
                raise UnfairLife(f"{type(command).__name__} turned the {each} agreed from {was} into {is_}")
        match command:
            case c.ChangeDevices() if _field_course(self.sub, now, TermsField.DEVICES)[-1] != command.devices:
                raise UnfairLife(f"{command.devices} devices were asked for and are not agreed")
            case c.ChangePlan() if command.terms.plan not in _field_course(self.sub, now, TermsField.PLAN):
                raise UnfairLife(f"{command.terms.plan} was asked for and is not agreed")
            case _:
                pass


def _named_fields(command: c.Command | None, before: Subscription, now: int) -> tuple[TermsField, ...]:
    match command:
        case c.ChangeDevices() | c.ConfirmPayment():
            return (TermsField.DEVICES,)
        case c.ChangePlan():
            other = not command.devices_as_agreed and command.terms.devices != before.terms_at(now).devices
            return (TermsField.PLAN, TermsField.DEVICES) if other else (TermsField.PLAN,)
        case c.DropChange():
            return tuple(TermsField) if command.field is None else (command.field,)
        case _:
            return ()


def _field_course(sub: Subscription, now: int, of: TermsField) -> list[str | int]:
    """The values agreed from `now` on, in order, each once."""
    edges = [
        change.effective for change in sub.changes if change.scheduled and change.effective > sub.contract_clock(now)
    ]
    held = [sub.terms_at(now), *(sub.terms_for(edge) for edge in sorted(edges))]
    values: list[str | int] = [terms.plan if of is TermsField.PLAN else terms.devices for terms in held]
    return [value for index, value in enumerate(values) if index == 0 or values[index - 1] != value]


def _require_equal(what: str, found: int, expected: int) -> None:
    if found != expected:
        raise UnfairLife(f"{what}: {found}, should be {expected}")
