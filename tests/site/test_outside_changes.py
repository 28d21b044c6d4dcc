"""Something else touches the folder of a site: what is missing is written back, what prevents it is told by name."""

import errno
import os
import signal
import time

import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import HOUR
from tenure.sdk import Rejected, Synchronized
from tenure.site import folder
from tenure.site.assembly import open_site
from tenure.site.folder_guard import GUARDED
from tenure.site.store.client_state import StoredMemory
from tests.outside.processes import holder_of
from tests.site.site_env import SiteProcess


@pytest.mark.parametrize("name", [*GUARDED, folder.STATE, "*"])
def test_what_is_deleted_while_it_runs_is_written_back_and_told(house: SiteProcess, name: str) -> None:
    lease = house.look().lease_terms
    for path in list(house.folder.iterdir()):
        if name == path.name or name == "*":
            path.unlink()
    house.watch.tick()
    assert "files_missing" in house.events()
    house.site_env.wait(HOUR)
    assert isinstance(house.sync(), Synchronized)
    house.restart()
    again = house.look().lease_terms
    assert lease is not None and again is not None
    assert again.sub == lease.sub
    assert isinstance(house.sync(), Synchronized), "the same place as before"


def test_a_site_that_runs_already_is_told_as_that_at_once_even_when_it_hangs(house: SiteProcess) -> None:
    house.site.store.close()
    with holder_of(house.folder / "site.db.lock") as other:
        other.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        refused = open_site(house.folder, house.hands.computer("site.test"))
        assert time.monotonic() - began < 2
        assert isinstance(refused, Refused)
        assert refused.code is RefusalCode.FOLDER_IN_USE
    house.open()


@pytest.mark.parametrize("name", ["site.db.lock", "site.db", folder.CERTIFICATE_KEY])
def test_a_file_that_is_not_this_user_s_is_named(house: SiteProcess, name: str) -> None:
    house.site.store.close()
    path = house.folder / name
    kept = path.read_bytes()
    path.unlink()
    path.mkdir()
    refused = open_site(house.folder, house.hands.computer("site.test"))
    assert isinstance(refused, Refused)
    assert refused.code is RefusalCode.FOLDER_UNWRITABLE
    assert name in refused.detail
    path.rmdir()
    path.write_bytes(kept)
    path.chmod(0o600)
    house.open()


def test_a_full_disk_is_no_fault_of_the_server_s(house: SiteProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: StoredMemory, kept: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.place)

    monkeypatch.setattr(StoredMemory, "save_state", full)
    refused = house.sync()
    assert isinstance(refused, Rejected)
    assert refused.code is RefusalCode.FOLDER_UNWRITABLE
    assert "No space left" in refused.message
    standing = house.license.keeper.holder.standing()
    assert standing.licensed
    assert str(house.folder / "site.db") in standing.message
    monkeypatch.undo()
    assert isinstance(house.sync(), Synchronized)
