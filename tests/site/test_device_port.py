"""The device port over real TLS: the agent trusts exactly the key that its enrollment token names, name check on."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import msgspec
import pytest

from tenure.agent.main import OpenedAgent, open_agent
from tenure.agent.spki import pin_of
from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.disk import FolderOnDisk
from tenure.site import certificate
from tenure.site.main import SiteServers
from tenure.site.store import devices
from tenure.wire import b64, exchanges
from tenure.wire.devices import (
    DeviceRequest,
    EnrollmentToken,
    read_answer,
    read_ticket,
    seal_device_request,
    write_ticket,
)
from tenure.wire.keys import SeedSigner
from tests.site.site_env import FEATURES, AgentProcess, SiteProcess


@contextmanager
def running(house: SiteProcess) -> Iterator[SiteServers]:
    serving = SiteServers(house.site)
    with serving.devices, serving.local:
        yield serving


def over_tls(house: SiteProcess, name: str = "desk") -> OpenedAgent:
    """An agent with its own transport, in the folder of a desk."""
    agent = AgentProcess(house, house.site_env.folder / f"{house.folder.name}-{name}")
    agent.board.close()
    opened = open_agent(agent.folder, agent.hands.computer(name))
    assert isinstance(opened, OpenedAgent)
    return opened


def ticket_to(house: SiteProcess, port: int, **changes: object) -> str:
    read = read_ticket(house.ticket(uses=9))
    assert isinstance(read, EnrollmentToken)
    return write_ticket(msgspec.structs.replace(read, port=port, **changes))


def on(agent: OpenedAgent) -> frozenset[str]:
    return agent.keeper.holder.refresh_features().features


def test_b08_a_device_without_internet_enrolls_and_refreshes_through_its_site_alone(house: SiteProcess) -> None:
    agent = over_tls(house)
    with running(house) as serving:
        assert agent.keeper.enroll(ticket_to(house, serving.devices.port)) is None
        assert on(agent) == FEATURES
        house.site_env.server_up = False
        assert agent.keeper.refresh() is None
    assert on(agent) == FEATURES, "with every server gone"


def test_another_key_than_the_one_named_is_never_spoken_to(house: SiteProcess) -> None:
    agent = over_tls(house)
    with running(house) as serving:
        other = ticket_to(house, serving.devices.port, pin="A" * 43)
        refused = agent.keeper.enroll(other)
        assert isinstance(refused, Refused)
        assert refused.code is RefusalCode.SITE_UNREACHABLE
        assert "not the one that the enrollment token names" in refused.detail
    assert house.devices() == []


def test_the_name_is_checked(house: SiteProcess) -> None:
    agent = over_tls(house)
    with running(house) as serving:
        refused = agent.keeper.enroll(ticket_to(house, serving.devices.port, host="localhost"))
        assert isinstance(refused, Refused)
        assert refused.code is RefusalCode.SITE_UNREACHABLE
    assert house.devices() == []


def test_a_new_certificate_for_the_same_key_is_believed_and_a_new_key_is_not(
    house: SiteProcess, tmp_path: Path
) -> None:
    agent = over_tls(house)
    with running(house) as serving:
        assert agent.keeper.enroll(ticket_to(house, serving.devices.port)) is None
        port = serving.devices.port
    before = agent.keeper.holder.kept.certificate
    disk = FolderOnDisk(house.folder)
    assert certificate.ensure_certificate(disk, ("127.0.0.1", "site.example")) == house.site.pin
    with same_port(house, port):
        assert agent.keeper.refresh() is None
    assert agent.keeper.holder.kept.certificate != before
    for name in ("device-port.key", "device-port.pem"):
        (house.folder / name).unlink()
    assert certificate.ensure_certificate(disk, ("127.0.0.1",)) != house.site.pin
    with same_port(house, port):
        refused = agent.keeper.refresh()
        assert isinstance(refused, Refused)
        assert refused.code is RefusalCode.SITE_UNREACHABLE
    assert on(agent) == FEATURES, "what was promised stays"


@contextmanager
def same_port(house: SiteProcess, port: int) -> Iterator[None]:
    settings = msgspec.structs.replace(
        house.site.settings, devices=msgspec.structs.replace(house.site.settings.devices, listen=f"127.0.0.1:{port}")
    )
    with running_site(house, settings):
        yield


@contextmanager
def running_site(house: SiteProcess, settings: object) -> Iterator[None]:
    serving = SiteServers(msgspec.structs.replace(house.site, settings=settings))
    with serving.devices:
        yield


def test_the_certificate_is_for_its_names_and_survives_a_restart(house: SiteProcess) -> None:
    pem = (house.folder / "device-port.pem").read_text()
    assert pin_of(ssl.PEM_cert_to_DER_cert(pem)) == house.site.pin
    assert (house.folder / "device-port.key").stat().st_mode & 0o077 == 0
    house.restart()
    assert (house.folder / "device-port.pem").read_text() == pem


@pytest.mark.parametrize(
    "data", [b"", b"0", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"\x30\x03\x30\x01\x00", b"x" * 99]
)
def test_what_is_no_certificate_has_no_key(data: bytes) -> None:
    assert pin_of(data) is None


def test_a_device_walks_to_a_newer_root_through_its_site(house: SiteProcess) -> None:
    # The site offers what it has; there is no newer document yet, and an unknown number is not found.
    with running(house) as serving:
        context = ssl.create_default_context(cafile=str(house.folder / "device-port.pem"))
        with httpx2.Client(base_url=serving.devices.url, verify=context) as http:
            assert http.get("/v1/root/1").content == house.site.root.token
            assert http.get("/v1/root/2").json()["code"] == "not_found"
            answer = http.post("/v1/device", content=b"nonsense", headers={"Content-Type": "application/jose"})
            assert answer.json()["code"] == "message_malformed"
            assert http.get("/v1/licenses").status_code == 404
    assert house.site.store.read(lambda conn: devices.device_page(conn, devices.DeviceFilter(), 0, 9)) == []


def enrolling(house: SiteProcess, name: str) -> bytes:
    """A new device's first request, sealed."""
    ticket, signer = read_ticket(house.ticket()), SeedSigner(name.encode().ljust(32))
    assert isinstance(ticket, EnrollmentToken)
    message = DeviceRequest(
        nonce=b64.encode_text(name.encode().ljust(32)),
        request=f"req_{name:0>32}",
        ask="enroll",
        product=ticket.product,
        key=exchanges.public_jwk(signer.public),
        wall=house.site.now(),
        uptime=60,
        root=1,
        version="99.0",
        enrollment=ticket.secret,
        name=name,
    )
    return seal_device_request(message, signer)


def test_by_callback_and_by_waiting_devices_are_answered_alike(house: SiteProcess) -> None:
    port, site = house.site.port, house.site.secrets.site_signer.public
    asked = [enrolling(house, name) for name in ("called", "waited")]

    async def both_ways(first: bytes, second: bytes) -> tuple[object, object]:
        delivered: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        assert port.begin_answering(first, "127.0.0.1", delivered.set_result)
        return await delivered, await port.answer_device(second, "127.0.0.1")

    answers = asyncio.run(both_ways(*asked))
    for answer, request in zip(answers, asked, strict=True):
        assert isinstance(answer, bytes)
        read = read_answer(answer, request, site)
        assert not isinstance(read, Refused)
        assert read.result == "seat", read.refusal
    called, waited = asyncio.run(both_ways(b"no request", b"no request"))
    assert isinstance(called, Refused)
    assert called == waited
