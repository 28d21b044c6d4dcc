"""Who asks, by the state token that is shown: the one that was answered last, a copy of it, or one that knows more than
a server that was put back from a backup ([spec: fork-rule, restored-server]; B9).

Both servers go by this, the activation server for its sites and an administration server for its devices. The numbers
of a state token only grow; a site's are (epoch, number), so that a later epoch is greater than any number. How a token
is made and read is `wire.state_tokens`', what a copy then gets `forks`'.

An example. A site was answered last in epoch 100 with token number 7, so its current token is (100, 7).
- (100, 7) is shown: it is the site itself.
- (100, 5) is shown: a copy, unless the answers with 6 and 7 did not reach the site, which then names their request.
- (100, 9) is shown, and is authentic: the server has forgotten two answers.
"""

from enum import Enum

import msgspec

from tenure.core.answering.forks import CopyMemory, is_newest, told_to_copy
from tenure.core.refusals import Refused

TokenNumber = tuple[int, ...]


class Caller(Enum):
    """Who asks."""

    SITE = "site"
    """The one that was answered last."""
    COPY = "copy"
    """A copy of it, from before that answer."""
    AHEAD = "ahead"
    """The site itself, with an answer that the server has forgotten."""


class KnownCaller(msgspec.Struct, frozen=True, kw_only=True):
    """What the server knows of the one that it answered last."""

    number: TokenNumber
    """That of the state token it was given."""
    token: str
    """That token; empty where none was given, or none counts any more."""
    last_request: str
    memory: CopyMemory


class ShownCaller(msgspec.Struct, frozen=True, kw_only=True):
    """What the one that asks shows."""

    number: TokenNumber | None
    """That of its state token; None: the token is not authentic."""
    token: str
    pending: tuple[str, ...] = ()
    """Its requests whose answers have not reached it."""


def is_ahead(shown: TokenNumber | None, current: TokenNumber) -> bool:
    """Whether an authentic token is newer than the newest one that is remembered: the server was restored."""
    return shown is not None and shown > current


def is_replaced(shown: TokenNumber | None, current: TokenNumber) -> bool:
    """Whether a token is not authentic, or was replaced by a newer one: a copy shows it."""
    return shown is None or shown < current


def is_repeated(request: str, last_request: str) -> bool:
    """Whether a request is the one that was answered last, sent again because the answer was lost [spec: exact-retry]:
    it gets the same answer, and changes nothing."""
    return request == last_request


def recognize_caller(known: KnownCaller, shown: ShownCaller) -> Caller | Refused:
    """Who asks; refuses a copy whose administrator or provider said what it is: `copy_separated`, `copy_retired`."""
    if is_ahead(shown.number, known.number):
        return Caller.AHEAD
    told = told_to_copy(known.memory, shown.token)
    if told is not None:
        return told
    newest = is_newest(shown.token, known.token, known.last_request, shown.pending)
    return Caller.SITE if newest else Caller.COPY
