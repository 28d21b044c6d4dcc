"""The steps of a change of keys as `tenure keys` takes them: the next root document, signed, and put in force."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec

from tenure.cli.api import Sending
from tenure.cli.desk import Desk
from tenure.cli.output import made, sentence
from tenure.cli.problems import Failed, failed
from tenure.cli.verbs import Ended
from tenure.core.periods import format_instant
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.server import keyring, rotating
from tenure.server.keyring import ROOT_LIFE, OnlineKey
from tenure.server.setup import SECRETS
from tenure.wire import root as roots
from tenure.wire import rotation
from tenure.wire.due import State, state_of
from tenure.wire.keys import Purpose
from tenure.wire.root import ANY_PRODUCT, Document, Key, Root

Draw = Callable[[int], bytes]
LEFT_WITHOUT = {
    Purpose.LEASE: "nobody gets a new lease; leases signed by other keys go on.",
    Purpose.ANSWER: "no site is answered; every lease that is held goes on.",
    Purpose.NOTICE: "no amnesty can be published, and those published are not handed on.",
    Purpose.CHECKPOINT: "no checkpoint can be written.",
    Purpose.WEBHOOK: "webhooks carry their shared secret's signature alone.",
    Purpose.SANDBOX: "no sandbox is answered.",
}
"""What stands still while no key may sign for a purpose."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """The next root document, still unsigned, and what it does in a sentence."""

    before: Root
    document: Document
    told: str
    fresh: OnlineKey | None = None
    """The secret half of a key that it names for the first time."""


class KeyView(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
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


class RootView(msgspec.Struct, frozen=True, kw_only=True):
    """A root document as shown."""

    id: str
    version: int
    fingerprint: str
    """Empty while it is not signed."""
    expires: str
    threshold: int
    root_keys: tuple[str, ...]
    keys: tuple[KeyView, ...]


def view(folder: Path, now: Instant) -> RootView | Refused:
    """The document in force."""
    root = rotating.current(folder)
    if isinstance(root, Refused):
        return root
    return _view(root.document, root.fingerprint(), _at_hand(folder), now)


def planned(step: Step, folder: Path, now: Instant) -> RootView:
    """The document that a step would put in force."""
    fresh = {step.fresh.kid} if step.fresh else set()
    return _view(step.document, "", _at_hand(folder) | fresh, now)


def publish(folder: Path, purpose: str, products: tuple[str, ...], draw: Draw, now: Instant) -> Step | Refused:
    """A fresh key for `purpose`, known to clients from now on."""
    root = rotating.current(folder)
    if isinstance(root, Refused):
        return root
    fresh = keyring.new_key(Purpose(purpose), draw)
    entry = keyring.online_entry(fresh, now)
    if products:
        entry = msgspec.structs.replace(entry, products=products)
    document = rotation.publish(root.document, entry, now, now + ROOT_LIFE)
    if isinstance(document, Refused):
        return _readable(document)
    return _step(root, document, _when_it_signs(document, fresh, now), fresh)


def replace(folder: Path, kid: str, draw: Draw, now: Instant) -> Step | Refused:
    """`kid` is dropped at once and a fresh key for the same purpose and products takes its place: an emergency."""
    root = rotating.current(folder)
    gone = root if isinstance(root, Refused) else root.document.find(kid)
    if isinstance(root, Refused) or gone is None or isinstance(gone, Refused):
        return root if isinstance(root, Refused) else Refused(Code.KEY_UNKNOWN, f"{kid} is not published.", "kid")
    fresh = keyring.new_key(gone.purpose, draw)
    entry = msgspec.structs.replace(keyring.online_entry(fresh, now), products=gone.products)
    document = rotation.replace(root.document, kid, entry, now, now + ROOT_LIFE)
    if isinstance(document, Refused):
        return _readable(document)
    told = f"{kid} is revoked: what it signed is refused by everyone who has the new root document."
    return _step(root, document, f"{told} {_when_it_signs(document, fresh, now)}", fresh)


def _when_it_signs(document: Document, fresh: OnlineKey, now: Instant) -> str:
    entry = document.find(fresh.kid)
    products = () if entry is None else entry.products
    signing = [rotation.last_resort(document, fresh.purpose, product, now) for product in products]
    if any(not isinstance(each, Refused) and each.kid == fresh.kid for each in signing):
        return (
            f"{fresh.kid} is published and signs at once, because no other key may:"
            " clients fetch the new root document when they meet a key that they do not know."
        )
    ready = format_instant(now + rotation.REFRESH)
    return f"{fresh.kid} is published; it signs from {ready} on, when every client has heard of it."


def use(folder: Path, kid: str, now: Instant) -> KeyView | Refused:
    """The key, if it may sign now; refuses `key_not_for_this` with the instant from which it may."""
    root = rotating.current(folder)
    if isinstance(root, Refused):
        return _readable(root)
    key = rotation.use(root.document, kid, now)
    named = root.document.find(kid)
    if isinstance(key, Refused) and named is not None and state_of(root.document, named, now) is State.SIGNING:
        key = named  # the last resort: no other may
    if isinstance(key, Refused):
        return _readable(key)
    return _key_view(root.document, key, _at_hand(folder), now)


def close(folder: Path, kid: str, now: Instant) -> Step | Refused:
    """`kid` signs nothing more."""
    return _changed(
        folder,
        lambda document: rotation.close(document, kid, now, now + ROOT_LIFE),
        f"{kid} is closed; what it signed stays good.",
    )


def retire(folder: Path, kid: str, now: Instant) -> Step | Refused:
    """`kid` is dropped, since nothing it signed can live."""
    return _changed(folder, lambda document: rotation.retire(document, kid, now, now + ROOT_LIFE), f"{kid} is retired.")


def revoke(folder: Path, kid: str, now: Instant) -> Step | Refused:
    """`kid` is dropped at once; says what nobody can sign then."""
    step = _changed(folder, lambda document: rotation.revoke(document, kid, now, now + ROOT_LIFE), "")
    if isinstance(step, Refused):
        return step
    gone = step.before.document.find(kid)
    told = f"{kid} is revoked: what it signed is refused by everyone who has the new root document."
    heirs = (
        [rotation.last_resort(step.document, gone.purpose, product, now) for product in gone.products] if gone else []
    )
    if any(isinstance(heir, Refused) for heir in heirs) and gone is not None:
        told += f" No other key may sign for {gone.purpose.value} now: {LEFT_WITHOUT[gone.purpose]}"
        told += f" `tenure keys publish {gone.purpose.value}` makes one that signs at once."
    return msgspec.structs.replace(step, told=told)


def extend(folder: Path, now: Instant) -> Step | Refused:
    """The same document with a later expiry."""

    def anew(document: Document) -> Document | Refused:
        return msgspec.structs.replace(document, version=document.version + 1, issued=now, expires=now + ROOT_LIFE)

    return _changed(folder, anew, f"The root document is good until {format_instant(now + ROOT_LIFE)}.")


def rotate(folder: Path, purpose: str, draw: Draw, now: Instant) -> Step | Refused:
    """The one step that is due for the keys of `purpose`; refuses `key_not_for_this` with `when` while none is."""
    root = rotating.current(folder)
    if isinstance(root, Refused):
        return root
    mine = sorted((key for key in root.document.keys if key.purpose == purpose), key=_age)
    past = [key for key in mine if now >= rotation.verifiable_until(key)]
    if past:
        return retire(folder, past[0].kid, now)
    open_ = [key for key in mine if now < key.naf]
    if len(open_) < 2:
        return publish(
            folder, purpose, open_[0].products if open_ and ANY_PRODUCT not in open_[0].products else (), draw, now
        )
    ready = rotation.use(root.document, open_[-1].kid, now)
    return _readable(ready) if isinstance(ready, Refused) else close(folder, open_[0].kid, now)


def sign(step: Step, files: tuple[Path, ...]) -> bytes | Refused:
    """The document with the signatures of every root key in `files`; whether they are enough is seen on installing."""
    secrets = _secrets(files)
    if isinstance(secrets, Refused):
        return secrets
    signed = rotating.sign(step.document, secrets)
    return signed or Refused(Code.ROOT_REJECTED, "None of the files holds a root key of this document.", "root_secrets")


def add_signatures(draft: bytes, files: tuple[Path, ...]) -> bytes | Refused:
    """`draft` with more signatures."""
    secrets = _secrets(files)
    return secrets if isinstance(secrets, Refused) else rotating.add_signatures(draft, secrets)


def keep(folder: Path, step: Step) -> Refused | None:
    """The secret half of a fresh key, put away before anybody hears of the key."""
    return None if step.fresh is None else rotating.keep_key(folder, step.fresh)


def install(desk: Desk, folder: Path, data: bytes, told: str) -> Ended:
    """The signed document in force: through the server's API while it runs, else in its database."""
    done = asyncio.run(rotating.install(folder, data, desk.world.now()))
    if isinstance(done, Refused) and done.code is not Code.SERVER_BUSY:
        return failed(_readable(done))
    if isinstance(done, Refused):
        sent = _through_api(desk, data)
        if isinstance(sent, Failed):
            return sent
    root = rotating.current(folder)
    if isinstance(root, Refused):
        return failed(root)
    if (refused := rotating.forget_keys(folder, root)) is not None:
        return failed(refused)
    value = {"version": root.version, "fingerprint": root.fingerprint(), "told": told}
    return made(value, sentence(f"{told} Root version {root.version}, fingerprint {root.fingerprint()}."))


def _through_api(desk: Desk, data: bytes) -> Failed | None:
    api = desk.api()
    if isinstance(api, Failed):
        return api
    body = {"document": data.decode()}
    answer = api.send(Sending(method="PUT", path="/v1/root", body=body, tenant=False))
    return answer if isinstance(answer, Failed) else None


def _changed(folder: Path, change: Callable[[Document], Document | Refused], told: str) -> Step | Refused:
    root = rotating.current(folder)
    return root if isinstance(root, Refused) else _step(root, change(root.document), told)


def _step(root: Root, document: Document | Refused, told: str, fresh: OnlineKey | None = None) -> Step | Refused:
    if isinstance(document, Refused):
        return _readable(document)
    fault = roots.check(document)
    return fault if fault is not None else Step(before=root, document=document, told=told, fresh=fresh)


def _secrets(files: tuple[Path, ...]) -> list[keyring.RootSecrets] | Refused:
    found = []
    for file in files:
        read = rotating.read_root_secrets(file)
        if isinstance(read, Refused):
            return read
        found.append(read)
    return found


def _at_hand(folder: Path) -> set[str]:
    secrets = keyring.read_secrets(folder / SECRETS)
    return set() if isinstance(secrets, Refused) else {key.kid for key in secrets.keys}


def _view(document: Document, fingerprint: str, at_hand: set[str], now: Instant) -> RootView:
    return RootView(
        id=document.id,
        version=document.version,
        fingerprint=fingerprint,
        expires=format_instant(document.expires),
        threshold=document.threshold,
        root_keys=tuple(key.kid for key in document.root_keys),
        keys=tuple(_key_view(document, key, at_hand, now) for key in sorted(document.keys, key=_age)),
    )


def _key_view(document: Document, key: Key, at_hand: set[str], now: Instant) -> KeyView:
    return KeyView(
        kid=key.kid,
        purpose=key.purpose.value,
        state=state_of(document, key, now),
        from_=format_instant(max(key.nbf, key.published + rotation.REFRESH if key.published else 0)),
        until=format_instant(key.naf),
        retired_from=format_instant(rotation.verifiable_until(key)),
        products=tuple("all" if each == ANY_PRODUCT else each for each in key.products),
        at_hand=key.kid in at_hand,
    )


def _age(key: Key) -> tuple[str, Instant, Instant, str]:
    return key.purpose.value, key.published, key.nbf, key.kid


def _readable(refused: Refused) -> Refused:
    """A refusal of the rotation with its instant in words people read; what it says in seconds is left out."""
    if refused.when is None:
        return refused
    return msgspec.structs.replace(refused, detail=f"It is possible from {format_instant(refused.when)} on.")
