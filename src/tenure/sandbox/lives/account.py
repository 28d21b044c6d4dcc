"""One customer's account and its subscriptions, lived in memory as the server lives them, and judged at every step."""

from dataclasses import dataclass, field

import msgspec

from tenure.core.business import commands as c
from tenure.core.business import ledger
from tenure.core.business.account import Account, AccountSubscription, after_postings
from tenure.core.business.execute import CommandOutcome, credit_account, execute
from tenure.core.business.ledger import Posting
from tenure.core.business.settle import Settled, settle
from tenure.core.policy.rules import Rules
from tenure.core.refusals import Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.terms import CodeRef, RenewalIntent, Terms
from tenure.core.timeline import Instant
from tenure.sandbox.lives.judge import SubscriptionJudge, UnfairLife

PAYS_PERIOD = frozenset({ledger.PostingKind.CAPTURE, ledger.PostingKind.CHARGE})


@dataclass
class LivedAccount:
    """An account whose life is made of its methods' calls; each raises `UnfairLife` where the judge finds it unfair."""

    now: Instant
    rules: Rules
    account: Account = field(default_factory=Account)
    items: dict[str, AccountSubscription] = field(default_factory=dict)
    judges: dict[str, SubscriptionJudge] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    """Commands and their outcomes, for a developer who has to understand a failure."""
    accepted: int = 0
    paid: set[tuple[str, Instant, str]] = field(default_factory=set)
    """Names under which periods were paid."""

    def sub(self, name: str) -> Subscription:
        """One subscription as it is."""
        return self.items[name].sub

    def top_up(self, amount: int) -> None:
        """Money comes in."""
        posting = ledger.top_up(amount, at=self.now, recorded_at=self.now, reference=f"bank {len(self.told)}")
        before, after = credit_account(self.account, self.items.values(), posting, self.now)
        self._tell_judge(f"{amount} paid in")
        self._keep_settlement(before)
        self.account = after_postings(self.account, (posting,))
        self._keep_settlement(after)

    def order(self, name: str, of: Terms, *, intent: RenewalIntent, trial: bool, until: Instant | None) -> None:
        """Order a subscription."""
        code = CodeRef(id=f"code of {name}", last_group="00000")
        asked = c.Order(
            by="walk", subscription=name, provider="prv", customer="cus", terms=of, code=code, intent=intent,
            trial=trial, until=until,
        )  # fmt: skip
        self.run_command(name, asked)

    def run_command(self, name: str, command: c.Command, in_use: int = 0) -> None:
        """Run a command, and have the judge look at its outcome."""
        seen = c.DecisionContext(rules=self.rules, floor="", in_use=in_use)
        before, outcome = execute(self.account, self.items.values(), name, command, seen, self.now)
        self._keep_settlement(before)
        if isinstance(outcome, Refused):
            self._tell_judge(f"{command} refused: {outcome.code} {outcome.detail}")
            return
        self.accepted += 1
        facts = outcome.decision.facts
        self._tell_judge(f"{command} did {' '.join(type(fact).__name__ for fact in facts)}")
        if isinstance(command, c.Order):
            assert isinstance(facts[0], f.Ordered)  # noqa: S101 - what an order does
            self.judges[name] = SubscriptionJudge.from_order(facts[0])
        self._take_outcome(outcome)
        self.judges[name].follow(command, facts, outcome.decision.postings, self.now)
        self._judge_settlement(outcome.after)

    def hold_lease(self, name: str, word: c.OutstandingLease) -> None:
        """What a site holds in its hands from now on."""
        self._tell_judge(f"a lease of {name} until {word.until}, {len(word.acks)} acknowledged")
        self.items[name] = msgspec.structs.replace(self.items[name], words=(word,))
        self.judges[name].promised = word.until

    def advance_to(self, moment: Instant) -> None:
        """Move the time to `moment`, and book payments that fell due meanwhile."""
        self.now = max(self.now, moment)
        self._tell_judge("")
        self._keep_settlement(settle(self.account, self.items.values(), self.now))

    def _take_outcome(self, outcome: CommandOutcome) -> None:
        self._book_postings(outcome.postings)
        self.account = outcome.after.account
        self.items = {item.sub.id: item for item in outcome.after.items}

    def _keep_settlement(self, settled: Settled) -> None:
        self._book_postings(settled.postings)
        self.account = settled.account
        self.items = {item.sub.id: item for item in settled.items}
        self._judge_settlement(settled)

    def _judge_settlement(self, settled: Settled) -> None:
        for name, judge in self.judges.items():
            facts = [fact for owner, fact in settled.facts if owner == name]
            judge.follow(None, facts, _postings_of(name, settled.postings), self.now)

    def _book_postings(self, postings: tuple[Posting, ...]) -> None:
        """As the store books them, one after the other: none overdraws, and a period is paid under a name of its own.

        The store would take a name that was booked before for a repetition, and the period would stay unpaid.
        """
        balance = self.account.balance
        least = min(balance, -self.account.credit_limit)
        for posting in postings:
            balance += posting.moved_on(ledger.LedgerAccount.BALANCE)
            if balance < least and posting.moved_on(ledger.LedgerAccount.BALANCE) < 0:
                raise UnfairLife(f"{posting.kind} of {posting.subscription} overdraws the balance to {balance}")
            if posting.kind in PAYS_PERIOD and posting.period is not None:
                name = (posting.subscription, posting.period, posting.reference)
                if name in self.paid:
                    raise UnfairLife(f"the period of {name} is paid a second time")
                self.paid.add(name)

    def _tell_judge(self, what: str) -> None:
        if what:
            self.told.append(f"{self.now} {what}")


def _postings_of(name: str, postings: tuple[Posting, ...]) -> list[Posting]:
    return [posting for posting in postings if posting.subscription == name]
