"""The administrator's and the device's commands against a running site: M9, M10, M14, M15, M17 on the command line."""

import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

import tenure
from tenure.cli import offline
from tenure.cli.screen import CommandScreen
from tenure.core.activation_codes import from_random
from tenure.core.refusals import ExitCode
from tenure.site.main import SiteServers
from tenure.site.settings import SiteSettings, read_settings
from tenure.web import qr
from tests.cli.terminal import Ran, Terminal
from tests.site.site_env import SiteEnv, SiteProcess


@pytest.fixture
def office(here: SiteEnv) -> Iterator["Admin"]:
    """An administrator at the terminal of a site that runs and has no code yet."""
    house = here.site()
    serving = SiteServers(house.site)
    with serving.local, serving.devices:
        yield Admin(house)


class Admin(Terminal):
    """Somebody who administers a site."""

    def __init__(self, house: SiteProcess) -> None:
        super().__init__(house.site_env.folder, env={"TENURE_SITE": str(house.folder)})
        self.house = house

    def code(self, offer: str = "standard", devices: int = 10) -> str:
        return self.house.site_env.order(offer, devices)[1]


class TestCodes:
    def test_m09_a_code_is_read_from_the_prompt_from_standard_input_or_from_the_arguments(self, here: SiteEnv) -> None:
        for number, given in enumerate(("prompt", "input", "argument")):
            house = here.site(f"site-{number}")
            serving = SiteServers(house.site)
            code = here.order()[1]
            with serving.local:
                admin = Admin(house)
                if given == "prompt":
                    ran = admin.run("activate", answers=(code,), terminal=True)
                    assert admin.asked == ["Activation code: "]
                elif given == "input":
                    ran = admin.run("activate", given=f"{code}\n")
                else:
                    ran = admin.run("activate", code)
            assert ran.code == ExitCode.DONE, ran.err
            assert "The activation code was accepted." in ran.out
            assert code not in ran.out

    def test_m10_another_code_is_refused_with_the_date_and_the_family_of_states(self, office: "Admin") -> None:
        office.good("activate", given=office.code())
        problem = office.refused("activate", given=office.code())
        assert (problem["code"], problem["exit"]) == ("subscription_in_force", ExitCode.STATE)
        assert problem["possible_at"]

    def test_refusals_end_with_their_family(self, office: "Admin") -> None:
        cases = [
            ("7K3MN-PQRST-VWXYZ-01235", "code_malformed", ExitCode.CODE),
            (from_random(bytes([3] * 19)).reveal(), "code_unknown", ExitCode.CODE),
        ]
        for code, name, family in cases:
            problem = office.refused("activate", code)
            assert (problem["code"], problem["exit"]) == (name, family)
        assert office.refused("activate", given="\n")["exit"] == ExitCode.INPUT
        assert office.refused("licenses", "--product", "nothing")["exit"] == ExitCode.UNKNOWN
        assert office.refused("devices", "withdraw", "dev_1")["exit"] == ExitCode.UNKNOWN

    def test_a_successor_is_staged(self, office: "Admin") -> None:
        office.good("activate", given=office.code())
        told = office.good("activate", "--successor", given=office.code("later"))
        assert told["license"]["successor"]["begins"] == told["license"]["paid_until"]


class TestLooking:
    def test_m17_sync_shows_steps_path_and_what_changed(self, office: "Admin") -> None:
        site_env = office.house.site_env
        name, code = site_env.order()
        office.good("activate", given=code)
        site_env.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 30})
        site_env.wait(120)
        ran = office.run("sync")
        assert ran.code == ExitCode.DONE, ran.err
        assert "The server answered: lease." in ran.out
        assert "Path: system DNS, 192.0.2.1:443" in ran.out
        changed = next(line for line in ran.out.splitlines() if line.startswith("Device limit"))
        assert changed.split() == ["Device", "limit", "10", "30"]
        site_env.wait(120)
        assert "Nothing has changed." in office.run("sync").out
        assert office.refused("sync")["exit"] == ExitCode.LATER

    def test_m17_on_a_terminal_each_step_is_shown_once_as_it_comes(self, office: "Admin") -> None:
        office.good("activate", given=office.code())
        office.house.site_env.wait(120)
        ran = office.run("sync", terminal=True)
        assert ran.code == ExitCode.DONE, ran.err
        assert f"{ran.out}{ran.err}".count("The server answered: unchanged.") == 1

    def test_m14_status_tells_when_the_next_contact_is(self, office: "Admin") -> None:
        office.good("activate", given=office.code())
        (product,) = office.good("status")["products"]
        assert product["next_contact"]
        text = office.run("status").out
        assert "Head office" in text
        assert "editor" in text

    def test_licenses_in_a_table_and_one_whole(self, office: "Admin") -> None:
        office.good("activate", given=office.code())
        assert "editor" in office.run("licenses").out
        whole = office.run("licenses", "--product", "editor").out
        assert "Paid until" in whole
        assert "payment_ended" in whole

    def test_b02_explain_in_words(self, office: "Admin") -> None:
        assert office.run("explain").code == ExitCode.DONE
        office.good("activate", given=office.code())
        text = office.run("explain").out
        assert "paid" in text
        assert "grace" in text

    def test_without_a_running_site_it_says_how_to_start_one(self, tmp_path: Path) -> None:
        nobody = Terminal(tmp_path)
        for words in (("status",), ("sync",), ("devices", "list"), ("activate", "x")):
            problem = nobody.refused(*words)
            assert (problem["code"], problem["exit"]) == ("unreachable", ExitCode.UNREACHABLE)
            assert "tenure site init" in problem["remedy"]
            assert "activation server" not in problem["title"], "nothing was asked of it"

    def test_while_the_server_is_away_everything_licensed_goes_on_and_sync_says_why_not(self, office: "Admin") -> None:
        office.good("activate", given=office.code())
        office.house.site_env.server_up = False
        assert office.refused("sync")["exit"] == ExitCode.UNREACHABLE
        assert office.good("status")["products"][0]["phase"] == "active"


class TestDevices:
    def test_a_token_says_how_many_devices_it_enrolls_and_by_which_command(self, office: "Admin") -> None:
        assert "enrolls 1 device. There: tenure-agent enroll, with" in office.run("devices", "token").out
        assert "enrolls 2 devices. There" in office.run("devices", "token", "--uses", "2").out

    def test_a_token_enrolls_and_devices_are_listed_withdrawn_assigned_and_removed(self, office: "Admin") -> None:
        house = office.house
        office.good("activate", given=office.code())
        made = office.good("devices", "token", "--uses", "2", "--group", "Bureau", "--until", "2028-01-31")
        assert made["enrollment"]["until"] == "2028-02-01T00:00:00Z"
        agent = house.agent("desk")
        assert agent.enroll(made["token"]) is None
        (device,) = office.good("devices", "list")["items"]
        assert (device["state"], device["group"]) == ("protected", "Bureau")
        assert "protected" in office.run("devices", "list").out
        assert office.good("devices", "withdraw", device["id"])["state"] == "withdrawn"
        agent.refresh()
        assert agent.on == frozenset()
        assert office.good("devices", "assign", device["id"])["state"] == "waiting"
        assert agent.refresh() is None
        gone = office.run("devices", "remove", device["id"])
        assert (gone.code, f"The device “{device['name']}” ({device['id']}) is removed" in gone.out) == (0, True), gone
        agent.refresh()
        assert office.good("devices", "list")["items"] == []
        token = office.good("devices", "tokens")["items"][0]["id"]
        assert "The token “editor, Bureau”" in office.run("devices", "withdraw-token", token).out
        assert "The group “Bureau” is gone" in office.run("groups", "remove", "Bureau").out
        office.good("site", "users", "add", "ada@example.com", "--role", "auditor")
        assert "The account “ada@example.com” is gone." in office.run("site", "users", "remove", "ada@example.com").out
        assert "device_removed" in {event["kind"] for event in office.good("site", "events")["items"]}


class TestMakingASite:
    def test_init_makes_a_site_once_and_refuses_what_cannot_work(self, here: SiteEnv, tmp_path: Path) -> None:
        root = tmp_path / "root.jws"
        root.write_bytes(here.env.context.keys.root.token)
        admin = Terminal(tmp_path, env={"TENURE_SITE": str(tmp_path / "site")})
        words = ("site", "init", "--server", "https://license.test", "--root", str(root))
        for bad in (
            (*words, "--product", "editor"),
            (*words, "--product", "editor=twelve"),
            (*words[:3], "http://license.test", *words[4:], "--product", "editor=12.0"),
            (*words[:5], str(tmp_path / "nothing"), "--product", "editor=12.0"),
            (*words, "--product", "editor=12.0", "--sandbox"),
            (*words, "--product", "editor=12.0", "--device-listen", "0.0.0.0:70000"),
        ):
            assert admin.refused(*bad)["exit"] == ExitCode.INPUT, bad
        made = admin.good(*words, "--product", "editor=12.0", "--device-name", "site.example")
        assert (tmp_path / "site" / "admin.token").stat().st_mode & 0o077 == 0
        assert made["key"]
        assert made["devices"] == "site.example:8482"
        assert admin.refused(*words, "--product", "editor=12.0")["code"] == "already_exists"

    def test_init_says_at_which_address_devices_find_the_site(self, here: SiteEnv, tmp_path: Path) -> None:
        root = tmp_path / "root.jws"
        root.write_bytes(here.env.context.keys.root.token)
        words = ("site", "init", "--server", "https://license.test", "--root", str(root), "--product", "editor=12.0")
        for name, listen, told in (
            ("::1", "[::1]:9000", "[::1]:9000"),
            ("site.example", "0.0.0.0:9000", "site.example:9000"),
            ("site.example", "0.0.0.0:0", "site.example"),
        ):
            folder = tmp_path / f"site-{told.strip('[]').replace(':', '-')}"
            admin = Terminal(tmp_path, env={"TENURE_SITE": str(folder)})
            ran = admin.run(*words, "--device-name", name, "--device-listen", listen)
            assert ran.code == ExitCode.DONE, ran.err
            assert f"Devices use       {told} (" in ran.out

    def test_agent_init_says_where_the_site_stands(self, here: SiteEnv, tmp_path: Path) -> None:
        root = tmp_path / "root.jws"
        root.write_bytes(here.env.context.keys.root.token)
        words = ("agent", "init", "--root", str(root), "--product", "editor", "--version", "1.0")
        ran = Terminal(tmp_path, env={"TENURE_AGENT": str(tmp_path / "agent")}).run(*words)
        assert ran.code == ExitCode.DONE, ran.err
        assert "The enrollment token says which site" in ran.out
        assert "tenure devices token" in ran.out

    def test_doctor_works_without_a_running_site_and_asks_no_public_resolver(
        self, here: SiteEnv, tmp_path: Path
    ) -> None:
        root = tmp_path / "root.jws"
        root.write_bytes(here.env.context.keys.root.token)
        admin = Terminal(tmp_path, env={"TENURE_SITE": str(tmp_path / "site")})
        server = ("--server", "https://127.0.0.1:9")
        admin.good("site", "init", *server, "--root", str(root), "--product", "editor=12.0")
        ran = admin.run("doctor", "--json")
        assert ran.code == ExitCode.UNREACHABLE
        checks = {check["name"]: check for check in ran.json["checks"]}
        assert checks["TCP 127.0.0.1:9"]["state"] == "failed"
        assert checks["TCP 127.0.0.1:9"]["remedy"]
        assert checks["Public DNS"]["state"] == "skipped"
        assert checks["Root of trust"]["state"] in ("ok", "failed")
        assert "remedy" in admin.run("doctor").out.lower()


class TestDoctor:
    def test_m15_doctor_names_each_way_the_clock_and_the_root(self, office: "Admin") -> None:
        network = msgspec.structs.replace(office.house.site.settings.network, dns="off", system="dns://127.0.0.1:9")
        settings = msgspec.structs.replace(office.house.site.settings, network=network)
        serving = SiteServers(msgspec.structs.replace(office.house.site, settings=settings))
        with serving.local:
            ran = office.run("doctor", "--json")
        names = [check["name"] for check in ran.json["checks"]]
        assert names[:2] == ["Proxy", "System DNS dns://127.0.0.1:9"]
        assert names[-2:] == ["Clock", "Root of trust"]
        assert ran.code == ExitCode.UNREACHABLE
        states = {check["name"]: check["state"] for check in ran.json["checks"]}
        assert states["Public DNS"] == "skipped"
        assert states["Clock"] == states["Root of trust"] == "ok"


class TestAgent:
    def agent(self, office: "Admin", *words: str, given: str = "") -> Ran:
        env = {"TENURE_AGENT": str(office.house.site_env.folder / "agent")}
        return Terminal(office.house.site_env.folder, env=env).run("agent", *words, "--json", given=given)

    def test_init_enroll_status_and_release(self, office: "Admin") -> None:
        house = office.house
        root = house.folder / "root.jws"
        office.good("activate", given=office.code())
        made = self.agent(office, "init", "--root", str(root), "--product", "editor", "--version", "12.0")
        assert made.code == ExitCode.DONE, made.err
        assert (
            self.agent(office, "init", "--root", str(root), "--product", "editor", "--version", "1").code
            == ExitCode.STATE
        )
        before = self.agent(office, "status").json
        assert (before["phase"], before["features"]) == ("pending", [])
        assert "ask its administrator" in before["message"]
        bad = self.agent(office, "enroll", "nonsense")
        assert (bad.code, bad.problem["code"]) == (ExitCode.INPUT, "field_invalid")
        token = office.good("devices", "token")["token"]
        done = self.agent(office, "enroll", given=f"{token}\n")
        assert done.code == ExitCode.DONE, done.err
        # The system's clock is far from the town's: the seat is there, and what it is worth is the clock's to say.
        assert done.json["device"] == office.good("devices", "list")["items"][0]["id"]
        assert self.agent(office, "release").code == ExitCode.DONE
        assert house.counted == 0
        assert self.agent(office, "status").json["message"].startswith("This device has given its seat up.")
        token = office.good("devices", "token")["token"]
        assert self.agent(office, "enroll", "--ephemeral", given=f"{token}\n").code == ExitCode.DONE
        (container,) = [each for each in office.good("devices", "list")["items"] if each["ephemeral"]]
        assert container["counted"]

    def test_a_bad_settings_file_is_refused_with_the_field(self, office: "Admin") -> None:
        folder = office.house.site_env.folder / "agent"
        folder.mkdir()
        (folder / "root.jws").write_bytes((office.house.folder / "root.jws").read_bytes())
        head = 'product = "editor"\nversion = "12.0"\n'
        for text, field in (
            ("product = 7\n", "product"),
            (head + "color = 1\n", "color"),
            (head + '[features.export]\ngrant = ["touch"]\n', "features.export.grant"),
            (head + '[features.export]\nunit = "--now"\n', "features.export.unit"),
            (head + '[features.export]\nstatus_file = "here"\n', "features.export.status_file"),
            (head + "[features.export]\ntimeout = 0\n", "features.export.timeout"),
            (head.replace("12.0", "twelve"), "version"),
        ):
            (folder / "agent.toml").write_text(text)
            problem = self.agent(office, "status").problem
            assert (problem["status"], problem["field"]) == (422, field), text


def test_the_programs_start_serve_and_stop_as_a_person_would_run_them(here: SiteEnv, tmp_path: Path) -> None:
    root = tmp_path / "root.jws"
    root.write_bytes(here.env.context.keys.root.token)
    env = {"TENURE_SITE": str(tmp_path / "site"), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    command = [str(Path(sys.executable).with_name("tenure"))]

    def tenure(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([*command, *words], env=env, capture_output=True, text=True, timeout=60, check=False)

    made = tenure(
        "site", "init", "--server", "https://127.0.0.1:9", "--root", str(root), "--product", "editor=12.0",
        "--listen", "127.0.0.1:0", "--device-listen", "127.0.0.1:0", "--device-name", "127.0.0.1",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    site = subprocess.Popen(
        [*command, "site", "run"], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert site.stdout is not None
        assert site.stdout.readline().startswith("local API on http://127.0.0.1:")
        assert site.stdout.readline().startswith("device port on https://127.0.0.1:")
        deadline = time.monotonic() + 20
        shown = tenure("status", "--json")
        while shown.returncode and time.monotonic() < deadline:
            shown = tenure("status", "--json")
        assert json.loads(shown.stdout)["products"][0]["phase"] == "pending"
        again = tenure("site", "run", "--json")
        assert (again.returncode, json.loads(again.stderr)["code"]) == (ExitCode.LATER, "folder_in_use")
        assert "A site already runs with this folder." in again.stderr
    finally:
        site.terminate()
        assert site.wait(30) == 0


class TestOffline:
    def test_b16_request_answer_and_import_by_files(self, here: SiteEnv, tmp_path: Path) -> None:
        house = here.site("vault")
        house.cable.cut = True
        serving = SiteServers(house.site)
        asked, answer = tmp_path / "request.txt", tmp_path / "answer.txt"
        with serving.local:
            admin = Admin(house)
            ran = admin.run("offline", "request", "--activate", "--out", str(asked), given=f"{here.order()[1]}\n")
            assert ran.code == ExitCode.DONE, ran.err
            assert "The site takes the answer until" in ran.out
            answer.write_text(here.post("/v1/offline-exchange", {"request": asked.read_text()})["answer"])
            ran = admin.run("offline", "import", str(answer))
            assert ran.code == ExitCode.DONE, ran.err
            assert "The activation code was accepted." in ran.out
            assert admin.refused("offline", "import", str(answer))["code"] == "offline_same"
            assert admin.refused("licenses", "resolve-fork", "restored")["code"] == "unreachable"
            assert admin.refused("licenses", "drop-successor")["code"] == "no_successor"
            assert admin.run("licenses").out.startswith("Product")

    @pytest.mark.parametrize("columns", [200, 80, 40])
    def test_what_a_terminal_shows_is_copied_into_the_other_terminal(self, here: SiteEnv, columns: int) -> None:
        """Without files: the request is copied out of one window into the provider's, and the answer back."""
        house = here.site()
        serving = SiteServers(house.site)
        with serving.local:
            admin = Admin(house)
            code = here.order()[1]
            assert admin.run("offline", "request", "--activate", given=f"{code}\n").code == ExitCode.DONE
            shown = on_terminal(admin, (columns, 60), "offline", "request")
            assert "\N{REPLACEMENT CHARACTER}" not in shown
            answer = here.post("/v1/offline-exchange", {"request": pasted(shown, columns)})["answer"]
            printed = io.StringIO()
            offline.show_answer(CommandScreen(printed, None), {"answer": answer})
            assert "\N{REPLACEMENT CHARACTER}" not in printed.getvalue()
            ran = admin.run("offline", "import", "-", given=pasted(printed.getvalue(), columns))
            assert ran.code == ExitCode.DONE, ran.err


def pasted(shown: str, columns: int) -> str:
    """What arrives where it is pasted: lines broken at the window's edge, filled up with blanks, ended by CR and LF."""
    broken = [line[at : at + columns] for line in shown.splitlines() for at in range(0, max(len(line), 1), columns)]
    return "".join(f"  {line.ljust(columns)}\r\n" for line in broken)


class TestTheRequestAsQrCode:
    """`tenure offline request` before somebody's eyes: a real terminal of a given size."""

    def test_b16_it_is_drawn_where_it_fits_and_read_back_to_the_request(self, here: SiteEnv) -> None:
        with _vault(here) as admin:
            made = admin.good("offline", "request")
            shown = on_terminal(admin, (200, 100), "offline", "request")
        assert made["request"].splitlines()[0] in shown
        drawn = [line for line in shown.splitlines() if "\u2588" in line]
        assert drawn == qr.to_blocks(qr.encode(made["line"].encode(), "L")).splitlines()

    def test_b16_where_it_does_not_fit_it_is_said_with_what_to_do(self, here: SiteEnv) -> None:
        with _vault(here) as admin:
            made = admin.good("offline", "request")
            for more in ((), ("--qr",)):
                shown = " ".join(on_terminal(admin, (80, 24), "offline", "request", *more).split())
                assert "\u2588" not in shown
                side = len(qr.encode(made["line"].encode(), "L")) + 8
                assert f"No QR code: it takes {side} by" in shown
                assert "this terminal has 80 by 24" in shown
                assert "--out FILE" in shown

    def test_b16_it_is_left_out_and_asked_for(self, here: SiteEnv, tmp_path: Path) -> None:
        with _vault(here) as admin:
            assert "\u2588" not in on_terminal(admin, (200, 100), "offline", "request", "--no-qr")
            assert "\u2588" not in admin.run("offline", "request").out
            assert "\u2588" in admin.run("offline", "request", "--qr").out
            assert admin.good("offline", "request", "--qr")["line"]
            file = str(tmp_path / "request.txt")
            shown = on_terminal(admin, (200, 100), "offline", "request", "--out", file)
            assert "\u2588" not in shown
            assert "QR" not in shown


@contextmanager
def _vault(here: SiteEnv) -> Iterator[Admin]:
    """A site without a network that has a code."""
    house = here.site("vault")
    house.activate(here.order()[1])
    house.cable.cut = True
    with SiteServers(house.site).local:
        yield Admin(house)


def on_terminal(admin: Admin, size: tuple[int, int], *words: str) -> str:
    """What the command writes on a terminal of so many columns and lines, colors taken off."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    env = {**admin.env, "PATH": "/usr/bin:/bin", "HOME": str(admin.home), "TERM": "xterm", "LANG": "C.UTF-8"}
    env["PYTHONPATH"] = str(Path(tenure.__file__).parents[1])
    command = [sys.executable, "-m", "tenure.cli.main", *words]
    program = subprocess.Popen(command, env=env, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True)
    os.close(theirs)
    written = b""
    try:
        while part := os.read(ours, 65_536):
            written += part
    except OSError:
        pass  # this is how Linux says that nobody holds the other end any more
    finally:
        os.close(ours)
    assert program.wait(30) == ExitCode.DONE, written
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.decode()).replace("\r", "")


def test_without_a_site_it_is_said_first_that_there_is_none(tmp_path: Path) -> None:
    """Nothing was asked of the activation server, so nothing is said of it."""
    nowhere = str(tmp_path / "nowhere")
    problem = Terminal(tmp_path).refused("status", "--site", nowhere)
    assert (problem["code"], problem["exit"]) == ("unreachable", ExitCode.UNREACHABLE)
    assert problem["title"] == "No administration server runs here."
    assert f"There is no site in {nowhere}." in problem["detail"]
    assert "tenure site init" in problem["remedy"]
    assert "activation server" not in str(problem)


def test_a_site_that_has_stopped_is_told_as_that(here: SiteEnv) -> None:
    house = here.site()
    admin = Terminal(here.folder, env={"TENURE_SITE": str(house.folder)})
    with SiteServers(house.site).local:
        admin.good("status")
    problem = admin.refused("status")
    assert f"The site in {house.folder} does not run." in problem["detail"]
    assert "tenure site run" in problem["remedy"]


def root_of(house: SiteProcess) -> tuple[str, ...]:
    world = ("--sandbox",) if house.site.settings.sandbox else ()
    return ("--root", str(house.folder / "root.jws"), *world)


def test_the_next_command_is_printed_as_it_has_to_be_typed(here: SiteEnv) -> None:
    """Folder included, also one with a blank in its name; by the variable it is meant anyway."""
    terminal, root = Terminal(here.folder), root_of(here.site())
    site, agent = here.folder / "head office", here.folder / "a desk"
    made = ("--server", "https://license.example.com", *root, "--product", "editor=12.0")
    told = terminal.run("site", "init", *made, "--site", str(site)).out
    assert f"tenure site run --site '{site}'" in told
    assert f"tenure activate --site '{site}'" in told
    mine = (*root, "--product", "editor", "--version", "12.0")
    assert f"tenure agent enroll --agent '{agent}'" in terminal.run("agent", "init", *mine, "--agent", str(agent)).out
    by_variable = Terminal(here.folder, env={"TENURE_SITE": str(here.folder / "second")})
    assert "tenure site run\n" in by_variable.run("site", "init", *made).out


def test_a_new_site_listens_to_devices_where_it_is_told_and_believes_an_authority_of_one_s_own(
    here: SiteEnv,
) -> None:
    terminal, authorities = Terminal(here.folder), here.folder / "ca.pem"
    authorities.write_text("-----BEGIN CERTIFICATE-----\n")
    site = here.folder / "third"
    made = ("--server", "https://license.example.com", *root_of(here.site()), "--product", "editor=12.0")
    terminal.good(
        "site", "init", *made, "--site", str(site), "--device-listen", "127.0.0.1:0", "--ca-file", str(authorities)
    )
    settings = read_settings(site / "site.toml")
    assert isinstance(settings, SiteSettings)
    assert settings.devices.listen == "127.0.0.1:0"
    assert settings.network.ca_file == str(site / "authorities.pem"), "from the folder, wherever the site is started"
    assert (site / "authorities.pem").read_bytes() == authorities.read_bytes()
