"""Answers that people carry: which request they belong to, and why one is not taken [spec: offline-exchange]. Pure.

Making, proving and taking them is `server_session`'s; the five causes have a refusal each.
"""

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Instant
from tenure.sdk.client_state import ClientState, ExportedRequest
from tenure.wire.exchanges import read_unasked
from tenure.wire.jws import token_digest
from tenure.wire.root import TrustedRoot

GOOD_FOR = 30 * DAY
REMEMBERED = 16


class CarriedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request to be carried by hand."""

    kind: str
    """`synchronization` or `activation`."""
    request: bytes
    made: Instant

    @property
    def import_by(self) -> Instant:
        """Until when its answer is taken."""
        return self.made + GOOD_FOR


def after_export(kept: ClientState, request: bytes, now: Instant) -> tuple[ClientState, ExportedRequest]:
    """What is kept once `request` was given out; the same request again is the same one, with its first instant."""
    name = token_digest(request)
    known = next((each for each in kept.exported if each.sha256 == name), ExportedRequest(name, now))
    others = tuple(each for each in kept.exported if each.sha256 != name)
    return msgspec.structs.replace(kept, exported=(*others, known)[-REMEMBERED:]), known


def after_import(kept: ClientState, answer: bytes) -> ClientState:
    """What is kept once `answer` was taken: never a second time."""
    return msgspec.structs.replace(kept, imported=(*kept.imported, token_digest(answer))[-REMEMBERED:])


def refuse_unfit(kept: ClientState, answer: bytes, pending: bytes | None, now: Instant) -> Refused | None:
    """Why `answer` is not even held against the `pending` request: taken already, or brought too late."""
    if token_digest(answer) in kept.imported:
        return Refused(RefusalCode.OFFLINE_SAME)
    made = next(
        (each.made for each in kept.exported if pending is not None and each.sha256 == token_digest(pending)), None
    )
    if made is not None and now >= made + GOOD_FOR:
        return Refused(RefusalCode.OFFLINE_OLDER, "The request was made more than 30 days ago.")
    return None


def refuse_misplaced(kept: ClientState, answer: bytes, root: TrustedRoot, product: str, *, sandbox: bool) -> Refused:
    """Why `answer` answers nothing that is pending: whose it is, and what happened since it was asked for."""
    message = read_unasked(answer, root, product, sandbox=sandbox)
    if isinstance(message, Refused):
        return name_cause(message)
    asked = next((each for each in kept.exported if each.sha256 == message.request_sha256), None)
    if asked is None:
        return Refused(RefusalCode.OFFLINE_OTHER_SITE)
    latest = kept.exported[-1]
    if latest.sha256 != asked.sha256 and kept.contact < latest.made:
        return Refused(RefusalCode.OFFLINE_OLDER, "A newer request was made since; bring the answer to that one.")
    return Refused(RefusalCode.OFFLINE_CHANGED_MEANWHILE)


_NAMED = {
    RefusalCode.KEY_UNKNOWN: RefusalCode.OFFLINE_UNKNOWN_SIGNER,
    RefusalCode.KEY_NOT_FOR_THIS: RefusalCode.OFFLINE_UNKNOWN_SIGNER,
    RefusalCode.SIGNATURE_INVALID: RefusalCode.OFFLINE_UNKNOWN_SIGNER,
    RefusalCode.ROOT_REJECTED: RefusalCode.OFFLINE_UNKNOWN_SIGNER,
    RefusalCode.LEASE_OLDER: RefusalCode.OFFLINE_OLDER,
    RefusalCode.LEASE_OUTSIDE_WINDOW: RefusalCode.OFFLINE_OLDER,
    RefusalCode.LEASE_NOT_MINE: RefusalCode.OFFLINE_OTHER_SITE,
}


def name_cause(refused: Refused) -> Refused:
    """A refusal of what was carried, as one of the five causes where it is one."""
    return Refused(_NAMED.get(refused.code, refused.code), refused.detail, refused.field, refused.when)
