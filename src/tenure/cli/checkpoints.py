"""A checkpoint as a file: the heads of all histories, and a signature over their digest.

First line: a JWS of type `tenure-checkpoint+jws` over `{"at", "heads"}`, `heads` being the SHA-256 (hexadecimal) of
the second line, which is the payload of `store.audit.checkpoint_payload`. So the signed part stays small, however many
histories there are. Imports signing and state only when used.
"""

import hashlib
from typing import TYPE_CHECKING

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant

if TYPE_CHECKING:
    from tenure.server.state_place import StatePlace
    from tenure.store.chain import Checkpoint
    from tenure.wire.keys import Signer
    from tenure.wire.root import TrustedRoot


class SignedCheckpoint(msgspec.Struct, frozen=True):
    """What the signature covers."""

    at: Instant
    heads: str


def checkpoint_signer(place: "StatePlace", now: Instant) -> "Signer | Refused":
    """The key that signs checkpoints now; `key_not_for_this` when none may."""
    from tenure.server import key_rotation
    from tenure.wire.keys import Purpose
    from tenure.wire.root import ANY_PRODUCT
    from tenure.wire.rotation import signing_key

    root = key_rotation.current_root(place)
    key = root if isinstance(root, Refused) else signing_key(root.document, Purpose.CHECKPOINT, ANY_PRODUCT, now)
    return key if isinstance(key, Refused) else key_rotation.online_signer(place.folder, key.kid)


def write_checkpoint(payload: bytes, key: "Signer") -> bytes:
    """The file's content for the payload of `audit.checkpoint_payload`."""
    from tenure.wire import jws

    at = msgspec.json.decode(payload)["at"]
    return (
        jws.sign_token(jws.TokenType.CHECKPOINT, SignedCheckpoint(at, _payload_digest(payload)), key)
        + b"\n"
        + payload
        + b"\n"
    )


def load_checkpoint(data: bytes, place: "StatePlace") -> "Checkpoint | Refused":
    """The checkpoint in a file, proven by the root documents of the server at `place`.

    Refuses like `jws.open_token`, and `message_malformed` when the heads are not those that were signed.
    """
    from tenure.server import key_rotation
    from tenure.store.chain import read_checkpoint
    from tenure.wire import jws

    token, _, rest = data.partition(b"\n")
    payload = rest.removesuffix(b"\n")
    walked = key_rotation.root_versions(place)
    if isinstance(walked, Refused):
        return walked
    opened = jws.open_token(token, jws.TokenType.CHECKPOINT, lambda kid: _public_key(walked, kid))
    if isinstance(opened, Refused):
        return opened
    try:
        signed = msgspec.json.decode(opened.payload, type=SignedCheckpoint)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        return Refused(RefusalCode.MESSAGE_MALFORMED, f"This is not a checkpoint: {fault}.")
    if signed.heads != _payload_digest(payload):
        return Refused(
            RefusalCode.SIGNATURE_INVALID, "The heads in the file are not those that were signed.", "checkpoint"
        )
    found = read_checkpoint(payload)
    if isinstance(found, Refused) or found.at == signed.at:
        return found
    return Refused(RefusalCode.MESSAGE_MALFORMED, "Its two parts are of different times.", "checkpoint")


def _public_key(walked: "list[TrustedRoot]", kid: str) -> bytes | Refused:
    """The key `kid` in any version: what a key signed while it was known stays verifiable here."""
    from tenure.wire.keys import Purpose

    found: bytes | Refused = Refused(RefusalCode.KEY_UNKNOWN, f"{kid[:40]!a} is in no root document of this server.")
    for root in walked:
        key = root.key_for(kid, Purpose.CHECKPOINT)
        if not isinstance(key, Refused):
            found = key.public
    return found


def _payload_digest(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()
