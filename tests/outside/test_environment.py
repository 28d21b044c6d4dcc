"""What the environment says is looked at with each exchange: it may refuse that one, by its name, and never more."""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import trustme

from conformance.vendor import Vendor, code
from conformance.web import Web, certificates, honest
from tenure.core.refusals import RefusalCode
from tenure.core.timeline import DAY, Phase
from tenure.sdk import ActivationGranted, License, Network, Rejected, Synchronized
from tenure.sdk.network.doctor import CheckState
from tenure.sdk.network.last_good import LastGoodInMemory
from tenure.sdk.network.proxy import Proxy, proxy_from_environment
from tenure.sdk.network.server import ServerAddress
from tenure.site.doctor import name_checks
from tenure.site.settings import NetworkSettings, ProductSettings, SiteSettings
from tests.sdk.world import Hands

NOWHERE = "/nowhere/ca.pem"
ODD: dict[str, tuple[str, ...]] = {
    "https_proxy": (
        "https://proxy.example:443",
        "socks5://127.0.0.1:1080",
        "http://",
        "//",
        "http://a b",
        "http://h:0",
    ),
    "HTTPS_PROXY": ("socks4a://x", "ftp://x", "http://proxy.example/path"),
    "all_proxy": ("socks5h://x:1",),
    "ALL_PROXY": ("socks5://127.0.0.1:1080", "\x7f"),
    "SSL_CERT_FILE": (NOWHERE, "/dev/null", "/etc", "\x00"),
    "SSL_CERT_DIR": ("/nowhere", "/etc/passwd"),
}
BLANK = ("", " ", "\t")
HARMLESS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(ODD, BLANK),
    "no_proxy": ("", ",,,", "*:*", "[", "10.0.0.0/99", "\x00"),
    "HOME": ("", "/nowhere"),
    "SSLKEYLOGFILE": ("/nowhere/keys.log",),
    "LANG": ("xx_YY.unheard",),
}


class Home:
    """An application that finds its server over TLS by name, as far as an environment lets it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.vendor = folder, Vendor()
        tls, self.ca = certificates("good", folder)
        self.web = Web(lambda asked: honest(self.vendor, asked), tls)
        self.environment: dict[str, str] = {}
        self.hands = Hands()

    def open(self, ca_file: str = "", server: str = "") -> License:
        computer = msgspec.structs.replace(self.hands.computer(), environment=self.environment)
        network = Network(dns="off", ca_file=ca_file)
        return License.open(
            product="editor",
            version="12.0",
            server=server or self.web.url,
            root=self.vendor.roots[1],
            folder=self.folder / "app",
            network=network,
            computer=computer,
        )


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    yield home
    home.web.stop()


CELLS = [(name, value) for name, values in ODD.items() for value in values]


@pytest.mark.parametrize(("name", "value"), CELLS)
def test_what_cannot_be_followed_refuses_the_exchange_by_name_and_never_the_opening(
    home: Home, name: str, value: str
) -> None:
    home.environment["SSL_CERT_FILE"] = str(home.ca)
    app = home.open(server="https://licensing.example")
    home.environment[name] = value
    if name == "SSL_CERT_DIR":
        del home.environment["SSL_CERT_FILE"]
    again = home.open(server="https://licensing.example")
    for each in (app, again):
        refused = each.activate(code("A").reveal())
        assert isinstance(refused, Rejected)
        assert (refused.code, refused.field) == (RefusalCode.ENVIRONMENT_UNUSABLE, name), refused
        assert name in refused.message
        assert not refused.conclusive
        assert [warning.field for warning in each.standing.warnings] == [name]
    assert home.web.log == []


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in HARMLESS.items() for value in values])
def test_what_is_blank_or_no_matter_of_ours_changes_nothing(home: Home, name: str, value: str) -> None:
    home.environment[name] = value
    app = home.open(ca_file=str(home.ca))
    assert isinstance(app.activate(code("A").reveal()), ActivationGranted)
    assert app.standing.warnings == ()


def test_a_variable_that_is_mended_while_it_runs_is_looked_at_again(home: Home) -> None:
    home.environment["SSL_CERT_FILE"] = NOWHERE
    app = home.open()
    assert isinstance(app.activate(code("A").reveal()), Rejected)
    home.environment["SSL_CERT_FILE"] = str(home.ca)
    assert isinstance(app.activate(code("A").reveal()), ActivationGranted)
    assert app.standing.warnings == ()


def test_an_end_that_a_variable_has_brought_about_is_not_told_as_the_server_s_silence(home: Home) -> None:
    home.environment["SSL_CERT_FILE"] = str(home.ca)
    app = home.open()
    assert isinstance(app.activate(code("A").reveal()), ActivationGranted)
    home.environment["SSL_CERT_FILE"] = NOWHERE
    for _ in range(32):
        home.vendor.now += DAY
        home.hands.uptime += DAY
        home.hands.wall += DAY
        app._keeper.tick()
    standing = app.standing
    assert standing.phase is Phase.ENDED
    assert "has not answered" not in standing.message
    assert f"SSL_CERT_FILE is to name the trusted certificates, but {NOWHERE}" in standing.message
    home.environment["SSL_CERT_FILE"] = str(home.ca)
    assert isinstance(app._keeper.synchronize("timer"), Synchronized)
    assert app.standing.licensed


class TestCertificatesAreReplacedOnDisk:
    @pytest.mark.parametrize("by", ["ca_file", "SSL_CERT_FILE"])
    def test_the_new_ones_are_believed_without_a_restart(self, home: Home, tmp_path: Path, by: str) -> None:
        bundle = tmp_path / "bundle.pem"
        stranger, _ = _authorities(tmp_path)
        bundle.write_bytes(stranger)
        home.environment["SSL_CERT_FILE"] = str(bundle)
        app = home.open(ca_file=str(bundle) if by == "ca_file" else "")
        refused = app.activate(code("A").reveal())
        assert isinstance(refused, Rejected)
        assert refused.code is RefusalCode.UNREACHABLE
        beside = tmp_path / "bundle.new"
        beside.write_bytes(home.ca.read_bytes())
        beside.replace(bundle)
        assert isinstance(app.activate(code("A").reveal()), ActivationGranted)

    def test_those_that_were_taken_away_are_believed_no_more(self, home: Home, tmp_path: Path) -> None:
        bundle = tmp_path / "bundle.pem"
        bundle.write_bytes(home.ca.read_bytes())
        app = home.open(ca_file=str(bundle))
        assert isinstance(app.activate(code("A").reveal()), ActivationGranted)
        stranger, _ = _authorities(tmp_path)
        bundle.write_bytes(stranger)
        os.utime(bundle, ns=(1, 1))
        assert isinstance(app.synchronize(), Rejected)

    def test_a_bundle_that_is_gone_is_told_as_that(self, home: Home, tmp_path: Path) -> None:
        bundle = tmp_path / "bundle.pem"
        bundle.write_bytes(home.ca.read_bytes())
        app = home.open(ca_file=str(bundle))
        assert isinstance(app.activate(code("A").reveal()), ActivationGranted)
        bundle.unlink()
        refused = app.synchronize()
        assert isinstance(refused, Rejected)
        assert (refused.code, refused.field) == (RefusalCode.ENVIRONMENT_UNUSABLE, "ca_file")
        assert str(bundle) in refused.message


def _authorities(folder: Path) -> tuple[bytes, bytes]:
    """The certificates of an authority that did not issue the server's, and of the one that did."""
    (folder / "other").mkdir(exist_ok=True)
    stranger = trustme.CA(organization_name="stranger").cert_pem.bytes()
    return stranger, (folder / "ca.pem").read_bytes()


HOST = ServerAddress("https", "licensing.corp.example", 443)
ADDRESS = ServerAddress("https", "10.1.2.3", 8443)


@pytest.mark.parametrize(
    ("server", "listed", "exempt"),
    [
        (HOST, "*", True),
        (HOST, "corp.example", True),
        (HOST, ".corp.example", True),
        (HOST, "*.corp.example", True),
        (HOST, "corp.example.", True),
        (HOST, "LICENSING.Corp.Example", True),
        (HOST, "licensing.corp.example.", True),
        (HOST, "a.example b.example corp.example", True),
        (HOST, "a.example,\tcorp.example ,", True),
        (HOST, "corp.example:443", True),
        (HOST, "*.corp.example:443", True),
        (HOST, "corp.example:8443", False),
        (HOST, "orp.example", False),
        (HOST, "other.licensing.corp.example", False),
        (HOST, "10.0.0.0/8", False),
        (HOST, ", ,", False),
        (HOST, "*.", False),
        (ServerAddress("https", "xn--bro-hoa.example", 443), "büro.example", True),
        (ADDRESS, "10.0.0.0/8", True),
        (ADDRESS, "10.1.2.3", True),
        (ADDRESS, "10.1.2.3:8443", True),
        (ADDRESS, "10.1.2.3:443", False),
        (ADDRESS, "10.1.2", False),
        (ADDRESS, "10.1.2.3/99", False),
        (ADDRESS, "192.168.0.0/16", False),
        (ServerAddress("https", "fd00::5", 443), "fd00::/8", True),
        (ServerAddress("https", "fd00::5", 443), "[fd00::5]", True),
        (ServerAddress("https", "fd00::5", 443), "[fd00::5]:443", True),
        (ServerAddress("https", "fd00::5", 443), "fd00:0::5", True),
    ],
)
def test_every_usual_form_of_no_proxy(server: ServerAddress, listed: str, exempt: bool) -> None:
    environ = {"https_proxy": "http://proxy.example", "no_proxy": listed}
    found = proxy_from_environment(environ, server)
    assert (found is None) is exempt
    assert exempt or isinstance(found, Proxy)


@pytest.mark.parametrize(("name", "value"), CELLS)
def test_the_doctor_names_the_variable_and_blames_nobody_else(home: Home, name: str, value: str) -> None:
    environment = {name: value}
    computer = msgspec.structs.replace(home.hands.computer(), environment=environment)
    settings = SiteSettings(
        server="https://licensing.example",
        products={"editor": ProductSettings(version="1")},
        network=NetworkSettings(dns="off"),
    )
    failed = [
        check for check in name_checks(settings, computer, LastGoodInMemory(), "") if check.state is CheckState.FAILED
    ]
    assert len(failed) == 1, failed
    assert name in failed[0].text
    assert "variable" in failed[0].remedy
