"""For the vendor: the root document in force, what each key does, and which step of a rotation is due when.

It shows; the steps themselves need the root keys, which are kept off the server, and are taken with `tenure keys`.
"""

import msgspec

from tenure.core.policy import Role
from tenure.core.timeline import Instant
from tenure.http.auth import Principal, Rule
from tenure.http.instants import rfc3339
from tenure.http.operations import Operation, operation
from tenure.server.context import Context
from tenure.wire import rotation
from tenure.wire.due import Due, State, Step, due, state_of
from tenure.wire.root import ANY_PRODUCT, Document

READ = Rule("server:read", frozenset({Role.VENDOR}))
_FILES = "--folder FOLDER --root-secrets FILE"


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A key that clients know; its secret half is never shown."""

    kid: str
    purpose: str
    state: State
    signs_from: str
    signs_until: str
    retired_from: str
    """Before this something it signed may still have to be verified."""
    products: tuple[str, ...]
    """Which it signs for; empty: all."""
    at_hand: bool
    """Whether this server holds its secret half."""
    sandbox: bool


class DueView(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a rotation, and the command that takes it: on the machine of the server, with the root keys."""

    step: Step
    purpose: str
    kid: str
    when: str
    """From here on it is due."""
    ends: str
    """It must be done before, or something stands still."""
    is_due: bool
    command: str


class KeysView(msgspec.Struct, frozen=True, kw_only=True):
    """The root document in force at `as_of`, its keys, and the steps that are due or come next."""

    as_of: str
    id: str
    version: int
    fingerprint: str
    """As words that can be read out and compared."""
    issued: str
    expires: str
    threshold: int
    """How many of the root keys must sign the next document."""
    root_keys: tuple[str, ...]
    keys: tuple[KeyView, ...]
    due: tuple[DueView, ...]


class Keys:
    """The operation on keys for the vendor's staff."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def read_keys(self, caller: Principal) -> KeysView:
        """What signs, what only verifies, when the root document expires, and which step is due when."""
        ring, now = self._context.keys, self._context.clock()
        document = ring.root.document
        return KeysView(
            as_of=rfc3339(now),
            id=document.id,
            version=document.version,
            fingerprint=ring.root.fingerprint(),
            issued=rfc3339(document.issued),
            expires=rfc3339(document.expires),
            threshold=document.threshold,
            root_keys=tuple(key.kid for key in document.root_keys),
            keys=(*self._keys(document, now), *self._keys(ring.sandbox_root.document, now, sandbox=True)),
            due=tuple(_due_view(step, now) for step in due(document, now)),
        )

    def _keys(self, document: Document, now: Instant, *, sandbox: bool = False) -> tuple[KeyView, ...]:
        return tuple(
            KeyView(
                kid=key.kid,
                purpose=key.purpose.value,
                state=state_of(document, key, now),
                signs_from=rfc3339(max(key.nbf, key.published + rotation.REFRESH if key.published else 0)),
                signs_until=rfc3339(key.naf),
                retired_from=rfc3339(min(rotation.verifiable_until(key), _LAST)),
                products=tuple(each for each in key.products if each != ANY_PRODUCT),
                at_hand=self._context.keys.holds(key.kid),
                sandbox=sandbox,
            )
            for key in sorted(document.keys, key=lambda key: (key.purpose.value, key.published, key.nbf, key.kid))
        )

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        return (operation("GET", "/v1/keys", READ, self.read_keys),)


_LAST = 253_402_300_799
"""The last second of the year 9999: what lies beyond cannot be written as RFC 3339."""


def _due_view(step: Due, now: Instant) -> DueView:
    verb = {Step.EXTEND: "extend", Step.PUBLISH: f"rotate {step.purpose}"}.get(step.step, f"{step.step} {step.kid}")
    return DueView(
        step=step.step,
        purpose=step.purpose,
        kid=step.kid,
        when=rfc3339(step.when),
        ends=rfc3339(step.ends),
        is_due=step.when <= now,
        command=f"tenure keys {verb} {_FILES}",
    )
