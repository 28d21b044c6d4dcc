"""The main job told by the real programs over loopback HTTP, on a test clock: `tenure story` [spec: story].

One chapter per part of the mission; each step says what was expected and what was seen. Anything that breaks is a
difference, and the story goes on.
"""

import json
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TextIO

from tenure.sandbox import told_by_application, told_by_network, told_by_provider, told_by_site, told_by_vendor
from tenure.sandbox.narrator import Narrator, Told
from tenure.sandbox.programs import Program, tell
from tenure.sandbox.seed import catalogue, provider
from tenure.sandbox.shop import Shop
from tenure.sandbox.stage import Stage

Chapter = Callable[[Narrator, Stage], None]

CHAPTERS: tuple[tuple[str, Chapter], ...] = (
    ("A provider sells a subscription", told_by_provider.orders),
    ("A site applies the code", told_by_application.activates),
    ("What a second code and an earlier version are told", told_by_application.refused),
    ("The licensing server is asked, by timer and by hand", told_by_application.synchronises),
    ("Renewed by hand, and by itself", told_by_provider.renews),
    ("The end, grace, and a late renewal", told_by_application.ends_and_recovers),
    ("No grace at all", told_by_application.ends_without_grace),
    ("System DNS broken, public DNS used", told_by_network.loses_dns),
    ("Every server killed", told_by_network.loses_every_server),
    ("An administration server and its devices", told_by_site.protects),
    ("A successor takes over without a server", told_by_network.switches_alone),
    ("The vendor's servers were out", told_by_vendor.forgives),
    ("A disk is copied", told_by_network.is_copied),
    ("Unlimited, prepaid, dry, and recovered", told_by_application.runs_dry_and_recovers),
    ("Applications on their own, each one device", told_by_application.stands_alone),
    ("Cancelled, and undone", told_by_provider.cancels),
    ("Another provider sees nothing", told_by_provider.foreigners),
    ("The key is changed and nobody notices", told_by_vendor.rotates),
    ("Killed and started again", told_by_vendor.survives),
    ("The history shows that nobody wrote past it", told_by_vendor.verifies),
)


def story(out: TextIO, chapters: Iterable[tuple[str, Chapter]] = CHAPTERS) -> Told:
    """Tell it; the last line counts steps and differences."""
    narrator = Narrator(out)
    with tempfile.TemporaryDirectory(prefix="tenure-story-") as scratch:
        folder = Path(scratch)
        made = _made(folder)
        server = Program("server", "run", "--folder", str(folder / "server"), "--listen", "127.0.0.1:0", folder=folder)
        with server:
            stage = _furnished(folder, server, made["vendor_token"])
            for title, chapter in chapters:
                narrator.chapter(title)
                _tell(narrator, stage, chapter)
            stage.close()
    return narrator.close()


def _made(folder: Path) -> dict[str, str]:
    """A new server, made by the command that an operator would use."""
    words = ("server", "init", "--folder", str(folder / "server"), "--name", "https://licence.example.com", "--json")
    code, said = tell(words)
    if code:
        raise RuntimeError(f"`tenure server init` failed: {said}")
    made: dict[str, str] = json.loads(said)
    return made


def _furnished(folder: Path, server: Program, token: str) -> Stage:
    vendor = Shop(server.url, token)
    catalogue(vendor)
    north = provider(vendor, server.url, "North", rules={"grace_days": 14})
    strict = provider(vendor, server.url, "Strict", rules={"grace_days": 0})
    return Stage(folder, server, vendor, north, strict)


def _tell(narrator: Narrator, stage: Stage, chapter: Chapter) -> None:
    try:
        chapter(narrator, stage)
    except Exception as fault:  # the next chapter is told all the same
        narrator.expect("this chapter can be told", "to its end", f"{type(fault).__name__}: {fault}")
