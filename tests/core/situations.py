"""Beginnings that many situations share, and what to ask of an answer."""

from tenure.core.business import commands as c
from tenure.core.business.execute import CommandOutcome
from tenure.core.policy.rules import RefundRule, Rules
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.terms import RenewalIntent, Settlement, SubscriptionKind, Terms, TermStart
from tenure.core.timeline import DAY, Instant
from tests.core.world import MONTH, World, day, terms

PRICE = 12_000
"""What ten devices cost for a period, in minor units."""


def refusal(answer: object) -> RefusalCode:
    """The code of a refusal."""
    assert isinstance(answer, Refused), answer
    return answer.code


def accepted(answer: object) -> CommandOutcome:
    """The outcome of what was accepted."""
    assert isinstance(answer, CommandOutcome), answer
    return answer


def funded(money: int = 10 * PRICE, **rules: object) -> World:
    """A customer with money and nothing else, on 2026-01-01; grace is 14 days unless said otherwise."""
    world = World(rules=Rules(**rules))
    if money:
        world.top_up(money)
    return world


def limited(money: int = 0, of: Terms | None = None, **rules: object) -> World:
    """Ten devices for the year 2026, paid, and so much money left."""
    world = funded(PRICE + money, **rules)
    accepted(world.order(of=of))
    return world


def monthly(money: int = 0, **rules: object) -> World:
    """Ten devices by the month from 2026-01-01, limited, paid, and so much money left."""
    return limited(money, of=terms(period=MONTH), **rules)


def unlimited(months: int = 3, **rules: object) -> World:
    """Ten devices without an end, prepaid for so many months from 2026-01-01; seven days of grace."""
    world = funded(PRICE * months, **{"grace_days": 7, **rules})
    accepted(world.order(of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH)))
    return world


def automatic(money: int = PRICE, **rules: object) -> World:
    """The year 2026, limited, renewing itself."""
    world = funded(PRICE + money, **rules)
    accepted(world.order(intent=RenewalIntent.AUTO))
    return world


def waiting(money: int = 0, **rules: object) -> World:
    """Ordered and paid for, to begin with the first activation."""
    return limited(money, of=terms(start=TermStart.AT_FIRST_ACTIVATION), **rules)


def outside(**changed: object) -> World:
    """Ordered on terms that are paid outside the ledger."""
    world = funded(0)
    accepted(world.order(of=terms(settlement=Settlement.EXTERNAL, **changed)))
    return world


def refunding(**rules: object) -> dict[str, object]:
    """The figures of a provider that gives unused days back."""
    return {"refund": RefundRule.UNUSED_DAYS, **rules}


def cancel(world: World, name: str = "sub_1", *, at_once: bool = False) -> object:
    """Somebody at the provider cancels."""
    return world.do(c.Cancel(by="operator", at_once=at_once), name)


def word(until: Instant, *acks: tuple[int, Instant], site: str = "site_1") -> c.OutstandingLease:
    """A site's lease in hand until then, and which revisions it has acknowledged when."""
    return c.OutstandingLease(site=site, until=until, acks=acks)


def days_after(date: str, days: int) -> Instant:
    """Midnight so many days after a date."""
    return day(date) + days * DAY
