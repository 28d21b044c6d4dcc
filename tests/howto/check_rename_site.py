"""What must hold in a copy of the repository with `rename_site.patch`; run there by `tests/docs/test_howto_command.py`.

Nothing below was written for the command but in the files that the patch names.
"""

from pathlib import Path

import pytest

import tenure
from tenure.core.subscription.facts import decode_fact
from tenure.core.subscription.fold import fold
from tenure.sdk import ActivationGranted, License, Network
from tenure.store.facts import load_history
from tests.cli.vendor import vendor
from tests.portal.stage import stage
from tests.server.test_actions import SCENARIOS
from tools import commands, scenes

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
KIND = "subscription.site_renamed"


def test_docs_tries_and_scenarios_follow_from_the_row() -> None:
    assert Path(tenure.__file__).is_relative_to(ROOT), "the copy is what is tested"
    assert "`rename-site`" in commands.page()
    assert "rename site" in scenes.FAMILIES["Sites"]
    assert SCENARIOS["rename_site"][1] == ("SiteRenamed",)
    explained = ("CONTRIBUTING.md", "tests/howto/")
    named = [path for path in commands.files_naming("rename_site") if not path.startswith(explained)]
    assert len(named) <= 8, named


async def test_api_dry_run_portal_history_and_events(tmp_path: Path) -> None:
    async with stage(tmp_path) as there:
        env = there.office
        name, code = await env.order()
        site = env.site()
        await site.activate(code)
        address, body = f"/v1/subscriptions/{name}/rename-site", {"site": site.id, "name": "Front desk"}
        stored = await env.snapshot()
        assert (await env.staff.post(address, body, dry_run="true"))["facts"] == ["SiteRenamed"]
        assert await env.snapshot() == stored, "a dry run changes nothing"
        await env.staff.post(address, body)
        assert await env.staff.refused(address, body) == "nothing_to_change"

        tab = await there.staff()
        await tab.open(f"/subscriptions/{name}")
        assert f"/subscriptions/{name}/do/rename_site?site={site.id}" in tab.answer.text
        await tab.open(f"/subscriptions/{name}/do/rename_site?site={site.id}")
        await tab.send(tab.form("_key"), name="Back desk")
        assert "this will happen" in tab.text, tab.text
        await tab.send(tab.form("outcome_hash"), step="apply")
        assert "The installation has its new name." in tab.text

        found = (await env.staff.get(f"/v1/subscriptions/{name}/history", limit=200))["items"]
        told = [fact["detail"] for fact in found if fact["kind"] == "SiteRenamed"]
        assert told == ["It is called Front desk from now on.", "It is called Back desk from now on."]
        await tab.open(f"/subscriptions/{name}/history")
        assert "It is called Back desk from now on." in tab.text
        events = (await env.staff.get("/v1/events", limit=200))["items"]
        assert [event["data"]["fact"] for event in events if event["kind"] == KIND] == ["SiteRenamed"] * 2
        kinds = {each["kind"]: each for each in (await env.staff.get("/v1/event-kinds"))["items"]}
        assert kinds[KIND]["meaning"] == "An installation has another name."
        stored_facts = await env.context.db.read(load_history, env.provider, name)
        folded = fold(tuple(decode_fact(each.body) for each in stored_facts))
        assert [each.name for each in folded.sites] == ["Back desk"]


def test_command_line_and_chain(tmp_path: Path) -> None:
    with vendor(tmp_path / "vendor") as server:
        staff = server.staff(tmp_path / "staff")
        made = staff.order()
        root = Path(server.folder / "root.jws").read_bytes()
        application = License.open(
            product="editor", version="12.0", server=server.url, root=root, folder=tmp_path / "desk",
            name="Desk", network=Network(dns="off", proxy="", loopback_http=True),
        )  # fmt: skip
        assert isinstance(application.activate(made["activation_code"]), ActivationGranted)
        assert application.lease is not None
        sub, tell = made["subscription"]["id"], staff.terminal.good
        words = ("rename-site", sub, application.lease.sub, "Front desk")
        assert tell(*words, "--dry-run")["facts"] == ["SiteRenamed"]
        assert tell(*words)["subscription"]["sites"][0]["name"] == "Front desk"
        assert "SiteRenamed" in [fact["kind"] for fact in tell("subscriptions", "history", sub)["items"]]
        assert staff.terminal.run("verify-history", "--folder", str(server.folder)).code == 0
