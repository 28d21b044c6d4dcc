"""How a forwarding comes on: what a try means for it, when the next one is due, and when to tell or to give up. Pure.

What is sent and what is written is `worker`'s.
"""

import msgspec

from tenure.core.timeline import HOUR, Instant
from tenure.http.outgoing.delivery_errors import OWN_CAUSES, DeliveryErrorCause
from tenure.http.outgoing.retry_schedule import ASKED_MOST, next_attempt, why_given_up
from tenure.http.outgoing.send_outcome import SendOutcome
from tenure.http.timestamps import format_rfc3339
from tenure.site.forwarding.config import ForwardingConfig
from tenure.site.store.events import Severity
from tenure.site.store.forwardings import TOLD_FAILING, TOLD_PARTLY, ForwardingRow

FIRST_PAUSE, LONGEST_PAUSE = 30, HOUR
"""Seconds before the second try; each pause is twice the one before, until the longest."""
OWN_PAUSE = HOUR // 12
"""Seconds until the next try at most where this computer itself could send nothing: its network may be back."""
TELL_AFTER = HOUR // 2
"""Seconds of failing after which an event says so."""
TRIES_LEAST = 20
"""Tries before it is given up, however long it has failed: a clock that jumps is no reason."""
TRIES_EACH = 5
"""Tries for a mailbox that is refused for the time being while others have the mail."""


class ForwardingEvent(msgspec.Struct, frozen=True):
    """An event about a forwarding."""

    severity: Severity
    kind: str
    text: str


class ForwardingResult(msgspec.Struct, frozen=True):
    """What has become of a forwarding."""

    row: ForwardingRow
    news: tuple[ForwardingEvent, ...] = ()


class SentMessage(msgspec.Struct, frozen=True):
    """What was tried: up to which event, and for whom."""

    upto: int
    recipients: tuple[str, ...] = ()
    """Of a mail."""


def is_due(row: ForwardingRow, now: Instant) -> bool:
    """Whether the next try may be made; a clock that was set back does not hold it up."""
    return row.next <= now or row.next - now > ASKED_MOST + LONGEST_PAUSE


def after_attempt(
    row: ForwardingRow, config: ForwardingConfig, sent: SentMessage, outcome: SendOutcome, now: Instant, draw: float
) -> ForwardingResult:
    """What `outcome` of a try means; `draw` in [0, 1) spreads the next one."""
    if config.mail is not None:
        return _after_mail(row, config, sent, outcome, now, draw)
    if outcome.was_accepted:
        return _after_success(row, config, sent, "", "", now)
    return _after_failure(row, config, outcome, now, draw)


def passed_over(row: ForwardingRow, past: int) -> ForwardingRow:
    """Nothing up to number `past` is left to be sent, so that nothing fails any more."""
    row = msgspec.structs.replace(row, cursor=past, upto=0, pending=b"[]")
    if not row.tries:
        return row
    return msgspec.structs.replace(row, tries=0, next=0, failing_since=0, told=0, cause="", fault="")


def pending_of(row: ForwardingRow) -> tuple[str, ...]:
    """Who is still to get the mail that is on its way."""
    return msgspec.json.decode(row.pending, type=tuple[str, ...])


def stop_forwarding(row: ForwardingRow, config: ForwardingConfig, why: str, now: Instant) -> ForwardingResult:
    """Give the forwarding up until an administrator resumes it."""
    text = f"Forwarding “{config.name}” has stopped. {why} Mend it and resume it; what happened meanwhile waits."
    return ForwardingResult(
        msgspec.structs.replace(row, stopped=now), (ForwardingEvent("critical", "forwarding_stopped", text),)
    )


def _after_mail(
    row: ForwardingRow, config: ForwardingConfig, sent: SentMessage, outcome: SendOutcome, now: Instant, draw: float
) -> ForwardingResult:
    left, all_ = pending_of(row), () if config.mail is None else config.mail.recipients
    reached = outcome.was_accepted or (outcome.cause == DeliveryErrorCause.RECIPIENTS_REFUSED and len(left) < len(all_))
    if not reached:
        return _after_failure(row, config, outcome, now, draw)
    later = {each.recipient for each in outcome.refused if not each.final and row.tries + 1 < TRIES_EACH}
    lost = [each for each in outcome.refused if each.recipient not in later]
    news: tuple[ForwardingEvent, ...] = ()
    if lost:
        if row.told != TOLD_PARTLY:
            who = "; ".join(f"{each.recipient} ({each.said})" for each in lost)
            text = f"Mails of forwarding “{config.name}” do not reach all recipients: {who}."
            news = (ForwardingEvent("warning", "forwarding_partly", text),)
        row = msgspec.structs.replace(row, told=TOLD_PARTLY, cause=outcome.cause, fault=outcome.said)
    left = tuple(each for each in left if each in later or each not in sent.recipients)
    if left:
        again = msgspec.structs.replace(row, pending=msgspec.json.encode(left), tries=row.tries + 1, well=now)
        return ForwardingResult(msgspec.structs.replace(again, next=_next_attempt(again, outcome, now, draw)), news)
    partly = bool(lost) or (row.told == TOLD_PARTLY and row.tries > 0)
    done = _after_success(row, config, sent, *((row.cause, row.fault) if partly else ("", "")), now)
    told = TOLD_PARTLY if partly else 0
    return ForwardingResult(msgspec.structs.replace(done.row, told=told), (*news, *done.news))


def _after_success(
    row: ForwardingRow, config: ForwardingConfig, sent: SentMessage, cause: str, fault: str, now: Instant
) -> ForwardingResult:
    text = f"Forwarding “{config.name}” works again; it had failed since {format_rfc3339(row.failing_since)}."
    news = (ForwardingEvent("info", "forwarding_recovered", text),) if row.told == TOLD_FAILING else ()
    done = msgspec.structs.replace(
        row, cursor=sent.upto, upto=0, pending=b"[]", tries=0, next=0, failing_since=0, told=0, cause=cause,
        fault=fault, well=now,
    )  # fmt: skip
    return ForwardingResult(done, news)


def _after_failure(
    row: ForwardingRow, config: ForwardingConfig, outcome: SendOutcome, now: Instant, draw: float
) -> ForwardingResult:
    own = outcome.is_own_fault
    # How long the receiver has failed is counted from its own first failure.
    since = row.failing_since if row.failing_since and own == (row.cause in OWN_CAUSES) else now
    failing = msgspec.structs.replace(
        row, tries=row.tries + 1, failing_since=since, cause=outcome.cause, fault=outcome.said
    )
    failing = msgspec.structs.replace(failing, next=_next_attempt(failing, outcome, now, draw))
    why = why_given_up(outcome, since, now, failing.tries, TRIES_LEAST)
    if why:
        return stop_forwarding(failing, config, why, now)
    if now - since < TELL_AFTER or row.told == TOLD_FAILING:
        return ForwardingResult(failing)
    text = f"Forwarding “{config.name}” fails since {format_rfc3339(since)}: {outcome.said}. It is tried on."
    return ForwardingResult(
        msgspec.structs.replace(failing, told=TOLD_FAILING), (ForwardingEvent("warning", "forwarding_failing", text),)
    )


def _next_attempt(row: ForwardingRow, outcome: SendOutcome, now: Instant, draw: float) -> Instant:
    longest = OWN_PAUSE if outcome.is_own_fault else LONGEST_PAUSE
    pause = min(longest, FIRST_PAUSE << min(row.tries - 1, 10))
    return next_attempt(now, pause, outcome.retry_after, draw)
