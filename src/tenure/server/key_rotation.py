"""Where a change of keys takes place: the server's folder, its secret file, and the root documents it serves.

What may be done when is decided by `wire.rotation`; the root keys come from files that are kept off the server.
"""

import base64
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.server import keyring
from tenure.server.context import ROOT
from tenure.server.keyring import RootSecrets, ServerSecrets, StoredKey
from tenure.server.setup import SECRETS
from tenure.server.state_place import StatePlace, open_state, read_state
from tenure.store.catalog import DOCUMENTS, PolicyEdition, WriteStamp
from tenure.store.engine import Connection
from tenure.wire import root as roots
from tenure.wire.keys import Purpose, SeedSigner
from tenure.wire.root import RootDocument, TrustedRoot


def current_root(place: StatePlace) -> TrustedRoot | Refused:
    """The root document in force, read beside a running server; `not_found` where there is no server."""
    walked = root_versions(place)
    return walked if isinstance(walked, Refused) else walked[-1]


def root_versions(place: StatePlace) -> list[TrustedRoot] | Refused:
    """Every root document from the first on, each proven by the one before; refuses like `root.step_root`."""
    editions = read_state(place, lambda conn: DOCUMENTS.all(conn, ROOT))
    return editions if isinstance(editions, Refused) else verify_versions([edition.body for edition in editions])


def verify_versions(documents: list[bytes]) -> list[TrustedRoot] | Refused:
    """Each document proven by the one before; the first one by itself."""
    if not documents:
        return Refused(RefusalCode.NOT_FOUND, "There is no root document.", "folder")
    first = roots.pin_root(documents[0])
    if isinstance(first, Refused):
        return first
    walked = [first]
    for data in documents[1:]:
        following = roots.step_root(walked[-1], data)
        if isinstance(following, Refused):
            return following
        walked.append(following)
    return walked


def read_root_secrets(path: Path) -> RootSecrets | Refused:
    """Root keys from a file such as `server init` wrote; `field_invalid` when it cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=RootSecrets)
    except OSError as fault:
        return Refused(RefusalCode.FIELD_INVALID, f"{path} cannot be read: {fault.strerror}.", "root_secrets")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        # The decoder's words may repeat what stands in the file, and that is secret.
        return Refused(RefusalCode.FIELD_INVALID, f"{path} holds no root keys.", "root_secrets")


def sign_root(document: RootDocument, secrets: Iterable[RootSecrets]) -> bytes:
    """`document` with a signature of every root key at hand that it knows."""
    return roots.sign_document(document, [signer for each in secrets for signer in _root_signers(each, document)])


def add_signatures(draft: bytes, secrets: Iterable[RootSecrets]) -> bytes | Refused:
    """A signed draft with more signatures, for root keys that are never in one place."""
    document = read_draft(draft)
    if isinstance(document, Refused):
        return document
    for signer in (signer for each in secrets for signer in _root_signers(each, document)):
        draft = roots.add_signature(draft, signer)
    return draft


def read_draft(draft: bytes) -> RootDocument | Refused:
    """The document in a draft, with signatures unchecked; nothing in it is to be trusted."""
    try:
        payload = draft.split(b"\n", 1)[0].split(b".")[1]
        return msgspec.json.decode(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)), type=RootDocument)
    except (IndexError, ValueError, msgspec.MsgspecError):
        return Refused(RefusalCode.FIELD_INVALID, "This is not a root document.", "draft")


def _root_signers(secrets: RootSecrets, document: RootDocument) -> list[SeedSigner]:
    known = {key.kid for key in document.root_keys}
    return [SeedSigner(base64.b64decode(key.seed), key.kid) for key in secrets.keys if key.kid in known]


def online_signer(folder: Path, kid: str) -> SeedSigner | Refused:
    """The online key `kid` out of the secret file; `key_unknown` when its secret half is not there."""
    secrets = keyring.read_secrets(folder / SECRETS)
    if isinstance(secrets, Refused):
        return secrets
    found = next((key for key in secrets.keys if key.kid == kid), None)
    if found is None:
        return Refused(RefusalCode.KEY_UNKNOWN, f"The secret file does not hold {kid}.")
    return SeedSigner(base64.b64decode(found.seed), kid)


def keep_key(folder: Path, key: StoredKey) -> Refused | None:
    """`key` added to the secret file: before the document that names it, so that no published key is without owner."""
    secrets = keyring.read_secrets(folder / SECRETS)
    if isinstance(secrets, Refused):
        return secrets
    _replace_file(folder / SECRETS, msgspec.structs.replace(secrets, keys=(*secrets.keys, key)))
    return None


def forget_keys(folder: Path, root: TrustedRoot) -> Refused | None:
    """The secret file without keys that `root` no longer knows: what signs nothing should not lie about.

    Sandbox keys stand in a root document of their own and stay.
    """
    secrets = keyring.read_secrets(folder / SECRETS)
    if isinstance(secrets, Refused):
        return secrets
    known = {key.kid for key in root.document.keys}
    kept = tuple(key for key in secrets.keys if key.kid in known or key.purpose is Purpose.SANDBOX)
    if kept != secrets.keys:
        _replace_file(folder / SECRETS, msgspec.structs.replace(secrets, keys=kept))
    return None


async def install_root(place: StatePlace, data: bytes, now: Instant) -> PolicyEdition | Refused:
    """The next root document, put where the server finds it when it starts.

    Refuses `folder_in_use` while the server runs (its API takes the document then), and like `root.step_root`.
    """
    db = await open_state(place)
    if isinstance(db, Refused):
        return db

    def work(conn: Connection) -> PolicyEdition | Refused:
        walked = verify_versions([edition.body for edition in DOCUMENTS.all(conn, ROOT)])
        if isinstance(walked, Refused):
            return walked
        following = roots.step_root(walked[-1], data)
        if isinstance(following, Refused):
            return following
        return DOCUMENTS.publish(conn, ROOT, walked[-1].version, data, WriteStamp("keys", now))

    try:
        return await db.write(work)
    finally:
        await db.close()


def _replace_file(path: Path, secrets: ServerSecrets) -> None:
    """The file whole or not at all, readable by its owner alone from its first byte."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".secrets-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(secrets))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
