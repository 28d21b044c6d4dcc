"""`tenure site run` tells its operator addresses that can be reached, for whatever the site listens at."""

import msgspec
import pytest

from tenure.site.main import SiteServers, _addresses_told
from tenure.site.settings import ApiSettings, DeviceSettings
from tests.site.site_env import SiteEnv


@pytest.mark.parametrize("everywhere", ["0.0.0.0:0", "[::]:0"])
def test_no_line_names_the_address_that_stands_for_all(here: SiteEnv, everywhere: str) -> None:
    site = here.site().site
    settings = msgspec.structs.replace(
        site.settings,
        api=ApiSettings(listen=everywhere),
        devices=DeviceSettings(listen=everywhere, name="office.example"),
    )
    site = msgspec.structs.replace(site, settings=settings, device_host="office.example")
    serving = SiteServers(site)
    with serving.local, serving.devices:
        lines = _addresses_told(site, serving.local.url, serving.devices.port).splitlines()
    port = serving.local.port
    assert lines == [
        f"local API on http://site.test:{port}",
        f"device port on https://office.example:{serving.devices.port}",
        f"console on http://site.test:{port}/",
    ]


def test_an_address_of_ipv6_stands_in_brackets(here: SiteEnv) -> None:
    site = msgspec.structs.replace(here.site().site, device_host="fd00::5")
    assert "device port on https://[fd00::5]:8482\n" in _addresses_told(site, "http://127.0.0.1:8481", 8482)
