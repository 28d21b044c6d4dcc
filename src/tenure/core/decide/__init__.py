"""What may happen to a subscription: `decide` turns a command into facts, or into a refusal that says why.

Pure and total, never partly accepts. The checks of each family stand in a fixed order, the most telling refusal first.
Permission comes before everything else, so that nobody learns a state by asking for what he may not do.
"""

from typing import assert_never

from tenure.core import commands as c
from tenure.core.decide import changes, codes, devices, orders, places, plans, renewals, seat_conflicts, sites, stops
from tenure.core.decide.outcome import Accepted
from tenure.core.decide.permission import actions_of, forbidden, forbidden_effect
from tenure.core.refusals import Code, Refused
from tenure.core.subscription import Subscription
from tenure.core.timeline import Instant

__all__ = ["Accepted", "actions_of", "decide"]


def decide(sub: Subscription | None, command: c.Command, seen: c.Seen, now: Instant) -> Accepted | Refused:
    """What follows from `command` at `now`: facts and postings, or the first refusal that applies [spec: refusals].

    `sub` is None only for an Order. The caller has settled the account up to `now` before [spec: settlement].
    """
    refused = forbidden(sub, command, seen, now)
    if refused is not None:
        return refused
    if sub is not None:
        outcome = _decide(sub, command, seen, now)
        refused = forbidden_effect(sub, command, outcome.facts, seen, now) if isinstance(outcome, Accepted) else None
        return refused or outcome
    if isinstance(command, c.Order):
        return orders.order(command, seen, now)
    return Refused(Code.NOT_FOUND, "There is no such subscription.", "subscription")


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
            return codes.block(sub, command, now)
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
        case c.EditSeatConflict():
            return seat_conflicts.edit(command, seen, now)
        case _:
            assert_never(command)
