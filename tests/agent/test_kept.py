"""What a device keeps survives a crash at any moment, and nobody edits it unnoticed."""

import secrets
from pathlib import Path

import msgspec
import pytest

from tenure.agent.device_state import DeviceState, DeviceStateFolder
from tenure.sdk.disk import FolderOnDisk
from tests.site.site_env import FEATURES, AgentProcess, SiteProcess


class Broken(FolderOnDisk):
    """A disk that fails at the n-th operation, as a crash would."""

    def __init__(self, folder: Path, at: int) -> None:
        super().__init__(folder)
        self.at, self.done = at, 0

    def _step(self) -> None:
        self.done += 1
        if self.done > self.at:
            raise OSError("power cut")

    def write(self, name: str, data: bytes) -> None:
        if self.done == self.at:
            super().write(name, data[: len(data) // 2])  # torn
        self._step()
        super().write(name, data)

    def sync(self, name: str) -> None:
        self._step()
        super().sync(name)

    def rename(self, old: str, new: str) -> None:
        self._step()
        super().rename(old, new)

    def sync_folder(self) -> None:
        self._step()
        super().sync_folder()


def test_whatever_moment_a_save_breaks_off_at_the_state_is_the_one_before_or_the_one_after(tmp_path: Path) -> None:
    disk = FolderOnDisk(tmp_path)
    first, second = DeviceState(device="dev_1"), DeviceState(device="dev_2")
    DeviceStateFolder(disk, secrets.token_bytes).save_state(first)
    for at in range(4):
        memory = DeviceStateFolder(Broken(tmp_path, at), secrets.token_bytes)
        memory.load_state()
        with pytest.raises(OSError, match="power cut"):
            memory.save_state(second)
        again = DeviceStateFolder(disk, secrets.token_bytes)
        assert again.load_state() in (first, second)
        again.save_state(first)


def test_an_edited_state_is_not_used_and_the_one_before_is(tmp_path: Path) -> None:
    memory = DeviceStateFolder(FolderOnDisk(tmp_path), secrets.token_bytes)
    memory.save_state(DeviceState(contact=1))
    memory.save_state(DeviceState(contact=2))
    newest = tmp_path / "state.0"
    newest.write_bytes(newest.read_bytes().replace(b'"contact":2', b'"contact":9'))
    assert DeviceStateFolder(FolderOnDisk(tmp_path), secrets.token_bytes).load_state().contact == 1


@pytest.mark.parametrize("junk", [b"", b"x", b"tenure-agent-1 9 abc\n{}", b"\xff" * 500])
def test_junk_is_nothing(tmp_path: Path, junk: bytes) -> None:
    memory = DeviceStateFolder(FolderOnDisk(tmp_path), secrets.token_bytes)
    for name in ("state.0", "state.1"):
        (tmp_path / name).write_bytes(junk)
    assert memory.load_state() == DeviceState()


def test_secrets_are_readable_by_their_owner_alone(house: SiteProcess) -> None:
    host = house.agent()
    host.enroll(house.ticket())
    for file in host.folder.iterdir():
        if file.name.startswith(("state", "seal")):
            assert file.stat().st_mode & 0o077 == 0, file


def test_a_seat_in_another_devices_hands_is_worth_nothing(house: SiteProcess) -> None:
    ticket = house.ticket(uses=2)
    one, other = house.agent("one"), house.agent("other")
    one.enroll(ticket)
    other.enroll(ticket)
    stolen = msgspec.structs.replace(other.kept, seat=one.kept.seat, held=one.kept.held)
    other.agent.keeper.holder.save_state(stolen)
    assert other.on == frozenset()
    assert one.on == FEATURES


def test_two_processes_of_one_device_do_not_step_on_each_other(house: SiteProcess) -> None:
    host = house.agent()
    host.enroll(house.ticket())
    second = AgentProcess(house, host.folder)
    assert second.refresh() is None
    assert host.refresh() is None
    assert second.refresh() is None
    assert house.counted == 1
    assert "device_copied" not in house.events()
