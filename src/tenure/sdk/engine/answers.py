"""What every signed and bound answer changes in what is kept, whatever is held: time, notices, the next contact. Pure.

The rules are `lease.clock`'s and `lease.sync_schedule`'s; the payload handles all else that an answer brings.
"""

from collections.abc import Callable, Iterable
from typing import Generic

import msgspec

from tenure.core.lease.clock import ClockReading, is_fresh
from tenure.core.lease.standing import OutageAmnesty
from tenure.core.lease.sync_schedule import Rhythm, after_answer, after_failure
from tenure.core.refusals import Refused
from tenure.core.timeline import DAY, Instant
from tenure.sdk.clock import estimate_time
from tenure.sdk.engine.state import S, change_fields
from tenure.wire.messages import NextSync
from tenure.wire.notices import SignedNotice, read_notice
from tenure.wire.root import TrustedRoot

NOTICES = 32
LONGEST_AWAY = 31 * DAY
"""No answer sends us away for longer: a slip at the server must not outlast the lease."""

_ANY_RHYTHM = Rhythm(spans=())
"""Recording what came of a contact does not look at the rhythm."""


class AnswerArrival(msgspec.Struct, frozen=True):
    """When an answer came, and when its question was first sent."""

    sent: ClockReading
    received: ClockReading

    @property
    def is_fresh(self) -> bool:
        """Whether its time may set the clock."""
        return is_fresh(self.sent, self.received)


class NoticeReader(msgspec.Struct, frozen=True):
    """For which product, and under which root, notices count."""

    root: TrustedRoot
    product: str
    sandbox: bool

    def read_notice(self, token: bytes) -> SignedNotice | Refused:
        """The notice that `token` proves to be; refuses like `wire.notices.read_notice`."""
        return read_notice(token, self.root, product=self.product, sandbox=self.sandbox)

    def proven_amnesties(self, tokens: Iterable[bytes]) -> tuple[OutageAmnesty, ...]:
        """The outages announced by those `tokens` that are proven."""
        read = map(self.read_notice, tokens)
        return tuple(notice.as_amnesty() for notice in read if isinstance(notice, SignedNotice))


class AppliedAnswer(msgspec.Struct, Generic[S], frozen=True, kw_only=True):
    """What an answer has led to."""

    kept: S
    refused: Refused | None = None
    """The signed refusal, or why what the answer brought was not accepted."""


def add_notices(
    known: tuple[bytes, ...], tokens: Iterable[bytes], read: Callable[[bytes], SignedNotice | Refused]
) -> tuple[bytes, ...]:
    """`known` notices and those of `tokens` that are proven: each counts once, the oldest go."""
    fresh = dict.fromkeys(token for token in tokens if isinstance(read(token), SignedNotice))
    return (*(each for each in known if each not in fresh), *fresh)[-NOTICES:]


def estimated_now(kept: S, arrival: AnswerArrival, serial: int, *, sandbox: bool) -> Instant:
    """The estimate at the answer's arrival, under a lease with `serial`."""
    return estimate_time(kept.clock, arrival.received, serial, None, sandbox=sandbox)[1].now


def after_failed_contact(kept: S, now: Instant, retry_after: int | None) -> S:
    """After an inconclusive attempt: nothing changes but when the next one is made."""
    state = after_failure(kept.contacts.schedule_state(_ANY_RHYTHM, now), now, retry_after)
    return change_fields(kept, contacts=kept.contacts.after_schedule(state))


def after_answered_contact(kept: S, now: Instant, asked: NextSync | None, *, settled: bool) -> S:
    """After an answer that counts, and that wants to be asked next as `asked` says; `settled`: it has set the clock."""
    state = kept.contacts.schedule_state(_ANY_RHYTHM, now)
    heard = after_answer(state, _ANY_RHYTHM, now, _sync_window(asked, now), settled=settled)
    return change_fields(kept, contacts=kept.contacts.after_schedule(heard))


def _sync_window(asked: NextSync | None, now: Instant) -> tuple[Instant, Instant] | None:
    if asked is None:
        return None
    latest = now + LONGEST_AWAY
    return min(asked.not_before, latest), min(asked.not_after, latest)
