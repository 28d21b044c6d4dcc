"""What applications see, on real files and real sockets: from ten lines in an empty file to the last feature."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import tenure.sdk
from conformance.keys import signed
from conformance.moves import amnesty
from conformance.vendor import Vendor, code, paid
from conformance.web import Web, certificates, honest
from tenure.core.refusals import RefusalCode
from tenure.core.timeline import DAY, Phase, PhaseCause
from tenure.sdk import ActivationGranted, ConfigurationError, License, Network, Rejected, Synchronized
from tests.sdk.world import Hands

ROOT = Path(__file__).resolve().parents[2]


class Office:
    """A vendor on a socket, and applications that find it there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.vendor = Vendor()
        self.web = Web(lambda asked: honest(self.vendor, asked))
        self.hands = Hands()

    def open(self, name: str = "editor", **changed: object) -> License:
        arguments: dict[str, object] = {
            "product": "editor",
            "version": "12.0",
            "server": self.web.url,
            "root": self.vendor.roots[1],
            "folder": self.folder / name,
            "network": Network(dns="off", proxy="", loopback_http=True),
            "computer": self.hands.computer(),
        }
        return License.open(**(arguments | changed))  # type: ignore[arg-type]

    def wait(self, seconds: int) -> None:
        self.vendor.now += seconds
        self.hands.uptime += seconds
        self.hands.wall += seconds


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.web.stop()


def shown_in_docstring() -> str:
    lines = (tenure.sdk.__doc__ or "").splitlines()
    return "\n".join(line[4:] for line in lines if line.startswith("    "))


def test_m09_the_ten_lines_pasted_into_an_empty_file_license_it(tmp_path: Path) -> None:
    """Those of the docstring; the README's are run as written against the demo (`tests/stories/test_demo.py`)."""
    program = shown_in_docstring()
    assert len([line for line in program.splitlines() if line.strip()]) <= 11
    vendor = Vendor(now=int(time.time()))
    tls, believed = certificates("good", tmp_path)
    web = Web(lambda asked: honest(vendor, asked), tls)
    (tmp_path / "root.jws").write_bytes(vendor.roots[1])
    assert "https://license.example.com" in program
    (tmp_path / "app.py").write_text(program.replace("https://license.example.com", web.url), encoding="utf-8")
    environment = {"HOME": str(tmp_path), "SSL_CERT_FILE": str(believed), "PYTHONPATH": os.pathsep.join(sys.path)}

    def started(typed: str) -> str:
        done = subprocess.run(
            [sys.executable, "app.py"],
            input=typed,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout

    told = started(f"{code('A').reveal()}\n")
    assert "The activation code was accepted." in told
    assert "All functions are on" in told
    web.stop()
    assert "All functions are on" in started(""), "the second start needs neither a code nor a server"


class TestALicense:
    def test_m05_m07_functions_change_at_their_second_without_any_call(self, office: Office) -> None:
        app = office.open()
        assert not app.allows("edit")
        assert not app.standing.licensed
        assert "apply the activation code" in app.standing.message
        app.activate(code("A").reveal())
        end = office.vendor.now + 10 * DAY
        contract = office.vendor.contracts[code("A").reveal()]
        contract.change(paid(office.vendor.now, 10, 5), end)
        app.synchronize()
        assert app.standing.phase is Phase.ACTIVE
        assert app.standing.paid_until == end
        office.web.stop()
        seen = []
        for moment in (end - 1, end, end + 5 * DAY - 1, end + 5 * DAY):
            office.wait(moment - office.vendor.now)
            seen.append((app.allows("edit"), app.allows("read"), app.allows("fly")))
        assert seen == [(True, True, False)] * 3 + [(False, True, False)]
        office.web = Web(lambda asked: honest(office.vendor, asked))

    def test_b06_each_cause_is_told_with_its_remedy(self, office: Office) -> None:
        app = office.open()
        app.activate(code("A").reveal())
        office.wait(8 * DAY)
        standing = app.standing
        assert (standing.phase, standing.cause) == (Phase.GRACE, PhaseCause.SYNC_OVERDUE)
        assert "has not answered for too long" in standing.message
        assert "2027-02-14 07:55:00 UTC" in standing.message
        assert [remedy.who for remedy in standing.remedies] == ["administrator"]
        assert "Connect this computer" in standing.remedies[0].how

    def test_an_application_that_is_too_old_is_told_so(self, office: Office) -> None:
        app = office.open()
        app.activate(code("A").reveal())
        contract = office.vendor.contracts[code("A").reveal()]
        contract.min_version, contract.revision = "14.0", contract.revision + 1
        app.synchronize()
        assert not app.allows("edit")
        assert app.allows("read")
        assert "Version 14.0 or later is needed" in app.standing.message
        assert app.standing.licensed

    def test_the_lease_is_a_jwt_for_everybody(self, office: Office) -> None:
        app = office.open()
        assert app.lease is None
        assert app.lease_jwt == ""
        app.activate(code("A").reveal())
        assert app.lease is not None
        assert app.lease.subscription == "sub_a"
        assert app.lease_jwt.count(".") == 2

    def test_a_successor_is_shown_with_its_dates(self, office: Office) -> None:
        app = office.open()
        app.activate(code("A").reveal())
        assert app.successor is None
        staged = app.stage(code("B").reveal())
        assert isinstance(staged, ActivationGranted)
        assert "takes over by itself on 2027-03-16 08:00:00 UTC" in staged.message
        assert app.successor is not None
        assert app.successor.begins == office.vendor.now + 60 * DAY
        assert app.successor.spans[-1].phase is Phase.ENDED

    def test_b15_an_amnesty_is_taken_from_a_file(self, office: Office, tmp_path: Path) -> None:
        app = office.open()
        app.activate(code("A").reveal())
        file = tmp_path / "amnesty.jws"
        file.write_bytes(amnesty(office.vendor, {"ago": 0, "days": 5}) + b"\n")
        before = app.standing.contact_until
        assert before is not None
        assert not isinstance(app.import_notice(file), Rejected)
        assert app.standing.contact_until == before + 5 * DAY
        refused = app.import_notice(b"nonsense")
        assert isinstance(refused, Rejected)
        assert refused.code is RefusalCode.MESSAGE_MALFORMED

    def test_a_site_that_was_declared_lost_begins_anew_with_the_next_code(self, office: Office) -> None:
        app = office.open()
        app.activate(code("A").reveal())
        next(iter(office.vendor.sites.values())).lost = True
        refused = app.synchronize()
        assert isinstance(refused, Rejected)
        assert refused.code is RefusalCode.SITE_LOST
        assert not app.allows("edit")
        assert isinstance(app.activate(code("B").reveal()), ActivationGranted)
        assert app.allows("edit")
        assert len(office.vendor.sites) == 2

    def test_a_start_remembers_everything(self, office: Office) -> None:
        first = office.open()
        first.activate(code("A").reveal())
        again = office.open()
        assert again.allows("export")
        assert again.standing == first.standing
        assert again.lease_jwt == first.lease_jwt

    def test_an_application_that_only_looks_sees_what_another_process_has_learned(self, office: Office) -> None:
        first, second = office.open(), office.open()
        assert not second.standing.licensed
        first.activate(code("A").reveal())
        assert second.standing.licensed
        assert second.allows("edit")

    def test_a_restart_with_the_clock_set_back_gains_nothing(self, office: Office) -> None:
        office.open().activate(code("A").reveal())
        for _ in range(31):
            office.hands.restart()
            office.hands.wall -= 400 * DAY
            app = office.open()
            office.hands.uptime += DAY + 1
            app = office.open()
            assert app.standing.warnings[0].code is RefusalCode.CLOCK_IMPLAUSIBLE
        assert app.standing.phase is Phase.ENDED

    def test_a_folder_that_vanishes_is_written_back_and_takes_no_second_place(self, office: Office) -> None:
        app = office.open()
        app.activate(code("A").reveal())
        shutil.rmtree(office.folder / "editor")
        assert app.standing.licensed
        assert app.allows("edit")
        assert isinstance(app.synchronize(), Synchronized)
        again = office.open()
        assert again.standing.licensed
        assert again.lease == app.lease

    def test_by_hand_what_changed_is_told(self, office: Office) -> None:
        app = office.open()
        app.activate(code("A").reveal())
        texts: list[str] = []
        outcome = app.synchronize(lambda step: texts.append(step.text))
        assert isinstance(outcome, Synchronized)
        assert outcome.differences == ()
        assert any("was reached" in text for text in texts)
        assert outcome.path.startswith("fixed address, 127.0.0.1:")
        again = app.synchronize()
        assert isinstance(again, Rejected)
        assert again.code is RefusalCode.TOO_MANY_REQUESTS
        assert again.when == office.vendor.now + 60


class TestMistakesOfTheProgram:
    @pytest.mark.parametrize(
        ("changed", "told"),
        [
            ({"product": "Editor 2"}, "is not an id"),
            ({"version": "newest"}, "version: A version is written as 12.4.1"),
            ({"server": "http://license.example.com", "network": Network()}, "plain HTTP is not spoken"),
            ({"server": "license.example.com"}, "server: 'license.example.com' is not the address"),
            ({"root": b"rubbish"}, "root document is no good"),
            ({"root": "nowhere.jws"}, "cannot be read"),
            ({"sandbox": True}, "not that of a sandbox"),
            ({"clock": "now.txt"}, "only in a sandbox"),
            ({"network": Network(dns="sometimes", loopback_http=True)}, "auto, list, off"),
            ({"network": Network(proxy="socks5://127.0.0.1", loopback_http=True)}, "HTTP proxy"),
        ],
    )
    def test_they_are_raised_at_once_with_the_reason(
        self, office: Office, changed: dict[str, object], told: str
    ) -> None:
        with pytest.raises(ConfigurationError, match=re.escape(told)):
            office.open(**changed)

    def test_a_root_that_its_own_keys_did_not_sign_is_none(self, office: Office) -> None:
        with pytest.raises(ConfigurationError, match="lacks signatures"):
            office.open(root=signed(office.vendor.documents[0], "root-a"))

    def test_the_root_of_a_sandbox_is_refused_in_production(self, office: Office) -> None:
        with pytest.raises(ConfigurationError, match="is that of a sandbox, but sandbox=False"):
            office.open(root=Vendor(sandbox=True).roots[1])


class TestASandbox:
    def test_b05_its_clock_file_moves_the_license(self, tmp_path: Path) -> None:
        office = Office(tmp_path)
        office.vendor = Vendor(sandbox=True)
        clock = tmp_path / "clock"
        clock.write_text(str(office.vendor.now))
        app = office.open(sandbox=True, clock=clock)
        assert isinstance(app.activate(code("A").reveal()), ActivationGranted)
        assert app.allows("edit")
        clock.write_text("2027-03-29T07:59:59Z\n")
        office.hands.uptime += 0.06
        assert app.standing.phase is Phase.ENDED
        assert app.standing.cause is PhaseCause.SYNC_OVERDUE
        office.vendor.now = app.standing.at
        app.synchronize()
        assert app.allows("edit")
        clock.write_text("2027-03-30T08:00:00Z")
        office.hands.uptime += 0.06
        assert not app.allows("edit")
        assert app.standing.warnings == ()
        clock.write_text("2027-01-01T00:00:00Z")
        office.hands.uptime += 0.06
        assert not app.allows("edit"), "a sandbox's clock goes forwards only"
        clock.unlink()
        office.hands.uptime += 0.06
        assert not app.allows("edit")
        office.web.stop()
