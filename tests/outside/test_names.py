"""Computers, sites and folders with odd names: told before anything is written, and never in the next try's way."""

import asyncio
import errno
import os
import secrets
from pathlib import Path

import msgspec
import pytest

from conformance.vendor import Vendor
from tenure.agent import main as agent
from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.disk import FolderOnDisk
from tenure.sdk.faults import refuse_unwritable
from tenure.server import setup
from tenure.site import main as site
from tenure.site.assembly import OpenedSite, open_site
from tenure.site.settings import DeviceSettings, ProductSettings, SiteSettings
from tests.sdk.world import Hands

ROOT = Vendor().roots[1]
HOSTS = {
    "büro": "xn--bro-hoa",
    "BÜRO-2": "xn--bro-2-kva",
    "日本": "xn--wgv71a",
    "desk_4": "desk_4",
    "desk.corp.example.": "desk.corp.example",
    "192.0.2.7": "192.0.2.7",
    "": None,
    "desk 4": None,
    "a" * 64: None,
    "..": None,
    "127.1": None,
    "-x": None,
    "a/b": None,
    "\N{PILE OF POO}": "xn--ls8h",
    "x\ny": None,
}


def settings(**changed: object) -> SiteSettings:
    return msgspec.structs.replace(
        SiteSettings(server="https://license.example", products={"editor": ProductSettings(version="12")}), **changed
    )


@pytest.mark.parametrize(("host", "label"), HOSTS.items())
def test_a_site_on_a_computer_of_any_name(tmp_path: Path, host: str, label: str | None) -> None:
    computer = msgspec.structs.replace(Hands().computer(), host=host, draw=secrets.token_bytes)
    folder = tmp_path / "site"
    made = site.create_site(folder, settings(), ROOT, computer)
    if label is None:
        assert isinstance(made, Refused)
        assert (made.code, made.field) == (RefusalCode.FIELD_INVALID, "devices.name")
        assert "--device-name" in made.detail
        assert not folder.exists(), "looked at before anything is written"
        made = site.create_site(folder, settings(devices=DeviceSettings(name="desk.example")), ROOT, computer)
    assert isinstance(made, site.MadeSite), made
    opened = open_site(folder, computer)
    assert isinstance(opened, OpenedSite), opened
    assert opened.device_host == (label or "desk.example")
    opened.store.close()


@pytest.mark.parametrize("name", ["büro", "x" * 64, 'a"b', "line\\nbreak", "\u202e"])
def test_a_site_s_own_name_may_be_anything_that_fits(tmp_path: Path, name: str) -> None:
    computer = msgspec.structs.replace(Hands().computer(), host="desk", draw=secrets.token_bytes)
    assert isinstance(site.create_site(tmp_path / "site", settings(name=name), ROOT, computer), site.MadeSite)


ODD_FOLDERS = ["büro", "a b", "line\nbreak", "-x", "~", "%s", "x" * 250, "deep/er/still"]


@pytest.mark.parametrize("name", ODD_FOLDERS)
def test_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    computer = msgspec.structs.replace(Hands().computer(), host="desk", draw=secrets.token_bytes)
    assert isinstance(site.create_site(tmp_path / "s" / name, settings(), ROOT, computer), site.MadeSite)
    assert isinstance(agent.create_agent(tmp_path / "a" / name, ROOT, product="editor", version="1"), str)
    served = asyncio.run(
        setup.init_folder(tmp_path / "v" / name, "https://x.example", secrets.token_bytes, 1_800_000_000)
    )
    assert isinstance(served, setup.InitializedServer)


def test_a_full_disk_in_the_middle_leaves_no_half_made_site_or_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each file that is written, one after the other, the disk is full."""
    computer = msgspec.structs.replace(Hands().computer(), host="desk", draw=secrets.token_bytes)
    written = FolderOnDisk.write
    left = [0]

    def write(self: FolderOnDisk, name: str, data: bytes) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.folder / name))
        written(self, name, data)

    monkeypatch.setattr(FolderOnDisk, "write", write)
    for number in range(20):
        left[0] = number
        try:
            made = site.create_site(tmp_path / "site", settings(), ROOT, computer)
        except OSError as fault:
            made = refuse_unwritable(fault)
        if isinstance(made, Refused):
            assert made.code is RefusalCode.FOLDER_UNWRITABLE
            assert "No space" in made.detail
            assert not (tmp_path / "site").exists()
            continue
        assert number > 3
        break
    for number in range(3):
        left[0] = number
        made_agent = agent.create_agent(tmp_path / "agent", ROOT, product="editor", version="1")
        assert isinstance(made_agent, str) is (number == 2)
        assert isinstance(made_agent, str) or made_agent.code is RefusalCode.FOLDER_UNWRITABLE


@pytest.mark.parametrize("name", ["https://büro.example", "", "x" * 300, "a b"])
def test_a_server_s_name_is_looked_at_before_anything_is_written(tmp_path: Path, name: str) -> None:
    refused = asyncio.run(setup.init_folder(tmp_path / "server", name, secrets.token_bytes, 1_800_000_000))
    assert isinstance(refused, Refused)
    assert refused.field == "name"
    assert not (tmp_path / "server").exists()


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_server_whose_making_broke_off_is_made_by_the_next_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, killed: bool
) -> None:
    """Killed or out of space at each of its steps; what was there before is never touched."""
    folder, steps = tmp_path / "server", [0]
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")

    def counted(*arguments: object, **named: object) -> None:
        steps[0] += 1
        if steps[0] >= at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written(*arguments, **named)  # type: ignore[arg-type]

    written = setup.write_secret
    monkeypatch.setattr(setup, "write_secret", counted)
    if killed:
        monkeypatch.setattr(setup, "_undo_init", lambda folder: None)
    with pytest.raises(OSError, match="No space"):
        asyncio.run(setup.init_folder(folder, "https://x.example", secrets.token_bytes, 1_800_000_000))
    monkeypatch.undo()
    made = asyncio.run(setup.init_folder(folder, "https://x.example", secrets.token_bytes, 1_800_000_000))
    assert isinstance(made, setup.InitializedServer), made
    assert (folder / "notes.txt").read_text() == "mine"
    assert not (folder / setup.UNFINISHED).exists()
    again = asyncio.run(setup.init_folder(folder, "https://x.example", secrets.token_bytes, 1_800_000_000))
    assert isinstance(again, Refused)
    assert again.code is RefusalCode.ALREADY_EXISTS
