"""For the vendor: the root document in force, what each key does, and which step of a rotation is due when.

It shows; the steps themselves need the root keys, which are kept off the server, and are taken with `tenure keys`.
"""

import msgspec

from tenure.core.policy.rules import Role
from tenure.core.timeline import Instant
from tenure.http.auth import AccessRule, Principal
from tenure.http.operation_groups import operation_at
from tenure.http.timestamps import format_rfc3339
from tenure.http.views import copy_fields
from tenure.server.api.operations import ServerOperations
from tenure.wire import rotation
from tenure.wire.root import ANY_PRODUCT, RootDocument
from tenure.wire.rotation_due import DueRotation, KeyState, RotationStep, due_steps, state_of

READ = AccessRule("server:read", frozenset({Role.VENDOR}))
_FILES = "--folder FOLDER --root-secrets FILE"


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A key that clients know; its secret half is never shown."""

    kid: str
    purpose: str
    state: KeyState
    signs_from: str
    signs_until: str
    retired_from: str
    """Before this something it signed may still have to be verified."""
    products: tuple[str, ...]
    """Which it signs for; empty: all."""
    at_hand: bool
    """Whether this server holds its secret half."""
    sandbox: bool


class DueRotationView(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a rotation, and the command that takes it: on the machine of the server, with the root keys."""

    step: RotationStep
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
    due: tuple[DueRotationView, ...]


class KeyOperations(ServerOperations):
    """The operation on keys for the vendor's staff."""

    @operation_at("GET", "/v1/keys", READ)
    async def read_keys(self, caller: Principal) -> KeysView:
        """What signs, what only verifies, when the root document expires, and which step is due when."""
        ring, now = self._context.keys, self._context.clock()
        document = ring.root.document
        return copy_fields(
            KeysView,
            document,
            as_of=format_rfc3339(now),
            fingerprint=ring.root.fingerprint(),
            root_keys=tuple(key.kid for key in document.root_keys),
            keys=(*self._key_views(document, now), *self._key_views(ring.sandbox_root.document, now, sandbox=True)),
            due=tuple(_due_view(step, now) for step in due_steps(document, now)),
        )

    def _key_views(self, document: RootDocument, now: Instant, *, sandbox: bool = False) -> tuple[KeyView, ...]:
        return tuple(
            copy_fields(
                KeyView,
                key,
                state=state_of(document, key, now),
                signs_from=format_rfc3339(max(key.nbf, key.published + rotation.REFRESH if key.published else 0)),
                signs_until=format_rfc3339(key.naf),
                retired_from=format_rfc3339(min(rotation.verifiable_until(key), _LAST)),
                products=tuple(each for each in key.products if each != ANY_PRODUCT),
                at_hand=self._context.keys.has_secret(key.kid),
                sandbox=sandbox,
            )
            for key in sorted(document.keys, key=lambda key: (key.purpose.value, key.published, key.nbf, key.kid))
        )


_LAST = 253_402_300_799
"""The last second of the year 9999: what lies beyond cannot be written as RFC 3339."""


def _due_view(step: DueRotation, now: Instant) -> DueRotationView:
    verb = {RotationStep.EXTEND: "extend", RotationStep.PUBLISH: f"rotate {step.purpose}"}.get(
        step.step, f"{step.step} {step.kid}"
    )
    return copy_fields(DueRotationView, step, is_due=step.when <= now, command=f"tenure keys {verb} {_FILES}")
