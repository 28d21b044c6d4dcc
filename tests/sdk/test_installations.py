"""An application on its own: it gives its license up, says what its copies are, and is told so in its user's words."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import msgspec
import pytest

from conformance.vendor import code
from conformance.web import Asked, Reply, honest, problem
from tenure.core.business.commands import OccupiedPlaces
from tenure.core.business.decide.places import full_pool
from tenure.core.refusals import RefusalCode
from tenure.core.timeline import DAY, HOUR, Phase
from tenure.sdk import ActivationGranted, License, LicenseReleased, Rejected, Synchronized
from tests.sdk.test_license import Office


class Street(Office):
    """An office whose server hears everything, and whose answers are lost while `lost` is set."""

    lost = deaf = False

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.web.answer = self.said

    def said(self, asked: Asked) -> Reply:
        if self.deaf:
            return problem(503, "server_busy")
        reply = honest(self.vendor, asked)
        return problem(503, "server_busy") if self.lost else reply


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Street]:
    office = Street(tmp_path)
    yield office
    office.web.stop()


def licensed(office: Street) -> License:
    """An application that has applied a code."""
    license_ = office.open()
    assert isinstance(license_.activate(code("A").reveal()), ActivationGranted)
    return license_


def test_a_license_given_up_is_gone_here_and_the_server_has_its_receipt(office: Street) -> None:
    license_ = licensed(office)
    assert license_.allows("edit")
    told = license_.release()
    assert isinstance(told, LicenseReleased)
    assert told.confirmed
    assert "free for another installation" in told.message
    assert not license_.allows("edit")
    (row,) = office.vendor.sites.values()
    assert row.released
    again = office.open()
    assert (again.standing.phase, again.next_contact) == (Phase.PENDING, None)
    refused = again.release()
    assert isinstance(refused, Rejected)
    assert refused.code is RefusalCode.NOT_ACTIVATED
    assert isinstance(again.activate(code("A").reveal()), ActivationGranted)
    assert again.allows("edit")


def test_a_server_out_of_reach_is_told_later_also_by_the_next_run(office: Street) -> None:
    license_ = licensed(office)
    office.deaf = True
    told = license_.release()
    assert isinstance(told, LicenseReleased)
    assert not told.confirmed
    assert "not before" in told.message
    assert not license_.allows("edit")
    office.deaf = False
    office.wait(2 * HOUR)
    again = office.open()
    assert not again.allows("edit")
    again._run_tick()
    (row,) = office.vendor.sites.values()
    assert row.released
    assert again.next_contact is None


def test_a_lease_that_was_under_way_serves_nobody_once_it_was_given_up(office: Street) -> None:
    """Asked for before: its answer brings a newer lease, which is erased too, and the receipt names that one."""
    license_ = licensed(office)
    office.wait(10 * DAY)
    office.lost = True
    assert isinstance(license_.synchronize(), Rejected)
    office.lost = False
    office.wait(2 * HOUR)
    told = license_.release()
    assert isinstance(told, LicenseReleased)
    assert told.confirmed
    (row,) = office.vendor.sites.values()
    assert (row.released, row.serial) == (True, 2)
    assert not license_.allows("edit")
    assert license_.lease_jwt == ""


def test_an_application_put_back_from_a_backup_says_so_and_goes_on(office: Street) -> None:
    licensed(office)
    backup = office.folder / "backup"
    shutil.copytree(office.folder / "editor", backup)
    office.wait(DAY)
    assert isinstance(office.open().synchronize(), Synchronized)
    shutil.rmtree(office.folder / "editor")
    shutil.copytree(backup, office.folder / "editor")
    computer = office.hands.computer()
    restored = office.open(computer=msgspec.structs.replace(computer, draw=Random(8).randbytes))  # noqa: S311
    office.wait(DAY)
    told = restored.synchronize()
    assert isinstance(told, Synchronized)
    assert told.result == "forked"
    assert "another copy of this installation is in use" in told.message
    assert "nothing has changed" not in told.message
    (warned,) = [each.how for each in restored.standing.remedies if "restored" in each.how]
    assert "console" not in warned
    assert "tenure licenses" not in warned
    office.wait(HOUR)
    resolved = restored.resolve("restored")
    assert isinstance(resolved, Synchronized)
    assert resolved.result != "forked"
    assert restored.allows("edit")
    assert not any(each.code is RefusalCode.LEASE_FORKED for each in restored.standing.warnings)


def test_a_refusal_speaks_to_an_applications_user(office: Street) -> None:
    office.vendor.contracts[code("A").reveal()].refused = full_pool(OccupiedPlaces(allowed=11, alone=11))
    told = office.open().activate(code("A").reveal())
    assert isinstance(told, Rejected)
    assert "All 11 places are taken" in told.message
    assert "ask the manager of the subscription" in told.message
    for words in ("Give up the license", "manager of the subscription"):
        assert told.message.count(words) == 1, "what helps is said once"
