"""The main job told by the real programs over loopback HTTP, on a test clock: `tenure story` [spec: story].

One chapter per part of the mission; each step says what was expected and what was seen. Anything that breaks is a
difference, and the story goes on.
"""

import json
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TextIO

from tenure.sandbox import story_application, story_network, story_provider, story_site, told_by_vendor
from tenure.sandbox.narrator import Narrator, StoryResult
from tenure.sandbox.programs import RunningProgram, run_tenure
from tenure.sandbox.provider_client import ProviderClient
from tenure.sandbox.seed import seed_catalog, seed_provider
from tenure.sandbox.stage import StoryStage
from tenure.server.state_place import VARIABLE

Chapter = Callable[[Narrator, StoryStage], None]

CHAPTERS: tuple[tuple[str, Chapter], ...] = (
    ("A provider sells a subscription", story_provider.tell_orders),
    ("A site applies the code", story_application.tell_activation),
    ("What a second code and an earlier version are told", story_application.tell_refusals),
    ("The activation server is asked, by timer and by hand", story_application.tell_synchronization),
    ("Renewed by hand, and by itself", story_provider.tell_renewals),
    ("The end, grace, and a late renewal", story_application.ends_and_recovers),
    ("No grace at all", story_application.ends_without_grace),
    ("System DNS broken, public DNS used", story_network.loses_dns),
    ("Every server killed", story_network.loses_every_server),
    ("An administration server and its devices", story_site.protects),
    ("A successor takes over without a server", story_network.switches_alone),
    ("The vendor's servers were out", told_by_vendor.forgives),
    ("A disk is copied", story_network.is_copied),
    ("Unlimited, prepaid, dry, and recovered", story_application.runs_dry_and_recovers),
    ("Applications on their own, each one device", story_application.stands_alone),
    ("Canceled, and undone", story_provider.tell_cancellation),
    ("Another provider sees nothing", story_provider.tell_isolation),
    ("The key is changed without a visible effect", told_by_vendor.rotates),
    ("Killed and started again", told_by_vendor.survives),
    ("The history shows that all writes went through Tenure", told_by_vendor.verifies),
)


def tell_story(out: TextIO, chapters: Iterable[tuple[str, Chapter]] = CHAPTERS) -> StoryResult:
    """Tell it; the last line counts steps and differences."""
    narrator = Narrator(out)
    with tempfile.TemporaryDirectory(prefix="tenure-story-") as scratch:
        folder = Path(scratch)
        made = _make_server(folder)
        words = ("server", "run", "--folder", str(folder / "server"), "--listen", "127.0.0.1:0", *_workers_option())
        server = RunningProgram(*words, folder=folder)
        with server:
            stage = _furnish_stage(folder, server, made["vendor_token"])
            for title, chapter in chapters:
                narrator.begin_chapter(title)
                if chapter is story_site.protects:
                    server.kill_worker()
                _tell_chapter(narrator, stage, chapter)
            stage.close()
    return narrator.close()


def _workers_option() -> tuple[str, ...]:
    """On PostgreSQL two processes serve, and one of them is killed in the middle."""
    return ("--workers", "2") if os.environ.get(VARIABLE) else ()


def _make_server(folder: Path) -> dict[str, str]:
    """A new server, made by the command that an operator would use."""
    words = ("server", "init", "--folder", str(folder / "server"), "--name", "https://license.example.com", "--json")
    code, said = run_tenure(words)
    if code:
        raise RuntimeError(f"`tenure server init` failed: {said}")
    made: dict[str, str] = json.loads(said)
    return made


def _furnish_stage(folder: Path, server: RunningProgram, token: str) -> StoryStage:
    vendor = ProviderClient(server.url, token)
    seed_catalog(vendor)
    north = seed_provider(vendor, server.url, "North", rules={"grace_days": 14})
    strict = seed_provider(vendor, server.url, "Strict", rules={"grace_days": 0})
    return StoryStage(folder, server, vendor, north, strict)


def _tell_chapter(narrator: Narrator, stage: StoryStage, chapter: Chapter) -> None:
    try:
        chapter(narrator, stage)
    except Exception as fault:  # the next chapter is told all the same
        narrator.expect("this chapter can be told", "to its end", f"{type(fault).__name__}: {fault}")
