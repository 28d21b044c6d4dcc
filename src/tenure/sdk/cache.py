"""An application's memory in a folder: its key, made there once, and what it keeps, in two crash-safe generations.

A save touches only the older generation, and moves the new one into its place when it is durable. What was torn, edited
or put back from an earlier day fails its seal or its count, and the other generation is taken: losing one is harmless,
because a request is saved before it is sent.
"""

import base64
import binascii
import errno
import hashlib
import hmac
import logging
import os
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec

from tenure.sdk.client_state import ClientState
from tenure.sdk.disk import Disk
from tenure.wire.keys import SEED_BYTES, SeedSigner

log = logging.getLogger("tenure.cache")

KEY = "key"
LOCK = "lock"
_MARK = b"tenure-state-1 "

Draw = Callable[[int], bytes]
"""So many random bytes from the system's source."""


class IdentityReset(OSError):
    """Another process has put this key aside and made another: what is held here belongs to the site that was."""


class SavedGeneration(msgspec.Struct, frozen=True):
    """One saved state and its number, one higher than that of the state before it."""

    number: int
    kept: ClientState


class FolderCache:
    """The memory of one application (see `kept.Memory`) and its key."""

    def __init__(self, disk: Disk, draw: Draw) -> None:
        """Reads the key, or makes it: raises OSError when there is none and none can be saved."""
        self._disk = disk
        seed = _seed_in(disk)
        self._seed = _make_seed(disk, draw) if seed is None else seed
        self._mac_key = hashlib.sha256(b"tenure state file\0" + self._seed).digest()
        self._last = SavedGeneration(0, ClientState())
        """The newest generation that this process has read or saved."""
        self._missing: tuple[str, ...] = ()
        self._seen: dict[str, tuple[bytes, SavedGeneration | None]] = {}
        """Of each file the bytes it held when it was last read, and what they were."""

    @property
    def place(self) -> str:
        """See `kept.Memory`."""
        return self._disk.place

    @property
    def load_signer(self) -> SeedSigner:
        """The site's own key, which never leaves this folder."""
        return SeedSigner(self._seed)

    def load_state(self) -> ClientState:
        """The newest generation that is sound; an empty `ClientState` when there is none.

        What this process knows goes before files that have disappeared or were put back from an earlier day. Raises
        OSError for a file that is there and may not be read: it may be the newest, and whoever asked with the one
        before it would look like a copy.
        """
        found = [
            each
            for each in (self._read_generation(generation_name(0)), self._read_generation(generation_name(1)))
            if each is not None
        ]
        newest = max(found, key=lambda each: each.number, default=SavedGeneration(0, ClientState()))
        if len(found) == 2 and abs(found[0].number - found[1].number) != 1:
            log.warning("a state file was put back from an earlier time: generation %d is used", newest.number)
        gone = (generation_name(self._last.number),) if newest.number < self._last.number else ()
        self._missing = (*(() if _seed_in(self._disk) is not None else (KEY,)), *gone)
        if not gone:
            self._last = newest
        return self._last.kept

    def missing_files(self) -> tuple[str, ...]:
        """See `kept.Memory`."""
        return self._missing

    def save_state(self, kept: ClientState) -> None:
        """Writes the next generation over the older one. Raises OSError when that fails: the newer one is untouched.

        A key that has disappeared is written back first; `IdentityReset` where another has taken its place.
        """
        held = _seed_in(self._disk)
        if held is None:
            log.warning("the key file is missing or damaged; it is written back")
            write_whole(self._disk, KEY, _encode_seed(self._seed))
        elif held != self._seed:
            raise IdentityReset("another process has reset this folder, under a new key")
        number = self._last.number + 1
        body = msgspec.json.encode(kept)
        data = _MARK + str(number).encode() + b" " + self._authenticate(number, body) + b"\n" + body
        write_whole(self._disk, generation_name(number), data)
        self._last = SavedGeneration(number, kept)
        self._missing = ()

    def hold_lock(self, *, wait: bool = True) -> AbstractContextManager[bool]:
        """See `kept.Memory`."""
        return self._disk.lock(LOCK, wait=wait)

    def _authenticate(self, number: int, body: bytes) -> bytes:
        return hmac.digest(self._mac_key, b"%d\n" % number + body, "sha256").hex().encode("ascii")

    def _read_generation(self, file: str) -> SavedGeneration | None:
        try:
            data = self._disk.read(file)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            log.warning("%s cannot be read: %s", file, error)
            return None
        if data is None:
            return None
        before = self._seen.get(file)
        if before is not None and before[0] == data:
            return before[1]
        generation = self._open_generation(data)
        self._seen[file] = (data, generation)
        if generation is None:
            log.warning("%s was torn or edited and is not used", file)
        return generation

    def _open_generation(self, data: bytes) -> SavedGeneration | None:
        head, _, body = data.partition(b"\n")
        number, _, mac = head.removeprefix(_MARK).partition(b" ")
        if not head.startswith(_MARK) or not number.isdigit() or len(number) > 18:
            return None
        if not hmac.compare_digest(self._authenticate(int(number), body), mac):
            return None
        try:
            return SavedGeneration(int(number), msgspec.json.decode(body, type=ClientState))
        except (msgspec.MsgspecError, RecursionError):
            return None


def generation_name(number: int) -> str:
    """The file that holds generation `number`."""
    return f"state.{number % 2}"


def reset_identity(disk: Disk, draw: Draw) -> None:
    """Puts the key and all that was kept aside and makes another key: the next start is that of a new site.

    The key file is never missing meanwhile, because another process would write it back. Raises OSError.
    """
    with disk.lock(LOCK):
        key = disk.read(KEY)
        if key is not None:
            write_whole(disk, f"{KEY}.old", key)
        for file in (generation_name(0), generation_name(1)):
            if disk.read(file) is not None:
                disk.rename(file, f"{file}.old")
        write_whole(disk, KEY, _encode_seed(draw(SEED_BYTES)))


def _seed_in(disk: Disk) -> bytes | None:
    """The key that is there; None when there is none, or none that could be one."""
    try:
        seed = base64.b64decode((disk.read(KEY) or b"").strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    return seed if len(seed) == SEED_BYTES else None


def _make_seed(disk: Disk, draw: Draw) -> bytes:
    """Makes the key, unless another process has done so meanwhile."""
    with disk.lock(LOCK):
        made = _seed_in(disk)
        if made is not None:
            return made
        if disk.read(KEY) is not None:
            # Nothing can be done under a key that is damaged, but what is left may help somebody to recover it.
            log.error("the key file is damaged; it is put aside and another made: apply the activation code again")
            disk.rename(KEY, f"{KEY}.damaged")
        seed = draw(SEED_BYTES)
        write_whole(disk, KEY, _encode_seed(seed))
    return seed


def write_whole(disk: Disk, file: str, data: bytes) -> None:
    """A whole file, durable when this returns, by way of a name that no other process uses."""
    draft = f"{file}.{_RUN}-{os.getpid()}.new"
    disk.write(draft, data)
    disk.sync(draft)
    disk.rename(draft, file)
    disk.sync_folder()


_RUN = secrets.token_hex(4)
"""Tells this program from one with the same process id in another container."""


def _encode_seed(seed: bytes) -> bytes:
    return base64.b64encode(seed) + b"\n"
