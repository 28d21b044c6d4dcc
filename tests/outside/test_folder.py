"""Something else touches an application's folder: told as what it is, nothing is lost, no wait is endless."""

import errno
import fcntl
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import greenlet
import msgspec
import pytest

from conformance.vendor import code
from tenure.core.refusals import RefusalCode
from tenure.core.timeline import DAY, Phase
from tenure.sdk import ActivationGranted, ExchangeBounds, FolderUnusable, License, Network, Rejected, Synchronized
from tenure.sdk import locks as locks_of
from tenure.sdk.disk import FolderOnDisk, write_whole
from tenure.sdk.locks import FolderInUse, acquire_lock
from tests.outside.processes import NOBODY, holder_of, in_child
from tests.sdk.test_license import Office

QUICK = Network(dns="off", proxy="", loopback_http=True, bounds=ExchangeBounds(total=0.6))


@pytest.fixture
def office() -> Iterator[Office]:
    """In a folder that another user may enter."""
    with tempfile.TemporaryDirectory(prefix="tenure-outside-") as name:
        Path(name).chmod(0o755)
        office = Office(Path(name))
        yield office
        office.web.stop()


@pytest.fixture
def folder(office: Office) -> Path:
    return office.folder / "editor"


@pytest.fixture
def app(office: Office) -> License:
    app = office.open(network=QUICK)
    assert isinstance(app.activate(code("A").reveal()), ActivationGranted)
    return app


ASKING: dict[str, Callable[[License], object]] = {
    "synchronize": lambda app: app.synchronize(),
    "activate": lambda app: app.activate(code("A").reveal()),
    "look_at": lambda app: app.preview_code(code("A").reveal()),
    "stage": lambda app: app.stage(code("A").reveal()),
    "take_notice": lambda app: app.import_notice(b"nothing"),
}


class TestAnotherHoldsTheLock:
    @pytest.mark.parametrize("what", ASKING)
    def test_a_stopped_process_costs_others_one_exchange_s_time_and_a_typed_refusal(
        self, app: License, folder: Path, what: str
    ) -> None:
        with holder_of(folder / "lock") as other:
            other.send_signal(signal.SIGSTOP)
            began = time.monotonic()
            refused = ASKING[what](app)
            assert time.monotonic() - began < 5
            assert isinstance(refused, Rejected)
            assert refused.code is RefusalCode.FOLDER_IN_USE
            assert not refused.conclusive
            assert str(folder / "lock") in refused.message
            assert app.standing.licensed
        assert isinstance(app.synchronize(), Synchronized)

    def test_neither_opening_nor_standing_nor_a_first_look_waits(
        self, app: License, office: Office, folder: Path
    ) -> None:
        with holder_of(folder / "lock"):
            began = time.monotonic()
            again = office.open()
            assert again.standing.licensed
            assert again.allows("edit")
            assert app.standing.licensed
            assert time.monotonic() - began < 0.5, "status never locks"

    def test_one_killed_in_an_exchange_leaves_no_lock_to_its_child(self, app: License, folder: Path) -> None:
        with holder_of(folder / "lock", "forks") as other:
            os.kill(other.pid, signal.SIGKILL)
            other.wait(10)
            assert isinstance(app.synchronize(), Synchronized)

    def test_a_child_lets_go_without_unlocking_for_its_parent(self, tmp_path: Path) -> None:
        lock = acquire_lock(tmp_path / "lock", wait=False)
        assert lock is not None
        assert in_child(lock.release) == "None"
        assert acquire_lock(tmp_path / "lock", wait=False) is None
        lock.release()
        other = acquire_lock(tmp_path / "lock", wait=False)
        assert other is not None
        other.release()

    def test_another_thread_s_exchange_is_waited_for_no_longer_than_one(self, app: License, office: Office) -> None:
        inside, go = threading.Event(), threading.Event()

        def stays(_: object) -> None:
            inside.set()
            go.wait(20)

        thread = threading.Thread(target=app.synchronize, args=(stays,), daemon=True)
        thread.start()
        assert inside.wait(10)
        refused = app.synchronize()
        go.set()
        thread.join(10)
        assert isinstance(refused, Rejected)
        assert refused.code is RefusalCode.FOLDER_IN_USE

    def test_begin_anew_says_that_the_folder_is_in_use(self, app: License, folder: Path) -> None:
        with holder_of(folder / "lock"), pytest.raises(FolderInUse):
            app.reset_identity()
        assert app.standing.licensed

    def test_who_waits_lets_other_greenlets_run(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """As under gevent, whose patched `time.sleep` gives the turn away: nothing else here may wait."""
        turns = []
        hub = greenlet.getcurrent()
        slept = time.sleep
        monkeypatch.setattr(locks_of.time, "sleep", lambda seconds: (slept(seconds), hub.switch()))
        with holder_of(tmp_path / "lock"):

            def waits() -> None:
                with pytest.raises(FolderInUse):
                    acquire_lock(tmp_path / "lock", wait=True, longest_wait=0.3)

            waiter = greenlet.greenlet(waits)
            while not waiter.dead:
                waiter.switch()
                turns.append(1)
        assert len(turns) > 3, "the others had their turn while one waited"


class TestTheLockCannotBeHad:
    def test_without_a_lock_nothing_is_sent_and_the_file_is_named(
        self, app: License, folder: Path, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def no_locks(number: int, how: int) -> None:
            raise OSError(errno.ENOLCK, "No locks available")

        monkeypatch.setattr(fcntl, "flock", no_locks)
        refused = app.synchronize()
        assert isinstance(refused, Rejected)
        assert refused.code is RefusalCode.FOLDER_UNLOCKABLE
        assert "Move the folder to a local disk" in refused.message + refused.remedy
        assert f"{folder / 'lock'}: No locks available" in refused.message
        assert app.standing.licensed
        assert RefusalCode.FOLDER_UNLOCKABLE in [each.code for each in app.standing.warnings]
        monkeypatch.undo()
        assert isinstance(app.synchronize(), Synchronized)
        assert app.standing.warnings == ()

    def test_a_lock_file_of_another_user_s(self, app: License, office: Office, folder: Path) -> None:
        """Root's, of mode 0600, as `sudo` used to leave it: as nobody, for whom everything else is in order."""
        give(folder, NOBODY)
        (folder / "lock").chmod(0)
        if os.geteuid() == 0:
            os.chown(folder / "lock", 0, 0)
        said = in_child(lambda: message_of(office.open(network=QUICK).synchronize()), NOBODY)
        assert "cannot be written to" in said
        assert str(folder / "lock") in said

    def test_two_processes_without_a_lock_do_not_tear_each_other_s_files(self, tmp_path: Path) -> None:
        names = []
        disk = FolderOnDisk(tmp_path)
        real = disk.write
        disk.write = lambda name, data: (names.append(name), real(name, data))  # type: ignore[method-assign]
        write_whole(disk, "state.1", b"x")
        said = in_child(lambda: (write_whole(disk, "state.1", b"y"), names[-1])[1])
        assert said != names[-1]


def give(folder: Path, user: int) -> None:
    if os.geteuid() == 0:
        for path in (folder, *folder.iterdir()):
            os.chown(path, user, user)


def message_of(outcome: object) -> str:
    assert isinstance(outcome, (Rejected, Synchronized, ActivationGranted))
    return outcome.message


class TestFilesDisappear:
    @pytest.mark.parametrize("gone", [("key",), ("state.0",), ("state.1",), ("state.0", "state.1"), ("lock",), ("*",)])
    def test_what_was_deleted_while_it_runs_is_written_back(
        self, app: License, office: Office, folder: Path, gone: tuple[str, ...]
    ) -> None:
        office.wait(61)
        app.synchronize()
        lease = app.lease
        for name in gone:
            if name == "*":
                shutil.rmtree(folder)
            else:
                (folder / name).unlink(missing_ok=True)
        told = [each.code for each in app.standing.warnings]
        assert told in ([], [RefusalCode.FOLDER_INCOMPLETE]), "written back at the first look, or said to be missing"
        office.wait(61)
        outcome = app.synchronize()
        assert isinstance(outcome, Synchronized), outcome
        assert outcome.result == "unchanged", "and no older state was shown, which would look like a copy's"
        again = office.open()
        assert again.lease == lease
        assert len(office.vendor.sites) == 1, "no second place is taken"
        assert isinstance(again.activate(code("A").reveal()), ActivationGranted)

    def test_what_cannot_be_written_back_is_named(self, app: License, folder: Path) -> None:
        shutil.rmtree(folder)
        folder.write_text("in the way")
        refused = app.synchronize()
        assert isinstance(refused, Rejected)
        assert refused.code in (RefusalCode.FOLDER_UNWRITABLE, RefusalCode.FOLDER_UNREADABLE)
        assert str(folder) in refused.message
        assert app.standing.licensed
        folder.unlink()
        assert isinstance(app.synchronize(), Synchronized)

    def test_another_process_that_has_begun_anew_is_told_as_that(self, app: License, office: Office) -> None:
        office.open().reset_identity()
        refused = app.synchronize()
        assert isinstance(refused, Rejected)
        assert "has reset this folder" in refused.message


class TestAnotherUser:
    def test_what_root_makes_in_a_user_s_folder_stays_the_user_s(
        self, app: License, office: Office, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        user = NOBODY if os.geteuid() == 0 else os.geteuid()
        give(folder, user)
        shutil.copytree(folder, folder.parent / "fresh" / "deep")
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        assert isinstance(office.open(network=QUICK).synchronize(), Synchronized)
        assert {path.stat().st_uid for path in folder.iterdir()} == {user}

    def test_a_folder_made_by_root_in_a_user_s_home_is_the_user_s(
        self, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home = tmp_path / "home"
        home.mkdir()
        user = NOBODY if os.geteuid() == 0 else os.geteuid()
        give(home, user)
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        office.open(folder=home / ".config" / "editor")
        assert {path.stat().st_uid for path in home.rglob("*")} == {user}

    def test_unreadable_is_not_never_activated(self, app: License, office: Office, folder: Path) -> None:
        give(folder, NOBODY)
        for path in folder.glob("state.*"):
            path.chmod(0)
            if os.geteuid() == 0:
                os.chown(path, 0, 0)

        def looks() -> str:
            again = office.open(network=QUICK)
            refused = again.activate(code("A").reveal())
            return f"{again.standing.message} / {message_of(refused)} / {again.allows('edit')}"

        said = in_child(looks, NOBODY)
        assert said.count("The license is there but cannot be read.") == 2, said
        assert "Nothing is licensed" not in said
        assert str(folder / "state.") in said

    def test_a_process_that_may_not_read_any_more_goes_by_what_it_knows_and_asks_nothing(
        self, app: License, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def denied(self: FolderOnDisk, name: str) -> bytes | None:
            raise PermissionError(errno.EACCES, "Permission denied", str(self.folder / name))

        monkeypatch.setattr(FolderOnDisk, "read", denied)
        refused = app.synchronize()
        assert isinstance(refused, Rejected)
        assert refused.code is RefusalCode.FOLDER_UNREADABLE
        assert app.standing.licensed
        assert [each.code for each in app.standing.warnings] == [RefusalCode.FOLDER_UNREADABLE]
        monkeypatch.undo()
        assert isinstance(app.synchronize(), Synchronized)
        assert app.standing.warnings == ()


def test_without_a_home_folder_the_opening_says_so(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(self: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", homeless)
    with pytest.raises(FolderUnusable, match="HOME is not set") as raised:
        office.open(folder="~/.editor")
    assert raised.value.refused.code is RefusalCode.FOLDER_UNWRITABLE


class TestItCannotBeWrittenTo:
    @pytest.fixture
    def full(self, app: License, monkeypatch: pytest.MonkeyPatch) -> None:
        def write(self: FolderOnDisk, name: str, data: bytes) -> None:
            raise OSError(errno.ENOSPC, "No space left on device", str(self.folder / name))

        monkeypatch.setattr(FolderOnDisk, "write", write)

    def test_a_read_only_folder_is_told_with_its_path_from_the_first_failed_save(
        self, app: License, office: Office, folder: Path
    ) -> None:
        give(folder, NOBODY)
        folder.chmod(0o500)

        def goes_on() -> list[str]:
            again = office.open(network=QUICK)
            again.synchronize()
            said = [again.standing.message]
            office.wait(31 * DAY)
            said += [again.standing.message, str(again.standing.phase)]
            return said

        early, late, phase = msgspec.json.decode(in_child(lambda: msgspec.json.encode(goes_on()).decode(), NOBODY))
        assert "cannot be written to" in early
        assert str(folder) in early
        assert phase == Phase.ENDED
        assert "cannot be written to" in late
        assert "has not answered" not in late, "nobody asked"

    def test_a_full_disk_is_told_until_it_is_not_full(
        self, app: License, full: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refused = app.synchronize()
        assert isinstance(refused, Rejected)
        assert refused.code is RefusalCode.FOLDER_UNWRITABLE
        assert "No space left" in refused.message
        assert "No space left" in app.standing.message
        monkeypatch.undo()
        assert isinstance(app.synchronize(), (Synchronized, Rejected))
        app._keeper.synchronize("timer")
        assert app.standing.warnings == ()
