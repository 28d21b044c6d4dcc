"""What may happen to a subscription: `decide` turns a command into facts, or into a refusal that says why.

Pure and total, never partly accepts. The checks of each family stand in a fixed order, the most telling refusal first.
Permission comes before everything else, so that nobody learns a state by asking for what he may not do.
"""

from typing import assert_never

from tenure.core import commands as c
from tenure.core.decide import changes, codes, devices, orders, places, plans, renewals, sites, stops
from tenure.core.decide.outcome import Accepted
from tenure.core.policy import Action, Role
from tenure.core.refusals import Code, Refused
from tenure.core.subscription import Subscription
from tenure.core.timeline import Instant

__all__ = ["Accepted", "action_of", "decide"]

_ACTIONS: dict[type, Action] = {
    c.Order: Action.ORDER,
    c.Renew: Action.RENEW,
    c.SetRenewalIntent: Action.AUTO_RENEW,
    c.UndoCancellation: Action.UNDO_CANCEL,
    c.ChangeDevices: Action.CHANGE_DEVICES,
    c.ChangePlan: Action.CHANGE_PLAN,
    c.Hold: Action.PAUSE,
    c.Release: Action.RESUME,
    c.ReissueCode: Action.REISSUE_CODE,
    c.ExtendGrace: Action.EXTEND_GRACE,
    c.Transfer: Action.TRANSFER,
    c.ReleaseSite: Action.RELEASE_SITE,
}

_PROVIDERS_OWN = (c.ConfirmPayment, c.BlockCode, c.UnblockCode, c.DeclareSiteLost, c.Reanchor)
"""Never a customer's to ask: no action of the policy grants them."""
_CUSTOMERS_SIDE = frozenset({Role.CUSTOMER, Role.SITE})


def action_of(command: c.Command) -> Action | None:
    """The action of the provider's policy that governs `command`; None when no policy can forbid it."""
    if isinstance(command, c.Cancel):
        return Action.CANCEL_NOW if command.at_once else Action.CANCEL_AT_END
    if isinstance(command, c.DropChange):
        return Action.CHANGE_DEVICES
    return _ACTIONS.get(type(command))


def decide(sub: Subscription | None, command: c.Command, seen: c.Seen, now: Instant) -> Accepted | Refused:
    """What follows from `command` at `now`: facts and postings, or the first refusal that applies (spec 2.8).

    `sub` is None only for an Order. The caller has settled the account up to `now` before (spec 6.1).
    """
    forbidden = _permission(command, seen)
    if forbidden is not None:
        return forbidden
    if sub is not None:
        return _decide(sub, command, seen, now)
    if isinstance(command, c.Order):
        return orders.order(command, seen, now)
    return Refused(Code.NOT_FOUND, "There is no such subscription.", "subscription")


def _permission(command: c.Command, seen: c.Seen) -> Refused | None:
    if command.role is Role.VENDOR:
        return None
    if command.role in _CUSTOMERS_SIDE and isinstance(command, _PROVIDERS_OWN):
        return Refused(Code.ACTION_NOT_PERMITTED, "Only the provider can do this.")
    action = action_of(command)
    if action is not None and action not in seen.actions:
        return Refused(Code.ACTION_NOT_PERMITTED, f"The policy does not allow {action} to the {command.role}.")
    return None


def _decide(sub: Subscription, command: c.Command, seen: c.Seen, now: Instant) -> Accepted | Refused:
    match command:
        case c.Order():
            return Refused(Code.ALREADY_EXISTS, field="subscription")
        case c.ConfirmPayment():
            return orders.confirm_payment(sub, command, seen, now)
        case c.Renew():
            return renewals.renew(sub, command, seen, now)
        case c.SetRenewalIntent():
            return renewals.set_intent(sub, command, seen, now)
        case c.Reanchor():
            return renewals.reanchor(sub, command, now)
        case c.ExtendGrace():
            return renewals.extend_grace(sub, command, now)
        case c.ChangeDevices():
            return devices.change_devices(sub, command, seen, now)
        case c.ChangePlan():
            return plans.change_plan(sub, command, seen, now)
        case c.DropChange():
            return changes.drop_change(sub, command, seen, now)
        case c.Transfer():
            return changes.transfer(sub, command, now)
        case c.Hold():
            return stops.hold(sub, command, seen, now)
        case c.Release():
            return stops.release(sub, command, seen, now)
        case c.Cancel():
            return stops.cancel(sub, command, seen, now)
        case c.UndoCancellation():
            return stops.undo(sub, command, seen, now)
        case c.ReissueCode():
            return codes.reissue(sub, command, now)
        case c.BlockCode():
            return codes.block(sub, command, seen, now)
        case c.UnblockCode():
            return codes.unblock(sub, command, now)
        case c.Activate():
            return sites.activate(sub, command, seen, now)
        case c.StageSuccessor():
            return sites.stage(sub, command, seen, now)
        case c.DropSuccessor():
            return sites.drop(sub, command, now)
        case c.LeaveSite():
            return places.leave(sub, command, now)
        case c.ReleaseSite():
            return places.release(sub, command, seen, now)
        case c.ResolveFork():
            return sites.resolve_fork(sub, command, now)
        case c.DeclareSiteLost():
            return sites.declare_lost(sub, command, seen, now)
        case c.FreeAllotment():
            return sites.free_allotment(sub, command, seen, now)
        case _:
            assert_never(command)
