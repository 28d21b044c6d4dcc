"""The certificates of a site: of the console as the settings name it, of the device port as leases name its key."""

from pathlib import Path

import msgspec
import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.certificates import ServedCertificate
from tenure.sdk.disk import FolderOnDisk
from tenure.site import certificate
from tenure.site.folder import ADDRESS, CERTIFICATE, CERTIFICATE_KEY
from tenure.site.main import SiteServers
from tenure.site.settings import ApiSettings
from tenure.site.tls import console_certificate
from tests.http.authority import Authority
from tests.site.site_env import SiteEnv

API = ApiSettings(listen="0.0.0.0:8481", certificate="server.pem", certificate_key="server.key")
AUTHORITY = Authority()


def test_a_certificate_with_its_key_serves_and_none_is_needed_on_loopback(tmp_path: Path) -> None:
    AUTHORITY.issue(tmp_path)
    assert isinstance(console_certificate(tmp_path, API, lambda: 0), ServedCertificate)
    assert console_certificate(tmp_path, ApiSettings(), lambda: 0) is None


@pytest.mark.parametrize(("name", "field"), [("server.pem", "api.certificate"), ("server.key", "api.certificate_key")])
def test_the_setting_is_named_that_is_to_blame(tmp_path: Path, name: str, field: str) -> None:
    AUTHORITY.issue(tmp_path)
    (tmp_path / name).unlink()
    refused = console_certificate(tmp_path, API, lambda: 0)
    assert isinstance(refused, Refused)
    assert refused.field == field
    assert f"{field}: {tmp_path / name} cannot be read" in refused.detail


def test_the_device_port_takes_a_new_certificate_under_its_own_key_alone(tmp_path: Path) -> None:
    disk = FolderOnDisk(tmp_path)
    pin = certificate.ensure_certificate(disk, ["127.0.0.1"])
    served = certificate.served_certificate(tmp_path, pin, lambda: 0)
    assert isinstance(served, ServedCertificate)
    first = served.context_at(0.0)
    certificate.ensure_certificate(disk, ["127.0.0.1", "depot.example"])
    second = served.context_at(2.0)
    assert second is not first
    assert served.loaded.is_for("depot.example")
    (tmp_path / CERTIFICATE_KEY).unlink()
    (tmp_path / CERTIFICATE).unlink()
    assert certificate.ensure_certificate(disk, ["127.0.0.1"]) != pin
    assert served.context_at(4.0) is second
    assert served.refused is not None
    assert served.refused.code is RefusalCode.KEY_UNKNOWN
    assert "put the former one back" in served.refused.detail


def test_a_renewed_console_certificate_is_the_one_that_the_command_line_trusts(here: SiteEnv) -> None:
    house = here.site()
    AUTHORITY.issue(house.folder)
    api = ApiSettings(listen="127.0.0.1:0", certificate="server.pem", certificate_key="server.key")
    site = msgspec.structs.replace(house.site, settings=msgspec.structs.replace(house.site.settings, api=api))
    serving = SiteServers(site)
    shown = serving.certificate
    assert shown is not None
    before = (house.folder / ADDRESS).read_bytes()
    AUTHORITY.issue(house.folder)
    shown.reload_if_changed(10.0)
    kept = msgspec.json.decode((house.folder / ADDRESS).read_bytes())
    assert kept["certificate"] == shown.loaded.own
    assert (house.folder / ADDRESS).read_bytes() != before
    serving.stop()
