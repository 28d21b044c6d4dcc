"""Five lives told day by day and compared with what was told before: facts, money, and the timeline that is left.

`python -m tests.golden.test_lives` writes the diaries anew; look at what changed before it is kept.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tenure.core.business import commands as c
from tenure.core.business.ledger import LedgerAccount
from tenure.core.periods import format_instant
from tenure.core.policy.rules import RefundRule, Rules
from tenure.core.pricing import format_money
from tenure.core.refusals import Refused
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.terms import RenewalIntent, SubscriptionKind, TermStart
from tests.core.world import MONTH, World, day, terms

FOLDER = Path(__file__).parent / "lives"


class Diary:
    """A world that writes down what is done and what follows."""

    def __init__(self, **rules: object) -> None:
        self.world = World(rules=Rules(**rules))
        self.lines: list[str] = []
        self._facts = self._postings = 0

    def on(self, date: str, what: str, deed: Callable[[World], object]) -> None:
        """Time passes to a date, what falls due by itself is noted, then somebody does something."""
        self.world.until(day(date))
        self._note()
        self.lines.append(f"{date}  {what}")
        answer = deed(self.world)
        if isinstance(answer, Refused):
            self.lines.append(f"            refused: {answer.code}{' - ' if answer.detail else ''}{answer.detail}")
        self._note()

    def ask(self, date: str, what: str, command: c.Command, name: str = "sub_1", **seen: object) -> None:
        """Somebody asks for something."""
        self.on(date, what, lambda world: world.do(command, name, **seen))

    def pay(self, date: str, amount: int) -> None:
        """Money comes in."""
        self.on(date, f"{format_money(amount, 'EUR')} is paid in", lambda world: world.top_up(amount))

    def _note(self) -> None:
        facts, postings = self.world.facts[self._facts :], self.world.postings[self._postings :]
        self._facts, self._postings = len(self.world.facts), len(self.world.postings)
        self.lines += [f"            {name}: {type(fact).__name__} {_when(fact.at)}" for name, fact in facts]
        for posting in postings:
            moved = format_money(posting.moved_on(LedgerAccount.BALANCE), "EUR")
            aside = format_money(posting.moved_on(LedgerAccount.RESERVE), "EUR")
            self.lines.append(f"            {posting.kind} {_when(posting.at)}: balance {moved}, reserve {aside}")

    def told(self) -> str:
        """The whole diary, the money left and the timelines at its end."""
        account = self.world.account
        lines = [*self.lines, "", f"balance {format_money(account.balance, 'EUR')}, reserve {account.reserve}"]
        for name in self.world.items:
            lines += ["", name]
            for span in timeline(self.world.sub(name)):
                until = "for good" if span.until is None else _when(span.until)
                features = " ".join(span.features) or "-"
                lines.append(f"  {_when(span.since)} to {until}: {span.phase} {span.why}, {features}, {span.limit}")
        return "\n".join(lines) + "\n"


def _when(instant: int) -> str:
    return format_instant(instant).replace("T00:00:00Z", "")


def year_with_grace() -> Diary:
    """A year, its grace, an end, and a renewal that charges the grace served."""
    diary = Diary(grace_days=14)
    diary.pay("2026-01-01", 12_000)
    diary.on("2026-01-01", "ten devices are ordered for a year", lambda world: world.order())
    diary.on("2026-01-05", "the code is applied", lambda world: world.activate())
    diary.ask("2026-06-01", "renewed too early", c.Renew(by="operator"))
    diary.ask("2026-12-01", "renewed without money", c.Renew(by="operator"))
    diary.ask("2027-01-05", "three more days of grace", c.ExtendGrace(by="operator", days=3))
    diary.pay("2027-02-01", 12_000)
    diary.ask("2027-02-01", "renewed late", c.Renew(by="operator"))
    return diary


def runs_dry_and_recovers() -> Diary:
    """Without an end, prepaid for two months; money comes in grace, then long after the end."""
    diary = Diary(grace_days=7)
    diary.pay("2026-01-31", 24_000)
    unlimited = terms(kind=SubscriptionKind.UNLIMITED, period=MONTH)
    diary.on("2026-01-31", "ten devices are ordered by the month", lambda world: world.order(of=unlimited))
    diary.pay("2026-04-02", 12_000)
    diary.pay("2026-05-20", 12_000)
    diary.ask("2026-05-20", "renewed by hand", c.Renew(by="operator"))
    diary.pay("2026-08-01", 12_000)
    diary.ask("2026-08-01", "switched on again", c.SetRenewalIntent(by="operator", intent=RenewalIntent.AUTO))
    return diary


def canceled_in_the_window() -> Diary:
    """Canceled while the next period is reserved and a lease promises a week of it; undone, canceled again."""
    diary = Diary(grace_days=7)
    diary.pay("2026-01-01", 24_000)
    unlimited = terms(kind=SubscriptionKind.UNLIMITED, period=MONTH)
    diary.on("2026-01-01", "ten devices are ordered by the month", lambda world: world.order(of=unlimited))
    diary.on("2026-01-02", "the code is applied", lambda world: world.activate())
    word = c.OutstandingLease(site="site_1", until=day("2026-02-08"))
    diary.on("2026-01-25", "a lease is signed until 8 February", lambda world: world.hear("sub_1", word))
    diary.ask("2026-01-26", "canceled", c.Cancel(by="operator"))
    diary.ask("2026-01-27", "undone", c.UndoCancellation(by="operator"))
    diary.ask("2026-01-28", "canceled again", c.Cancel(by="operator"))
    diary.ask("2026-02-09", "undone too late", c.UndoCancellation(by="operator"))
    return diary


def stopped_clock() -> Diary:
    """A hold that stops the clock, a raise meanwhile, and a cancellation that gives unused days back."""
    diary = Diary(stop_clock=True, refund=RefundRule.UNUSED_DAYS)
    diary.pay("2026-01-01", 24_000)
    diary.on("2026-01-01", "ten devices are ordered for a year", lambda world: world.order())
    diary.ask("2026-12-01", "held", c.PlaceHold(by="operator", reason="moving house"))
    diary.ask("2027-03-01", "renewed while held", c.Renew(by="operator"))
    diary.ask("2027-03-01", "raised to fifteen", c.ChangeDevices(by="operator", devices=15))
    diary.ask("2027-03-11", "released", c.ReleaseHold(by="operator"))
    diary.ask("2027-03-21", "canceled at once", c.Cancel(by="operator", at_once=True))
    diary.on("2027-03-22", "a day later", lambda _: None)
    return diary


def another_code() -> Diary:
    """Another code is refused until the paid end has come; then the site moves, before the grace is over."""
    diary = Diary(grace_days=14)
    diary.pay("2026-02-01", 24_000)
    diary.on("2026-02-01", "the first is ordered", lambda world: world.order())
    diary.on("2026-02-01", "its code is applied", lambda world: world.activate())
    waiting = terms(start=TermStart.AT_FIRST_ACTIVATION)
    diary.on("2026-11-01", "the second is ordered", lambda world: world.order("sub_2", of=waiting))
    diary.on("2026-11-02", "its code is applied", lambda world: world.activate("site_1", "sub_2", present=world.sub()))
    diary.on("2027-02-01", "and again", lambda world: world.activate("site_1", "sub_2", present=world.sub()))
    return diary


LIVES = (year_with_grace, runs_dry_and_recovers, canceled_in_the_window, stopped_clock, another_code)


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.__name__)
def test_b12_a_life_is_told_as_before(life: Callable[[], Diary]) -> None:
    expected = (FOLDER / f"{life.__name__}.txt").read_text(encoding="utf-8")
    assert f"{life.__doc__}\n\n{life().told()}" == expected


if __name__ == "__main__":
    for each in LIVES:
        (FOLDER / f"{each.__name__}.txt").write_text(f"{each.__doc__}\n\n{each().told()}", encoding="utf-8")
