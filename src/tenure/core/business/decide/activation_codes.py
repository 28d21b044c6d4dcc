"""Activation codes of a subscription: a new one for a leaked one, blocks and their end [spec: blocked-code]."""

from tenure.core.business.commands import BlockCode, ReissueCode, UnblockCode
from tenure.core.business.decide.decision import Accepted, fact_header
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.contract import contract_at
from tenure.core.subscription.fold import Subscription
from tenure.core.timeline import DAY, Instant, Phase, PhaseCause


def reissue_code(sub: Subscription, command: ReissueCode, now: Instant) -> Accepted | Refused:
    """CodeReissued: earlier codes activate nothing any more; sites that used them go on.

    An end that can still be healed by a payment keeps its code useful; a canceled or lapsed one does not.
    """
    running = contract_at(sub, now)
    if running.phase is Phase.ENDED and running.why is not PhaseCause.PAYMENT_ENDED:
        return Refused(RefusalCode.SUBSCRIPTION_ENDED, "A code for it would activate nothing.")
    return Accepted(facts=(f.CodeReissued(**fact_header(command, now), code=command.code),))


def block_code(sub: Subscription, command: BlockCode, now: Instant) -> Accepted | Refused:
    """CodeBlocked: sites activated with it are in grace for `block_grace_days`, for fraud not at all."""
    code = sub.find_code(command.code)
    if code is None:
        return Refused(RefusalCode.NOT_FOUND, "The subscription has no such code.", "code")
    if code.blocked_at is not None and not (command.fraud and code.block_ends and code.block_ends > now):
        return Refused(RefusalCode.CODE_BLOCKED, "It is blocked already.", "code", code.block_ends)
    ends = now if command.fraud else now + sub.rules_at(now).block_grace_days * DAY
    return Accepted(facts=(f.CodeBlocked(**fact_header(command, now), code=command.code, ends=ends),))


def unblock_code(sub: Subscription, command: UnblockCode, now: Instant) -> Accepted | Refused:
    """CodeUnblocked: the timeline is as if nothing had been."""
    code = sub.find_code(command.code)
    if code is None:
        return Refused(RefusalCode.NOT_FOUND, "The subscription has no such code.", "code")
    if code.blocked_at is None:
        return Refused(RefusalCode.NOT_BLOCKED, field="code")
    return Accepted(facts=(f.CodeUnblocked(**fact_header(command, now), code=command.code),))
