"""Answers that people carry: which request they belong to, and why one is not taken [spec: offline-exchange]. Pure.

Making, proving and taking them is `dialogue`'s; the five causes have a refusal each.
"""

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import DAY, Instant
from tenure.sdk.kept import Exported, Kept
from tenure.wire.answers import read_unasked
from tenure.wire.root import Root
from tenure.wire.seal import digest

GOOD_FOR = 30 * DAY
REMEMBERED = 16


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """A request to be carried by hand."""

    kind: str
    """`synchronisation` or `activation`."""
    request: bytes
    made: Instant

    @property
    def import_by(self) -> Instant:
        """Until when its answer is taken."""
        return self.made + GOOD_FOR


def exported(kept: Kept, request: bytes, now: Instant) -> tuple[Kept, Exported]:
    """What is kept once `request` was given out; the same request again is the same one, with its first instant."""
    name = digest(request)
    known = next((each for each in kept.exported if each.sha256 == name), Exported(name, now))
    others = tuple(each for each in kept.exported if each.sha256 != name)
    return msgspec.structs.replace(kept, exported=(*others, known)[-REMEMBERED:]), known


def imported(kept: Kept, answer: bytes) -> Kept:
    """What is kept once `answer` was taken: never a second time."""
    return msgspec.structs.replace(kept, imported=(*kept.imported, digest(answer))[-REMEMBERED:])


def unfit(kept: Kept, answer: bytes, pending: bytes | None, now: Instant) -> Refused | None:
    """Why `answer` is not even held against the `pending` request: taken already, or brought too late."""
    if digest(answer) in kept.imported:
        return Refused(Code.OFFLINE_SAME)
    made = next((each.made for each in kept.exported if pending is not None and each.sha256 == digest(pending)), None)
    if made is not None and now >= made + GOOD_FOR:
        return Refused(Code.OFFLINE_OLDER, "The request was made more than 30 days ago.")
    return None


def misplaced(kept: Kept, answer: bytes, root: Root, product: str, *, sandbox: bool) -> Refused:
    """Why `answer` answers nothing that is pending: whose it is, and what happened since it was asked for."""
    message = read_unasked(answer, root, product, sandbox=sandbox)
    if isinstance(message, Refused):
        return named(message)
    asked = next((each for each in kept.exported if each.sha256 == message.request_sha256), None)
    if asked is None:
        return Refused(Code.OFFLINE_OTHER_SITE)
    latest = kept.exported[-1]
    if latest.sha256 != asked.sha256 and kept.contact < latest.made:
        return Refused(Code.OFFLINE_OLDER, "A newer request was made since; bring the answer to that one.")
    return Refused(Code.OFFLINE_CHANGED_MEANWHILE)


_NAMED = {
    Code.KEY_UNKNOWN: Code.OFFLINE_UNKNOWN_SIGNER,
    Code.KEY_NOT_FOR_THIS: Code.OFFLINE_UNKNOWN_SIGNER,
    Code.SIGNATURE_INVALID: Code.OFFLINE_UNKNOWN_SIGNER,
    Code.ROOT_REJECTED: Code.OFFLINE_UNKNOWN_SIGNER,
    Code.LEASE_OLDER: Code.OFFLINE_OLDER,
    Code.LEASE_OUTSIDE_WINDOW: Code.OFFLINE_OLDER,
    Code.LEASE_NOT_MINE: Code.OFFLINE_OTHER_SITE,
}


def named(refused: Refused) -> Refused:
    """A refusal of what was carried, as one of the five causes where it is one."""
    return Refused(_NAMED.get(refused.code, refused.code), refused.detail, refused.field, refused.when)
