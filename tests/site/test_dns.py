"""DNS under the administrator's control: what is chosen holds at once, is counted, can be tried first (B10, M15)."""

import socket
from pathlib import Path

import pytest

from tenure.core.refusals import Refused
from tenure.sdk.network.bounds import ExchangeBounds
from tenure.sdk.network.last_good import LastGoodFile
from tenure.sdk.progress import ProgressWatch
from tenure.sdk.transport import TransportRequest
from tenure.site.server_connection import DnsChoice, ServerConnections
from tenure.site.settings import NetworkSettings, SiteSettings
from tenure.site.store.sqlite import SiteStore, open_store
from tests.site.callers import Caller
from tests.site.site_env import FakeComputer, SiteProcess, Time

ASK = TransportRequest("GET", "/livez")


@pytest.fixture
def store(folder: Path) -> SiteStore:
    opened = open_store(folder / "site.db")
    assert isinstance(opened, SiteStore)
    return opened


def silent() -> tuple[socket.socket, str]:
    """A resolver that hears every question and answers none."""
    heard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    heard.bind(("127.0.0.1", 0))
    heard.setblocking(False)
    return heard, f"dns://127.0.0.1:{heard.getsockname()[1]}"


def packets(heard: socket.socket) -> int:
    count = 0
    while True:
        try:
            heard.recv(4_096)
        except BlockingIOError:
            return count
        count += 1


def ways_of(store: SiteStore, system: str, folder: Path) -> ServerConnections:
    settings = SiteSettings(server="https://license.example.com", products={}, network=NetworkSettings(system=system))
    computer, addresses = FakeComputer(Time()).computer(), LastGoodFile(folder / "addresses")
    return ServerConnections(settings, computer, addresses, store, ExchangeBounds(lookup=0.3))


def test_b10_a_choice_holds_from_the_next_exchange_on_and_every_question_is_counted(
    store: SiteStore, folder: Path
) -> None:
    (system, own), (public, theirs) = silent(), silent()
    ways = ways_of(store, own, folder)
    assert ways.set_choice(DnsChoice(mode="list", resolvers=(theirs,))) is None
    way = ways.make_transport(ProgressWatch(), lambda: "")
    assert not isinstance(way, Refused)
    assert isinstance(way.send(ASK), Refused)
    assert packets(system) > 0
    assert packets(public) > 0
    assert ways.path_counts.failed == 1
    assert ways.path_counts.lookups["public timeout"] == 1
    assert ways.set_choice(DnsChoice(mode="off")) is None
    assert isinstance(way.send(ASK), Refused)
    assert packets(public) == 0, "off: no packet to a public resolver"
    assert ways.path_counts.lookups["public timeout"] == 1
    assert ways.path_counts.lookups["system timeout"] == 2
    store.write(lambda conn: None).result()  # nobody waits for counts: whoever looks at the disk does
    again = ways_of(store, own, folder)
    assert (again.current_choice.mode, again.path_counts.failed) == ("off", 2), "kept over a restart"


def test_b10_a_choice_that_cannot_be_read_changes_nothing(store: SiteStore, folder: Path) -> None:
    ways = ways_of(store, "system", folder)
    for wrong in (
        DnsChoice(mode="list"),
        DnsChoice(mode="list", resolvers=("nonsense",)),
        DnsChoice(mode="auto", private_suffixes=("not a name",)),
    ):
        assert isinstance(ways.set_choice(wrong), Refused)
    assert ways.current_choice == DnsChoice()


def test_b10_the_console_reads_chooses_and_tries(house: SiteProcess) -> None:
    console = Caller(house)
    shown = console.get("/v1/dns")
    assert (shown["mode"], shown["effective"], shown["decided_by"]) == ("", "auto", "default")
    assert shown["defaults"][0].startswith("dns://8.8.8.8") or "8.8.8.8" in shown["defaults"][0]
    heard, text = silent()
    body = {"mode": "list", "resolvers": [text], "private_suffixes": ["corp.example"]}
    assert console.send("PUT", "/v1/dns", body, dry_run="true").status_code == 200
    assert console.get("/v1/dns")["mode"] == ""
    assert console.send("PUT", "/v1/dns", body).json()["decided_by"] == "administrator"
    assert console.get("/v1/dns")["private_suffixes"] == ["corp.example"]
    assert console.refused("PUT", "/v1/dns", {"mode": "list"}) == "field_invalid"
    checks = console.post("/v1/dns/test", {"mode": "off"})["checks"]
    assert any(check["state"] == "failed" for check in checks), "there is no license.test"
    assert packets(heard) == 0, "trying another choice asks nobody of this one"
