"""`make demo`: everything starts, its codes work, and the ten lines it writes down license an application."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tenure.sandbox.demo import DEVICES, Demo, running
from tenure.sandbox.premises import until
from tenure.sandbox.programs import tell
from tenure.sandbox.seed import EVERYBODYS


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> object:
    with running(tmp_path_factory.mktemp("demo")) as started:
        yield started


def test_the_server_is_ready(demo: Demo) -> None:
    assert httpx2.get(f"{demo.url}/readyz").status_code == 200


def test_the_script_it_writes_licenses_an_application(demo: Demo) -> None:
    code = next(iter(demo.codes.values()))
    script = Path(demo.folder) / "app.py"
    done = subprocess.run(
        [sys.executable, str(script)], input=f"{code}\n\n", capture_output=True, text=True, timeout=60, check=False
    )
    assert "editing is on" in done.stdout, done.stdout + done.stderr


def test_the_provider_sees_its_customers(demo: Demo) -> None:
    headers = {"Authorization": f"Bearer {demo.provider.token}"}
    listed = httpx2.get(f"{demo.url}/v1/subscriptions", headers=headers).json()["items"]
    assert len(listed) == 5


def test_an_administrator_applies_a_code_and_the_devices_get_seats_by_themselves(demo: Demo) -> None:
    code = list(demo.codes.values())[1]
    exits, said = tell(["activate", "--site", demo.site], given=f"{code}\n")
    assert exits == 0, said

    def protected() -> set[str]:
        listed = json.loads(tell(["devices", "list", "--site", demo.site, "--json"])[1])["items"]
        return {each["name"] for each in listed if each["state"] == "protected"}

    assert until(protected, set(DEVICES), patience=30) == set(DEVICES)


def test_m03_devices_beyond_the_limit_get_no_seat_and_are_told_why(demo: Demo, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tenure.sandbox.crowd", demo.site, "4"]

    def reasons() -> list[str]:
        listed = json.loads(tell(["devices", "list", "--site", demo.site, "--json"])[1])["items"]
        return sorted(each["reason"] or each["state"] for each in listed)

    wanted = ["device_limit_reached"] * 2 + ["protected"] * 5
    said = tmp_path / "said"

    def told() -> int:
        return said.read_text().count("No seat is left for another device. 5 of 5 devices are protected.")

    with said.open("w") as out, subprocess.Popen(words, stdout=out) as laptops:
        try:
            assert until(reasons, wanted, patience=30) == wanted
            assert until(told, 2) == 2, said.read_text()
        finally:
            laptops.send_signal(signal.SIGINT)
    assert laptops.returncode == 0
    alike = json.loads(tell(["devices", "duplicates", "--site", demo.site, "--json"])[1])["items"]
    assert alike == [], "each has hardware of its own, although all of them run here"


def test_laptops_without_an_office_are_told_what_to_do(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tenure.sandbox.crowd", str(tmp_path), "4"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert "Start the demo" in done.stderr
    assert "Traceback" not in done.stderr


def test_b10_the_offices_dns_is_broken_by_a_file_and_the_server_is_found_all_the_same(demo: Demo) -> None:
    def ways() -> list[str]:
        said = json.loads(tell(["doctor", "--site", demo.site, "--json"])[1])
        return [each["state"] for each in said["checks"] if each["name"].startswith("System DNS")]

    broken = Path(demo.folder) / "office" / "dns-is-broken"
    assert ways() == ["ok"]
    broken.touch()
    assert until(ways, ["failed"]) == ["failed"]
    exits, said = tell(["sync", "--site", demo.site])
    assert exits == 0, said
    assert "address that worked before" in said
    broken.unlink()
    assert until(ways, ["ok"]) == ["ok"]


def test_the_provider_and_a_customer_sign_in_at_the_portal(demo: Demo) -> None:
    for email in demo.people.values():
        with httpx2.Client(base_url=demo.portal, follow_redirects=True) as browser:
            page = browser.get("/sign-in").text
            token = page.partition('name="_token" value="')[2].partition('"')[0]
            answer = browser.post("/sign-in", data={"email": email, "password": EVERYBODYS, "_token": token})
            assert answer.status_code == 200, answer.text
            assert "Sign out" in answer.text


def test_it_starts_and_ends_by_the_command_and_a_signal() -> None:
    words = [sys.executable, "-m", "tenure.cli.main", "demo", "--port", "0"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if "tenure clock set" in line:
            break
    process.terminate()
    assert process.wait(20) == 0
