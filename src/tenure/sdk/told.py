"""What came of a question to the server, as whoever asked is told: from what was heard to an outcome with words."""

from tenure.core.acceptance import Heard as HeardFrom
from tenure.core.outlook import carried_on, sentence
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.sdk.dialogue import Done
from tenure.sdk.exchange import Inconclusive
from tenure.sdk.holder import Holder
from tenure.sdk.outcomes import Declined, Granted, Looked, Released, Synchronized, declined, differences
from tenure.sdk.shown import Standing
from tenure.sdk.steps import Step
from tenure.wire.answers import Answered
from tenure.wire.messages import ActivateAnswer, Preview, SyncAnswer

Heard = Done[ActivateAnswer] | Done[SyncAnswer] | Inconclusive | Refused


def looked(heard: Answered[ActivateAnswer] | Inconclusive, role: str, steps: tuple[Step, ...]) -> Looked | Declined:
    """Of a code that was only looked at."""
    if isinstance(heard, Inconclusive):
        return declined(heard, conclusive=False, steps=steps)
    refusal, seen = heard.message.refusal, heard.message.preview
    if refusal is not None or seen is None:
        refused = Refused(Code.NOT_THE_ANSWER) if refusal is None else refusal.refused()
        return declined(refused, conclusive=refusal is not None and refusal.conclusive, steps=steps)
    return Looked(
        role=role, plan=seen.plan, kind=seen.kind, limit=seen.limit, provider=seen.provider, begins=seen.begins,
        paid_until=seen.paid_until, spans=carried_on(seen.spans, seen.outlook, seen.paid_until), steps=steps,
        plan_name=seen.plan_name or seen.plan, renewal=_renewal(seen),
    )  # fmt: skip


def _renewal(seen: Preview) -> str:
    return "" if seen.outlook is None else sentence(seen.outlook, seen.begins)


def granted(done: Heard, role: str, holder: Holder, steps: tuple[Step, ...]) -> Granted | Declined:
    """Of an activation, or of a synchronisation that followed it at once."""
    answered = _answered(done, steps)
    if isinstance(answered, Declined):
        return answered
    standing = holder.standing()
    forked = answered.taken.heard is HeardFrom.FORKED
    return Granted(standing=standing, role=role, begins=standing.successor_from, forked=forked, steps=steps)


def synchronized(done: Heard, before: Standing, holder: Holder, steps: tuple[Step, ...]) -> Synchronized | Declined:
    """Of a synchronisation; `before` is what stood when it began."""
    answered = _answered(done, steps)
    if isinstance(answered, Declined):
        return answered
    after = holder.standing()
    return Synchronized(
        result=answered.taken.heard.value,
        before=before,
        after=after,
        differences=differences(before, after),
        changes=answered.answer.changes if isinstance(answered.answer, SyncAnswer) else (),
        messages=answered.answer.messages,
        path=answered.path,
        steps=steps,
    )


def released(done: Heard, lease_ends: Instant | None, steps: tuple[Step, ...]) -> Released:
    """Of a license given up, that could be used until `lease_ends`: when its place is free is the server's word."""
    if isinstance(done, Done) and done.taken.heard is HeardFrom.RELEASED and isinstance(done.answer, SyncAnswer):
        return Released(confirmed=True, until=done.answer.free_from, steps=steps)
    return Released(confirmed=False, until=lease_ends, steps=steps)


def _answered(done: Heard, steps: tuple[Step, ...]) -> Done[ActivateAnswer] | Done[SyncAnswer] | Declined:
    if isinstance(done, Refused):
        return declined(done, conclusive=not isinstance(done, Inconclusive), steps=steps)
    if done.taken.refused is not None:
        refusal = done.answer.refusal
        return declined(done.taken.refused, conclusive=refusal is None or refusal.conclusive, steps=steps)
    return done
