"""Which steps of a change of keys are due, and when the next one is: read off a root document, for pages and reminders.

What a step does, and whether it may be done, is decided by `rotation`; nothing here changes a document.
"""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from tenure.core.refusals import Refused
from tenure.core.timeline import DAY, Instant
from tenure.wire import rotation
from tenure.wire.keys import Purpose
from tenure.wire.root import OnlineKey, RootDocument

NOTICE = 90 * DAY
"""Seconds before an end at which its step is due: root keys lie in a safe, and two people may have to meet for them."""


class KeyState(StrEnum):
    """What a published key does at an instant."""

    WAITING = "waiting"
    """For clients to hear of it."""
    SIGNING = "signing"
    SPARE = "spare"
    """Ready, but a newer one signs."""
    CLOSED = "closed"


class RotationStep(StrEnum):
    """What is to be done."""

    EXTEND = "extend"
    """The root document is issued again, before it expires."""
    PUBLISH = "publish"
    """A fresh key is made known before the one that signs ends."""
    CLOSE = "close"
    """An older key signs nothing more, for a newer one does."""
    RETIRE = "retire"
    """Nothing that a closed key signed can live any more."""


class DueRotation(msgspec.Struct, frozen=True, kw_only=True):
    """One step; `purpose` and `kid` are empty where the whole document is meant."""

    step: RotationStep
    when: Instant
    """From here on it is due; in the past, or now, it is due already."""
    ends: Instant
    """What it must be done before, so that nothing stands still; equals `when` where nothing is at stake."""
    purpose: str = ""
    kid: str = ""


def state_of(document: RootDocument, key: OnlineKey, now: Instant) -> KeyState:
    """What `key`, which stands in `document`, does at `now`."""
    if now >= key.naf:
        return KeyState.CLOSED
    signing = [rotation.last_resort(document, key.purpose, product, now) for product in key.products]
    if any(not isinstance(each, Refused) and each.kid == key.kid for each in signing):
        return KeyState.SIGNING
    return KeyState.WAITING if isinstance(rotation.usable_key(document, key.kid, now), Refused) else KeyState.SPARE


def due_steps(document: RootDocument, now: Instant) -> tuple[DueRotation, ...]:
    """The next step of the document itself and of each purpose in it, the most urgent first.

    Worked example: the only lease key signs until day 730. On day 0 the answer names `publish`, due on day 640
    (730 - 90). A second key published on day 640 signs from day 642 on; from then `close` of the first is due, and
    `retire` once nothing it signed can live any more.
    """
    whole = DueRotation(step=RotationStep.EXTEND, when=document.expires - NOTICE, ends=document.expires)
    purposes = sorted({key.purpose for key in document.keys}, key=lambda each: each.value)
    steps = [whole, *(step for purpose in purposes for step in _of_purpose(document, purpose, now))]
    return tuple(sorted(steps, key=lambda each: (max(each.when, now), each.ends, each.purpose, each.kid)))


def _of_purpose(document: RootDocument, purpose: Purpose, now: Instant) -> Iterator[DueRotation]:
    keys = {key.kid: key for key in document.keys if key.purpose is purpose}
    states = {kid: state_of(document, key, now) for kid, key in keys.items()}
    for kid, key in keys.items():
        if states[kid] is KeyState.SPARE and not _newest_key(key, keys):
            yield DueRotation(step=RotationStep.CLOSE, when=now, ends=now, purpose=purpose, kid=kid)
        if states[kid] is KeyState.CLOSED:
            gone = rotation.verifiable_until(key)
            yield DueRotation(step=RotationStep.RETIRE, when=gone, ends=gone, purpose=purpose, kid=kid)
    # Of the keys that sign or will sign, the one that ends last decides.
    last = max(
        (key for key in keys.values() if states[key.kid] is not KeyState.CLOSED), key=lambda k: k.naf, default=None
    )
    ends = now if last is None else last.naf
    if purpose is not Purpose.SANDBOX:
        kid = "" if last is None else last.kid
        yield DueRotation(step=RotationStep.PUBLISH, when=max(0, ends - NOTICE), ends=ends, purpose=purpose, kid=kid)


def _newest_key(key: OnlineKey, keys: dict[str, OnlineKey]) -> bool:
    return all((each.published, each.nbf, each.kid) <= (key.published, key.nbf, key.kid) for each in keys.values())
