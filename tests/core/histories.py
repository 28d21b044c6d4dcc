"""Random lives: orders, commands (also illegal ones), money and waiting, drawn by Hypothesis and lived in a `World`."""

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import strategies as st

from tenure.core import commands as c
from tenure.core.contract import timeline
from tenure.core.decide.sites import take_over
from tenure.core.periods import Duration
from tenure.core.policy import Action, LateRenewal, Refund, RenewalOrder, Role, Rules
from tenure.core.pricing import Band
from tenure.core.settle import Account, settle
from tenure.core.subscription import evolve
from tenure.core.terms import CodeRef, Intent, Kind, Settlement, Start, Terms
from tenure.core.timeline import DAY, Instant, at
from tests.core.world import MONTH, YEAR, World, activation, day, terms

NAMES = ("sub_1", "sub_2")
SITES = ("site_1", "site_2")
BANDS = (Band(up_to=20, unit=1_200), Band(up_to=50, unit=1_000))
"""A price that falls with the number, and an end: 51 devices are not sold."""

Step = tuple[Any, ...]


class Life(World):
    """A world whose sweep looks as rarely as it likes, and that also books what lies in other subscriptions."""

    stride: int = 10 * DAY + 3_601

    def until(self, moment: Instant) -> None:
        while not self.asleep and self.now + self.stride < moment:
            self.now += self.stride
            self.settle()
        self.now = moment
        if not self.asleep:
            self.settle()


rules = st.builds(
    Rules,
    grace_days=st.sampled_from([0, 7, 13]),
    cancel_grace_days=st.sampled_from([0, 5]),
    trial_grace_days=st.sampled_from([0, 2]),
    resume_days=st.sampled_from([30, 60]),
    reinstate_days=st.sampled_from([45, 365]),
    late_renewal=st.sampled_from(LateRenewal),
    refund=st.sampled_from(Refund),
    stop_clock=st.booleans(),
)

sold = st.builds(
    terms,
    kind=st.sampled_from(Kind),
    period=st.sampled_from([MONTH, MONTH, YEAR, Duration(days=14)]),
    devices=st.sampled_from([1, 10, 20, 21, 50]),
    bands=st.just(BANDS),
    start=st.sampled_from([Start.AT_ORDER, Start.AT_ORDER, Start.AT_FIRST_ACTIVATION]),
    max_sites=st.sampled_from([1, 5]),
)
outside = st.builds(
    terms,
    settlement=st.just(Settlement.EXTERNAL),
    period=st.just(MONTH),
    bands=st.just(BANDS),
    start=st.sampled_from(Start),
)

worlds = st.builds(
    Life,
    now=st.sampled_from([day("2027-01-31"), day("2028-02-29"), day("2026-06-01") + 12_345]),
    rules=rules,
    account=st.builds(
        Account, credit_limit=st.sampled_from([0, 0, 5_000]), order=st.sampled_from(RenewalOrder), settled_at=st.just(1)
    ),
)

_names = st.sampled_from(["sub_1", "sub_1", "sub_1", "sub_2"])
_sites = st.sampled_from(SITES)
_roles = st.sampled_from([Role.PROVIDER, Role.PROVIDER, Role.PROVIDER, Role.CUSTOMER, Role.VENDOR])
_days = st.sampled_from([-1, 0, 1, 3, 9, 20, 28, 31, 45, 100, 400])


def _order_of(of: st.SearchStrategy[Terms], **more: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.tuples(st.just("order"), st.just("sub_2"), of, st.fixed_dictionaries(more))


def _one_of(*families: st.SearchStrategy[Step]) -> st.SearchStrategy[Step]:
    """Each family equally often, however many branches it has itself."""
    return st.sampled_from(families).flatmap(lambda family: family)


first_orders = st.tuples(
    st.just("order"), st.just("sub_1"), sold, st.fixed_dictionaries({"intent": st.sampled_from(Intent)})
)
orders = _one_of(
    _order_of(sold, intent=st.sampled_from(Intent)),
    _order_of(sold, intent=st.sampled_from(Intent)),
    _order_of(sold, intent=st.sampled_from(Intent), trial=st.just(True), trial_period=st.just(Duration(days=14))),
    _order_of(sold, until_in=_days),
    _order_of(outside),
    _order_of(outside, until_in=st.sampled_from([31, 100])),
)
waits = st.tuples(st.just("wait"), st.sampled_from([1, 3_600, DAY, 3 * DAY, 9 * DAY, 20 * DAY, 31 * DAY, 100 * DAY]))
edges = st.tuples(st.just("edge"), _names, st.sampled_from([-1, 0, 1]))
credits = st.tuples(st.just("credit"), st.sampled_from([1, 1_200, 12_000, 24_000, 100_000]))
words = st.tuples(st.just("word"), _names, _days, st.booleans())
takeovers = st.tuples(st.just("takeover"), _names)


def _asked(kind: type, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    build = st.builds(kind, by=st.just("somebody"), role=_roles, **fields)
    return st.tuples(st.just("ask"), _names, build, st.sampled_from([0, 3, 15]))


def _later(kind: type, field: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    """A command with an instant counted in days from now, or none."""
    return st.tuples(
        st.just("ask_at"), _names, st.just(kind), st.just(field), _days, st.fixed_dictionaries(fields), _roles
    )


_versions = st.sampled_from(["12.0"] * 6 + ["9.9", "x"])
_activations = st.tuples(st.just("activate"), _names, _sites, _versions, st.sampled_from([1, 1, 1, -1]))
_stagings = st.tuples(st.just("stage"), _names, _sites)
_plans = st.tuples(st.just("plan"), _names, st.sampled_from([1, 2, 3]), st.sampled_from([1, 10, 30]), st.booleans())

FAMILIES: tuple[st.SearchStrategy[Step], ...] = (
    _asked(c.Renew, late=st.sampled_from([None, None, *LateRenewal])),
    _asked(c.SetRenewalIntent, intent=st.sampled_from(Intent)),
    _asked(c.ChangeDevices, devices=st.sampled_from([-5, 0, 1, 9, 10, 20, 21, 50, 51, 10**9]), at_once=st.booleans()),
    _plans,
    _later(c.Hold, "until", reason=st.just("holiday")),
    _asked(c.Hold, reason=st.just("holiday")),
    _asked(c.Release),
    _asked(c.Cancel, at_once=st.booleans()),
    _asked(c.Cancel),
    _asked(c.UndoCancellation),
    _activations,
    _activations,
    _stagings,
    _stagings,
    _asked(
        c.ConfirmPayment,
        reference=st.just("bank"),
        covers=st.sampled_from(["order", "order", "renewal", "raise", "lunch"]),
        devices=st.sampled_from([0, 20, 50, 51]),
    ),
    st.one_of(
        _asked(c.ExtendGrace, days=st.sampled_from([-3, 0, 1, 5, 90, 10**9])),
        _later(c.Reanchor, "anchor"),
        _later(c.DropChange, "effective"),
        _asked(c.Transfer, customer=st.sampled_from(["cus_1", "cus_2"])),
    ),
    st.one_of(
        _asked(
            c.ReissueCode,
            code=st.builds(CodeRef, id=st.sampled_from(["new code", "newer code"]), last_group=st.just("1")),
        ),
        _asked(c.BlockCode, code=st.sampled_from(["code of sub_1", "new code"]), fraud=st.booleans()),
        _asked(c.UnblockCode, code=st.sampled_from(["code of sub_1", "new code"])),
    ),
    st.one_of(
        _asked(c.LeaveSite, site=_sites),
        _asked(c.DropSuccessor, site=_sites),
        _asked(c.DeclareSiteLost, site=_sites, heir=st.sampled_from(["", *SITES])),
        _asked(c.ResolveFork, site=_sites, resolution=st.sampled_from(["restored", "retired", "?"])),
    ),
)
"""One entry each for what is asked often; what is asked rarely shares one."""

commands = _one_of(*FAMILIES)
_time = _one_of(waits, edges)
_around = _one_of(credits, words, takeovers, words, takeovers, orders)
steps = _one_of(*[commands] * 5, *[_time] * 3, *[_around] * 2)


def lives(length: int = 12) -> st.SearchStrategy[tuple[Life, list[Step]]]:
    """A world with some money and two orders, and what happens then."""
    begun = st.tuples(st.just(("credit", 100_000)), first_orders, orders, st.one_of(_activations, waits))
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
        until = at(timeline(world.sub(name)), world.now).until
        if until is not None:
            world.until(max(world.now, until + offset))


def _ask(world: Life, name: str, command: c.Command, in_use: int) -> Any:
    return world.do(command, name, in_use=in_use)


def _ask_at(world: Life, name: str, kind: type, field: str, days: int, more: dict[str, Any], role: Role) -> Any:
    return world.do(kind(by="somebody", role=role, **{field: world.now + days * DAY}, **more), name)


def _activate(world: Life, name: str, site: str, version: str, newest: int) -> Any:
    present = _used_by(world, site)
    code = world.sub(name).codes[-max(0, newest)].id if name in world.items else "?"
    return world.do(activation(site, name, version=version, code=code), name, present=present)


def _stage(world: Life, name: str, site: str) -> Any:
    fields = {"site": site, "key": f"key of {site}", "code": f"code of {name}", "name": site}
    command = c.StageSuccessor(by=site, product="editor", version="12.0", allotment=3, **fields)
    return world.do(command, name, present=_used_by(world, site))


def _used_by(world: Life, site: str) -> Any:
    using = (
        item.sub for item in world.items.values() if any(each.id == site and each.holds for each in item.sub.sites)
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
        sub = world.sub(name)
        acks = ((sub.revision, world.now),) if heard else ()
        world.hear(name, c.Word(site="site_1", until=world.now + max(0, days) * DAY, acks=acks))


def _takeover(world: Life, name: str) -> None:
    """Whoever looks first books a successor whose instant has come."""
    world.settle()
    for site in [] if name not in world.items else [each for each in world.sub(name).sites if each.staged]:
        present = world.items.get(site.present)
        seen = c.Seen(rules=world.rules, floor=world.floor)
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
    "ask": _ask,
    "ask_at": _ask_at,
    "activate": _activate,
    "stage": _stage,
    "plan": _plan,
}

__all__ = ["Action", "Life", "copy", "live", "lives", "settle"]
