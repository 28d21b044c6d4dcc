"""`tenure deactivate`: whoever has an application's folder gives its license back, and reads when its place
is free."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.vendor import Vendor, code
from conformance.web import Asked, Reply, Web, certificates, honest, problem
from tenure.core.refusals import ExitCode
from tenure.sdk import ActivationGranted, License
from tests.cli.terminal import Terminal


class Street:
    """An activation server with a certificate, and an application on this computer that is licensed by it."""

    deaf = False
    asked = 0

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.vendor = Vendor(now=int(time.time()))
        tls, self.believed = certificates("good", folder)
        self.web = Web(self.said, tls)
        (folder / "root.jws").write_bytes(self.vendor.roots[1])

    def said(self, asked: Asked) -> Reply:
        self.asked += 1
        return problem(503, "server_busy") if self.deaf else honest(self.vendor, asked)

    def open(self) -> License:
        return License.open(
            product="editor",
            version="12.0",
            server=self.web.url,
            root=self.folder / "root.jws",
            folder=self.folder / "editor",
        )

    def words(self, *more: str, product: str = "editor", folder: str = "editor") -> list[str]:
        said = ["deactivate", "--folder", str(self.folder / folder), "--product", product, "--version", "12.0"]
        return [*said, "--root", str(self.folder / "root.jws"), "--server", self.web.url, *more]

    @property
    def freed(self) -> bool:
        (row,) = self.vendor.sites.values()
        return row.released


@pytest.fixture
def street(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Street]:
    street = Street(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(street.believed))
    with street.open() as application:
        assert isinstance(application.activate(code("A").reveal()), ActivationGranted)
    yield street
    street.web.stop()


def test_the_license_is_erased_here_and_its_place_is_free_at_once(street: Street, terminal: Terminal) -> None:
    told = terminal.good(*street.words())
    assert (told["confirmed"], told["free_from"]) == (True, None)
    assert street.freed
    assert not street.open().standing.licensed
    again = terminal.refused(*street.words())
    assert (again["code"], again["exit"]) == ("not_activated", ExitCode.STATE)


def test_a_place_that_is_free_at_its_leases_end_only_is_told_with_that_day(street: Street, terminal: Terminal) -> None:
    street.vendor.free_from = 1_900_000_000
    told = terminal.run(*street.words())
    assert told.code == ExitCode.DONE, told.err
    assert "from 2030-03-17 17:46:40 UTC on" in told.out
    assert "free for another installation." not in told.out


def test_a_dry_run_shows_and_changes_nothing(street: Street, terminal: Terminal) -> None:
    asked = street.asked
    told = terminal.run(*street.words("--dry-run"))
    assert "would be erased here for good" in told.out
    assert (street.asked, street.open().standing.licensed) == (asked, True)


@pytest.mark.parametrize("answer", ["n", ""])
def test_on_a_terminal_a_person_is_asked_first(street: Street, terminal: Terminal, answer: str) -> None:
    told = terminal.run(*street.words(), terminal=True, answers=(answer,))
    assert "Nothing was done." in told.out
    assert "would be erased here for good" in told.err
    assert street.open().standing.licensed
    assert terminal.run(*street.words(), terminal=True, answers=("y",)).code == ExitCode.DONE
    assert street.freed
    assert not street.open().standing.licensed


def test_a_server_out_of_reach_is_told_by_the_same_command_later(street: Street, terminal: Terminal) -> None:
    street.deaf = True
    told = terminal.run(*street.words())
    assert told.code == ExitCode.UNREACHABLE
    assert "Run the same command again" in told.out
    assert not street.freed
    assert not street.open().standing.licensed
    street.deaf = False
    assert terminal.good(*street.words())["confirmed"]
    assert street.freed


@pytest.mark.parametrize("changed", [{"folder": "elsewhere"}, {"product": "viewer"}, {"product": "Not An Id"}])
def test_what_holds_no_such_license_is_refused_and_left_as_it_is(
    street: Street, terminal: Terminal, changed: dict[str, str]
) -> None:
    before = sorted(each.name for each in (street.folder / "editor").iterdir())
    told = terminal.refused(*street.words(**changed))
    assert (told["code"], told["field"]) == ("not_found", "folder")
    assert not (street.folder / "elsewhere").exists()
    assert sorted(each.name for each in (street.folder / "editor").iterdir()) == before
    assert street.open().standing.licensed


def test_a_root_document_of_the_other_kind_or_of_nobody_is_refused(street: Street, terminal: Terminal) -> None:
    assert "sandbox" in terminal.refused(*street.words("--sandbox"))["detail"]
    (street.folder / "root.jws").write_bytes(b"no root at all")
    assert terminal.refused(*street.words())["code"] == "field_invalid"


def test_a_certificate_that_is_not_trusted_is_told_with_what_makes_it_so(street: Street, tmp_path: Path) -> None:
    stranger = Terminal(tmp_path, {"TENURE_URL": street.web.url, "TENURE_TOKEN": "tnr_secret"})
    told = stranger.refused("customers", "list")
    assert (told["code"], told["who"]) == ("unreachable", "caller")
    assert told["title"].endswith("is not trusted.")
    assert "SSL_CERT_FILE" in told["remedy"]
