"""What the policy must allow for a command, judged by what it does and not by its name [spec: agreed-terms, actions].

Who may ask at all is judged before anything else; what a decision then did is compared once more, so that no command
changes plan or devices in an unexpected way.
"""

from collections.abc import Iterator

import msgspec

from tenure.core.business import commands as c
from tenure.core.business.command_table import COMMANDS
from tenure.core.policy.rules import Action, Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.fold import Subscription, evolve
from tenure.core.subscription.terms import RenewalIntent, SubscriptionKind, Terms, TermsField
from tenure.core.timeline import Instant

ACTIONS: dict[type, Action] = {c.COMMAND_TYPES[row.name]: row.action for row in COMMANDS if row.action is not None}
"""Commands that do one thing whatever they meet."""
BOUGHT = {"renewal": Action.RENEW, "raise": Action.CHANGE_DEVICES}
"""What a payment from outside buys; an order's own was allowed when it was ordered."""
OF_FIELD = {TermsField.PLAN: Action.CHANGE_PLAN, TermsField.DEVICES: Action.CHANGE_DEVICES}
PROVIDERS_OWN = tuple(c.COMMAND_TYPES[row.name] for row in COMMANDS if row.providers_only)
"""Never a customer's to ask: no action of the policy grants them to one."""
CUSTOMERS_SIDE = frozenset({Role.CUSTOMER, Role.SITE})

_OfTerms = c.ChangeDevices | c.ChangePlan | c.DropChange | c.ConfirmPayment


def actions_of(sub: Subscription | None, command: c.Command, now: Instant) -> frozenset[Action]:
    """The actions of the provider's policy that govern `command`; empty when no policy can forbid it.

    Worked example: ChangePlan to the plan in force with 20 instead of 10 devices needs change_devices alone; to another
    plan with 20 devices it needs change_plan and change_devices; to another plan with the count in force, change_plan.
    An order that is to renew automatically needs order and auto_renew, as if it was switched on afterwards.
    """
    match command:
        case c.Order():
            return frozenset({Action.ORDER, *((Action.AUTO_RENEW,) if _chooses_automatic(command) else ())})
        case c.Cancel():
            return frozenset({Action.CANCEL_NOW if command.at_once else Action.CANCEL_AT_END})
        case c.ConfirmPayment():
            return frozenset(filter(None, (BOUGHT.get(command.covers),)))
        case c.ChangePlan():
            return _of_plan(sub, command, now)
        case c.DropChange():
            return _of_drop(sub, command, now)
        case _:
            return frozenset(filter(None, (ACTIONS.get(type(command)),)))


def refuse_forbidden(
    sub: Subscription | None, command: c.Command, seen: c.DecisionContext, now: Instant
) -> Refused | None:
    """`action_not_permitted` before anything is decided; None for the vendor and for what the policy allows."""
    if command.role is Role.VENDOR:
        return None
    if command.role in CUSTOMERS_SIDE and isinstance(command, PROVIDERS_OWN):
        return Refused(RefusalCode.ACTION_NOT_PERMITTED, "Only the provider can do this.")
    return _refuse_lacking(actions_of(sub, command, now), command, seen)


def forbidden_effect(
    sub: Subscription, command: c.Command, facts: tuple[f.Fact, ...], seen: c.DecisionContext, now: Instant
) -> Refused | None:
    """`action_not_permitted` for what a change of terms turned out to do beyond what its asking showed."""
    if command.role is Role.VENDOR or not isinstance(command, _OfTerms):
        return None
    after = sub
    for fact in facts:
        after = evolve(after, fact)
    done = {
        action
        for field, action in OF_FIELD.items()
        if _field_course(sub, field, now) != _field_course(after, field, now)
    }
    return _refuse_lacking(frozenset(done), command, seen)


def _refuse_lacking(needed: frozenset[Action], command: c.Command, seen: c.DecisionContext) -> Refused | None:
    missing = sorted(needed - seen.actions)
    if not missing:
        return None
    named = " and ".join(missing)
    return Refused(RefusalCode.ACTION_NOT_PERMITTED, f"The policy does not allow {named} to the {command.role}.")


def _chooses_automatic(order: c.Order) -> bool:
    """Whether the order itself says so: what has no expiration date renews automatically in any case."""
    unlimited = order.terms.kind is SubscriptionKind.UNLIMITED and not order.trial
    return order.intent is RenewalIntent.AUTO and not unlimited


def _of_plan(sub: Subscription | None, command: c.ChangePlan, now: Instant) -> frozenset[Action]:
    if sub is None:
        return frozenset({Action.CHANGE_PLAN})
    present = sub.terms_at(now)
    counted = not command.devices_as_agreed and command.terms.devices != present.devices
    if _plan_key(command.terms) == _plan_key(present) and counted:
        return frozenset({Action.CHANGE_DEVICES})
    return frozenset({Action.CHANGE_PLAN, *((Action.CHANGE_DEVICES,) if counted else ())})


def _of_drop(sub: Subscription | None, command: c.DropChange, now: Instant) -> frozenset[Action]:
    """What is scheduled for that instant says what dropping it is; where nothing is, as for devices."""
    fields = set() if command.field is None else {command.field}
    if sub is not None and command.field is None:
        for change in sub.changes[1:]:
            if change.scheduled and change.effective == command.effective:
                fields |= set(TermsField) if change.field is None else {change.field}
    return frozenset(OF_FIELD[field] for field in fields or {TermsField.DEVICES})


def _plan_key(terms: Terms) -> Terms:
    return msgspec.structs.replace(terms, devices=0)


def _field_course(sub: Subscription, field: TermsField, now: Instant) -> list[Terms | int]:
    """What holds of `field` now and later, one after the other; when is the contract's, whose edges may move."""
    steps: list[Terms | int] = []
    for terms in _terms_course(sub, now):
        value = _plan_key(terms) if field is TermsField.PLAN else terms.devices
        if not steps or steps[-1] != value:
            steps.append(value)
    return steps


def _terms_course(sub: Subscription, now: Instant) -> Iterator[Terms]:
    held = sub.terms_at(now)
    yield held
    for change in sub.changes[1:]:
        if change.effective > (sub.contract_clock(now) if change.scheduled else now):
            held = change.applied_to(held)
            yield held
