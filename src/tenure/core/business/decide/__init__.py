"""What may happen to a subscription: `decide` turns a command into facts, or into a refusal that says why.

Pure and total, never partly accepts. The checks of each family stand in a fixed order, the most telling refusal first.
Permission comes first, so that a caller learns nothing about a state from a command that is not permitted; only where
the effect depends on the state (another plan, another number of devices) is it judged again by that effect.
"""

from typing import assert_never

from tenure.core.business import commands as c
from tenure.core.business.decide import (
    activation_codes,
    device_count,
    holds,
    installations,
    orders,
    places,
    plan_change,
    renewals,
    scheduled_changes,
    seat_conflicts,
)
from tenure.core.business.decide.decision import Accepted
from tenure.core.business.decide.permission import actions_of, forbidden_effect, refuse_forbidden
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.fold import Subscription
from tenure.core.timeline import Instant

__all__ = ["Accepted", "actions_of", "decide"]


def decide(sub: Subscription | None, command: c.Command, seen: c.DecisionContext, now: Instant) -> Accepted | Refused:
    """What follows from `command` at `now`: facts and postings, or the first refusal that applies [spec: refusals].

    `sub` is None only for an Order. The caller has settled the account up to `now` before [spec: settlement].
    """
    refused = refuse_forbidden(sub, command, seen, now)
    if refused is not None:
        return refused
    if sub is not None:
        outcome = _dispatch(sub, command, seen, now)
        refused = forbidden_effect(sub, command, outcome.facts, seen, now) if isinstance(outcome, Accepted) else None
        return refused or outcome
    if isinstance(command, c.Order):
        return orders.place_order(command, seen, now)
    return Refused(RefusalCode.NOT_FOUND, "There is no such subscription.", "subscription")


def _dispatch(sub: Subscription, command: c.Command, seen: c.DecisionContext, now: Instant) -> Accepted | Refused:
    match command:
        case c.Order():
            return Refused(RefusalCode.ALREADY_EXISTS, field="subscription")
        case c.ConfirmPayment():
            return orders.confirm_payment(sub, command, seen, now)
        case c.Renew():
            return renewals.renew_by_hand(sub, command, seen, now)
        case c.SetRenewalIntent():
            return renewals.set_intent(sub, command, seen, now)
        case c.Reanchor():
            return renewals.change_anchor(sub, command, now)
        case c.ExtendGrace():
            return renewals.extend_grace(sub, command, now)
        case c.ChangeDevices():
            return device_count.change_devices(sub, command, seen, now)
        case c.ChangePlan():
            return plan_change.change_plan(sub, command, seen, now)
        case c.DropChange():
            return scheduled_changes.drop_change(sub, command, seen, now)
        case c.Transfer():
            return scheduled_changes.transfer_subscription(sub, command, now)
        case c.PlaceHold():
            return holds.place_hold(sub, command, seen, now)
        case c.ReleaseHold():
            return holds.release_hold(sub, command, seen, now)
        case c.Cancel():
            return holds.cancel_subscription(sub, command, seen, now)
        case c.UndoCancellation():
            return holds.undo_cancellation(sub, command, seen, now)
        case c.ReissueCode():
            return activation_codes.reissue_code(sub, command, now)
        case c.BlockCode():
            return activation_codes.block_code(sub, command, now)
        case c.UnblockCode():
            return activation_codes.unblock_code(sub, command, now)
        case c.Activate():
            return installations.activate_site(sub, command, seen, now)
        case c.StageSuccessor():
            return installations.stage_successor(sub, command, seen, now)
        case c.DropSuccessor():
            return installations.drop_staged(sub, command, now)
        case c.LeaveSite():
            return places.leave_site(sub, command, now)
        case c.ReleaseSite():
            return places.release_site(sub, command, seen, now)
        case c.ResolveFork():
            return installations.resolve_fork(sub, command, now)
        case c.DeclareSiteLost():
            return installations.declare_lost(sub, command, seen, now)
        case c.FreeAllotment():
            return installations.free_allotment(sub, command, seen, now)
        case c.EditSeatConflict():
            return seat_conflicts.edit_list(command, seen, now)
        case _:
            assert_never(command)
