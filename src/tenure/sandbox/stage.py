"""Where a story takes place: the server's process, two providers with their clocks, licensed applications."""

from pathlib import Path

import msgspec

from tenure.http.timestamps import format_rfc3339
from tenure.sandbox.programs import RunningProgram
from tenure.sandbox.provider_client import ProviderClient
from tenure.sandbox.seed import SeededProvider, seed_customer, seed_order
from tenure.sandbox.site_clock import TestClock
from tenure.sdk import License
from tenure.sdk.hardware import made_up
from tenure.sdk.main import this_computer
from tenure.sdk.transport_factory import Network

BEGINNING = "2030-01-31T12:00:00Z"
"""A 31st, so that months have to be clipped; in the future, so that every sandbox clock may begin there."""


class StoryProvider:
    """A provider at work: its view of the server and its clock."""

    def __init__(self, folder: Path, url: str, provider: SeededProvider, beginning: str = BEGINNING) -> None:
        self.provider = provider
        self.client = ProviderClient(url, provider.token)
        self.clock = TestClock(self.client, folder / f"{provider.name}.clock", beginning)

    def customer(self, name: str, money: int = 0) -> str:
        """A customer with money; its id."""
        return seed_customer(self.client, name, money)

    def order(self, plan: str, buyer: str, devices: int = 10, **more: object) -> tuple[str, str]:
        """(subscription, activation code)."""
        return seed_order(self.client, self.provider.offers, plan, buyer, devices, **more)

    def look(self, subscription: str) -> dict[str, object]:
        """The subscription as it stands."""
        seen: dict[str, object] = self.client.get(f"/v1/subscriptions/{subscription}")
        return seen

    def phase(self, subscription: str) -> str:
        """Its phase and cause in a word."""
        seen = self.look(subscription)
        return f"{seen['phase']}({seen['why']})"

    def do(self, subscription: str, action: str, **body: object) -> dict[str, object]:
        """One action."""
        done: dict[str, object] = self.client.post(f"/v1/subscriptions/{subscription}/{action}", dict(body))
        return done

    def refused(self, subscription: str, action: str, **body: object) -> str:
        """The code with which an action is refused."""
        return self.client.refusal_of(f"/v1/subscriptions/{subscription}/{action}", dict(body))


class StoryStage:
    """Everything a chapter may use."""

    def __init__(
        self,
        folder: Path,
        server: RunningProgram,
        vendor: ProviderClient,
        north: SeededProvider,
        strict: SeededProvider,
    ) -> None:
        self.folder, self.server, self.vendor = folder, server, vendor
        self.north, self.strict = StoryProvider(folder, server.url, north), StoryProvider(folder, server.url, strict)
        self.notes: dict[str, str] = {}
        """What one chapter leaves for the next: ids and codes."""

    @property
    def root(self) -> Path:
        """The sandbox's root document, as it comes with a product."""
        return self.folder / "server" / "sandbox-root.jws"

    def application(
        self, name: str, provider: StoryProvider, version: str = "12.0", server: str = "", *, hardware: str = ""
    ) -> License:
        """An application in a folder of its own, licensed in the way of the README; on made-up `hardware`, if named."""
        computer = this_computer()
        if hardware:
            computer = msgspec.structs.replace(computer, hardware=lambda: made_up(hardware))
        return License.open(
            product="editor",
            version=version,
            server=server or self.server.url,
            root=self.root,
            folder=self.folder / name,
            name=name,
            sandbox=True,
            clock=provider.clock.file,
            network=Network(loopback_http=True, proxy=""),
            computer=computer,
        )

    def close(self) -> None:
        """Let go of every connection."""
        for client in (self.vendor, self.north.client, self.strict.client):
            client.close()


def show_instant(instant: int | None) -> str:
    """An instant as the story writes it."""
    return "never" if instant is None else format_rfc3339(instant)
