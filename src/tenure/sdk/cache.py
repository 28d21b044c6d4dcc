"""An application's memory in a folder: its key, made there once, and what it keeps, in two crash-safe generations.

A save touches only the older generation, and moves the new one into its place when it is durable. What was torn, edited
or put back from an earlier day fails its seal or its count, and the other generation is taken: losing one is harmless,
because a request is saved before it is sent.
"""

import base64
import binascii
import hashlib
import hmac
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec

from tenure.sdk.disk import Disk
from tenure.sdk.kept import Kept
from tenure.wire.keys import SEED_BYTES, SeedSigner

log = logging.getLogger("tenure.cache")

KEY, NEW_KEY = "key", "key.new"
NEW_STATE = "state.new"
LOCK = "lock"
_MARK = b"tenure-state-1 "

Draw = Callable[[int], bytes]
"""So many random bytes from the system's source."""


class Generation(msgspec.Struct, frozen=True):
    """One saved state and its number, one higher than that of the state before it."""

    number: int
    kept: Kept


class Cache:
    """The memory of one application (see `kept.Memory`) and its key."""

    def __init__(self, disk: Disk, draw: Draw) -> None:
        """Reads the key, or makes it: raises OSError when there is none and none can be saved."""
        self._disk = disk
        seed = _seed_in(disk)
        self._seed = _make_seed(disk, draw) if seed is None else seed
        self._mac_key = hashlib.sha256(b"tenure state file\0" + self._seed).digest()
        self._number = 0
        self._seen: dict[str, tuple[bytes, Generation | None]] = {}
        """Of each file the bytes it held when it was last read, and what they were."""

    @property
    def signer(self) -> SeedSigner:
        """The site's own key, which never leaves this folder."""
        return SeedSigner(self._seed)

    def load(self) -> Kept:
        """The newest generation that is sound; an empty `Kept` when there is none."""
        found = [each for each in (self._read(name(0)), self._read(name(1))) if each is not None]
        newest = max(found, key=lambda each: each.number, default=Generation(0, Kept()))
        if len(found) == 2 and abs(found[0].number - found[1].number) != 1:
            log.warning("a state file was put back from an earlier time: generation %d is used", newest.number)
        self._number = newest.number
        return newest.kept

    def save(self, kept: Kept) -> None:
        """Writes the next generation over the older one. Raises OSError when that fails: the newer one is untouched."""
        if self._disk.read(KEY) != _spelled(self._seed):
            raise OSError("another process has begun anew here, under a key of its own")
        number = self._number + 1
        body = msgspec.json.encode(kept)
        self._disk.write(NEW_STATE, _MARK + str(number).encode() + b" " + self._mac(number, body) + b"\n" + body)
        self._disk.sync(NEW_STATE)
        self._disk.rename(NEW_STATE, name(number))
        self._disk.sync_folder()
        self._number = number

    def alone(self, *, wait: bool = True) -> AbstractContextManager[bool]:
        """See `kept.Memory`."""
        return self._disk.lock(LOCK, wait=wait)

    def _mac(self, number: int, body: bytes) -> bytes:
        return hmac.digest(self._mac_key, b"%d\n" % number + body, "sha256").hex().encode("ascii")

    def _read(self, file: str) -> Generation | None:
        try:
            data = self._disk.read(file)
        except OSError as error:
            log.warning("%s cannot be read: %s", file, error)
            return None
        if data is None:
            return None
        before = self._seen.get(file)
        if before is not None and before[0] == data:
            return before[1]
        generation = self._opened(data)
        self._seen[file] = (data, generation)
        if generation is None:
            log.warning("%s was torn or edited and is not used", file)
        return generation

    def _opened(self, data: bytes) -> Generation | None:
        head, _, body = data.partition(b"\n")
        number, _, mac = head.removeprefix(_MARK).partition(b" ")
        if not head.startswith(_MARK) or not number.isdigit() or len(number) > 18:
            return None
        if not hmac.compare_digest(self._mac(int(number), body), mac):
            return None
        try:
            return Generation(int(number), msgspec.json.decode(body, type=Kept))
        except (msgspec.MsgspecError, RecursionError):
            return None


def name(number: int) -> str:
    """The file that holds generation `number`."""
    return f"state.{number % 2}"


def forget(disk: Disk) -> None:
    """Puts the key and all that was kept aside, so that the next start is that of a new site. Raises OSError."""
    with disk.lock(LOCK):
        for file in (KEY, name(0), name(1)):
            if disk.read(file) is not None:
                disk.rename(file, f"{file}.old")
        disk.sync_folder()


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
        disk.write(NEW_KEY, _spelled(seed))
        disk.sync(NEW_KEY)
        disk.rename(NEW_KEY, KEY)
        disk.sync_folder()
    return seed


def _spelled(seed: bytes) -> bytes:
    return base64.b64encode(seed) + b"\n"
