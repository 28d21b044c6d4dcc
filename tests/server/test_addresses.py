"""Where webhooks may lead: sixty addresses that they may not, the few that they may, and fickle names."""

import ssl
from ipaddress import ip_address

import pytest

from tenure.http.outgoing.ssrf import WebhookNetworks, is_public
from tenure.http.outgoing.webhook_client import post_webhook
from tests.server.receiver import receiver

pytestmark = pytest.mark.anyio

_REFUSED = """
    168.63.129.16
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.254 127.0.0.1 127.1.2.3 127.255.255.254
    169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.170 192.0.2.1 192.88.99.1
    192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 224.0.0.251
    239.255.255.250 240.0.0.1 255.255.255.255 192.31.196.1 192.52.193.1 192.175.48.1
    :: ::1 ::127.0.0.1 ::10.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:8.8.8.8
    ::ffff:0:1.2.3.4
    64:ff9b::10.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2
    2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1::1 2002:a00:1::1 2002:a9fe:a9fe::1 3fff::1 5f00::1
    fc00::1 fd00::1
    fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 ff05::2 ff0e::1 4000::1 2606:4700::1%2
"""
REFUSED = _REFUSED.split()
_PUBLIC = """
    8.8.8.8 1.1.1.1 93.184.216.34 100.63.255.255 100.128.0.1 172.32.0.1 192.169.0.1 223.255.255.255
    2606:4700:4700::1111 2a00:1450:4001::200e 2001:4860:4860::8888 2400:cb00::1
"""
PUBLIC = _PUBLIC.split()


def test_there_are_sixty_of_them() -> None:
    assert len(set(REFUSED)) >= 60


@pytest.mark.parametrize("text", REFUSED)
def test_an_address_that_is_not_everybodys_is_refused(text: str) -> None:
    assert not is_public(ip_address(text))
    assert not WebhookNetworks().allows_address(ip_address(text))
    literal = f"[{text}]" if ":" in text else text
    assert WebhookNetworks().check_url(f"https://{literal}/hook") is not None


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_allowed(text: str) -> None:
    assert is_public(ip_address(text))
    assert WebhookNetworks().check_url(f"https://{f'[{text}]' if ':' in text else text}/hook") is None


def test_what_the_operator_allows_is_that_and_no_more() -> None:
    reach = WebhookNetworks(networks=("10.1.0.0/16", "fd00:1::/32"))
    assert reach.allows_address(ip_address("10.1.2.3"))
    assert reach.allows_address(ip_address("fd00:1::5"))
    assert not reach.allows_address(ip_address("10.2.0.1"))
    assert not reach.allows_address(ip_address("::ffff:10.1.2.3"))


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/x", "ftp://hooks.example/x", "file:///etc/passwd", "https://", "https:///x", "//x.test/",
        "https://user@hooks.example/", "https://user:secret@hooks.example/", "https://hooks.example/#there",
        "https://hooks.example:0/", "https://hooks.example:99999/", "https://[::1/", "gopher://127.0.0.1:25/",
        "https://hooks.example/" + "x" * 600, "javascript:alert(1)", "https://m\u00fcller.example/", "https://x.example/\u00e4",
        "https://\uff11\uff12\uff17.0.0.1/", "https://\udc80/", "https://x.example/ GET", "https://x.example/\r\nA: b",
    ],
)  # fmt: skip
def test_an_address_of_another_form_is_refused(url: str) -> None:
    refused = WebhookNetworks().check_url(url)
    assert refused is not None
    assert refused.field == "url"


async def test_an_address_that_was_stored_in_another_form_is_a_fault_of_the_receiver() -> None:
    """Else nothing of the attempt would be on record, and it would be repeated without end."""
    url = "https://m\u00fcller.example/hook"
    reply = await post_webhook(url, [], b"{}", WebhookNetworks(), ssl.create_default_context())
    assert reply.cause == "address_forbidden"
    assert "xn--" in reply.fault


@pytest.mark.parametrize("name", ["127.1", "2130706433", "0x7f000001", "017700000001", "localhost", "0"])
async def test_an_odd_spelling_of_loopback_leads_nowhere(name: str) -> None:
    """The system's resolver reads them; what it makes of them is judged."""
    async with receiver() as other:
        reply = await post_webhook(
            f"http://{name}:{other.port}/", [], b"{}", WebhookNetworks(http=True), ssl.create_default_context()
        )
        assert reply.status is None
        assert reply.fault.startswith("not sent: ")
        assert other.messages == []


@pytest.mark.parametrize("text", ["127.0.0.1", "::1", "169.254.169.254", "10.0.0.1", "fe80::1"])
async def test_a_public_name_with_a_private_address_is_not_connected_to(text: str) -> None:
    async def lying(host: str, port: int) -> list[str]:
        return [text]

    reply = await post_webhook(
        "https://hooks.example/", [], b"{}", WebhookNetworks(look_up=lying), ssl.create_default_context()
    )
    assert reply.fault == "not sent: every address behind this name is private or reserved"


async def test_a_name_that_changes_its_mind_gains_nothing() -> None:
    """Rebinding: the address that was judged is the one connected to, and it is asked for once."""
    asked: list[str] = []

    async def changing(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1" if len(asked) == 1 else "127.0.0.2"]

    reach = WebhookNetworks(http=True, networks=("127.0.0.1/32",), look_up=changing)
    async with receiver() as good, receiver("127.0.0.2", good.port) as bad:
        trust = ssl.create_default_context()
        first = await post_webhook(f"http://hooks.example:{good.port}/", [], b"{}", reach, trust)
        assert (first.status, asked) == (204, ["hooks.example"])
        second = await post_webhook(f"http://hooks.example:{good.port}/", [], b"{}", reach, trust)
        assert second.fault.startswith("not sent: ")
        assert (len(good.messages), len(bad.messages)) == (1, 0)


async def test_of_several_addresses_an_allowed_one_is_taken() -> None:
    async def several(host: str, port: int) -> list[str]:
        return ["10.0.0.1", "127.0.0.2", "127.0.0.1"]

    reach = WebhookNetworks(http=True, networks=("127.0.0.1/32",), look_up=several)
    async with receiver() as good:
        reply = await post_webhook(f"http://hooks.example:{good.port}/", [], b"{}", reach, ssl.create_default_context())
        assert reply.was_accepted
        assert good.messages[0].headers["host"] == f"hooks.example:{good.port}"


async def test_a_name_without_address_is_a_fault() -> None:
    reply = await post_webhook("https://nowhere.invalid/", [], b"{}", WebhookNetworks(), ssl.create_default_context())
    assert (reply.status, reply.fault) == (None, "the name cannot be resolved")
