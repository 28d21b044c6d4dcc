"""When one program asks next: what its folder knows of contacts, put to `lease.sync_schedule` together with this run.

Shared by applications, sites and agents. What is asked, and how bytes travel, is the keepers'.
"""

from collections.abc import Callable

import msgspec

from tenure.core.lease.sync_schedule import (
    AFTER_EDGE,
    BEFORE_EDGE,
    MINUTE,
    Rhythm,
    SyncState,
    network_returned,
    next_due,
    repeat_due,
)
from tenure.core.timeline import Instant
from tenure.sdk.clock import PresentMoment
from tenure.sdk.engine.state import ContactLog
from tenure.wire.messages import Trigger

_ANY = Rhythm(spans=())


class CallSchedule:
    """The calls of one program since it began at the instant `woke`."""

    def __init__(self, woke: Instant, draw: Callable[[int], bytes]) -> None:
        self._woke = woke
        self._because: Trigger = "startup"
        self._lot = random_fraction(draw)
        """Good until the first attempt ever, with which one is kept."""

    def due_at(self, contacts: ContactLog, rhythm: Rhythm, now: PresentMoment, *, overdue: bool) -> Instant | None:
        """When to ask next by the `rhythm`; `overdue`: silence is shown already. None: not by itself any more."""
        return next_due(
            self._schedule_state(contacts, rhythm, now, overdue=overdue), now.instant, self._random_lot(contacts)
        )

    def repeat_due(self, contacts: ContactLog, rhythm: Rhythm, now: PresentMoment) -> Instant:
        """When a request is sent again that waits for its answer."""
        return repeat_due(self._schedule_state(contacts, rhythm, now), now.instant, self._random_lot(contacts))

    def after_network_return(self, contacts: ContactLog, now: Instant) -> ContactLog:
        """The contacts after the network has returned."""
        self._because = "network_up"
        return contacts.after_schedule(network_returned(contacts.schedule_state(_ANY, self._woke), now))

    def trigger_reason(self, contacts: ContactLog, rhythm: Rhythm, now: Instant) -> Trigger:
        """Why it is asked now, for the server's statistics."""
        if contacts.answered is None or contacts.answered < self._woke or contacts.returned is not None:
            return self._because
        near = any(span.since - BEFORE_EDGE <= now < span.since + AFTER_EDGE for span in rhythm.spans)
        return "edge" if near else "timer"

    def asked_before_start(self, contacts: ContactLog, now: Instant) -> bool:
        """Whether a program before this one, of the same folder, has asked within the last minute."""
        attempted = contacts.attempted
        return attempted is not None and attempted < self._woke and attempted <= now < attempted + MINUTE

    def _schedule_state(
        self, contacts: ContactLog, rhythm: Rhythm, now: PresentMoment, *, overdue: bool = False
    ) -> SyncState:
        state = contacts.schedule_state(rhythm, self._woke)
        return msgspec.structs.replace(state, urgent=now.estimate.synchronize, overdue=overdue)

    def _random_lot(self, contacts: ContactLog) -> float:
        return self._lot if contacts.lot is None else contacts.lot


def random_fraction(draw: Callable[[int], bytes]) -> float:
    """A number in [0, 1) made of random bytes."""
    return int.from_bytes(draw(7), "big") / 2**56
