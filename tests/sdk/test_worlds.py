"""One folder, several roots of trust, products or kinds: each finds its own, and nothing of another is lost."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import pytest

from conformance import keys
from conformance.vendor import Vendor, code
from conformance.web import Web, honest
from tenure.agent.main import create_agent, open_agent
from tenure.core.refusals import Refused
from tenure.core.timeline import Phase
from tenure.sdk import License, Network
from tenure.sdk.client_state import ClientState
from tenure.sdk.disk import FolderOnDisk
from tenure.sdk.folder_owner import enter_world
from tenure.sdk.outcomes import ActivationGranted, Synchronized
from tenure.site.folder import SiteSecrets
from tenure.site.store.client_state import StoredMemory
from tenure.site.store.sqlite import open_store
from tests.sdk.world import Hands, World


@contextmanager
def serving(vendor: Vendor) -> Iterator[str]:
    web = Web(lambda asked: honest(vendor, asked))
    try:
        yield web.url
    finally:
        web.stop()


def other_root(*, sandbox: bool = False) -> Vendor:
    """A vendor whose server was made anew, with a root of its own."""
    vendor = Vendor(sandbox=sandbox)
    vendor.documents.clear()
    vendor.roots.clear()
    vendor.publish(msgspec.structs.replace(keys.first(sandbox=sandbox), id="vendor-2"))
    return vendor


def opened(folder: Path, vendor: Vendor, url: str, product: str = "editor") -> License:
    return License.open(
        product=product,
        version="12.0",
        server=url,
        root=vendor.roots[1],
        folder=folder,
        sandbox=vendor.sandbox,
        network=Network(dns="off", proxy="", loopback_http=True),
        computer=msgspec.structs.replace(Hands().computer(), draw=os.urandom),
    )


@pytest.mark.parametrize(
    "second",
    [Vendor, other_root],
    ids=["the sandbox first, then the real code", "the server made anew, with another root"],
)
def test_another_root_or_kind_begins_anew_by_itself_and_the_first_is_kept(
    tmp_path: Path, second: Callable[[], Vendor]
) -> None:
    one, other = Vendor(sandbox=second is Vendor), second()
    with serving(one) as first_url, serving(other) as second_url:
        assert isinstance(opened(tmp_path, one, first_url).activate(code("A").reveal()), ActivationGranted)
        license_ = opened(tmp_path, other, second_url)
        assert license_.standing.phase is Phase.PENDING
        granted = license_.activate(code("A").reveal())
        assert isinstance(granted, ActivationGranted), granted
        assert isinstance(license_.synchronize(), Synchronized)
        back = opened(tmp_path, one, first_url)
        assert back.standing.phase is Phase.ACTIVE, "what was set aside has come back with its root"
        assert isinstance(back.synchronize(), Synchronized)
        assert opened(tmp_path, other, second_url).standing.phase is Phase.ACTIVE
    assert len(one.sites) == len(other.sites) == 1
    assert set(one.sites).isdisjoint(other.sites), "a key belongs to one world"


def test_two_products_in_one_folder_do_not_share_a_key(tmp_path: Path) -> None:
    vendor = Vendor()
    with serving(vendor) as url:
        assert isinstance(opened(tmp_path, vendor, url).activate(code("A").reveal()), ActivationGranted)
        assert opened(tmp_path, vendor, url, "viewer").standing.phase is Phase.PENDING
        assert opened(tmp_path, vendor, url).standing.phase is Phase.ACTIVE


def test_a_server_made_anew_under_the_same_root_is_taken_at_its_word() -> None:
    """It knows the key by another name: the lease was `lease_not_mine` for ever, and the place taken."""
    world = World()
    assert isinstance(world.keeper.activate(code("A").reveal()), ActivationGranted)
    before = world.kept.present.site
    world.vendor.sites.clear()
    world.vendor.sites["somebody else"] = object()  # type: ignore[assignment]
    granted = world.keeper.activate(code("A").reveal())
    assert isinstance(granted, ActivationGranted), granted
    assert world.kept.present.site != before
    assert isinstance(world.keeper.synchronize(), Synchronized)


class Stopping(FolderOnDisk):
    """Stops at its n-th change, as a process that is killed."""

    left = 10**9

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt

    def write(self, name: str, data: bytes) -> None:
        self._step()
        super().write(name, data)

    def rename(self, old: str, new: str) -> None:
        self._step()
        super().rename(old, new)


@pytest.mark.parametrize("steps", range(16))
def test_killed_at_any_step_of_the_change_nothing_is_lost(tmp_path: Path, steps: int) -> None:
    one, other, files = "1" * 16, "2" * 16, ("key", "state.0", "state.1")
    disk = Stopping(tmp_path)
    for world in (one, other):
        enter_world(disk, "lock", files, world)
        for file in files:
            disk.write(file, f"{file} of {world}".encode())
    disk.left = steps
    with suppress(KeyboardInterrupt):
        enter_world(disk, "lock", files, one)
    disk.left = 10**9
    for world in (one, other, one):
        enter_world(FolderOnDisk(tmp_path), "lock", files, world)
        assert {disk.read(file) for file in files} == {f"{file} of {world}".encode() for file in files}


def test_a_device_of_a_sandbox_becomes_one_of_production(tmp_path: Path) -> None:
    sandbox, real = Vendor(sandbox=True), Vendor()
    made = create_agent(tmp_path / "agent", sandbox.roots[1], product="editor", version="12.0", sandbox=True)
    assert isinstance(made, str), made
    agent = open_agent(tmp_path / "agent", computer=Hands().computer())
    assert not isinstance(agent, Refused)
    holder = agent.keeper.holder
    holder.save_state(msgspec.structs.replace(holder.kept, device="dev_of_the_sandbox"))
    settings = Path(made)
    settings.write_text(settings.read_text().replace("sandbox = true", "sandbox = false"))
    (tmp_path / "agent" / "root.jws").write_bytes(real.roots[1])
    again = open_agent(tmp_path / "agent", computer=Hands().computer())
    assert not isinstance(again, Refused)
    assert again.keeper.holder.kept.device == ""
    assert list((tmp_path / "agent").glob("state.*.*")), "what was there is set aside"


def test_a_site_keeps_each_world_s_license_apart(tmp_path: Path) -> None:
    store = open_store(tmp_path / "site.db")
    assert not isinstance(store, Refused)
    one, other = "1" * 16, "2" * 16
    StoredMemory(store, "editor", one).save_state(ClientState(token="of one"))
    StoredMemory(store, "viewer", one).save_state(ClientState(token="viewer's"))
    assert StoredMemory(store, "editor", one).load_state().token == "of one"
    there = StoredMemory(store, "editor", other)
    assert there.load_state() == ClientState()
    there.save_state(ClientState(token="of the other"))
    assert StoredMemory(store, "editor", one).load_state().token == "of one"
    assert StoredMemory(store, "editor", other).load_state().token == "of the other"
    assert StoredMemory(store, "viewer", one).load_state().token == "viewer's"
    store.close()


def test_a_site_s_key_belongs_to_one_world() -> None:
    seed = bytes(range(32))
    assert SiteSecrets(seed, sandbox=True).site_signer.public != SiteSecrets(seed).site_signer.public
