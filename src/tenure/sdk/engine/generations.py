"""A kept state in a folder, beside a secret that was made there once, in two crash-safe generations.

A save touches only the older generation, and moves the new one into its place when it is durable. What was torn, edited
or put back from an earlier day fails its seal or its count, and the other generation is taken: losing one is harmless,
because a request is saved before it is sent. Which secret that is, and what is kept, is the payload's.
"""

import errno
import hmac
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Generic

import msgspec

from tenure.core.whole_numbers import read_whole_number
from tenure.sdk.disk import Disk, write_whole
from tenure.sdk.engine.state import S

log = logging.getLogger("tenure.cache")

LOCK = "lock"
Draw = Callable[[int], bytes]
"""So many random bytes from the system's source."""
SECRET_BYTES = 32


class IdentityReset(OSError):
    """Another process has put this secret aside and made another: what is held here belongs to the one that was."""


class FolderForm(msgspec.Struct, Generic[S], frozen=True, kw_only=True):
    """How one kind of state lies in its folder."""

    empty: S
    mark: bytes
    """What each generation begins with."""
    secret: str
    """The file of the secret."""
    read_secret: Callable[[bytes], bytes | None]
    """The secret in the bytes of its file; None: damaged."""
    write_secret: Callable[[bytes], bytes]
    mac_key: Callable[[bytes], bytes]
    """The key by which generations are sealed, made of the secret."""

    def find_secret(self, disk: Disk) -> bytes | None:
        """The secret that is there; None when there is none, or none that could be one."""
        return self.read_secret(disk.read(self.secret) or b"")

    def ensure_secret(self, disk: Disk, draw: Draw) -> bytes:
        """The secret that is there, or one that is made now; raises OSError when that cannot be saved."""
        return self.find_secret(disk) or self._make_secret(disk, draw)

    def _make_secret(self, disk: Disk, draw: Draw) -> bytes:
        """Makes it, unless another process has done so meanwhile."""
        with disk.lock(LOCK):
            made = self.find_secret(disk)
            if made is not None:
                return made
            if disk.read(self.secret) is not None:
                # Nothing can be done under a damaged secret, but its remains may help an administrator to recover it.
                log.error(
                    "the %s file is damaged; it is put aside and another made: activate or enroll again", self.secret
                )
                disk.rename(self.secret, f"{self.secret}.damaged")
            made = draw(SECRET_BYTES)
            write_whole(disk, self.secret, self.write_secret(made))
        return made


class SavedGeneration(msgspec.Struct, Generic[S], frozen=True):
    """One saved state and its number, one higher than that of the state before it."""

    number: int
    kept: S


class GenerationFolder(Generic[S]):
    """The memory of one client (see `state.StateStore`)."""

    def __init__(self, disk: Disk, form: FolderForm[S], draw: Draw) -> None:
        """Reads the secret, or makes it: raises OSError when there is none and none can be saved."""
        self._disk, self._form = disk, form
        self._secret = form.ensure_secret(disk, draw)
        self._mac_key = form.mac_key(self._secret)
        self._last = SavedGeneration(0, form.empty)
        """The newest generation that this process has read or saved."""
        self._missing: tuple[str, ...] = ()
        self._seen: dict[str, tuple[bytes, SavedGeneration[S] | None]] = {}
        """Of each file the bytes it held when it was last read, and what they were."""

    @property
    def place(self) -> str:
        """See `state.StateStore`."""
        return self._disk.place

    def load_state(self) -> S:
        """The newest generation that is sound; an empty state when there is none.

        What this process knows goes before files that have disappeared or were put back from an earlier day. Raises
        OSError for a file that is there and may not be read: it may be the newest, and a program that asked with the
        generation before it would look like a copy.
        """
        read = (self._read_generation(generation_name(0)), self._read_generation(generation_name(1)))
        found = [each for each in read if each is not None]
        newest = max(found, key=lambda each: each.number, default=SavedGeneration(0, self._form.empty))
        if len(found) == 2 and abs(found[0].number - found[1].number) != 1:
            log.warning("a state file was put back from an earlier time: generation %d is used", newest.number)
        gone = (generation_name(self._last.number),) if newest.number < self._last.number else ()
        secret = () if self._form.find_secret(self._disk) is not None else (self._form.secret,)
        self._missing = (*secret, *gone)
        if not gone:
            self._last = newest
        return self._last.kept

    def missing_files(self) -> tuple[str, ...]:
        """See `state.StateStore`."""
        return self._missing

    def save_state(self, kept: S) -> None:
        """Writes the next generation over the older one. Raises OSError when that fails: the newer one is untouched.

        A secret that has disappeared is written back first; `IdentityReset` where another has taken its place.
        """
        self._restore_secret()
        number = self._last.number + 1
        body = msgspec.json.encode(kept)
        data = self._form.mark + b"%d %s\n" % (number, self._authenticate(number, body)) + body
        write_whole(self._disk, generation_name(number), data)
        self._last, self._missing = SavedGeneration(number, kept), ()
        self._seen[generation_name(number)] = (data, self._last)

    def hold_lock(self, *, wait: bool = True) -> AbstractContextManager[bool]:
        """See `state.StateStore`."""
        return self._disk.lock(LOCK, wait=wait)

    def _restore_secret(self) -> None:
        held, file = self._form.find_secret(self._disk), self._form.secret
        if held is None:
            log.warning("the %s file is missing or damaged; it is written back", file)
            write_whole(self._disk, file, self._form.write_secret(self._secret))
        elif held != self._secret:
            raise IdentityReset(f"another process has reset this folder, under a new {file}")

    def _authenticate(self, number: int, body: bytes) -> bytes:
        return hmac.digest(self._mac_key, b"%d\n" % number + body, "sha256").hex().encode("ascii")

    def _read_generation(self, file: str) -> SavedGeneration[S] | None:
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
        if before is None or before[0] != data:
            self._seen[file] = before = (data, self._open_generation(file, data))
        return before[1]

    def _open_generation(self, file: str, data: bytes) -> SavedGeneration[S] | None:
        head, _, body = data.partition(b"\n")
        number, _, mac = head.removeprefix(self._form.mark).partition(b" ")
        counter = read_whole_number(number, 18) if head.startswith(self._form.mark) else None
        generation = None
        if counter is not None and hmac.compare_digest(self._authenticate(counter, body), mac):
            generation = self._decode_generation(counter, body)
        if generation is None:
            log.warning("%s was torn or edited and is not used", file)
        return generation

    def _decode_generation(self, number: int, body: bytes) -> SavedGeneration[S] | None:
        try:
            return SavedGeneration(number, msgspec.json.decode(body, type=type(self._form.empty)))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None


def generation_name(number: int) -> str:
    """The file that holds generation `number`."""
    return f"state.{number % 2}"


def set_aside(disk: Disk, form: FolderForm[S], draw: Draw) -> None:
    """Puts the secret and all that was kept aside and makes another secret: the next start is that of a new identity.

    The file of the secret is never missing meanwhile, because another process would write it back. Raises OSError.
    """
    with disk.lock(LOCK):
        secret = disk.read(form.secret)
        if secret is not None:
            write_whole(disk, f"{form.secret}.old", secret)
        for file in (generation_name(0), generation_name(1)):
            if disk.read(file) is not None:
                disk.rename(file, f"{file}.old")
        write_whole(disk, form.secret, form.write_secret(draw(SECRET_BYTES)))
