"""The site's settings and folder: strict about what is written there, and about who can read it."""

from pathlib import Path

import msgspec
import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.disk import FolderOnDisk
from tenure.sdk.network.policy import PublicDnsMode
from tenure.site import doctor, folder
from tenure.site.assembly import open_site
from tenure.site.folder import SiteSecrets
from tenure.site.settings import (
    ApiSettings,
    DeviceSettings,
    NetworkSettings,
    ProductSettings,
    SiteSettings,
    read_settings,
    write_settings,
)
from tests.site.site_env import FakeComputer, SiteEnv, SiteProcess, Time

GOOD = 'server = "https://license.example"\n[products.editor]\nversion = "12.0"\n'


def test_settings_survive_being_written(tmp_path: Path) -> None:
    whole = SiteSettings(
        server="https://license.example:444/x",
        products={"editor": ProductSettings(version="12.0"), "an.other_one-2": ProductSettings(version="1.2-rc1")},
        name='The "head" office \\ Zürich',
        after_end_days=0,
        network=NetworkSettings(dns="list", resolvers=("dns://9.9.9.9", "tls://1.1.1.1"), proxy=""),
        api=ApiSettings(listen="127.0.0.1:0"),
        devices=DeviceSettings(name="site.example", names=("10.0.0.7",)),
    )
    path = tmp_path / "site.toml"
    path.write_text(write_settings(whole))
    assert read_settings(path) == whole


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "server"),
        ("server = 7\n", "server"),
        (GOOD.replace("server", "sever"), "sever"),
        (GOOD + "color = 1\n", "color"),
        (GOOD.replace("https", "http"), "plain HTTP"),
        (GOOD.replace("12.0", "twelve"), "12.4.1"),
        (GOOD + '[devices]\nname = "a b"\n', "not a name"),
        (GOOD + '[devices]\nlisten = "0.0.0.0:70000"\n', "devices.listen"),
        (GOOD + "[network]\ndns = 7\n", "network"),
        (GOOD + '[api]\nlisten = "0.0.0.0:8481"\n', "only with a certificate"),
        (GOOD + '[api]\ncertificate = "console.pem"\n', "belong together"),
        ("x = [", "site.toml"),
        ("x = " + "1" * 5_000, "site.toml"),
        ("x = " + "[" * 3_000, "nested too deeply"),
        ('server = "https://license.example"\n[products]\n', "products"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "site.toml"
    path.write_text(text)
    refused = read_settings(path)
    assert isinstance(refused, Refused)
    assert refused.row.status == 422
    assert told in refused.detail


def test_a_secret_that_others_can_read_is_not_used(here: SiteEnv) -> None:
    house = here.site()
    house.site.store.close()
    for name in ("key", "admin.token"):
        path = house.folder / name
        path.chmod(0o644)
        refused = open_site(house.folder, house.hands.computer())
        assert isinstance(refused, Refused)
        assert (refused.code, refused.field) == (RefusalCode.ACTION_NOT_PERMITTED, name)
        path.chmod(0o600)
    house.open()


def test_a_damaged_key_is_not_replaced_silently(tmp_path: Path) -> None:
    disk = FolderOnDisk(tmp_path)
    made = folder.secrets_of(disk, bytes)
    assert isinstance(made, SiteSecrets)
    folder.write_file(disk, "key", b"half a k")
    refused = folder.secrets_of(disk, bytes)
    assert isinstance(refused, Refused)
    assert (tmp_path / "key").read_bytes() == b"half a k"


def test_a_clock_file_or_a_sandbox_setting_is_refused_with_a_production_root(here: SiteEnv, tmp_path: Path) -> None:
    house = here.site()
    house.site.store.close()
    refused = open_site(house.folder, house.hands.computer(), clock=tmp_path / "clock")
    assert isinstance(refused, Refused)
    assert refused.code is RefusalCode.SANDBOX_ONLY
    text = (house.folder / "site.toml").read_text()
    (house.folder / "site.toml").write_text("sandbox = true\n" + text.replace("sandbox = false\n", ""))
    refused = open_site(house.folder, house.hands.computer())
    assert isinstance(refused, Refused)
    assert refused.field == "root"
    (house.folder / "site.toml").write_text(text)
    house.open()


class TestPublicDns:
    """What doctor and exchanges may ask is the customer's and the lease's to say (B10)."""

    def policy(self, house: SiteProcess, network: NetworkSettings, dns: str) -> PublicDnsMode:
        patient = doctor.DoctorInput(
            settings=msgspec.structs.replace(house.site.settings, network=network),
            computer=FakeComputer(Time()).computer(),
            addresses=house.site.addresses,
            dns=dns,
            root=house.site.root,
            estimate=None,
        )
        checks = [check.name for check in doctor.examine_site(patient) if check.name.startswith("Public DNS")]
        return PublicDnsMode.OFF if checks == ["Public DNS"] else PublicDnsMode.AUTO

    def test_b10_off_in_the_settings_or_in_the_lease_asks_no_public_resolver(self, house: SiteProcess) -> None:
        nowhere = NetworkSettings(system="dns://127.0.0.1:9")
        off = msgspec.structs.replace(nowhere, dns="off")
        assert self.policy(house, off, "auto") is PublicDnsMode.OFF
        assert self.policy(house, nowhere, "off") is PublicDnsMode.OFF
        assert self.policy(house, nowhere, "list") is PublicDnsMode.OFF

    def test_b10_a_list_of_the_customers_own_is_asked_and_no_other(self, house: SiteProcess) -> None:
        mine = NetworkSettings(system="dns://127.0.0.1:9", dns="list", resolvers=("dns://127.0.0.1:10",))
        patient = doctor.DoctorInput(
            settings=msgspec.structs.replace(house.site.settings, network=mine),
            computer=FakeComputer(Time()).computer(),
            addresses=house.site.addresses,
            dns="off",
            root=house.site.root,
            estimate=None,
        )
        names = [check.name for check in doctor.examine_site(patient) if "DNS" in check.name]
        assert names == ["System DNS dns://127.0.0.1:9", "Public DNS dns://127.0.0.1:10"]
