"""Who stops when fewer devices are ordered than applications use: read, rehearsed and changed by command line."""

from pathlib import Path

import msgspec
import pytest

from tenure.sdk import ActivationGranted, License, Network
from tenure.sdk.main import this_computer
from tests.cli.vendor import ProviderTerminal, Vendor

UNKNOWN = "site_00000000000000000000000000"


@pytest.fixture
def lowered(server: Vendor, staff: ProviderTerminal, tmp_path: Path) -> tuple[str, list[str]]:
    """(subscription, its three applications): three devices are ordered, one from the next period on."""
    made = staff.order(devices=3)
    root = (server.folder / "root.jws").read_bytes()
    apps = []
    for number in range(3):
        application = License.open(
            product="editor",
            version="12.0",
            server=server.url,
            root=root,
            folder=tmp_path / f"desk {number}",
            name=f"Desk {number}",
            network=Network(dns="off", proxy="", loopback_http=True),
            computer=msgspec.structs.replace(this_computer(), hardware=dict),  # each on a computer of its own
        )
        granted = application.activate(made["activation_code"])
        assert isinstance(granted, ActivationGranted), granted
        assert application.lease is not None
        apps.append(application.lease.sub)
        server.clock.now += 60
    staff.terminal.good("change-devices", made["subscription"]["id"], "1")
    return made["subscription"]["id"], apps


def test_the_list_is_shown_and_others_are_named(staff: ProviderTerminal, lowered: tuple[str, list[str]]) -> None:
    sub, apps = lowered
    shown = staff.terminal.good("subscriptions", "seat-conflict", sub)
    assert (shown["at"], shown["stay"], shown["go"]) == ("2027-01-01T00:00:00Z", 1, 2)
    assert [each["site"] for each in shown["applications"] if each["goes"]] == [apps[2], apps[1]]
    told = staff.terminal.run("subscriptions", "seat-conflict", sub, terminal=True)
    assert told.code == 0
    assert "Applications that go" in told.out
    assert "Desk 2" in told.out
    assert "`tenure edit-seat-conflict` says that others stop instead." in told.out
    rehearsed = staff.terminal.good("edit-seat-conflict", sub, apps[0], apps[1], "--dry-run")
    assert rehearsed["facts"] == ["SeatConflictListed"]
    again = staff.terminal.good("subscriptions", "seat-conflict", sub)
    assert again == shown
    staff.terminal.good("edit-seat-conflict", sub, apps[0], apps[1], "--why", "the old ones")
    after = staff.terminal.good("subscriptions", "seat-conflict", sub)
    assert {each["site"] for each in after["applications"] if each["goes"]} == set(apps[:2])
    assert [each["stays"] for each in after["applications"] if each["site"] == apps[2]] == [True]


def test_a_list_that_is_wrong_is_refused_with_what_would_be_right(
    staff: ProviderTerminal, lowered: tuple[str, list[str]]
) -> None:
    sub, apps = lowered
    few = staff.terminal.refused("edit-seat-conflict", sub, apps[0])
    assert (few["code"], few["field"]) == ("seat_conflict_open", "going")
    assert "name 2 that go, not 1" in few["detail"]
    assert staff.terminal.refused("edit-seat-conflict", sub, *apps)["code"] == "field_invalid"
    assert staff.terminal.refused("edit-seat-conflict", sub, apps[0], apps[0])["code"] == "field_invalid"
    assert staff.terminal.refused("edit-seat-conflict", sub, apps[0], UNKNOWN)["code"] == "site_unknown"


def test_where_nobody_has_to_stop_that_is_said(staff: ProviderTerminal) -> None:
    sub = staff.subscription()
    told = staff.terminal.run("subscriptions", "seat-conflict", sub, terminal=True)
    assert told.out.strip() == "No lower number of devices is agreed: no application has to stop."
    assert staff.terminal.refused("edit-seat-conflict", sub, UNKNOWN)["code"] == "nothing_to_change"
