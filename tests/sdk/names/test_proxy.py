"""Where an HTTP proxy is configured it resolves, and nothing ever goes around it."""

import base64

import pytest

from tenure.sandbox.dns import DnsRecord, LocalDns
from tenure.sdk.network.path import HttpExchange, ServerUnreached, SourceKind, StepOutcome
from tenure.sdk.network.policy import NamePolicy
from tenure.sdk.network.proxy import Proxy, read_proxy
from tenure.sdk.transport import TransportRequest
from tests.sdk.names.servers import CAPTURE, NAME, STRANGER, ConnectProxy, Site, Target, asking, target

SYNC = TransportRequest("POST", "/v1/sync", b"signed")


def through(text: str, *public: str, system: LocalDns) -> NamePolicy:
    proxy = read_proxy(text)
    assert isinstance(proxy, Proxy)
    return asking(*public, system=system.plain_url, proxy=proxy)


def test_the_proxy_resolves_the_servers_name(system: LocalDns, public: LocalDns, home: Target) -> None:
    with ConnectProxy({NAME: "127.0.0.2"}) as proxy:
        got = Site(through(proxy.text, public.plain_url, system=system), home.port).transport.send(SYNC)
        assert isinstance(got, HttpExchange), got
        assert proxy.requests[0].startswith(f"CONNECT {NAME}:{home.port} HTTP/1.1\r\n".encode())
    assert (got.path.kind, got.path.resolver) == (SourceKind.PROXY, proxy.text)
    assert got.body == b"licensed"
    assert system.count_arrivals == public.count_arrivals == 0


def test_a_dead_proxy_is_never_gone_around(system: LocalDns, public: LocalDns, home: Target) -> None:
    with ConnectProxy({}) as proxy:
        text = proxy.text
    site = Site(through(text, public.plain_url, system=system), home.port)
    site.ports.last_good.remember_address(NAME, "127.0.0.2", site.clock.wall())
    with CAPTURE.listening() as seen:
        got = site.transport.send(SYNC)
    assert isinstance(got, ServerUnreached)
    assert [step.outcome for step in got.tried] == [StepOutcome.REFUSED]
    assert seen == [("127.0.0.1", int(text.rpartition(":")[2]))]
    assert home.requests == [] and system.count_arrivals == public.count_arrivals == 0


@pytest.mark.parametrize("refusal", ["403 Forbidden", "407 Proxy Authentication Required", "502 Bad Gateway"])
def test_a_proxy_that_refuses_is_named_with_its_reason(
    refusal: str, system: LocalDns, public: LocalDns, home: Target
) -> None:
    with ConnectProxy({}, refusal) as proxy, CAPTURE.listening() as seen:
        got = Site(through(proxy.text, public.plain_url, system=system), home.port).transport.send(SYNC)
    assert isinstance(got, ServerUnreached)
    assert got.tried[-1].outcome is StepOutcome.PROXY_REFUSED
    assert refusal in got.detail and proxy.text in got.detail
    assert {port for _, port in seen} == {proxy.door.port}


def test_a_proxy_that_leads_elsewhere_is_found_out(system: LocalDns, public: LocalDns) -> None:
    with target(ca=STRANGER) as inspecting, ConnectProxy({NAME: "127.0.0.2"}) as proxy:
        got = Site(through(proxy.text, public.plain_url, system=system), inspecting.port).transport.send(SYNC)
        assert inspecting.requests == []
    assert isinstance(got, ServerUnreached)
    assert got.tried[-1].outcome is StepOutcome.CERTIFICATE
    assert public.count_arrivals == 0


def test_the_proxys_own_name_is_resolved_by_the_system_alone(system: LocalDns, public: LocalDns, home: Target) -> None:
    system.zone["proxy.corp.example"] = DnsRecord(("127.0.0.7", "127.0.0.1"))
    with ConnectProxy({NAME: "127.0.0.2"}) as proxy:
        text = f"http://proxy.corp.example:{proxy.door.port}"
        got = Site(through(text, public.plain_url, system=system), home.port).transport.send(SYNC)
    assert isinstance(got, HttpExchange)
    assert {name for _, name, _ in system.asked} == {"proxy.corp.example"}
    assert public.count_arrivals == 0


def test_an_unknown_proxy_is_told_as_such(system: LocalDns, public: LocalDns, home: Target) -> None:
    got = Site(through("http://proxy.corp.example:3128", public.plain_url, system=system), home.port).transport.send(
        SYNC
    )
    assert isinstance(got, ServerUnreached)
    assert got.tried[-1].outcome is StepOutcome.NO_SUCH_NAME
    assert public.count_arrivals == 0 and home.requests == []


def test_user_and_password_reach_the_proxy_and_no_log(
    system: LocalDns, home: Target, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with ConnectProxy({NAME: "127.0.0.2"}) as proxy:
        policy = through(proxy.text.replace("//", "//jane:s%40crxt@"), system=system)
        got = Site(policy, home.port).transport.send(SYNC)
    assert isinstance(got, HttpExchange)
    secret = base64.b64encode(b"jane:s@crxt").decode()
    assert f"Proxy-Authorization: Basic {secret}".encode() in proxy.requests[0]
    assert secret.encode() not in home.requests[0]
    told = caplog.text + repr(policy) + repr(got) + got.path.describe_path()
    assert "s@crxt" not in told and secret not in told


def test_plain_http_does_not_go_through_a_proxy(system: LocalDns, home: Target) -> None:
    with ConnectProxy({NAME: "127.0.0.2"}) as proxy:
        got = Site(through(proxy.text, system=system), home.port, scheme="http").transport.send(SYNC)
    assert isinstance(got, ServerUnreached)
    assert proxy.requests == [] and system.count_arrivals == 0
