"""Forwardings from the command line, against a running site and a real mail server."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tenure.core.refusals import ExitCode
from tenure.site.main import SiteServers
from tests.cli.terminal import Ran
from tests.server.mailbox import mailbox
from tests.server.receiver import receiver
from tests.site.site_env import SiteEnv, SiteProcess
from tests.site.test_command_line import Admin

PASSWORD = "correct horse battery"


@pytest.fixture
def office(here: SiteEnv) -> Iterator[Admin]:
    house: SiteProcess = here.site()
    serving = SiteServers(house.site)
    with serving.local:
        yield Admin(house)


async def run(admin: Admin, *words: str, **more: Any) -> Ran:
    """The mail server has the loop meanwhile."""
    return await asyncio.to_thread(admin.run, "site", "forwarding", *words, **more)


async def test_a_mail_forwarding_from_first_to_last(office: Admin) -> None:
    async with mailbox() as box:
        where = ("--host", "127.0.0.1", "--port", str(box.port), "--security", "none", "--sender", "t@site.example")
        made = await run(office, "mail", "Operations", *where, "--to", "ana@example.com", "--severity", "critical")
        assert made.code == ExitCode.DONE, made.err
        listed = await run(office, "list")
        assert "Operations" in listed.out
        assert "new" in listed.out
        tested = await run(office, "test", "Operations")
        assert tested.code == ExitCode.DONE
        assert len(box.mails) == 1
        box.refused = "550 5.7.1 Relaying denied"
        tested = await run(office, "test", "Operations")
        assert tested.code == ExitCode.UNREACHABLE
        assert "Relaying denied" in tested.out
        assert "What helps" in tested.out
        changed = await run(
            office, "change", "Operations", "--to", "bob@example.com", "--kind", "fork_found", "--rename", "Ops"
        )
        assert changed.code == ExitCode.DONE, changed.err
        shown = (await run(office, "show", "Ops", "--json")).json
        assert (shown["mail"]["recipients"], shown["kinds"]) == (["bob@example.com"], ["fork_found"])
        log = await run(office, "log", "Ops")
        assert log.out.count("evt_test_") == 2
        for words, code in (
            (("off", "Ops"), ExitCode.DONE), (("on", "Ops"), ExitCode.DONE),
            (("change", "Ops", "--url", "https://a.example/"), ExitCode.INPUT),
            (("resume", "Ops"), ExitCode.STATE), (("resume", "Ops", "--skip"), ExitCode.DONE), (("test", "Nobody"),
            ExitCode.INPUT),
            (("rotate-secret", "Ops"), ExitCode.STATE), (("remove", "Ops"), ExitCode.DONE), (("show", "Ops"),
            ExitCode.INPUT),
        ):  # fmt: skip
            assert (await run(office, *words)).code == code, words
        assert "not forwarded anywhere" in (await run(office, "list")).out


async def test_a_password_is_asked_for_or_piped_and_never_shown(office: Admin) -> None:
    words = ("--host", "mail.example.com", "--user", "ana", "--sender", "t@site.example", "--to", "ana@example.com")
    asked = await run(office, "mail", "Asked", *words, answers=(PASSWORD,), terminal=True)
    assert asked.code == ExitCode.DONE, asked.err
    assert office.asked == ["Password of the mail server: "]
    piped = await run(office, "mail", "Piped", *words, "--password-file", "-", given=f"{PASSWORD}\n")
    assert piped.code == ExitCode.DONE, piped.err
    assert PASSWORD not in asked.out + piped.out
    # Another server is not shown the password that was kept.
    moved = await run(office, "change", "Piped", "--host", "other.example.com", "--json")
    assert (moved.code, moved.problem["field"]) == (ExitCode.INPUT, "mail.password")
    again = await run(office, "change", "Piped", "--host", "other.example.com", "--password", given=PASSWORD)
    assert again.code == ExitCode.DONE, again.err


async def test_a_webhooks_secret_is_shown_once(office: Admin) -> None:
    async with receiver() as there:
        made = await run(office, "webhook", "Alerts", "-", given=f"{there.url}\n")
        assert made.code == ExitCode.DONE, made.err
        assert "whsec_" in made.out
        assert "whsec_" not in (await run(office, "show", "Alerts")).out
        assert (await run(office, "test", "Alerts")).code == ExitCode.DONE
        assert there.messages[0].event["type"] == "forwarding_test"
        fresh = await run(office, "rotate-secret", "Alerts", "--overlap-hours", "0", "--json")
        assert fresh.json["secret"] not in made.out
        wrong = await run(office, "webhook", "Plain", "http://10.0.0.8/", "--json")
        assert (wrong.code, wrong.problem["field"]) == (ExitCode.INPUT, "webhook.url")
    assert "device_limit_reached" in (await run(office, "kinds")).out


def test_everything_up_to_an_event_is_acknowledged_by_severity(office: Admin) -> None:
    office.good("site", "forwarding", "webhook", "Alerts", "https://alerts.example.com/")
    newest = office.good("site", "events", "--new")["items"][0]
    assert newest["kind"] == "forwarding_added"
    assert office.good("site", "acknowledge", str(newest["number"]), "--severity", "info")["acknowledged"] == 0
    assert office.good("site", "acknowledge", str(newest["number"]))["acknowledged"] == 1
