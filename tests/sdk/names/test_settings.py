"""What people write in settings about servers, resolvers and proxies is read strictly, and shown as it is read."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.network.policy import NamePolicy, PublicDnsMode, read_name_policy
from tenure.sdk.network.private import why_private
from tenure.sdk.network.proxy import Proxy, proxy_from_environment, read_proxy
from tenure.sdk.network.resolvers import DEFAULT, Resolver, ResolverProtocol, read_resolver
from tenure.sdk.network.server import ServerAddress, read_server

label = st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
names = st.lists(label, min_size=2, max_size=4).map(".".join)
ips = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str)
ports = st.integers(1, 65_535)
resolvers = st.one_of(
    st.builds(Resolver, st.just(ResolverProtocol.PLAIN), ips, ports),
    st.builds(Resolver, st.just(ResolverProtocol.DOT), ips, ports, names | ips),
    st.builds(
        Resolver,
        st.just(ResolverProtocol.DOH),
        ips,
        ports,
        names,
        st.sampled_from(["/dns-query", "/doh/family-filter/"]),
    ),
)


@given(resolvers)
def test_a_resolver_reads_back_from_its_own_text(resolver: Resolver) -> None:
    assert read_resolver(resolver.as_url) == resolver


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("8.8.8.8", Resolver(ResolverProtocol.PLAIN, "8.8.8.8", 53)),
        ("2606:4700:4700::1111", Resolver(ResolverProtocol.PLAIN, "2606:4700:4700::1111", 53)),
        ("dns://1.1.1.1:53", Resolver(ResolverProtocol.PLAIN, "1.1.1.1", 53)),
        ("dns://[::1]:5353", Resolver(ResolverProtocol.PLAIN, "::1", 5353)),
        ("tls://1.1.1.1:853#one.one.one.one", Resolver(ResolverProtocol.DOT, "1.1.1.1", 853, "one.one.one.one")),
        ("tls://9.9.9.9#DNS.Quad9.net.", Resolver(ResolverProtocol.DOT, "9.9.9.9", 853, "dns.quad9.net")),
        ("tls://9.9.9.9", Resolver(ResolverProtocol.DOT, "9.9.9.9", 853, "9.9.9.9")),
        (
            "https://dns.google/dns-query#8.8.8.8",
            Resolver(ResolverProtocol.DOH, "8.8.8.8", 443, "dns.google", "/dns-query"),
        ),
        ("https://dns.google#8.8.8.8", Resolver(ResolverProtocol.DOH, "8.8.8.8", 443, "dns.google", "/dns-query")),
        ("https://9.9.9.9/dns-query", Resolver(ResolverProtocol.DOH, "9.9.9.9", 443, "9.9.9.9", "/dns-query")),
    ],
)
def test_the_forms_people_write(text: str, read: Resolver) -> None:
    assert read_resolver(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dns.google",
        "dns://dns.google",
        "dns://8.8.8.8:0",
        "dns://8.8.8.8:",
        "dns://8.8.8.8:70000",
        "dns://8.8.8.8:dns",
        "dns://8.8.8.8#dns.google",
        "dns://8.8.8.8/path",
        "dns://127.1",
        "dns://[::1",
        "tls://dns.google",
        "tls://1.1.1.1#not a name",
        "tls://1.1.1.1#-bad.example",
        "https://dns.google/dns-query",
        "https://dns.google/dns-query#dns.google",
        "https://dns.google/dns-query?x=1#8.8.8.8",
        "https://user@dns.google/dns-query#8.8.8.8",
        "http://dns.google/dns-query#8.8.8.8",
        "quic://8.8.8.8",
        "dns://8.8.8.8\n",
        "dns://8.8.8.8 ",
        "x" * 5000,
    ],
)
def test_what_is_no_resolver_is_refused_by_its_field(text: str) -> None:
    refused = read_name_policy("list", ["8.8.8.8", text])
    assert isinstance(refused, Refused)
    assert (refused.code, refused.field) == (RefusalCode.FIELD_INVALID, "resolvers[1]")


@given(st.text(max_size=60))
def test_no_text_raises(text: str) -> None:
    for read in (read_resolver(text), read_server(text), read_proxy(text), read_name_policy(text, [text])):
        assert isinstance(read, Resolver | ServerAddress | Proxy | NamePolicy | Refused)


def test_the_default_list_is_the_protocols() -> None:
    assert [resolver.ip for resolver in DEFAULT if resolver.via is ResolverProtocol.PLAIN] == [
        "8.8.8.8",
        "1.1.1.1",
        "223.6.6.6",
        "9.9.9.9",
        "185.228.168.168",
    ]
    assert [resolver.via for resolver in DEFAULT[:5]] == [ResolverProtocol.PLAIN] * 5
    for via in (ResolverProtocol.DOH, ResolverProtocol.DOT):
        assert [resolver.ip for resolver in DEFAULT if resolver.via is via] == [r.ip for r in DEFAULT[:5]]
    assert all(resolver.name for resolver in DEFAULT if resolver.via is not ResolverProtocol.PLAIN)
    assert all(read_resolver(resolver.as_url) == resolver for resolver in DEFAULT)


def test_modes_and_lists() -> None:
    auto, listed, off = (read_name_policy(mode, ["9.9.9.9"]) for mode in ("auto", "list", "off"))
    assert isinstance(auto, NamePolicy) and auto.public_resolvers == DEFAULT
    assert isinstance(listed, NamePolicy) and [resolver.ip for resolver in listed.public_resolvers] == ["9.9.9.9"]
    assert isinstance(off, NamePolicy) and off.mode is PublicDnsMode.OFF and off.public_resolvers == ()
    assert read_name_policy() == NamePolicy()


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"mode": "sometimes"}, "mode"),
        ({"mode": "list"}, "resolvers"),
        ({"system": "dns://resolver.example"}, "system"),
        ({"system": "tls://1.1.1.1#one.one.one.one"}, "system"),
        ({"proxy": "socks5://127.0.0.1:1080"}, "proxy"),
        ({"private_suffixes": ["corp.example", "not a suffix"]}, "private_suffixes[1]"),
        ({"private_suffixes": [""]}, "private_suffixes[0]"),
    ],
)
def test_other_fields_are_refused_by_name(more: dict[str, object], field: str) -> None:
    refused = read_name_policy(**more)  # type: ignore[arg-type]
    assert isinstance(refused, Refused)
    assert (refused.code, refused.field) == (RefusalCode.FIELD_INVALID, field)


def test_a_whole_policy() -> None:
    policy = read_name_policy(
        "auto",
        private_suffixes=["corp.example", ".lan", "*.Intern.Example"],
        system="dns://127.0.0.1:5353",
        proxy="proxy.corp.example:3128",
    )
    assert isinstance(policy, NamePolicy)
    assert policy.private_suffixes == ("corp.example", "lan", "intern.example")
    assert policy.system == Resolver(ResolverProtocol.PLAIN, "127.0.0.1", 5353)
    assert policy.proxy == Proxy("proxy.corp.example", 3128)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("https://licensing.example.com", ServerAddress("https", "licensing.example.com", 443)),
        ("https://Licensing.Example.COM./", ServerAddress("https", "licensing.example.com", 443)),
        (
            "https://licensing.example.com:8443/tenure/",
            ServerAddress("https", "licensing.example.com", 8443, "/tenure"),
        ),
        ("https://lizenz.müller.example", ServerAddress("https", "lizenz.xn--mller-kva.example", 443)),
        ("https://[2001:db8::0:1]:8443", ServerAddress("https", "2001:db8::1", 8443)),
        ("https://licensing", ServerAddress("https", "licensing", 443)),
    ],
)
def test_servers_people_write(url: str, server: ServerAddress) -> None:
    assert read_server(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "licensing.example.com",
        "http://licensing.example.com",
        "http://127.0.0.1:8080",
        "ftp://licensing.example.com",
        "https://",
        "https://user:password@licensing.example.com",
        "https://licensing.example.com?x=1",
        "https://licensing.example.com#x",
        "https://licensing.example.com/a/../b",
        "https://licensing.example.com/%2e%2e",
        "https://licensing..example.com",
        "https://-licensing.example.com",
        "https://0x7f000001",
        "https://127.1",
        "https://lic\u200densing.example.com\x00",
        "https://licensing.example.com\\@evil.example",
        "https://[fe80::1%25eth0]",
        f"https://{'a' * 64}.example",
    ],
)
def test_what_is_no_server_is_refused(url: str) -> None:
    refused = read_server(url)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.field) == (RefusalCode.FIELD_INVALID, "server")


def test_plain_http_is_for_the_demo_on_this_computer() -> None:
    assert read_server("http://127.0.0.2:8080", allow_loopback_http=True) == ServerAddress("http", "127.0.0.2", 8080)
    assert read_server("http://demo.example.test:8080", allow_loopback_http=True)
    assert isinstance(read_server("http://192.0.2.1:8080", allow_loopback_http=True), Refused)


@pytest.mark.parametrize(
    ("server", "authority"),
    [
        (ServerAddress("https", "licensing.example", 443), "licensing.example"),
        (ServerAddress("https", "licensing.example", 80), "licensing.example:80"),
        (ServerAddress("https", "::1", 443), "[::1]"),
        (ServerAddress("https", "::1", 8443), "[::1]:8443"),
    ],
)
def test_the_host_header(server: ServerAddress, authority: str) -> None:
    assert server.host_header == authority


@pytest.mark.parametrize(
    ("environ", "proxy"),
    [
        ({}, None),
        ({"https_proxy": "http://p.example:3128"}, "http://p.example:3128"),
        ({"HTTPS_PROXY": "p.example:3128"}, "http://p.example:3128"),
        ({"ALL_PROXY": "http://p.example"}, "http://p.example:80"),
        ({"https_proxy": "http://a.example", "HTTPS_PROXY": "http://b.example"}, "http://a.example:80"),
        ({"http_proxy": "http://p.example"}, None),
        ({"https_proxy": "http://p.example", "no_proxy": "other.example, .example.com"}, None),
        ({"https_proxy": "http://p.example", "no_proxy": "licensing.example.com:443"}, None),
        ({"https_proxy": "http://p.example", "NO_PROXY": "*"}, None),
        ({"https_proxy": "http://p.example", "no_proxy": "ample.com,,"}, "http://p.example:80"),
    ],
)
def test_the_proxy_in_an_environment(environ: dict[str, str], proxy: str | None) -> None:
    found = proxy_from_environment(environ, ServerAddress("https", "licensing.example.com", 443))
    assert not isinstance(found, Refused)
    assert (found.without_password if found else None) == proxy


def test_loopback_needs_no_proxy_and_a_bad_one_is_refused() -> None:
    environ = {"https_proxy": "socks5://p.example:1080"}
    assert proxy_from_environment(environ, ServerAddress("http", "127.0.0.2", 8080)) is None
    refused = proxy_from_environment(environ, ServerAddress("https", "licensing.example.com", 443))
    assert isinstance(refused, Refused) and refused.field == "https_proxy"


@given(ips)
def test_an_address_is_nothing_to_ask_about(ip: str) -> None:
    assert why_private(ip) is not None
    assert isinstance(IPv4Address(ip) if "." in ip and ":" not in ip else IPv6Address(ip), IPv4Address | IPv6Address)


@given(names, st.sampled_from(["local", "internal", "home.arpa", "localhost", "corp.example"]))
def test_names_under_a_private_suffix_stay_inside(name: str, suffix: str) -> None:
    assert why_private(f"{name}.{suffix}", ["corp.example"])
    assert why_private(f"{name}.x{suffix}.example", ["corp.example"]) is None
