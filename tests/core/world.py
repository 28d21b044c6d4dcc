"""A whole provider's customer in memory: the pure core driven as the server drives it, with a clock moved by hand."""

from dataclasses import dataclass, field

import msgspec

from tenure.core.business import commands as c
from tenure.core.business import ledger
from tenure.core.business.account import Account, AccountSubscription, PolicyHistory
from tenure.core.business.execute import CommandOutcome, credit_account, execute
from tenure.core.business.settle import Settled, settle
from tenure.core.periods import Duration, parse_instant
from tenure.core.policy.rules import Rules
from tenure.core.pricing import Band
from tenure.core.refusals import Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.terms import CodeRef, SubscriptionKind, Terms
from tenure.core.timeline import DAY, Instant, Phase, Span, span_at

YEAR = Duration(months=12)
MONTH = Duration(months=1)


def day(text: str) -> Instant:
    """Midnight UTC of a date such as 2026-03-31."""
    instant = parse_instant(f"{text}T00:00:00Z")
    assert isinstance(instant, int)
    return instant


def terms(**changed: object) -> Terms:
    """A yearly plan at 12.00 EUR per device, ten devices."""
    plain = Terms(
        product="editor",
        plan="standard",
        kind=SubscriptionKind.LIMITED,
        period=YEAR,
        devices=10,
        features=("edit", "export"),
        base_features=("read",),
        min_version="10.0",
        bands=(Band(up_to=None, unit=1_200),),
    )
    return msgspec.structs.replace(plain, **changed)


@dataclass
class World:
    """One account and its subscriptions; every method is something that somebody does."""

    now: Instant = day("2026-01-01")
    rules: Rules = Rules()
    floor: str = "10.0"
    account: Account = Account()
    items: dict[str, AccountSubscription] = field(default_factory=dict)
    facts: list[tuple[str, f.Fact]] = field(default_factory=list)
    postings: list[ledger.Posting] = field(default_factory=list)
    asleep: bool = False
    """A sweep that sleeps: time passes without anybody looking."""

    def __post_init__(self) -> None:
        if not self.account.settled_at:
            self.account = msgspec.structs.replace(self.account, settled_at=self.now)

    def sub(self, name: str = "sub_1") -> Subscription:
        return self.items[name].sub

    def span(self, name: str = "sub_1") -> Span:
        return span_at(timeline(self.sub(name)), self.now)

    def phase(self, name: str = "sub_1") -> Phase:
        return self.span(name).phase

    def top_up(self, amount: int) -> None:
        posting = ledger.top_up(amount, at=self.now, recorded_at=self.now, reference=f"bank {len(self.postings)}")
        before, after = credit_account(self.account, self.items.values(), posting, self.now)
        self._keep(before)
        self.postings.append(posting)
        self._keep(after)

    def order(self, name: str = "sub_1", *, of: Terms | None = None, **more: object) -> CommandOutcome | Refused:
        command = c.Order(
            by="operator",
            subscription=name,
            provider="prv_1",
            customer="cus_1",
            terms=of or terms(),
            code=CodeRef(id=f"code of {name}", last_group="00000"),
            **more,
        )
        return self._act(name, command, c.DecisionContext(rules=self.rules, floor=self.floor))

    def do(self, command: c.Command, name: str = "sub_1", **seen: object) -> CommandOutcome | Refused:
        return self._act(name, command, c.DecisionContext(**seen))

    def activate(self, site: str = "site_1", name: str = "sub_1", **seen: object) -> CommandOutcome | Refused:
        return self.do(activation(site, name), name, **seen)

    def hear(self, name: str, *words: c.OutstandingLease) -> None:
        """What the sites hold in their hands from now on."""
        self.items[name] = msgspec.structs.replace(self.items[name], words=words)

    def until(self, moment: Instant) -> None:
        """Time passes; an awake sweep settles every six hours, a sleeping one not at all."""
        while not self.asleep and self.now + DAY // 4 < moment:
            self.now += DAY // 4
            self.settle()
        self.now = moment
        if not self.asleep:
            self.settle()

    def wait(self, *, days: int = 0, seconds: int = 0) -> None:
        self.until(self.now + days * DAY + seconds)

    def settle(self) -> None:
        self._keep(settle(self.account, self.items.values(), self.now))

    def kinds(self, name: str = "sub_1") -> list[str]:
        """The history by names of facts."""
        return [type(fact).__name__ for owner, fact in self.facts if owner == name]

    def last(self, kind: type, name: str = "sub_1") -> f.Fact:
        return next(fact for owner, fact in reversed(self.facts) if owner == name and isinstance(fact, kind))

    def _act(self, name: str, command: c.Command, seen: c.DecisionContext) -> CommandOutcome | Refused:
        before, outcome = execute(self.account, self.items.values(), name, command, seen, self.now)
        self._keep(before)
        if isinstance(outcome, CommandOutcome):
            self.facts.extend((name, fact) for fact in outcome.decision.facts)
            self.facts.extend(outcome.decision.others)
            self.postings.extend(outcome.decision.postings)
            self._keep(outcome.after)
            if name not in self.items:
                self.items[name] = next(item for item in outcome.after.items if item.sub.id == name)
        return outcome

    def _keep(self, settled: Settled) -> None:
        self.account = settled.account
        self.items = {item.sub.id: item for item in settled.items}
        self.facts.extend(settled.facts)
        self.postings.extend(settled.postings)


def activation(site: str = "site_1", name: str = "sub_1", **changed: object) -> c.Activate:
    """A site applies the code of a subscription."""
    plain = c.Activate(
        by=site,
        site=site,
        key=f"key of {site}",
        code=f"code of {name}",
        product="editor",
        version="12.0",
        name=site,
        allotment=5,
    )
    return msgspec.structs.replace(plain, **changed)


def book(rules: Rules, floor: str = "10.0") -> PolicyHistory:
    return PolicyHistory(((0, rules, floor),))
