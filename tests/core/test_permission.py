"""An action is judged by its effect, not by its name: every command under policies that allow one action alone."""

from collections.abc import Callable

import msgspec
import pytest

from tenure.core.business import commands as c
from tenure.core.business.decide import Accepted, actions_of, decide
from tenure.core.policy.rules import Action, Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.fold import Subscription, evolve
from tenure.core.subscription.terms import CodeRef, RenewalIntent, SubscriptionKind, Terms, TermsField
from tests.core.situations import PRICE, limited
from tests.core.world import day, terms

NOW = day("2026-03-01")
BY = {"by": "tester", "role": Role.PROVIDER}


def plain() -> Subscription:
    return limited(100 * PRICE).sub()


def fewer_agreed() -> Subscription:
    return after(plain(), c.ChangeDevices(**BY, devices=5))


def plan_agreed() -> Subscription:
    return after(plain(), c.ChangePlan(**BY, terms=other(plain(), price=1), devices_as_agreed=True))


def after(sub: Subscription, command: c.Command) -> Subscription:
    outcome = decide(sub, command, seen(frozenset(Action)), NOW)
    assert isinstance(outcome, Accepted), outcome
    for fact in outcome.facts:
        sub = evolve(sub, fact)
    return sub


def other(sub: Subscription, *, price: int) -> Terms:
    """Another plan at `price` times nothing, one or two of what the present one costs."""
    terms = sub.terms_at(NOW)
    bands = tuple(msgspec.structs.replace(band, unit=band.unit * price // 2) for band in terms.bands)
    return msgspec.structs.replace(terms, plan="other", bands=bands)


def seen(actions: frozenset[Action]) -> c.DecisionContext:
    return c.DecisionContext(actions=actions, available=10**9)


def devices_of(terms: Terms, devices: int) -> Terms:
    return msgspec.structs.replace(terms, devices=devices)


Case = tuple[Callable[[], Subscription], Callable[[Subscription], c.Command], set[Action]]
P, D = Action.CHANGE_PLAN, Action.CHANGE_DEVICES
CASES: dict[str, Case] = {
    "the same plan with more devices": (
        plain, lambda sub: c.ChangePlan(**BY, terms=devices_of(sub.terms_at(NOW), 20)), {D},
    ),
    "the same plan with fewer devices": (
        plain, lambda sub: c.ChangePlan(**BY, terms=devices_of(sub.terms_at(NOW), 5)), {D},
    ),
    "a dearer plan with the devices in force": (
        plain, lambda sub: c.ChangePlan(**BY, terms=other(sub, price=4)), {P},
    ),
    "a dearer plan with more devices": (
        plain, lambda sub: c.ChangePlan(**BY, terms=devices_of(other(sub, price=4), 20)), {P, D},
    ),
    "a cheaper plan with fewer devices": (
        plain, lambda sub: c.ChangePlan(**BY, terms=devices_of(other(sub, price=1), 5)), {P, D},
    ),
    "another plan, fewer devices agreed before": (
        fewer_agreed, lambda sub: c.ChangePlan(**BY, terms=other(sub, price=4), devices_as_agreed=True), {P},
    ),
    "more devices": (plain, lambda sub: c.ChangeDevices(**BY, devices=20), {D}),
    "fewer devices": (plain, lambda sub: c.ChangeDevices(**BY, devices=5), {D}),
    "more devices, another plan agreed before": (plan_agreed, lambda sub: c.ChangeDevices(**BY, devices=20), {D}),
    "dropping fewer devices": (fewer_agreed, lambda sub: _drop(sub, None), {D}),
    "dropping another plan": (plan_agreed, lambda sub: _drop(sub, None), {P}),
    "dropping another plan by its name": (plan_agreed, lambda sub: _drop(sub, TermsField.PLAN), {P}),
    "a renewal paid outside": (
        plain, lambda sub: c.ConfirmPayment(**BY, reference="R", covers="renewal"), {Action.RENEW},
    ),
    "a raise paid outside": (
        plain, lambda sub: c.ConfirmPayment(**BY, reference="R", covers="raise", devices=20), {D},
    ),
    "a renewal": (plain, lambda sub: c.Renew(**BY), {Action.RENEW}),
    "automatic renewal": (plain, lambda sub: c.SetRenewalIntent(**BY, intent=RenewalIntent.AUTO), {Action.AUTO_RENEW}),
    "canceled at the end": (plain, lambda sub: c.Cancel(**BY), {Action.CANCEL_AT_END}),
    "canceled now": (plain, lambda sub: c.Cancel(**BY, at_once=True), {Action.CANCEL_NOW}),
    "undone": (plain, lambda sub: c.UndoCancellation(**BY), {Action.UNDO_CANCEL}),
    "paused": (plain, lambda sub: c.PlaceHold(**BY, reason="away"), {Action.PAUSE}),
    "resumed": (plain, lambda sub: c.ReleaseHold(**BY), {Action.RESUME}),
    "a new code": (
        plain, lambda sub: c.ReissueCode(**BY, code=CodeRef(id="cod_2", last_group="00000")), {Action.REISSUE_CODE},
    ),
    "days of goodwill": (plain, lambda sub: c.ExtendGrace(**BY, days=1), {Action.EXTEND_GRACE}),
    "a place given up": (plain, lambda sub: c.ReleaseSite(**BY, site="sit_x"), {Action.RELEASE_SITE}),
    "who stops": (plain, lambda sub: c.EditSeatConflict(**BY, going=("sit_x",)), {Action.CHANGE_DEVICES}),
    "another customer": (plain, lambda sub: c.Transfer(**BY, customer="cus_b"), {Action.TRANSFER}),
}  # fmt: skip


def _drop(sub: Subscription, field: TermsField | None) -> c.DropChange:
    coming = next(change for change in sub.changes if change.scheduled)
    return c.DropChange(**BY, effective=coming.effective, field=field)


@pytest.mark.parametrize("situation", CASES)
def test_each_command_needs_exactly_the_actions_of_its_effect(situation: str) -> None:
    """Allowed with them, refused with any of them missing, whatever else is allowed."""
    make, command_of, needed = CASES[situation]
    sub = make()
    command = command_of(sub)
    assert actions_of(sub, command, NOW) == needed
    for allowed in (frozenset(needed), frozenset(Action)):
        outcome = decide(sub, command, seen(allowed), NOW)
        assert not (isinstance(outcome, Refused) and outcome.code is RefusalCode.ACTION_NOT_PERMITTED), outcome
    for action in needed:
        outcome = decide(sub, command, seen(frozenset(Action) - {action}), NOW)
        assert isinstance(outcome, Refused) and outcome.code is RefusalCode.ACTION_NOT_PERMITTED, action
        assert action in outcome.detail


@pytest.mark.parametrize(
    ("kind", "intent", "trial", "needed"),
    [
        (SubscriptionKind.LIMITED, RenewalIntent.MANUAL, False, {Action.ORDER}),
        (SubscriptionKind.LIMITED, RenewalIntent.AUTO, False, {Action.ORDER, Action.AUTO_RENEW}),
        (SubscriptionKind.LIMITED, RenewalIntent.AUTO, True, {Action.ORDER, Action.AUTO_RENEW}),
        (SubscriptionKind.UNLIMITED, RenewalIntent.AUTO, False, {Action.ORDER}),
        (SubscriptionKind.UNLIMITED, RenewalIntent.AUTO, True, {Action.ORDER, Action.AUTO_RENEW}),
        (SubscriptionKind.UNLIMITED, RenewalIntent.MANUAL, True, {Action.ORDER}),
    ],
)
@pytest.mark.parametrize("role", [Role.PROVIDER, Role.CUSTOMER])
def test_an_order_that_renews_automatically_needs_both_actions(
    kind: SubscriptionKind, intent: RenewalIntent, trial: bool, needed: set[Action], role: Role
) -> None:
    """Otherwise an order would switch on what the policy lets nobody switch on; an unlimited one chooses nothing."""
    order = c.Order(
        by="tester", role=role, subscription="sub_2", provider="prov_1", customer="cus_1", terms=terms(kind=kind),
        code=CodeRef(id="cod_2", last_group="00000"), intent=intent, trial=trial,
    )  # fmt: skip
    assert actions_of(None, order, NOW) == needed
    for action in needed:
        outcome = decide(None, order, seen(frozenset(Action) - {action}), NOW)
        assert isinstance(outcome, Refused) and outcome.code is RefusalCode.ACTION_NOT_PERMITTED
    assert isinstance(decide(None, order, seen(frozenset(needed)), NOW), Accepted)


@pytest.mark.parametrize("action", sorted(Action))
def test_a_policy_with_one_action_alone_lets_nothing_else_happen(action: Action) -> None:
    for situation, (make, command_of, needed) in CASES.items():
        sub = make()
        outcome = decide(sub, command_of(sub), seen(frozenset({action})), NOW)
        refused = isinstance(outcome, Refused) and outcome.code is RefusalCode.ACTION_NOT_PERMITTED
        assert refused is not (needed <= {action}), situation
