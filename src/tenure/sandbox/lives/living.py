"""One customer's account and its subscriptions, lived in memory as the server lives them, and judged at every step."""

from dataclasses import dataclass, field

import msgspec

from tenure.core import commands as c
from tenure.core import facts as f
from tenure.core import ledger
from tenure.core.account import Account, Item, posted
from tenure.core.act import Outcome, act, credit
from tenure.core.ledger import Posting
from tenure.core.policy import Rules
from tenure.core.refusals import Refused
from tenure.core.settle import Settled, settle
from tenure.core.subscription import Subscription
from tenure.core.terms import CodeRef, Intent, Terms
from tenure.core.timeline import Instant
from tenure.sandbox.lives.judge import SubscriptionJudge, Unfair

PAYS_PERIOD = frozenset({ledger.Kind.CAPTURE, ledger.Kind.CHARGE})


@dataclass
class LivedAccount:
    """Every method is something that somebody does; each raises `Unfair` where the judge finds it so."""

    now: Instant
    rules: Rules
    account: Account = field(default_factory=Account)
    items: dict[str, Item] = field(default_factory=dict)
    judges: dict[str, SubscriptionJudge] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    """What was done and answered, for whoever lives it again."""
    accepted: int = 0
    paid: set[tuple[str, Instant, str]] = field(default_factory=set)
    """Names under which periods were paid."""

    def sub(self, name: str) -> Subscription:
        """One subscription as it is."""
        return self.items[name].sub

    def top_up(self, amount: int) -> None:
        """Money comes in."""
        posting = ledger.top_up(amount, at=self.now, recorded_at=self.now, reference=f"bank {len(self.told)}")
        before, after = credit(self.account, self.items.values(), posting, self.now)
        self._tell(f"{amount} paid in")
        self._keep(before)
        self.account = posted(self.account, (posting,))
        self._keep(after)

    def order(self, name: str, of: Terms, *, intent: Intent, trial: bool, until: Instant | None) -> None:
        """Somebody orders."""
        code = CodeRef(id=f"code of {name}", last_group="00000")
        asked = c.Order(
            by="walk", subscription=name, provider="prv", customer="cus", terms=of, code=code, intent=intent,
            trial=trial, until=until,
        )  # fmt: skip
        self.do(name, asked)

    def do(self, name: str, command: c.Command, in_use: int = 0) -> None:
        """Somebody asks for something."""
        seen = c.Seen(rules=self.rules, floor="", in_use=in_use)
        before, outcome = act(self.account, self.items.values(), name, command, seen, self.now)
        self._keep(before)
        if isinstance(outcome, Refused):
            self._tell(f"{command} refused: {outcome.code} {outcome.detail}")
            return
        self.accepted += 1
        facts = outcome.decision.facts
        self._tell(f"{command} did {' '.join(type(fact).__name__ for fact in facts)}")
        if isinstance(command, c.Order):
            assert isinstance(facts[0], f.Ordered)  # noqa: S101 - what an order does
            self.judges[name] = SubscriptionJudge.of(facts[0])
        self._take(outcome)
        self.judges[name].follow(command, facts, outcome.decision.postings, self.now)
        self._judge(outcome.after)

    def hear(self, name: str, word: c.Word) -> None:
        """What a site holds in its hands from now on."""
        self._tell(f"a lease of {name} until {word.until}, {len(word.acks)} acknowledged")
        self.items[name] = msgspec.structs.replace(self.items[name], words=(word,))
        self.judges[name].promised = word.until

    def until(self, moment: Instant) -> None:
        """Time passes, and what fell due is booked when somebody looks."""
        self.now = max(self.now, moment)
        self._tell("")
        self._keep(settle(self.account, self.items.values(), self.now))

    def _take(self, outcome: Outcome) -> None:
        self._book(outcome.postings)
        self.account = outcome.after.account
        self.items = {item.sub.id: item for item in outcome.after.items}

    def _keep(self, settled: Settled) -> None:
        self._book(settled.postings)
        self.account = settled.account
        self.items = {item.sub.id: item for item in settled.items}
        self._judge(settled)

    def _judge(self, settled: Settled) -> None:
        for name, judge in self.judges.items():
            facts = [fact for owner, fact in settled.facts if owner == name]
            judge.follow(None, facts, _of(name, settled.postings), self.now)

    def _book(self, postings: tuple[Posting, ...]) -> None:
        """As the store books them, one after the other: none overdraws, and a period is paid under a name of its own.

        A name that was booked before would be taken for a repetition, and nobody would pay.
        """
        balance = self.account.balance
        least = min(balance, -self.account.credit_limit)
        for posting in postings:
            balance += posting.moved(ledger.Account.BALANCE)
            if balance < least and posting.moved(ledger.Account.BALANCE) < 0:
                raise Unfair(f"{posting.kind} of {posting.subscription} overdraws the balance to {balance}")
            if posting.kind in PAYS_PERIOD and posting.period is not None:
                name = (posting.subscription, posting.period, posting.reference)
                if name in self.paid:
                    raise Unfair(f"the period of {name} is paid a second time")
                self.paid.add(name)

    def _tell(self, what: str) -> None:
        if what:
            self.told.append(f"{self.now} {what}")


def _of(name: str, postings: tuple[Posting, ...]) -> list[Posting]:
    return [posting for posting in postings if posting.subscription == name]
