"""Activation codes of a subscription: a new one for a leaked one, blocks and their end [spec: blocked-code]."""

from tenure.core import facts as f
from tenure.core.commands import BlockCode, ReissueCode, UnblockCode
from tenure.core.contract import contract_at
from tenure.core.decide.outcome import Accepted, stamp
from tenure.core.refusals import Code, Refused
from tenure.core.subscription import Subscription
from tenure.core.timeline import DAY, Instant, Phase, Why


def reissue(sub: Subscription, command: ReissueCode, now: Instant) -> Accepted | Refused:
    """CodeReissued: earlier codes activate nothing any more; sites that used them go on.

    An end that can still be healed by a payment keeps its code useful; a cancelled or lapsed one does not.
    """
    running = contract_at(sub, now)
    if running.phase is Phase.ENDED and running.why is not Why.PAYMENT_ENDED:
        return Refused(Code.SUBSCRIPTION_ENDED, "A code for it would activate nothing.")
    return Accepted(facts=(f.CodeReissued(**stamp(command, now), code=command.code),))


def block(sub: Subscription, command: BlockCode, now: Instant) -> Accepted | Refused:
    """CodeBlocked: sites activated with it are in grace for `block_grace_days`, for fraud not at all."""
    code = sub.code(command.code)
    if code is None:
        return Refused(Code.NOT_FOUND, "The subscription has no such code.", "code")
    if code.blocked_at is not None and not (command.fraud and code.block_ends and code.block_ends > now):
        return Refused(Code.CODE_BLOCKED, "It is blocked already.", "code", code.block_ends)
    ends = now if command.fraud else now + sub.rules_at(now).block_grace_days * DAY
    return Accepted(facts=(f.CodeBlocked(**stamp(command, now), code=command.code, ends=ends),))


def unblock(sub: Subscription, command: UnblockCode, now: Instant) -> Accepted | Refused:
    """CodeUnblocked: the timeline is as if nothing had been."""
    code = sub.code(command.code)
    if code is None:
        return Refused(Code.NOT_FOUND, "The subscription has no such code.", "code")
    if code.blocked_at is None:
        return Refused(Code.NOT_BLOCKED, field="code")
    return Accepted(facts=(f.CodeUnblocked(**stamp(command, now), code=command.code),))
