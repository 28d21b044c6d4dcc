"""Console and local API over TLS from end to end: `tenure site run` with a certificate, before real sockets."""

import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import msgspec
import pytest
import trustme

import tenure
from tenure.agent.main import OpenedAgent, open_agent
from tenure.core.refusals import ExitCode
from tenure.site.folder import SETTINGS
from tenure.site.main import SiteServers
from tenure.site.settings import ApiSettings, write_settings
from tests.cli.terminal import Terminal
from tests.site.site_env import FEATURES, AgentProcess, SiteEnv, SiteProcess
from tests.web.browser import FormFound, Reader

NAME = "console.corp.example"
HOST = "127.0.0.1"


class Secured:
    """A house with a certificate for a name that is not this computer's, from an authority of its own."""

    def __init__(self, house: SiteProcess, host: str = HOST) -> None:
        self.house, authority = house, trustme.CA()
        issued = authority.issue_cert(NAME)
        issued.private_key_pem.write_to_path(house.folder / "console.key")
        (house.folder / "console.key").chmod(0o600)
        chain = b"".join(each.bytes() for each in issued.cert_chain_pems)
        (house.folder / "console.pem").write_bytes(chain)
        self.trust = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
        api = ApiSettings(listen=f"{host}:0", certificate="console.pem", certificate_key="console.key")
        settings = msgspec.structs.replace(house.site.settings, api=api)
        (house.folder / SETTINGS).write_text(write_settings(settings))
        house.restart()

    def browser(self, port: int, *, trust: ssl.SSLContext | bool | None = None) -> httpx2.Client:
        """Somebody who trusts the authority and reaches the name at this computer."""
        return httpx2.Client(
            base_url=f"https://{HOST}:{port}",
            headers={"Host": f"{NAME}:{port}"},
            verify=self.trust if trust is None else trust,
            trust_env=False,
        )

    def get(self, http: httpx2.Client, path: str, **more: str) -> httpx2.Response:
        return http.get(path, headers=more, extensions={"sni_hostname": NAME})

    def send(self, http: httpx2.Client, form: FormFound, **fields: str) -> httpx2.Response:
        origin = f"https://{http.headers['host']}"
        return http.post(
            form.action, data={**form.fields, **fields}, headers={"Origin": origin}, extensions={"sni_hostname": NAME}
        )


@pytest.fixture
def secured(house: SiteProcess) -> Secured:
    return Secured(house)


@contextmanager
def program(secured: Secured) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`tenure site run` in a process of its own, and the port of its console."""
    secured.house.site.store.close()
    env = {**os.environ, "PYTHONPATH": str(Path(tenure.__file__).parents[1]), "TENURE_SITE": str(secured.house.folder)}
    command = [sys.executable, "-m", "tenure.cli.main", "site", "run"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        assert running.stdout is not None
        told = [running.stdout.readline() for _ in range(3)]
        try:
            yield running, int(told[0].rpartition(":")[2])
        finally:
            running.send_signal(signal.SIGTERM)
            assert running.wait(30) == 0
    secured.house.open()


def test_the_console_speaks_tls_alone_and_keeps_its_cookie_to_itself(secured: Secured) -> None:
    with program(secured) as (_, port), secured.browser(port) as http:
        shown = secured.get(http, "/sign-in")
        assert shown.status_code == 200
        assert shown.headers["strict-transport-security"].startswith("max-age=")
        cookie = shown.headers["set-cookie"]
        assert cookie.startswith("__Host-tenure-console=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {each.strip() for each in cookie.split(";")}
        assert "This connection is not protected" not in shown.text
        (form,) = [each for each in Reader(shown.text).forms if each.action == "/sign-in"]
        entered = secured.send(http, form, token=secured.house.site.token)
        assert entered.status_code == 303, entered.text
        assert entered.headers["set-cookie"].startswith("__Host-tenure-console=")
        settings = secured.get(http, "/settings")
        assert f"https://{NAME}:{port}" in settings.text
        assert Reader(settings.text).text.count("Protected by TLS yes") == 1
        bearer = secured.get(http, "/v1/status", Authorization=f"Bearer {secured.house.site.token}")
        assert bearer.json()["name"] == "Head office"
        # A form from an address in the clear is nobody's whom this console knows.
        strange = http.post(
            "/sign-out",
            data=form.fields,
            headers={"Origin": f"http://{NAME}:{port}"},
            extensions={"sni_hostname": NAME},
        )
        assert strange.status_code == 403


def test_whoever_speaks_in_the_clear_gets_no_answer(secured: Secured) -> None:
    with program(secured) as (_, port):
        with socket.create_connection((HOST, port), timeout=10) as plain:
            plain.sendall(f"GET /sign-in HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
            heard = b""
            while part := plain.recv(4_096):
                heard += part
        assert b"HTTP" not in heard
        with pytest.raises(httpx2.HTTPError):
            httpx2.get(f"http://{HOST}:{port}/v1/status", trust_env=False)


def test_another_name_and_another_authority_are_refused_by_whoever_asks(secured: Secured) -> None:
    with program(secured) as (_, port):
        with secured.browser(port) as http, pytest.raises(httpx2.ConnectError, match="certificate"):
            http.get("/sign-in", extensions={"sni_hostname": "other.corp.example"})
        stranger = ssl.create_default_context(cadata=trustme.CA().cert_pem.bytes().decode())
        with secured.browser(port, trust=stranger) as http, pytest.raises(httpx2.ConnectError, match="certificate"):
            secured.get(http, "/sign-in")


@pytest.mark.parametrize("host", [HOST, "0.0.0.0"])  # noqa: S104 - with TLS
def test_the_command_line_on_the_computer_itself_goes_on_and_trusts_that_certificate_alone(
    house: SiteProcess, host: str
) -> None:
    secured = Secured(house, host)
    admin = Terminal(house.site_env.folder, env={"TENURE_SITE": str(house.folder)})
    serving = SiteServers(house.site)
    with serving.local:
        assert admin.good("status")["products"][0]["product"] == "editor"
        # Another certificate for the same name, of the same authority even, is not the one in the folder.
        address = house.folder / "api.json"
        held = msgspec.json.decode(address.read_bytes())
        other = trustme.CA().issue_cert(NAME).cert_chain_pems[0].bytes().decode()
        address.write_bytes(msgspec.json.encode({**held, "certificate": other}))
        assert admin.refused("status")["exit"] == ExitCode.UNREACHABLE
    assert secured.house.site.token not in str(held)


def test_devices_go_on_with_the_key_that_their_token_names(secured: Secured) -> None:
    """The console's certificate is for people; devices trust the device port's own key, and no authority."""
    house = secured.house
    house.sync()
    serving = SiteServers(house.site)
    agent = AgentProcess(house, house.site_env.folder / f"{house.folder.name}-desk")
    agent.board.close()
    agent = open_agent(agent.folder, agent.hands.computer("desk"))
    assert isinstance(agent, OpenedAgent)
    with serving.devices, serving.local, secured.browser(serving.local.port) as http:
        body = {"product": "editor"}
        headers = {"Authorization": f"Bearer {house.site.token}", "Idempotency-Key": "one"}
        made = http.post("/v1/enrollments", json=body, headers=headers, extensions={"sni_hostname": NAME})
        assert made.status_code == 201, made.text
        assert agent.keeper.enroll(made.json()["token"]) is None
        assert agent.keeper.refresh() is None
    assert agent.keeper.holder.refresh_features().features == FEATURES


def test_without_a_certificate_no_other_computer_is_listened_to(here: SiteEnv) -> None:
    house = here.site()
    house.site.store.close()
    file = house.folder / SETTINGS
    file.write_text(file.read_text().replace('[api]\nlisten = "127.0.0.1:', '[api]\nlisten = "0.0.0.0:'))
    env = {**os.environ, "PYTHONPATH": str(Path(tenure.__file__).parents[1]), "TENURE_SITE": str(house.folder)}
    ran = subprocess.run(
        [sys.executable, "-m", "tenure.cli.main", "site", "run"], env=env, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert ran.returncode == ExitCode.INPUT
    assert ran.stdout == ""
    told = " ".join(ran.stderr.split())
    assert "only with a certificate" in told
    assert "api.certificate_key, or take api.listen out" in told
    file.write_text(file.read_text().replace('[api]\nlisten = "0.0.0.0:', '[api]\nlisten = "127.0.0.1:'))
    house.open()
