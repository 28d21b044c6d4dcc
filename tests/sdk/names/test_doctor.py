"""`tenure doctor` tries every way and says what to do; what is switched off stays untouched."""

import pytest

from tenure.sandbox.dns import NO_SUCH_NAME, DnsRecord, LocalDns
from tenure.sdk.network.doctor import REMEDIES, CheckState, DoctorCheck, check_connections
from tenure.sdk.network.path import TOLD, StepOutcome
from tenure.sdk.network.policy import PublicDnsMode
from tenure.sdk.network.proxy import Proxy, read_proxy
from tests.sdk.names.servers import CAPTURE, DNS_NAME, NAME, STRANGER, ConnectProxy, Site, Target, asking, target


def examine(site: Site) -> dict[str, DoctorCheck]:
    checks = list(check_connections(site.server, site.policy, site.ports))
    for check in checks:
        assert check.text.endswith("."), check
        assert bool(check.remedy) == (check.state is CheckState.FAILED), check
    return {check.name: check for check in checks}


def test_all_is_well(system: LocalDns, public: LocalDns, home: Target) -> None:
    resolvers = (public.plain_url, public.dot_url(DNS_NAME), public.doh_url(DNS_NAME))
    site = Site(asking(*resolvers, system=system.plain_url), home.port)
    site.ports.last_good.remember_address(NAME, "127.0.0.2", site.clock.wall())
    checks = examine(site)
    where = f"127.0.0.2:{home.port}"
    assert {name: check.state for name, check in checks.items()} == {
        "Proxy": CheckState.SKIPPED,
        f"System DNS {system.plain_url}": CheckState.OK,
        "Addresses that worked lately": CheckState.OK,
        **{f"Public DNS {text}": CheckState.OK for text in resolvers},
        f"TCP {where}": CheckState.OK,
        f"TLS {where}": CheckState.OK,
    }
    assert checks[f"System DNS {system.plain_url}"].text == f"{NAME}: 127.0.0.2."


def test_each_trouble_has_its_line_and_its_remedy(system: LocalDns, public: LocalDns, home: Target) -> None:
    system.zone[NAME] = NO_SUCH_NAME
    public.zone[NAME] = DnsRecord(("127.0.0.2", "127.0.0.3", "127.0.0.4"))
    with target(address="127.0.0.3", port=home.port, ca=STRANGER):
        checks = examine(Site(asking(public.plain_url, system=system.plain_url), home.port))
    states = {name: check.state for name, check in checks.items()}
    assert states[f"System DNS {system.plain_url}"] is CheckState.FAILED
    assert states[f"TLS 127.0.0.2:{home.port}"] is CheckState.OK
    assert states[f"TCP 127.0.0.3:{home.port}"] is CheckState.OK
    assert "log in" in checks[f"TLS 127.0.0.3:{home.port}"].remedy
    assert "ca_file under [network] in site.toml" in checks[f"TLS 127.0.0.3:{home.port}"].remedy
    assert checks[f"TCP 127.0.0.4:{home.port}"].remedy == REMEDIES[StepOutcome.REFUSED]
    assert states["Addresses that worked lately"] is CheckState.SKIPPED


@pytest.mark.parametrize("private", [True, False])
def test_public_dns_stays_untouched_when_switched_off_or_private(
    private: bool, system: LocalDns, public: LocalDns, home: Target
) -> None:
    policy = asking(
        public.plain_url,
        public.dot_url(DNS_NAME),
        public.doh_url(DNS_NAME),
        system=system.plain_url,
        mode=PublicDnsMode.LIST if private else PublicDnsMode.OFF,
        private_suffixes=("example.test",) if private else (),
    )
    with CAPTURE.listening() as seen:
        checks = examine(Site(policy, home.port))
    assert checks["Public DNS"].state is CheckState.SKIPPED
    assert public.count_arrivals == 0
    assert {address for address, _ in seen} == {"127.0.0.1", "127.0.0.2"}


def test_the_proxy_is_the_only_way(system: LocalDns, public: LocalDns, home: Target) -> None:
    with ConnectProxy({NAME: "127.0.0.2"}) as proxy:
        read = read_proxy(proxy.text)
        assert isinstance(read, Proxy)
        site = Site(asking(public.plain_url, system=system.plain_url, proxy=read), home.port)
        good = examine(site)
    bad = examine(site)
    name = f"Proxy {read.without_password}"
    assert (good[name].state, bad[name].state) == (CheckState.OK, CheckState.FAILED)
    assert good["Public DNS"].state is good["System DNS"].state is CheckState.SKIPPED
    assert system.count_arrivals == public.count_arrivals == 0


def test_plain_http_has_no_certificate_to_check(system: LocalDns) -> None:
    with Target() as home:
        system.zone[NAME] = DnsRecord(("127.0.0.2", "192.0.2.1"))
        checks = examine(Site(asking(system=system.plain_url), home.port, scheme="http"))
    assert checks[f"TLS 127.0.0.2:{home.port}"].state is CheckState.SKIPPED
    assert checks[f"TCP 192.0.2.1:{home.port}"].state is CheckState.FAILED


def test_every_outcome_that_can_fail_a_check_is_told_and_has_a_remedy() -> None:
    assert set(TOLD) == set(StepOutcome)
    assert set(StepOutcome) - set(REMEDIES) == {StepOutcome.FOUND, StepOutcome.REACHED, StepOutcome.REDIRECT}


def test_a_certificate_of_an_own_authority_is_the_first_remedy_for_one_that_is_not_believed() -> None:
    assert "ca_file under [network] in site.toml" in REMEDIES[StepOutcome.CERTIFICATE].partition("Otherwise")[0]
