"""Random lives: orders, commands (also illegal ones), money and waiting, drawn by Hypothesis and lived in a `World`.

Every step is one choice out of a table, so that a failing life shrinks to the few steps that matter.
"""

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import msgspec
from hypothesis import strategies as st

from tenure.core.business import commands as c
from tenure.core.business.account import Account
from tenure.core.business.decide.installations import take_over
from tenure.core.periods import Duration
from tenure.core.policy.rules import LateRenewal, RefundRule, RenewalOrder, Role, Rules
from tenure.core.pricing import Band
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.fold import Subscription, evolve
from tenure.core.subscription.terms import CodeRef, RenewalIntent, Settlement, SubscriptionKind, Terms, TermStart
from tenure.core.timeline import DAY, Instant, span_at
from tests.core.world import MONTH, YEAR, World, activation, day, terms

NAMES = ("sub_1", "sub_1", "sub_2")
SITES = ("site_1", "site_2")
DAYS = (-1, 1, 9, 31, 100)
BANDS = (Band(up_to=20, unit=1_200), Band(up_to=50, unit=1_000))
"""A price that falls with the number, and an end: 51 devices are not sold."""

Step = tuple[Any, ...]


class Life(World):
    """A world whose sweep looks as rarely as it likes."""

    stride: int = 10 * DAY + 3_601

    def until(self, moment: Instant) -> None:
        while not self.asleep and self.now + self.stride < moment:
            self.now += self.stride
            self.settle()
        self.now = moment
        if not self.asleep:
            self.settle()


def _rules() -> Iterable[Rules]:
    figures = product([0, 7, 13], RefundRule, LateRenewal, [False, True])
    for number, (grace, refund, late, stop_clock) in enumerate(figures):
        yield Rules(
            grace_days=grace,
            cancel_grace_days=5 * (number % 2),
            trial_grace_days=2 * (number % 3),
            resume_days=30 + 30 * (number % 2),
            reinstate_days=45 if number % 5 == 0 else 365,
            late_renewal=late,
            refund=refund,
            stop_clock=stop_clock,
        )


def _sold() -> Iterable[Terms]:
    periods = (MONTH, YEAR, Duration(days=14))
    starts = (TermStart.AT_ORDER, TermStart.AT_ORDER, TermStart.AT_FIRST_ACTIVATION)
    for kind, period, start, devices in product(SubscriptionKind, periods, starts, (10, 20, 50)):
        yield terms(kind=kind, period=period, start=start, devices=devices, bands=BANDS, max_sites=devices // 10)


def _orders(name: str) -> Iterable[Step]:
    sold = list(_sold())
    outside = [terms(settlement=Settlement.EXTERNAL, period=MONTH, bands=BANDS, start=start) for start in TermStart]
    yield from (("order", name, of, {"intent": intent}) for of, intent in product(sold, RenewalIntent))
    trial = {"trial": True, "trial_period": Duration(days=14)}
    yield from (("order", name, of, {"intent": intent, **trial}) for of, intent in product(sold[::5], RenewalIntent))
    yield from (("order", name, of, {"until_in": days}) for of, days in product([*sold[::9], *outside], DAYS))
    yield from [("order", name, of, {}) for of in outside] * 4


def _ask(kind: type, *, roles: Iterable[Role] = (Role.PROVIDER,), **choices: Iterable[Any]) -> list[Step]:
    """A command to every subscription in every form, by every role."""
    forms = [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]
    return [
        ("ask", name, kind(by="somebody", role=role, **form), in_use)
        for name, role, form, in_use in product(NAMES, roles, forms, (0, 0, 15))
    ]


def _ask_later(kind: type, field: str, **more: Any) -> list[Step]:
    """A command with an instant, counted in days from now."""
    return [("ask_later", name, kind, field, days, more) for name, days in product(NAMES, DAYS)]


ALL = (Role.PROVIDER, Role.CUSTOMER, Role.VENDOR)
COUNTS = (10**9, 0, 51, 1, 9, 10, 15, 20, 21, 30, 50)
CODES = ("code of sub_1", "new code")
NEW = (CodeRef(id="new code", last_group="1"), CodeRef(id="newer code", last_group="2"))
COVERS = ("order", "order", "renewal", "raise", "lunch")

ASKED: list[list[Step]] = [
    _ask(c.Renew, roles=ALL, late=[None, None, *LateRenewal]),
    _ask(c.SetRenewalIntent, roles=ALL, intent=RenewalIntent),
    _ask(c.ChangeDevices, devices=COUNTS, at_once=[False, True]),
    [("plan", *parts) for parts in product(NAMES, (1, 2, 3), (1, 10, 30), (False, True))],
    _ask_later(c.PlaceHold, "until", reason="holiday"),
    _ask(c.PlaceHold, roles=ALL, reason=["unpaid bill"]),
    _ask(c.ReleaseHold, roles=ALL),
    _ask(c.Cancel, roles=ALL, at_once=[False, True]),
    _ask(c.Cancel),
    _ask(c.UndoCancellation),
    [("activate", *parts) for parts in product(NAMES, SITES, ("12.0", "12.0", "12.0", "9.9", "x"), (1, 1, 0))],
    [("activate", *parts) for parts in product(NAMES, SITES, ("12.0",), (1,))],
    [("stage", *parts) for parts in product(("sub_2", "sub_2", "sub_1"), SITES)],
    _ask(c.ConfirmPayment, reference=["bank"], covers=COVERS, devices=[0, 20, 51]),
    [
        *_ask(c.ExtendGrace, days=[-3, 0, 1, 5, 90, 10**9]),
        *_ask_later(c.Reanchor, "anchor") * 3,
        *_ask_later(c.DropChange, "effective"),
        *_ask(c.Transfer, customer=["cus_1", "cus_2"]),
    ],
    [
        *_ask(c.ReissueCode, code=NEW),
        *_ask(c.BlockCode, code=CODES, fraud=[False, True]),
        *_ask(c.UnblockCode, code=CODES),
    ],
    [
        *_ask(c.LeaveSite, site=SITES),
        *_ask(c.DropSuccessor, site=SITES),
        *_ask(c.FreeAllotment, site=SITES),
        *_ask(c.EditSeatConflict, going=[(), ("site_1",)]),
        *_ask(c.DeclareSiteLost, site=SITES, recipient=["", *SITES]),
        *_ask(c.ResolveFork, site=SITES, resolution=["restored", "retired", "?"]),
    ],
]
"""One table each for what is asked often; what is asked rarely shares one."""

WAITS: list[Step] = [("wait", seconds) for seconds in (1, DAY, 3 * DAY, 9 * DAY + 5, 20 * DAY, 100 * DAY)]
EDGES: list[Step] = [("edge", *parts) for parts in product(NAMES, (-1, 0, 1))]
CREDITS: list[Step] = [("credit", amount) for amount in (1, 1_200, 12_000, 24_000, 100_000)]
WORDS: list[Step] = [("word", *parts) for parts in product(NAMES, (0, 3, 9, 31), (False, True))]
TAKEOVERS: list[Step] = [("takeover", name) for name in NAMES]

TABLES = [*ASKED, *[WAITS, EDGES] * 4, CREDITS, CREDITS, WORDS, WORDS, TAKEOVERS, list(_orders("sub_2"))]

worlds = st.builds(
    Life,
    now=st.sampled_from([day("2027-01-31"), day("2028-02-29"), day("2026-06-01") + 12_345]),
    rules=st.sampled_from(list(_rules())),
    account=st.sampled_from(
        [
            Account(credit_limit=limit, orders=((0, order),), settled_at=1)
            for order, limit in product(RenewalOrder, (0, 5_000))
        ]
    ),
)
steps = st.sampled_from(TABLES).flatmap(st.sampled_from)
first_orders = st.sampled_from([step for step in _orders("sub_1") if "until_in" not in step[3]])
second_orders = st.sampled_from(list(_orders("sub_2")))
openings = st.sampled_from(
    [("activate", "sub_1", "site_1", "12.0", 1), ("activate", "sub_1", "site_2", "12.0", 1), WAITS[4]]
)


def lives(length: int = 12) -> st.SearchStrategy[tuple[Life, list[Step]]]:
    """A world with some money and two orders, and what happens then."""
    begun = st.tuples(st.just(("credit", 100_000)), first_orders, second_orders, openings)
    course = st.tuples(begun, st.lists(steps, min_size=length, max_size=length))
    return st.tuples(worlds, course.map(lambda drawn: [*drawn[0], *drawn[1]]))


def copy(world: Life) -> Life:
    """The same world at its beginning, to be lived another way."""
    return Life(now=world.now, rules=world.rules, floor=world.floor, account=world.account)


def live(world: Life, step: Step) -> Any:
    """Let one step happen; what the world answered."""
    return _ACTS[step[0]](world, *step[1:])


def _order(world: Life, name: str, of: Terms, more: dict[str, Any]) -> Any:
    more = dict(more)
    if "until_in" in more:
        more["until"] = world.now + more.pop("until_in") * DAY
    return world.order(name, of=of, **more)


def _edge(world: Life, name: str, offset: int) -> None:
    """Wait for the next change of a subscription, or for the second before or after it."""
    world.settle()
    if name in world.items:
        until = span_at(timeline(world.sub(name)), world.now).until
        if until is not None:
            world.until(max(world.now, until + offset))


def _asked(world: Life, name: str, command: c.Command, in_use: int) -> Any:
    return world.do(command, name, in_use=in_use)


def _asked_later(world: Life, name: str, kind: type, field: str, days: int, more: dict[str, Any]) -> Any:
    return world.do(kind(by="somebody", **{field: world.now + days * DAY}, **more), name)


def _activate(world: Life, name: str, site: str, version: str, newest: int) -> Any:
    code = world.sub(name).codes[-newest].id if name in world.items else "?"
    return world.do(activation(site, name, version=version, code=code), name, present=_used_by(world, site))


def _stage(world: Life, name: str, site: str) -> Any:
    fields = {"site": site, "key": f"key of {site}", "code": f"code of {name}", "name": site}
    command = c.StageSuccessor(by=site, product="editor", version="12.0", allotment=3, **fields)
    return world.do(command, name, present=_used_by(world, site))


def _used_by(world: Life, site: str) -> Subscription | None:
    using = (
        item.sub for item in world.items.values() if any(each.id == site and each.is_active for each in item.sub.sites)
    )
    return next(using, None)


def _plan(world: Life, name: str, factor: int, devices: int, monthly: bool) -> Any:
    """Another plan of the same contract: cheaper or dearer, of the same or another period."""
    if name not in world.items:
        return None
    old = world.sub(name).terms_at(world.now)
    bands = tuple(msgspec.structs.replace(band, unit=600 * factor) for band in BANDS)
    period = MONTH if monthly else old.period
    new = msgspec.structs.replace(old, plan=f"plan {factor}", bands=bands, devices=devices, period=period)
    return world.do(c.ChangePlan(by="somebody", terms=new), name)


def _word(world: Life, name: str, days: int, heard: bool) -> None:
    """A site holds a lease for so many days; or has just acknowledged the newest truth."""
    world.settle()
    if name in world.items:
        acks = ((world.sub(name).revision, world.now),) if heard else ()
        world.hear(name, c.OutstandingLease(site="site_1", until=world.now + days * DAY, acks=acks))


def _takeover(world: Life, name: str) -> None:
    """Whoever looks first books a successor whose instant has come."""
    world.settle()
    for site in [each for each in world.sub(name).sites if each.is_staged] if name in world.items else []:
        present = world.items.get(site.present)
        seen = c.DecisionContext(rules=world.rules, floor=world.floor)
        done = None if present is None else take_over(world.sub(name), present.sub, seen, world.now, site.id)
        if done is not None:
            for owner, fact in [*((name, fact) for fact in done.facts), *done.others]:
                item = world.items[owner]
                world.items[owner] = msgspec.structs.replace(item, sub=evolve(item.sub, fact))
                world.facts.append((owner, fact))


_ACTS: dict[str, Callable[..., Any]] = {
    "order": _order,
    "wait": lambda world, seconds: world.wait(seconds=seconds),
    "edge": _edge,
    "credit": lambda world, amount: world.top_up(amount),
    "word": _word,
    "takeover": _takeover,
    "ask": _asked,
    "ask_later": _asked_later,
    "activate": _activate,
    "stage": _stage,
    "plan": _plan,
}
