"""DNS under the administrator's control: what is chosen holds at once, is counted, can be tried first (B10, M15)."""

import socket
from pathlib import Path

import pytest

from tenure.core.refusals import Refused
from tenure.sdk.names.last_good import LastGoodFile
from tenure.sdk.steps import Progress
from tenure.sdk.transport import Request
from tenure.site.settings import NetworkSettings, Settings
from tenure.site.store.lite import Store, open_store
from tenure.site.ways import Choice, Ways
from tests.site.callers import Caller
from tests.site.town import Hands, House, Time

ASK = Request("GET", "/livez")


@pytest.fixture
def store(folder: Path) -> Store:
    opened = open_store(folder / "site.db")
    assert isinstance(opened, Store)
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


def ways_of(store: Store, system: str, folder: Path) -> Ways:
    settings = Settings(server="https://licence.example.com", products={}, network=NetworkSettings(system=system))
    return Ways(settings, Hands(Time()).computer(), LastGoodFile(folder / "addresses"), store)


def test_b10_a_choice_holds_from_the_next_exchange_on_and_every_question_is_counted(store: Store, folder: Path) -> None:
    (system, own), (public, theirs) = silent(), silent()
    ways = ways_of(store, own, folder)
    assert ways.choose(Choice(mode="list", resolvers=(theirs,))) is None
    way = ways.transport(Progress(), lambda: "")
    assert not isinstance(way, Refused)
    assert isinstance(way.send(ASK), Refused)
    assert packets(system) > 0
    assert packets(public) > 0
    assert ways.counted.failed == 1
    assert ways.counted.lookups["public timeout"] == 1
    assert ways.choose(Choice(mode="off")) is None
    assert isinstance(way.send(ASK), Refused)
    assert packets(public) == 0, "off: no packet to a public resolver"
    assert ways.counted.lookups["public timeout"] == 1
    assert ways.counted.lookups["system timeout"] == 2
    store.write(lambda conn: None).result()  # nobody waits for counts: whoever looks at the disk does
    again = ways_of(store, own, folder)
    assert (again.choice.mode, again.counted.failed) == ("off", 2), "kept over a restart"


def test_b10_a_choice_that_cannot_be_read_changes_nothing(store: Store, folder: Path) -> None:
    ways = ways_of(store, "system", folder)
    for wrong in (
        Choice(mode="list"),
        Choice(mode="list", resolvers=("nonsense",)),
        Choice(mode="auto", private_suffixes=("not a name",)),
    ):
        assert isinstance(ways.choose(wrong), Refused)
    assert ways.choice == Choice()


def test_b10_the_console_reads_chooses_and_tries(house: House) -> None:
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
    assert any(check["state"] == "failed" for check in checks), "there is no licence.test"
    assert packets(heard) == 0, "trying another choice asks nobody of this one"
