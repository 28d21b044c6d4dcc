"""`tenure-agent`: a device is made, enrolled, looked at and released with what `tenure-sdk` brings."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tenure.agent.command.main import run_command
from tenure.core.refusals import ExitCode, Refused
from tenure.site import enrollment
from tenure.site.main import SiteServers
from tests.site.site_env import SiteProcess


class Device:
    """A terminal on a device whose home is `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = self.err = ""

    def run(self, *words: str, given: str = "") -> ExitCode:
        out, err = io.StringIO(), io.StringIO()
        code = run_command(list(words), {"HOME": str(self.folder)}, io.StringIO(given), out, err)
        self.out, self.err = out.getvalue(), err.getvalue()
        return code

    def json(self, *words: str, given: str = "") -> Any:
        assert self.run(*words, "--json", given=given) == ExitCode.DONE, self.err
        return json.loads(self.out)


@pytest.fixture
def device(house: SiteProcess, tmp_path: Path) -> Device:
    made = Device(tmp_path)
    words = ("--root", str(house.folder / "root.jws"), "--product", "editor", "--version", "12.0")
    assert made.run("init", *words) == ExitCode.DONE, made.err
    return made


@pytest.fixture
def token(house: SiteProcess) -> Iterator[str]:
    """An enrollment token of a site whose device port can be reached over the network."""
    servers = SiteServers(house.site)
    with servers.devices:
        made = enrollment.new_ticket(house.site, "editor", uses=1, port=servers.devices.port)
        assert not isinstance(made, Refused), made
        house.site.store.write(lambda conn: enrollment.store_enrollment(conn, made)).result()
        yield made.token


def test_init_enroll_status_and_release(house: SiteProcess, token: str, device: Device) -> None:
    assert str(device.folder / ".local/state/tenure/agent/agent.toml") in device.out
    assert device.out.endswith("Enroll this device: tenure-agent enroll\n")
    before = device.json("status")
    assert (before["phase"], before["features"]) == ("pending", [])
    enrolled = device.json("enroll", given=f"{token}\n")
    assert enrolled["device"] == house.devices()[0].id
    assert device.run("status") == ExitCode.DONE
    assert "\nSite          127.0.0.1:" in device.out
    assert device.run("release") == ExitCode.DONE
    assert house.counted == 0
    assert device.json("status")["message"].startswith("This device has given its seat up.")


def test_the_hint_after_init_names_the_folder_that_was_named(house: SiteProcess, tmp_path: Path) -> None:
    device = Device(tmp_path)
    named = str(tmp_path / "an agent")
    words = ("--root", str(house.folder / "root.jws"), "--product", "editor", "--version", "12.0")
    assert device.run("init", "--agent", named, *words) == ExitCode.DONE, device.err
    assert device.out.endswith(f"Enroll this device: tenure-agent enroll --agent '{named}'\n")


def test_a_token_may_be_kept_for_the_first_start(house: SiteProcess, device: Device) -> None:
    kept = device.json("enroll", "--later", house.ticket())
    assert (kept["device"], kept["site"] != "") == ("", True)
    assert house.counted == 0


@pytest.mark.parametrize(
    ("words", "code", "refusal", "field"),
    [
        (
            ("init", "--root", "nowhere", "--product", "editor", "--version", "1"),
            ExitCode.INPUT,
            "field_invalid",
            "root",
        ),
        (("enroll", "nonsense"), ExitCode.INPUT, "field_invalid", "token"),
        (("enroll",), ExitCode.INPUT, "field_invalid", "enrollment"),
        (("status", "--agent", "/nowhere/at/all"), ExitCode.UNKNOWN, "not_found", "agent"),
        (("status", "--clock", "clock"), ExitCode.STATE, "sandbox_only", "clock"),
    ],
)
def test_a_refusal_has_its_code_its_words_and_its_family(
    device: Device, words: tuple[str, ...], code: ExitCode, refusal: str, field: str
) -> None:
    assert device.run(*words, "--json") == code, device.err
    told = json.loads(device.err)
    assert (told["code"], told["field"]) == (refusal, field)
    assert device.run(*words) == code
    assert device.err == told["message"] + "\n"


def test_a_second_init_leaves_the_first_as_it_is(house: SiteProcess, device: Device) -> None:
    words = ("--root", str(house.folder / "root.jws"), "--product", "other", "--version", "1")
    assert device.run("init", *words) == ExitCode.STATE
    assert device.json("status")["product"] == "editor"


def test_arguments_that_cannot_be_read_are_told_as_input(device: Device, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        device.run("enroll", "--latter")
    assert ended.value.code == ExitCode.INPUT
    assert "--latter" in capsys.readouterr().err


def test_what_is_wrong_comes_with_what_helps_and_nothing_else(device: Device) -> None:
    device.run("enroll", "nonsense")
    assert "`tenure devices token`" in device.err
    assert "maker of this application" not in device.err
    device.run("status", "--agent", "/nowhere/at/all")
    assert device.err == "There is no /nowhere/at/all/agent.toml: make it with `tenure-agent init`.\n"


def test_instants_are_for_people_where_people_read_them(house: SiteProcess, token: str, device: Device) -> None:
    device.json("enroll", given=f"{token}\n")
    device.run("status")
    assert re.search(r"\nSeat until    [0-9-]{10} [0-9:]{8} UTC\n", device.out)
    assert not re.search(r"[0-9]T[0-9]", device.out)
