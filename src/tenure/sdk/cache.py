"""An application's memory in a folder: its key, made there once, and what it keeps beside it.

How both survive a crash, and how files that were torn, edited or put back are told, is `engine.generations`'.
"""

import base64
import binascii
import hashlib

from tenure.sdk.client_state import ClientState
from tenure.sdk.disk import Disk
from tenure.sdk.engine.generations import Draw, FolderForm, GenerationFolder, set_aside
from tenure.wire.keys import SEED_BYTES, SeedSigner

KEY = "key"


class FolderCache(GenerationFolder[ClientState]):
    """The memory of one application (see `engine.state.StateStore`) and its key."""

    def __init__(self, disk: Disk, draw: Draw) -> None:
        """Reads the key, or makes it: raises OSError when there is none and none can be saved."""
        super().__init__(disk, _FORM, draw)

    @property
    def load_signer(self) -> SeedSigner:
        """The site's own key, which never leaves this folder."""
        return SeedSigner(self._secret)


def reset_identity(disk: Disk, draw: Draw) -> None:
    """Puts the key and all that was kept aside and makes another key: the next start is that of a new site. Raises
    OSError."""
    set_aside(disk, _FORM, draw)


def _decode_seed(data: bytes) -> bytes | None:
    try:
        seed = base64.b64decode(data.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    return seed if len(seed) == SEED_BYTES else None


def _encode_seed(seed: bytes) -> bytes:
    return base64.b64encode(seed) + b"\n"


def _mac_key(seed: bytes) -> bytes:
    return hashlib.sha256(b"tenure state file\0" + seed).digest()


_FORM = FolderForm(
    empty=ClientState(),
    mark=b"tenure-state-1 ",
    secret=KEY,
    read_secret=_decode_seed,
    write_secret=_encode_seed,
    mac_key=_mac_key,
)
