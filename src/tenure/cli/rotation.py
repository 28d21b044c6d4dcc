"""The steps of a change of keys as `tenure keys` takes them: the next root document, signed, and put in force."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from tenure.cli.api import CliRequest
from tenure.cli.command_session import CommandSession
from tenure.cli.output import CommandOutput, make_output, sentence_output
from tenure.cli.problems import accept, fail_with
from tenure.core.periods import format_instant
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.server import key_rotation, keyring
from tenure.server.keyring import ROOT_LIFE, StoredKey
from tenure.server.setup import SECRETS
from tenure.server.state_place import StatePlace
from tenure.wire import root as roots
from tenure.wire import rotation
from tenure.wire.keys import Purpose
from tenure.wire.root import ANY_PRODUCT, OnlineKey, RootDocument, TrustedRoot
from tenure.wire.rotation_due import KeyState, state_of

Draw = Callable[[int], bytes]
T = TypeVar("T")
LEFT_WITHOUT = {
    Purpose.LEASE: "no site gets a new lease; leases signed by other keys go on.",
    Purpose.ANSWER: "no site is answered; every lease that is held goes on.",
    Purpose.NOTICE: "no amnesty can be published, and those published are not handed on.",
    Purpose.CHECKPOINT: "no checkpoint can be written.",
    Purpose.WEBHOOK: "webhooks carry their shared secret's signature alone.",
    Purpose.SANDBOX: "no sandbox is answered.",
}
"""What stands still while no key may sign for a purpose."""


class PlannedRotation(msgspec.Struct, frozen=True, kw_only=True):
    """The next root document, still unsigned, and what it does in a sentence."""

    before: TrustedRoot
    document: RootDocument
    told: str
    fresh: StoredKey | None = None
    """The secret half of a key that it names for the first time."""


class LocalKeyView(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """A key as shown; instants as RFC 3339."""

    kid: str
    purpose: str
    state: str
    """`waiting` for clients to hear of it, `signing`, `spare` (ready, but a newer one signs), or `closed`."""
    from_: str
    until: str
    retired_from: str
    products: tuple[str, ...]
    at_hand: bool
    """Whether its secret half is in the server's secret file."""


class LocalRootView(msgspec.Struct, frozen=True, kw_only=True):
    """A root document as shown."""

    id: str
    version: int
    fingerprint: str
    """Empty while it is not signed."""
    expires: str
    threshold: int
    root_keys: tuple[str, ...]
    keys: tuple[LocalKeyView, ...]


def view_root(place: StatePlace, now: Instant) -> LocalRootView:
    """The document in force."""
    root = accept(key_rotation.current_root(place))
    return _root_view(root.document, root.fingerprint(), _at_hand(place), now)


def plan_step(step: PlannedRotation, place: StatePlace, now: Instant) -> LocalRootView:
    """The document that a step would put in force."""
    fresh = {step.fresh.kid} if step.fresh else set()
    return _root_view(step.document, "", _at_hand(place) | fresh, now)


def publish_key(
    place: StatePlace, purpose: str, products: tuple[str, ...], draw: Draw, now: Instant
) -> PlannedRotation:
    """A fresh key for `purpose`, known to clients from now on."""
    root = accept(key_rotation.current_root(place))
    fresh = keyring.new_key(Purpose(purpose), draw)
    entry = keyring.online_entry(fresh, now)
    if products:
        entry = msgspec.structs.replace(entry, products=products)
    document = _accept_readable(rotation.publish_key(root.document, entry, now, now + ROOT_LIFE))
    return _make_step(root, document, _when_it_signs(document, fresh, now), fresh)


def replace_key(place: StatePlace, kid: str, draw: Draw, now: Instant) -> PlannedRotation:
    """`kid` is dropped at once and a fresh key for the same purpose and products takes its place: an emergency."""
    root = accept(key_rotation.current_root(place))
    gone = root.document.find_key(kid)
    if gone is None:
        raise fail_with(Refused(RefusalCode.KEY_UNKNOWN, f"{kid} is not published.", "kid"))
    fresh = keyring.new_key(gone.purpose, draw)
    entry = msgspec.structs.replace(keyring.online_entry(fresh, now), products=gone.products)
    document = _accept_readable(rotation.replace_key(root.document, kid, entry, now, now + ROOT_LIFE))
    told = f"{kid} is revoked: clients with the new root document refuse its signatures."
    return _make_step(root, document, f"{told} {_when_it_signs(document, fresh, now)}", fresh)


def _when_it_signs(document: RootDocument, fresh: StoredKey, now: Instant) -> str:
    entry = document.find_key(fresh.kid)
    products = () if entry is None else entry.products
    signing = [rotation.last_resort(document, fresh.purpose, product, now) for product in products]
    if any(not isinstance(each, Refused) and each.kid == fresh.kid for each in signing):
        return (
            f"{fresh.kid} is published and signs at once, because no other key may:"
            " clients fetch the new root document when they meet a key that they do not know."
        )
    ready = format_instant(now + rotation.REFRESH)
    return f"{fresh.kid} is published; it signs from {ready} on, when every client has heard of it."


def use_key(place: StatePlace, kid: str, now: Instant) -> LocalKeyView:
    """The key, if it may sign now; refuses `key_not_for_this` with the instant from which it may."""
    root = _accept_readable(key_rotation.current_root(place))
    key = rotation.usable_key(root.document, kid, now)
    named = root.document.find_key(kid)
    if isinstance(key, Refused) and named is not None and state_of(root.document, named, now) is KeyState.SIGNING:
        key = named  # the last resort: no other may
    return _key_view(root.document, _accept_readable(key), _at_hand(place), now)


def close_key(place: StatePlace, kid: str, now: Instant) -> PlannedRotation:
    """`kid` signs nothing more."""
    return _change_document(
        place,
        lambda document: rotation.close_key(document, kid, now, now + ROOT_LIFE),
        f"{kid} is closed; its signatures stay valid.",
    )


def retire_key(place: StatePlace, kid: str, now: Instant) -> PlannedRotation:
    """`kid` is dropped, since nothing it signed can live."""
    return _change_document(
        place, lambda document: rotation.retire_key(document, kid, now, now + ROOT_LIFE), f"{kid} is retired."
    )


def revoke_key(place: StatePlace, kid: str, now: Instant) -> PlannedRotation:
    """`kid` is dropped at once; says what cannot be signed then."""
    step = _change_document(place, lambda document: rotation.revoke_key(document, kid, now, now + ROOT_LIFE), "")
    gone = step.before.document.find_key(kid)
    told = f"{kid} is revoked: clients with the new root document refuse its signatures."
    successors = (
        [rotation.last_resort(step.document, gone.purpose, product, now) for product in gone.products] if gone else []
    )
    if any(isinstance(successor, Refused) for successor in successors) and gone is not None:
        told += f" No other key may sign for {gone.purpose.value} now: {LEFT_WITHOUT[gone.purpose]}"
        told += f" `tenure keys publish {gone.purpose.value}` makes one that signs at once."
    return msgspec.structs.replace(step, told=told)


def extend_root(place: StatePlace, now: Instant) -> PlannedRotation:
    """The same document with a later expiry."""

    def extended(document: RootDocument) -> RootDocument | Refused:
        return msgspec.structs.replace(document, version=document.version + 1, issued=now, expires=now + ROOT_LIFE)

    return _change_document(place, extended, f"The root document is good until {format_instant(now + ROOT_LIFE)}.")


def rotate_keys(place: StatePlace, purpose: str, draw: Draw, now: Instant) -> PlannedRotation:
    """The one step that is due for the keys of `purpose`; refuses `key_not_for_this` with `when` while none is."""
    root = accept(key_rotation.current_root(place))
    mine = sorted((key for key in root.document.keys if key.purpose == purpose), key=_key_age)
    past = [key for key in mine if now >= rotation.verifiable_until(key)]
    if past:
        return retire_key(place, past[0].kid, now)
    open_ = [key for key in mine if now < key.naf]
    if len(open_) < 2:
        return publish_key(
            place, purpose, open_[0].products if open_ and ANY_PRODUCT not in open_[0].products else (), draw, now
        )
    _accept_readable(rotation.usable_key(root.document, open_[-1].kid, now))
    return close_key(place, open_[0].kid, now)


def sign_step(step: PlannedRotation, files: tuple[Path, ...]) -> bytes:
    """The document with the signatures of every root key in `files`; whether they are enough is seen on installing."""
    signed = key_rotation.sign_root(step.document, _read_secrets(files))
    if not signed:
        detail = "None of the files holds a root key of this document."
        raise fail_with(Refused(RefusalCode.ROOT_REJECTED, detail, "root_secrets"))
    return signed


def add_signatures(draft: bytes, files: tuple[Path, ...]) -> bytes:
    """`draft` with more signatures."""
    return accept(key_rotation.add_signatures(draft, _read_secrets(files)))


def keep_secret(place: StatePlace, step: PlannedRotation) -> None:
    """The secret half of a fresh key, put away before anybody hears of the key."""
    if step.fresh is not None:
        accept(key_rotation.keep_key(place.folder, step.fresh))


def install_step(session: CommandSession, place: StatePlace, data: bytes, told: str) -> CommandOutput:
    """The signed document in force: through the server's API while it runs, else in its database."""
    done = asyncio.run(key_rotation.install_root(place, data, session.world.now()))
    busy = (RefusalCode.FOLDER_IN_USE, RefusalCode.SERVER_BUSY)
    if not isinstance(done, Refused) or done.code not in busy:
        _accept_readable(done)
    else:
        session.api().send(CliRequest(method="PUT", path="/v1/root", body={"document": data.decode()}, tenant=False))
    root = accept(key_rotation.current_root(place))
    accept(key_rotation.forget_keys(place.folder, root))
    value = {"version": root.version, "fingerprint": root.fingerprint(), "told": told}
    return make_output(value, sentence_output(f"{told} Root version {root.version}, fingerprint {root.fingerprint()}."))


def _change_document(
    place: StatePlace, change: Callable[[RootDocument], RootDocument | Refused], told: str
) -> PlannedRotation:
    root = accept(key_rotation.current_root(place))
    return _make_step(root, _accept_readable(change(root.document)), told)


def _make_step(root: TrustedRoot, document: RootDocument, told: str, fresh: StoredKey | None = None) -> PlannedRotation:
    accept(roots.check_document(document))
    return PlannedRotation(before=root, document=document, told=told, fresh=fresh)


def _read_secrets(files: tuple[Path, ...]) -> list[keyring.RootSecrets]:
    return [accept(key_rotation.read_root_secrets(file)) for file in files]


def _at_hand(place: StatePlace) -> set[str]:
    secrets = keyring.read_secrets(place.folder / SECRETS)
    return set() if isinstance(secrets, Refused) else {key.kid for key in secrets.keys}


def _root_view(document: RootDocument, fingerprint: str, at_hand: set[str], now: Instant) -> LocalRootView:
    return LocalRootView(
        id=document.id,
        version=document.version,
        fingerprint=fingerprint,
        expires=format_instant(document.expires),
        threshold=document.threshold,
        root_keys=tuple(key.kid for key in document.root_keys),
        keys=tuple(_key_view(document, key, at_hand, now) for key in sorted(document.keys, key=_key_age)),
    )


def _key_view(document: RootDocument, key: OnlineKey, at_hand: set[str], now: Instant) -> LocalKeyView:
    return LocalKeyView(
        kid=key.kid,
        purpose=key.purpose.value,
        state=state_of(document, key, now),
        from_=format_instant(max(key.nbf, key.published + rotation.REFRESH if key.published else 0)),
        until=format_instant(key.naf),
        retired_from=format_instant(rotation.verifiable_until(key)),
        products=tuple("all" if each == ANY_PRODUCT else each for each in key.products),
        at_hand=key.kid in at_hand,
    )


def _key_age(key: OnlineKey) -> tuple[str, Instant, Instant, str]:
    return key.purpose.value, key.published, key.nbf, key.kid


def _accept_readable(value: T | Refused) -> T:
    """As `accept`; a refusal of the rotation has its instant in words people read, and not in seconds."""
    if isinstance(value, Refused) and value.when is not None:
        detail = f"It is possible from {format_instant(value.when)} on."
        raise fail_with(msgspec.structs.replace(value, detail=detail))
    return accept(value)
