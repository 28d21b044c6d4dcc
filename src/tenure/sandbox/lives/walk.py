"""Random lives, drawn from a seed: orders, changes, drops, holds, cancellations, money that comes late or never."""

import random
from collections.abc import Callable

import msgspec

from tenure.core.business import commands as c
from tenure.core.periods import Duration
from tenure.core.policy.rules import LateRenewal, RefundRule, Role, Rules
from tenure.core.pricing import Band
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.terms import RenewalIntent, Settlement, SubscriptionKind, Terms, TermsField, TermStart
from tenure.core.timeline import DAY, span_at
from tenure.sandbox.lives.account import LivedAccount
from tenure.sandbox.lives.judge import UnfairLife

MONTH, YEAR, FORTNIGHT = Duration(months=1), Duration(months=12), Duration(days=14)
PLANS: dict[str, tuple[Duration, tuple[Band, ...], int]] = {
    "month": (MONTH, (Band(9, 31), Band(99, 16), Band(None, 10)), 1_000),
    "month dear": (MONTH, (Band(None, 37),), 120),
    "month cheap": (MONTH, (Band(20, 12), Band(None, 7)), 1_000),
    "year": (YEAR, (Band(99, 190), Band(None, 110)), 1_000),
    "year cheap": (YEAR, (Band(None, 83),), 1_000),
    "year dear": (YEAR, (Band(49, 500), Band(None, 449)), 200),
    "fortnight": (FORTNIGHT, (Band(None, 6),), 150),
    "free": (MONTH, (Band(None, 0),), 1_000),
}
"""Period, prices per device and period, and the most devices sold; several fall so far that more devices cost less."""
COUNTS = (1, 5, 8, 9, 10, 11, 13, 20, 21, 49, 50, 99, 100, 101, 120, 150, 200)
STARTS = (1_769_817_600, 1_767_225_600, 1_835_395_200, 1_780_300_801)
"""31 January 2026, 1 January 2026, 29 February 2028, and a second past noon in June."""
NAMES = ("sub_1", "sub_2")
LENGTH = 20


class LifeLived(msgspec.Struct, frozen=True, kw_only=True):
    """What one life came to."""

    seed: int
    steps: int
    accepted: int
    looks: int
    unfair: str = ""
    told: tuple[str, ...] = ()


def run_life(seed: int, length: int = LENGTH) -> LifeLived:
    """One life from its seed; `unfair` says what the judge found."""
    walk = _RandomLife(seed)
    unfair = ""
    try:
        walk.run(length)
    except UnfairLife as found:
        unfair = str(found)
    looks = sum(judge.looks for judge in walk.lived.judges.values())
    told = tuple(walk.lived.told)
    return LifeLived(seed=seed, steps=len(told), accepted=walk.lived.accepted, looks=looks, unfair=unfair, told=told)


class _RandomLife:
    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - a walk that can be walked again
        self.lived = LivedAccount(now=self.dice.choice(STARTS), rules=_random_rules(self.dice))
        account = msgspec.structs.replace(self.lived.account, settled_at=self.lived.now)
        self.lived.account = msgspec.structs.replace(account, credit_limit=self.dice.choice((0, 0, 0, 2_000)))

    def run(self, length: int) -> None:
        self.lived.top_up(self.dice.choice((3_000, 30_000, 1_000_000, 1_000_000)))
        for name in NAMES[: self.dice.choice((1, 1, 1, 2))]:
            self._order(name)
        for _ in range(length):
            self._step(self.dice.choice(sorted(self.lived.items)) if self.lived.items else "")

    def _step(self, name: str) -> None:
        if not name:
            self.lived.top_up(50_000)
            self._order(NAMES[0])
            return
        steps: tuple[tuple[int, Callable[[str], None]], ...] = (
            (30, self._wait), (20, self._devices), (16, self._plan), (7, self._drop), (9, self._renew),
            (3, self._intent), (4, self._hold), (4, self._release), (3, self._cancel), (4, self._undo),
            (6, self._pay), (4, self._word), (3, self._activate), (4, self._confirm), (1, self._reanchor),
        )  # fmt: skip
        weights, actions = zip(*steps, strict=True)
        self.dice.choices(actions, weights)[0](name)

    def _order(self, name: str) -> None:
        dice, lived = self.dice, self.lived
        outside = dice.random() < 0.15
        terms = _random_terms(
            dice.choice(list(PLANS)),
            dice.choice(COUNTS[:14]),
            kind=SubscriptionKind.LIMITED if outside or dice.random() < 0.6 else SubscriptionKind.UNLIMITED,
            settlement=Settlement.EXTERNAL if outside else Settlement.PREPAID,
            start=dice.choice(
                (TermStart.AT_ORDER, TermStart.AT_ORDER, TermStart.AT_ORDER, TermStart.AT_FIRST_ACTIVATION)
            ),
        )
        intent = RenewalIntent.MANUAL if outside else dice.choice(tuple(RenewalIntent))
        trial = dice.random() < 0.1
        dated = not trial and terms.kind is SubscriptionKind.LIMITED and dice.random() < 0.1
        until = lived.now + dice.randrange(28 * DAY, 500 * DAY) if dated else None
        lived.order(name, terms, intent=intent, trial=trial, until=until)

    def _wait(self, name: str) -> None:
        """Some days, or to the next edge, or into the days before it in which money is set aside."""
        spans = timeline(self.lived.sub(name))
        edge = span_at(spans, self.lived.now).until
        days = self.dice.choice((0, 1, 3, 9, 20, 33, 100)) * DAY + self.dice.choice((0, 0, 1, 40_000))
        moments = [self.lived.now + days]
        if edge is not None:
            moments += [edge - self.dice.randrange(10 * DAY), edge + self.dice.choice((-1, 0, 1, DAY, 8 * DAY))]
        self.lived.advance_to(self.dice.choice(moments))

    def _devices(self, name: str) -> None:
        count, at_once = self.dice.choice(COUNTS), self.dice.random() < 0.2
        self._do(name, c.ChangeDevices(by="walk", devices=count, at_once=at_once))

    def _plan(self, name: str) -> None:
        present = self.lived.sub(name).terms_at(self.lived.now)
        named = self.dice.random() < 0.4
        count = self.dice.choice(COUNTS) if named else present.devices
        changed = _random_terms(
            self.dice.choice(list(PLANS)), count, kind=present.kind, settlement=present.settlement, start=present.start
        )
        self._do(name, c.ChangePlan(by="walk", terms=changed, devices_as_agreed=not named))

    def _drop(self, name: str) -> None:
        coming = [each for each in self.lived.sub(name).changes if each.scheduled]
        if coming:
            change = self.dice.choice(coming)
            which = self.dice.choice((None, *TermsField))
            self._do(name, c.DropChange(by="walk", effective=change.effective, field=which))

    def _renew(self, name: str) -> None:
        late = self.dice.choice((None, None, None, *LateRenewal))
        self._do(name, c.Renew(by="walk", late=late))

    def _intent(self, name: str) -> None:
        self._do(name, c.SetRenewalIntent(by="walk", intent=self.dice.choice(tuple(RenewalIntent))))

    def _hold(self, name: str) -> None:
        until = self.dice.choice((None, self.lived.now + self.dice.randrange(1, 50 * DAY)))
        self._do(name, c.PlaceHold(by="walk", reason="holiday", until=until))

    def _release(self, name: str) -> None:
        self._do(name, c.ReleaseHold(by="walk"))

    def _cancel(self, name: str) -> None:
        self._do(name, c.Cancel(by="walk", at_once=self.dice.random() < 0.2))

    def _undo(self, name: str) -> None:
        self._do(name, c.UndoCancellation(by="walk"))

    def _pay(self, name: str) -> None:
        self.lived.top_up(self.dice.choice((1, 500, 5_000, 60_000)))

    def _word(self, name: str) -> None:
        now, sub = self.lived.now, self.lived.sub(name)
        acks = ((sub.revision, now),) if self.dice.random() < 0.5 else ()
        until = now + self.dice.choice((0, 3, 7, 30)) * DAY
        if sub.paid_until is not None:  # as the server signs them: at most 7 days beyond the due instant
            until = min(until, max(now, sub.periods[-1].until + 7 * DAY if sub.reserved else sub.paid_until))
        self.lived.hold_lease(name, c.OutstandingLease(site="site_1", until=until, acks=acks))

    def _activate(self, name: str) -> None:
        code = f"code of {name}"
        self._do(
            name,
            c.Activate(
                by="site_1", role=Role.SITE, site="site_1", key="key", code=code, product="editor", version="12.0",
                name="site_1", allotment=1,
            ),
        )  # fmt: skip

    def _confirm(self, name: str) -> None:
        covers = self.dice.choice(("order", "order", "renewal", "raise"))
        count = self.dice.choice(COUNTS)
        self._do(name, c.ConfirmPayment(by="walk", reference="bank", covers=covers, devices=count))

    def _reanchor(self, name: str) -> None:
        self._do(name, c.Reanchor(by="walk", anchor=self.lived.now + self.dice.randrange(400) * DAY))

    def _do(self, name: str, command: c.Command) -> None:
        self.lived.run_command(name, command)


def _random_rules(dice: random.Random) -> Rules:
    return Rules(
        grace_days=dice.choice((0, 7, 13)),
        refund=dice.choice(tuple(RefundRule)),
        late_renewal=dice.choice(tuple(LateRenewal)),
        stop_clock=dice.random() < 0.4,
        seat_conflict_days=dice.choice((0, 30, 30)),
        cancel_grace_days=dice.choice((0, 0, 5)),
    )


def _random_terms(
    plan: str, devices: int, *, kind: SubscriptionKind, settlement: Settlement, start: TermStart
) -> Terms:
    """Its name is its feature, so that what is signed says which plan is served."""
    period, bands, most = PLANS[plan]
    return Terms(
        product="editor",
        plan=plan,
        kind=kind,
        period=period,
        devices=devices,
        features=(plan,),
        max_devices=most,
        settlement=settlement,
        start=start,
        bands=bands,
    )
