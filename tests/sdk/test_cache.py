"""What an application keeps survives a crash at every point, and what was torn, edited or put back is not believed."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from tenure.sdk.cache import KEY, FolderCache, reset_identity
from tenure.sdk.client_state import ClientState
from tenure.sdk.disk import FolderOnDisk
from tenure.sdk.engine.generations import generation_name


def draw(count: int) -> bytes:
    return bytes(range(count))


def other_draw(count: int) -> bytes:
    return bytes(reversed(range(count)))


def kept(token: str) -> ClientState:
    return ClientState(token=token)


class PowerCut(BaseException):
    """The machine is off."""


@dataclass
class Volatile:
    """A disk that forgets what was not synced: each operation is counted, and one of them is the last.

    `files` is what programs see, `durable` what a power cut leaves. Names become durable with `sync_folder` only.
    """

    ends_at: int = 1_000_000
    files: dict[str, bytes] = field(default_factory=dict)
    synced: dict[str, bytes] = field(default_factory=dict)
    """Content that is durable, by the name it had last."""
    durable: dict[str, bytes] = field(default_factory=dict)
    operations: int = 0
    place: str = "memory"

    def _step(self) -> None:
        self.operations += 1
        if self.operations >= self.ends_at:
            raise PowerCut

    def read(self, name: str) -> bytes | None:
        return self.files.get(name)

    def write(self, name: str, data: bytes) -> None:
        self.files[name] = data[: len(data) // 2]
        self._step()
        self.files[name] = data

    def sync(self, name: str) -> None:
        self._step()
        self.synced[name] = self.files[name]

    def rename(self, old: str, new: str) -> None:
        self._step()
        self.files[new] = self.files.pop(old)
        self.synced[new] = self.synced.pop(old, b"")

    def sync_folder(self) -> None:
        self._step()
        self.durable = {name: self.synced.get(name, b"") for name in self.files}

    @contextmanager
    def lock(self, name: str, *, wait: bool = True) -> Iterator[bool]:
        yield True

    def after_the_cut(self, *, everything_written: bool) -> "Volatile":
        """The disk as it is found again: only what was synced, or luckily all that was written."""
        left = dict(self.files if everything_written else self.durable)
        return Volatile(files=left, synced=dict(left), durable=dict(left))


def saved(disk: Volatile, *tokens: str) -> None:
    cache = FolderCache(disk, draw)
    for token in tokens:
        cache.load_state()
        cache.save_state(kept(token))


def operations_of(act: Callable[[Volatile], object], begun: Volatile) -> int:
    disk = begun.after_the_cut(everything_written=True)
    act(disk)
    return disk.operations


@pytest.mark.parametrize("lucky", [False, True])
@pytest.mark.parametrize("before", [(), ("one",), ("one", "two"), ("one", "two", "three")])
def test_p3_a_power_cut_at_every_operation_leaves_the_state_before_or_after(
    before: tuple[str, ...], lucky: bool
) -> None:
    begun = Volatile()
    saved(begun, *before)
    last = before[-1] if before else ""
    total = operations_of(lambda disk: saved(disk, "next"), begun)
    assert total >= 4
    for end in range(1, total + 1):
        disk = begun.after_the_cut(everything_written=True)
        disk.ends_at = end
        with pytest.raises(PowerCut):
            saved(disk, "next")
        found = disk.after_the_cut(everything_written=lucky)
        token = FolderCache(found, draw).load_state().token
        assert token in (last, "next"), f"lost at operation {end}: {token!r}"
        # Whatever was found, the next save works and is found in its turn.
        saved(found, "after")
        assert FolderCache(found, other_draw).load_state().token == "after"


def test_p3_what_save_has_returned_from_is_there_after_a_power_cut() -> None:
    disk = Volatile()
    saved(disk, "one", "two")
    assert FolderCache(disk.after_the_cut(everything_written=False), other_draw).load_state().token == "two"


def test_a_disk_that_is_not_synced_would_be_caught() -> None:
    """The control: without the syncs the same cuts lose what was saved."""

    class Careless(Volatile):
        def sync(self, name: str) -> None:
            self._step()

    disk = Careless()
    saved(disk, "one", "two")
    assert FolderCache(disk.after_the_cut(everything_written=False), other_draw).load_state().token == ""


def test_a_power_cut_while_the_key_is_made_leaves_one_key_or_none() -> None:
    total = operations_of(saved, Volatile())
    for end in range(1, total + 1):
        for lucky in (False, True):
            disk = Volatile(ends_at=end)
            with pytest.raises(PowerCut):
                FolderCache(disk, draw)
            found = disk.after_the_cut(everything_written=lucky)
            first = FolderCache(found, other_draw).load_signer.public
            assert FolderCache(found, draw).load_signer.public == first


KILLED = """
import os, signal, sys
from pathlib import Path
from tenure.sdk.cache import FolderCache
from tenure.sdk.disk import FolderOnDisk
from tenure.sdk.client_state import ClientState

class Killing(FolderOnDisk):
    left = 0
    def _step(self):
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
    def write(self, name, data):
        self._step()
        super().write(name, data[: len(data) // 2])
        self._step()
        super().write(name, data)
    def sync(self, name):
        self._step()
        super().sync(name)
    def rename(self, old, new):
        self._step()
        super().rename(old, new)
    def sync_folder(self):
        self._step()
        super().sync_folder()

def play(home, operations):
    disk = Killing(home / str(operations))
    disk.left = operations
    cache = FolderCache(disk, lambda count: bytes(range(count)))
    for token in ("one", "two", "three"):
        cache.load_state()
        cache.save_state(ClientState(token=token))
        (home / f"{operations}.acknowledged").write_text(token)

for operations in range(100):
    child = os.fork()
    if not child:
        play(Path(sys.argv[1]), operations)
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
print(operations)
"""


def test_p3_killed_at_every_file_operation_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    played = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    last = int(played.stdout)
    assert last == 20, "the key and three saves have five operations each"
    order = ["", "one", "two", "three"]
    for operations in range(last + 1):
        told = tmp_path / f"{operations}.acknowledged"
        acknowledged = order.index(told.read_text()) if told.exists() else 0
        found = order.index(FolderCache(FolderOnDisk(tmp_path / str(operations)), other_draw).load_state().token)
        assert acknowledged <= found <= acknowledged + 1, f"killed at operation {operations}"


class TestInAFolder:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "editor"

    @pytest.fixture
    def cache(self, folder: Path) -> FolderCache:
        cache = FolderCache(FolderOnDisk(folder), draw)
        for token in ("one", "two", "three"):
            cache.save_state(kept(token))
        return cache

    def again(self, folder: Path) -> FolderCache:
        return FolderCache(FolderOnDisk(folder), other_draw)

    def test_key_and_state_are_their_owner_s_alone(self, folder: Path, cache: FolderCache) -> None:
        assert folder.stat().st_mode & 0o777 == 0o700
        for path in folder.iterdir():
            assert path.stat().st_mode & 0o077 == 0, path.name

    def test_the_key_is_made_once(self, folder: Path, cache: FolderCache) -> None:
        assert self.again(folder).load_signer.public == cache.load_signer.public

    def test_a_key_that_is_damaged_is_put_aside_and_another_made(self, folder: Path, cache: FolderCache) -> None:
        (folder / KEY).write_text("rubbish")
        again = self.again(folder)
        assert again.load_signer.public != cache.load_signer.public
        assert (folder / "key.damaged").read_text() == "rubbish"
        assert again.load_state() == ClientState()

    @pytest.mark.parametrize("length", [0, 1, 20, 60, -1])
    def test_a_torn_file_gives_way_to_the_generation_before(
        self, folder: Path, cache: FolderCache, length: int
    ) -> None:
        newest = folder / generation_name(3)
        newest.write_bytes(newest.read_bytes()[:length])
        assert self.again(folder).load_state().token == "two"

    def test_every_edit_of_a_file_is_noticed(self, folder: Path, cache: FolderCache) -> None:
        newest = folder / generation_name(3)
        whole = newest.read_bytes()
        for at in range(len(whole)):
            newest.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            assert self.again(folder).load_state().token == "two", f"byte {at} was changed and believed"

    def test_a_file_put_back_from_an_earlier_day_gives_way_to_the_other(self, folder: Path, cache: FolderCache) -> None:
        earlier = (folder / generation_name(3)).read_bytes()
        for token in ("four", "five", "six"):
            cache.save_state(kept(token))
        (folder / generation_name(5)).write_bytes(earlier)
        assert self.again(folder).load_state().token == "six"
        cache.save_state(kept("seven"))
        (folder / generation_name(7)).write_bytes(earlier)
        assert self.again(folder).load_state().token == "six"

    def test_a_file_under_the_other_s_name_is_of_its_own_generation(self, folder: Path, cache: FolderCache) -> None:
        (folder / generation_name(2)).write_bytes((folder / generation_name(3)).read_bytes())
        assert self.again(folder).load_state().token == "three"

    def test_the_state_of_another_computer_is_none_here(self, folder: Path, cache: FolderCache, tmp_path: Path) -> None:
        elsewhere = tmp_path / "elsewhere"
        other = FolderCache(FolderOnDisk(elsewhere), other_draw)
        for path in folder.glob("state.*"):
            (elsewhere / path.name).write_bytes(path.read_bytes())
        assert other.load_state() == ClientState()

    def test_without_any_sound_file_nothing_is_kept(self, folder: Path, cache: FolderCache) -> None:
        for path in folder.glob("state.*"):
            path.write_bytes(b"\x00" * 100)
        assert self.again(folder).load_state() == ClientState()

    def test_a_file_that_is_far_too_large_is_not_read(self, folder: Path, cache: FolderCache) -> None:
        with (folder / generation_name(3)).open("r+b") as file:
            file.truncate(1 << 30)
        assert self.again(folder).load_state().token == "two"

    def test_fields_of_the_future_are_ignored(self, folder: Path, cache: FolderCache) -> None:
        body = msgspec.json.encode({**msgspec.to_builtins(kept("later")), "future": {"a": [1]}})
        assert msgspec.json.decode(body, type=ClientState).token == "later"

    def test_beginning_anew_puts_everything_aside(self, folder: Path, cache: FolderCache) -> None:
        reset_identity(FolderOnDisk(folder), other_draw)
        again = self.again(folder)
        assert again.load_state() == ClientState()
        assert again.load_signer.public != cache.load_signer.public
        assert (folder / "key.old").exists()

    def test_a_process_that_goes_on_under_the_old_key_changes_nothing_any_more(
        self, folder: Path, cache: FolderCache
    ) -> None:
        reset_identity(FolderOnDisk(folder), other_draw)
        again = self.again(folder)
        again.save_state(kept("new"))
        with pytest.raises(OSError, match="has reset this folder"):
            cache.save_state(kept("old"))
        assert self.again(folder).load_state().token == "new"

    def test_only_one_process_holds_it(self, folder: Path, cache: FolderCache) -> None:
        with cache.hold_lock() as held, self.again(folder).hold_lock(wait=False) as also:
            assert held
            assert not also
        with self.again(folder).hold_lock(wait=False) as held:
            assert held
