"""What cannot be undone at a site is asked about on a terminal by its name; a pipe and `--yes` ask nothing."""

from collections.abc import Iterator

import pytest

from tenure.core.refusals import ExitCode
from tenure.site.main import SiteServers
from tests.cli.terminal import Terminal
from tests.site.site_env import SiteEnv
from tests.site.test_command_line import Admin

FORWARDING = ("site", "forwarding")


@pytest.fixture
def office(here: SiteEnv) -> Iterator[Admin]:
    """A site with a license, two devices, a group, an account and a forwarding."""
    house = here.site()
    serving = SiteServers(house.site)
    with serving.local, serving.devices:
        admin = Admin(house)
        admin.good("activate", given=admin.code())
        for name in ("desk", "lamp"):
            token = admin.good("devices", "token", "--group", "Bureau")["token"]
            assert house.agent(name).enroll(token) is None
        admin.good("site", "users", "add", "ada@example.com", "--role", "operator")
        admin.good(*FORWARDING, "webhook", "Alerts", "https://alerts.example.com/hook")
        yield admin


def commands(admin: Admin) -> dict[str, tuple[tuple[str, ...], str]]:
    """By what is done: the command, and what the question says of the thing."""
    desk, lamp = admin.good("devices", "list")["items"]
    token = admin.good("devices", "tokens")["items"][0]["id"]
    return {
        "token": (("devices", "withdraw-token", token), f"“editor, Bureau” ({token})"),
        "idle": (("devices", "idle", "--release", "--days", "1"), "all devices of editor that were silent for 1 day"),
        "seat": (("devices", "withdraw", desk["id"]), f"“{desk['name']}” ({desk['id']})"),
        "device": (("devices", "remove", lamp["id"]), f"“{lamp['name']}” ({lamp['id']})"),
        "group": (("groups", "remove", "Bureau"), "The group “Bureau”"),
        "password": (("site", "users", "reset", "ada@example.com"), "The password of “ada@example.com”"),
        "account": (("site", "users", "remove", "ada@example.com"), "The account “ada@example.com”"),
        "waiting": ((*FORWARDING, "resume", "Alerts", "--skip"), "the forwarding “Alerts” will be left out"),
        "forwarding": ((*FORWARDING, "remove", "Alerts"), "The forwarding “Alerts”"),
    }


def test_a_no_leaves_everything_and_the_question_names_the_thing(office: Admin) -> None:
    before = everything(office)
    for what, (words, named) in commands(office).items():
        told = office.run(*words, answers=("n",), terminal=True)
        assert office.asked.pop() == "Do exactly this? [y/N] ", what
        assert named in " ".join(told.err.split()), (what, told.err)
        assert (told.code, "Nothing was done." in told.out) == (ExitCode.DONE, True), (what, told)
    assert everything(office) == before


@pytest.mark.parametrize("way", ["asked", "--yes", "pipe"])
def test_it_is_done_after_a_yes_and_where_nobody_is_to_be_asked(office: Admin, way: str) -> None:
    for what, (words, _) in commands(office).items():
        more, answers = (("--yes",) if way == "--yes" else ()), (("y",) if way == "asked" else ())
        told = office.run(*words, *more, answers=answers, terminal=way != "pipe")
        assert told.code == ExitCode.DONE, (what, told.err)
        assert "Nothing was done." not in told.out
        assert len(office.asked) == (1 if way == "asked" else 0), what
        office.asked.clear()
    assert everything(office)["forwardings"] == everything(office)["users"] == []


def test_a_fork_and_a_merge_are_asked_about_too(office: Admin) -> None:
    desk, lamp = office.good("devices", "list")["items"]
    for resolution in ("restored", "second_site", "retired"):
        told = office.run("licenses", "resolve-fork", resolution, answers=("",), terminal=True)
        assert f"the site of editor in {office.house.folder}" in " ".join(told.err.split())
        assert "Nothing was done." in told.out
    merged = office.run("devices", "merge", desk["id"], lamp["id"], answers=("no",), terminal=True)
    assert f"“{desk['name']}” ({desk['id']}) will go on as “{lamp['name']}” ({lamp['id']})" in " ".join(
        merged.err.split()
    )
    conflict = office.run("devices", "conflict", "--release", answers=("no",), terminal=True)
    assert "for editor will be withdrawn now" in " ".join(conflict.err.split())
    assert len(office.asked) == 5


def test_giving_up_a_seat_is_asked_about_on_the_device(office: Admin) -> None:
    root = ("--root", str(office.house.folder / "root.jws"), "--product", "editor", "--version", "12.0")
    device = Terminal(office.home, env={"TENURE_AGENT": str(office.home / "agent")})
    device.good("agent", "init", *root)
    held = device.good("agent", "enroll", given=office.good("devices", "token")["token"] + "\n")
    kept = device.run("agent", "release", answers=("n",), terminal=True)
    assert f"The seat of this device ({held['device']}) for editor will be erased." in " ".join(kept.err.split())
    assert "Nothing was done." in kept.out
    assert device.good("agent", "status")["device"] == held["device"]
    gone = device.run("agent", "release", answers=("y",), terminal=True)
    assert "The seat is given up." in gone.out
    assert len(device.asked) == 2


def everything(admin: Admin) -> dict[str, list[object]]:
    """What a site's administrator has, by kind."""
    listed = {
        "devices": ("devices", "list"), "tokens": ("devices", "tokens"), "groups": ("groups", "list"),
        "users": ("site", "users", "list"), "forwardings": (*FORWARDING, "list"),
    }  # fmt: skip
    return {kind: admin.good(*words)["items"] for kind, words in listed.items()}
