"""From the server's answer to the outcome, with words, that the caller of the SDK is given."""

from tenure.core.lease.acceptance import ResponseKind as HeardFrom
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.renewal_outlook import carried_on, outlook_sentence
from tenure.core.timeline import Instant
from tenure.sdk.engine.replies import Inconclusive
from tenure.sdk.engine.session import TakenAnswer
from tenure.sdk.lease_holder import LeaseHolder
from tenure.sdk.lease_questions import TakenActivation, TakenSync
from tenure.sdk.outcomes import (
    ActivationGranted,
    CodePreviewed,
    LicenseReleased,
    Rejected,
    Synchronized,
    make_rejected,
    shown_differences,
)
from tenure.sdk.presentation import LicenseStanding
from tenure.sdk.progress import ProgressStep
from tenure.wire.messages import ActivateAnswer, CodePreview, SyncAnswer

Heard = TakenActivation | TakenSync | Inconclusive | Refused


def code_preview_result(
    heard: ActivateAnswer | Inconclusive, role: str, steps: tuple[ProgressStep, ...]
) -> CodePreviewed | Rejected:
    """Of a code that was only looked at."""
    if isinstance(heard, Inconclusive):
        return make_rejected(heard, conclusive=False, steps=steps)
    refusal, seen = heard.refusal, heard.preview
    if refusal is not None or seen is None:
        refused = Refused(RefusalCode.NOT_THE_ANSWER) if refusal is None else refusal.as_refused()
        return make_rejected(refused, conclusive=refusal is not None and refusal.conclusive, steps=steps)
    return CodePreviewed(
        role=role, plan=seen.plan, kind=seen.kind, limit=seen.limit, provider=seen.provider, begins=seen.begins,
        paid_until=seen.paid_until, spans=carried_on(seen.spans, seen.outlook, seen.paid_until), steps=steps,
        plan_name=seen.plan_name or seen.plan, renewal=_renewal_sentence(seen),
    )  # fmt: skip


def _renewal_sentence(seen: CodePreview) -> str:
    return "" if seen.outlook is None else outlook_sentence(seen.outlook, seen.begins)


def activation_result(
    done: Heard, role: str, holder: LeaseHolder, steps: tuple[ProgressStep, ...]
) -> ActivationGranted | Rejected:
    """Of an activation, or of a synchronization that followed it at once."""
    answered = _answer_result(done, steps)
    if isinstance(answered, Rejected):
        return answered
    standing = holder.standing()
    forked = answered.taken.heard is HeardFrom.FORKED
    return ActivationGranted(standing=standing, role=role, begins=standing.successor_from, forked=forked, steps=steps)


def sync_result(
    done: Heard, before: LicenseStanding, holder: LeaseHolder, steps: tuple[ProgressStep, ...]
) -> Synchronized | Rejected:
    """Of a synchronization; `before` is what stood when it began."""
    answered = _answer_result(done, steps)
    if isinstance(answered, Rejected):
        return answered
    after = holder.standing()
    return Synchronized(
        result=answered.taken.heard.value,
        before=before,
        after=after,
        differences=shown_differences(before, after),
        changes=answered.answer.changes if isinstance(answered.answer, SyncAnswer) else (),
        messages=answered.answer.messages,
        path=answered.path,
        steps=steps,
    )


def release_result(done: Heard, lease_ends: Instant | None, steps: tuple[ProgressStep, ...]) -> LicenseReleased:
    """Of a license given up, that could be used until `lease_ends`: when its place is free is the server's word."""
    if isinstance(done, TakenAnswer) and done.taken.heard is HeardFrom.RELEASED and isinstance(done.answer, SyncAnswer):
        return LicenseReleased(confirmed=True, until=done.answer.free_from, steps=steps)
    return LicenseReleased(confirmed=False, until=lease_ends, steps=steps)


def _answer_result(done: Heard, steps: tuple[ProgressStep, ...]) -> TakenActivation | TakenSync | Rejected:
    if isinstance(done, Refused):
        return make_rejected(done, conclusive=not isinstance(done, Inconclusive), steps=steps)
    if done.taken.refused is not None:
        refusal = done.answer.refusal
        return make_rejected(done.taken.refused, conclusive=refusal is None or refusal.conclusive, steps=steps)
    return done
