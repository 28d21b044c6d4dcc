"""`tenure doctor` tries every way and says what to do; what is switched off stays untouched."""

import pytest

from tenure.sandbox.dns import NO_SUCH_NAME, LocalDns, Says
from tenure.sdk.names.doctor import REMEDIES, Check, State, doctor
from tenure.sdk.names.path import TOLD, Outcome
from tenure.sdk.names.policy import Mode
from tenure.sdk.names.proxy import Proxy, read_proxy
from tests.sdk.names.servers import CAPTURE, DNS_NAME, NAME, STRANGER, ConnectProxy, Site, Target, asking, target


def examine(site: Site) -> dict[str, Check]:
    checks = list(doctor(site.server, site.policy, site.ports))
    for check in checks:
        assert check.text.endswith("."), check
        assert bool(check.remedy) == (check.state is State.FAILED), check
    return {check.name: check for check in checks}


def test_all_is_well(system: LocalDns, public: LocalDns, home: Target) -> None:
    resolvers = (public.plain, public.dot(DNS_NAME), public.doh(DNS_NAME))
    site = Site(asking(*resolvers, system=system.plain), home.port)
    site.ports.last_good.remember(NAME, "127.0.0.2", site.clock.wall())
    checks = examine(site)
    where = f"127.0.0.2:{home.port}"
    assert {name: check.state for name, check in checks.items()} == {
        "Proxy": State.SKIPPED,
        f"System DNS {system.plain}": State.OK,
        "Addresses that worked lately": State.OK,
        **{f"Public DNS {text}": State.OK for text in resolvers},
        f"TCP {where}": State.OK,
        f"TLS {where}": State.OK,
    }
    assert checks[f"System DNS {system.plain}"].text == f"{NAME}: 127.0.0.2."


def test_each_trouble_has_its_line_and_its_remedy(system: LocalDns, public: LocalDns, home: Target) -> None:
    system.zone[NAME] = NO_SUCH_NAME
    public.zone[NAME] = Says(("127.0.0.2", "127.0.0.3", "127.0.0.4"))
    with target(address="127.0.0.3", port=home.port, ca=STRANGER):
        checks = examine(Site(asking(public.plain, system=system.plain), home.port))
    states = {name: check.state for name, check in checks.items()}
    assert states[f"System DNS {system.plain}"] is State.FAILED
    assert states[f"TLS 127.0.0.2:{home.port}"] is State.OK
    assert states[f"TCP 127.0.0.3:{home.port}"] is State.OK
    assert "log in" in checks[f"TLS 127.0.0.3:{home.port}"].remedy
    assert "ca_file under [network] in site.toml" in checks[f"TLS 127.0.0.3:{home.port}"].remedy
    assert checks[f"TCP 127.0.0.4:{home.port}"].remedy == REMEDIES[Outcome.REFUSED]
    assert states["Addresses that worked lately"] is State.SKIPPED


@pytest.mark.parametrize("private", [True, False])
def test_public_dns_stays_untouched_when_switched_off_or_private(
    private: bool, system: LocalDns, public: LocalDns, home: Target
) -> None:
    policy = asking(
        public.plain,
        public.dot(DNS_NAME),
        public.doh(DNS_NAME),
        system=system.plain,
        mode=Mode.LIST if private else Mode.OFF,
        private_suffixes=("example.test",) if private else (),
    )
    with CAPTURE.listening() as seen:
        checks = examine(Site(policy, home.port))
    assert checks["Public DNS"].state is State.SKIPPED
    assert public.arrivals == 0
    assert {address for address, _ in seen} == {"127.0.0.1", "127.0.0.2"}


def test_the_proxy_is_the_only_way(system: LocalDns, public: LocalDns, home: Target) -> None:
    with ConnectProxy({NAME: "127.0.0.2"}) as proxy:
        read = read_proxy(proxy.text)
        assert isinstance(read, Proxy)
        site = Site(asking(public.plain, system=system.plain, proxy=read), home.port)
        good = examine(site)
    bad = examine(site)
    name = f"Proxy {read.text}"
    assert (good[name].state, bad[name].state) == (State.OK, State.FAILED)
    assert good["Public DNS"].state is good["System DNS"].state is State.SKIPPED
    assert system.arrivals == public.arrivals == 0


def test_plain_http_has_no_certificate_to_check(system: LocalDns) -> None:
    with Target() as home:
        system.zone[NAME] = Says(("127.0.0.2", "192.0.2.1"))
        checks = examine(Site(asking(system=system.plain), home.port, scheme="http"))
    assert checks[f"TLS 127.0.0.2:{home.port}"].state is State.SKIPPED
    assert checks[f"TCP 192.0.2.1:{home.port}"].state is State.FAILED


def test_every_outcome_that_can_fail_a_check_is_told_and_has_a_remedy() -> None:
    assert set(TOLD) == set(Outcome)
    assert set(Outcome) - set(REMEDIES) == {Outcome.FOUND, Outcome.REACHED, Outcome.REDIRECT}
