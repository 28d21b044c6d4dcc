"""`make demo`: everything starts, its codes work, and the ten lines it writes down license an application."""

import inspect
import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tenure.sandbox.demo import ALONE, CONTAINERS, DEVICES, RunningDemo, _print_welcome, running_demo
from tenure.sandbox.programs import run_tenure
from tenure.sandbox.seed import EVERYBODYS
from tenure.sandbox.site_processes import wait_until
from tenure.sdk import License, Network


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> object:
    with running_demo(tmp_path_factory.mktemp("demo")) as started:
        yield started


def test_the_server_is_ready(demo: RunningDemo) -> None:
    assert httpx2.get(f"{demo.url}/readyz").status_code == 200


def test_the_script_it_writes_licenses_an_application(demo: RunningDemo) -> None:
    code = next(iter(demo.codes.values()))
    script = Path(demo.folder) / "app.py"
    assert re.findall(r"^(?:from|import) (\S+)", script.read_text(), re.MULTILINE) == ["tenure.sdk"], "what is public"
    done = subprocess.run(
        [sys.executable, str(script)], input=f"{code}\n\n", capture_output=True, text=True, timeout=60, check=False
    )
    assert "editing is on" in done.stdout, done.stdout + done.stderr


def test_the_provider_sees_its_customers(demo: RunningDemo) -> None:
    headers = {"Authorization": f"Bearer {demo.provider.token}"}
    listed = httpx2.get(f"{demo.url}/v1/subscriptions", headers=headers).json()["items"]
    assert len(listed) == 6


def test_an_application_on_its_own_runs_and_its_license_is_given_back_as_the_text_says(demo: RunningDemo) -> None:
    headers = {"Authorization": f"Bearer {demo.provider.token}"}

    def alone() -> list[tuple[str, bool]]:
        listed = httpx2.get(f"{demo.url}/v1/sites", headers=headers).json()["items"]
        return [(each["installation"], each["in_use"]) for each in listed if each["name"] == ALONE]

    assert alone() == [("standalone", True)]
    after = _print_welcome(demo, 1.0).partition("tenure deactivate ")[2].partition("\n\n")[0]
    assert after, "the text names the command"
    exits, said = run_tenure(["deactivate", *after.replace("\\", " ").split()])
    assert exits == 0, said
    assert "free for another installation" in said
    assert alone() == [("standalone", False)]


def test_an_administrator_applies_a_code_and_the_devices_get_seats_by_themselves(demo: RunningDemo) -> None:
    code = list(demo.codes.values())[1]
    exits, said = run_tenure(["activate", "--site", demo.site], given=f"{code}\n")
    assert exits == 0, said

    everybody = {*DEVICES, *CONTAINERS}

    def protected() -> set[str]:
        listed = json.loads(run_tenure(["devices", "list", "--site", demo.site, "--json"])[1])["items"]
        return {each["name"] for each in listed if each["state"] == "protected"}

    assert wait_until(protected, everybody, longest_wait=30) == everybody
    listed = json.loads(run_tenure(["devices", "list", "--site", demo.site, "--json"])[1])["items"]
    assert {each["name"] for each in listed if each["ephemeral"]} == set(CONTAINERS)


def test_m03_devices_beyond_the_limit_get_no_seat_and_are_told_why(demo: RunningDemo, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tenure.sandbox.virtual_devices", demo.site, "4"]

    def reasons() -> list[str]:
        listed = json.loads(run_tenure(["devices", "list", "--site", demo.site, "--json"])[1])["items"]
        return sorted(each["reason"] or each["state"] for each in listed)

    wanted = ["device_limit_reached"] * 3 + ["protected"] * 5
    said = tmp_path / "said"

    def told() -> int:
        return said.read_text().count("No seat is left for another device. 5 of 5 devices are protected.")

    with said.open("w") as out, subprocess.Popen(words, stdout=out) as laptops:
        try:
            assert wait_until(reasons, wanted, longest_wait=30) == wanted
            assert wait_until(told, 3) == 3, said.read_text()
        finally:
            laptops.send_signal(signal.SIGINT)
    assert laptops.returncode == 0
    alike = json.loads(run_tenure(["devices", "duplicates", "--site", demo.site, "--json"])[1])["items"]
    assert alike == [], "each has hardware of its own, although all of them run here"


def test_laptops_without_an_office_are_told_what_to_do(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tenure.sandbox.virtual_devices", str(tmp_path), "4"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert "Start the demo" in done.stderr
    assert "Traceback" not in done.stderr


def test_b10_the_offices_dns_is_broken_by_a_file_and_the_server_is_found_all_the_same(demo: RunningDemo) -> None:
    def ways() -> list[str]:
        said = json.loads(run_tenure(["doctor", "--site", demo.site, "--json"])[1])
        return [each["state"] for each in said["checks"] if each["name"].startswith("System DNS")]

    broken = Path(demo.folder) / "office" / "dns-is-broken"
    assert ways() == ["ok"]
    broken.touch()
    assert wait_until(ways, ["failed"]) == ["failed"]
    exits, said = run_tenure(["sync", "--site", demo.site])
    assert exits == 0, said
    assert "address that worked before" in said
    broken.unlink()
    assert wait_until(ways, ["ok"]) == ["ok"]


def test_the_provider_and_a_customer_sign_in_at_the_portal(demo: RunningDemo) -> None:
    for email in demo.users.values():
        with httpx2.Client(base_url=demo.portal, follow_redirects=True) as browser:
            page = browser.get("/sign-in").text
            token = page.partition('name="_token" value="')[2].partition('"')[0]
            answer = browser.post("/sign-in", data={"email": email, "password": EVERYBODYS, "_token": token})
            assert answer.status_code == 200, answer.text
            assert "Sign out" in answer.text


def test_it_starts_and_ends_by_the_command_and_a_signal() -> None:
    words = [sys.executable, "-m", "tenure.cli.main", "demo", "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if "tenure clock set" in line:
            break
    process.terminate()
    assert process.wait(20) == 0


def blocks(page: str) -> list[str]:
    """The Python of a page, in order, as it is written there."""
    text = (Path(__file__).parents[2] / page).read_text(encoding="utf-8")
    return re.findall(r"^```python[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run_beside(demo: RunningDemo, folder: Path, program: str, given: str = "") -> str:
    """What the program prints in a folder with the demo's root document."""
    shutil.copy(Path(demo.folder) / "server" / "sandbox-root.jws", folder / "root.jws")
    (folder / "program.py").write_text(program, encoding="utf-8")
    words = [sys.executable, "program.py"]
    done = subprocess.run(words, cwd=folder, input=given, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def test_the_ten_lines_of_the_readme_work_as_written(demo: RunningDemo, tmp_path: Path) -> None:
    (program,) = blocks("README.md")
    assert program.count("http://127.0.0.1:8080") == 1, "where `make demo` listens"
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert "run `.venv/bin/python app.py`" in text, "no other interpreter has the SDK"
    assert "*Unused activation codes*" in text
    assert "Unused activation codes:" in _print_welcome(demo, 1.0)
    code = next(iter(demo.codes.values()))
    said = run_beside(demo, tmp_path, program.replace("http://127.0.0.1:8080", demo.url), f"{code}\n")
    assert "The activation code was accepted." in said
    assert "editing is on" in said


def test_every_example_of_the_sdk_s_page_runs(demo: RunningDemo, tmp_path: Path) -> None:
    code = next(iter(demo.codes.values()))
    examples = blocks("docs/sdk.md")
    assert len(examples) == 8
    program = "\n".join([f"SERVER, CODE = {demo.url!r}, {code!r}", *examples])
    said = run_beside(demo, tmp_path, program, f"{code}\n")
    for told in (
        "editing is on",
        "One synchronization by hand a minute.",
        "is not an id of lower-case letters",
        "active",
        "The license was given up here.",
    ):
        assert told in said, said
    assert said.rstrip().endswith("False")
    page = (Path(__file__).parents[2] / "docs" / "sdk.md").read_text(encoding="utf-8")
    assert "`synchronize()` asks once a minute" in page


def test_the_sdk_s_page_names_every_argument_and_everything_that_is_public() -> None:
    text = (Path(__file__).parents[2] / "docs" / "sdk.md").read_text(encoding="utf-8")
    arguments = [*inspect.signature(License.open).parameters, *Network.__struct_fields__]
    members = [each for each in dir(License) if not each.startswith("_")]
    missing = [each for each in (*arguments, *members) if not re.search(rf"\b{each}\b", text)]
    assert not missing


def test_nothing_that_the_demo_starts_or_advises_listens_beyond_this_computer(demo: RunningDemo) -> None:
    said = _print_welcome(demo, 1.0)
    told = re.findall(r"--(?:listen|device-listen|device-name) (\S+)", said) + re.findall(r"https?://[^/\s:]+", said)
    assert len(told) >= 6
    assert [each for each in told if "127.0.0.1" not in each] == []
