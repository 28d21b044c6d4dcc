"""One engine for leases and seats: what it keeps lies in the folder as it always did, and no client has a part of its
own beside it."""

import ast
import base64
import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

import tenure
from tenure.agent.device_state import DeviceState, DeviceStateFolder
from tenure.agent.requests import DeviceIdentity
from tenure.agent.seat_holder import SeatKeyHolder
from tenure.core.lease.clock import ClockReading
from tenure.core.lease.sync_schedule import RETRY_AFTER_MOST
from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.cache import FolderCache
from tenure.sdk.client_state import ClientState
from tenure.sdk.clock import Timekeeper
from tenure.sdk.disk import FolderOnDisk
from tenure.sdk.engine.answers import (
    LONGEST_AWAY,
    NOTICES,
    add_notices,
    after_answered_contact,
    after_failed_contact,
)
from tenure.sdk.engine.generations import GenerationFolder, IdentityReset
from tenure.sdk.engine.holder import StateHolder
from tenure.sdk.engine.replies import request_head
from tenure.sdk.holdings import LeaseReader
from tenure.sdk.lease_holder import LeaseHolder
from tenure.wire import field_types
from tenure.wire.messages import NextSync
from tenure.wire.notices import SignedNotice
from tenure.wire.root import TrustedRoot, pin_root
from tests.sdk.world import Hands, World

SECRET = bytes(range(32))
FOLDERS: list[Any] = [
    pytest.param(
        FolderCache, ClientState(contact=7), "key", base64.b64encode(SECRET) + b"\n", b"tenure-state-1 ",
        hashlib.sha256(b"tenure state file\0" + SECRET).digest(), id="lease",
    ),
    pytest.param(DeviceStateFolder, DeviceState(contact=7), "seal", SECRET, b"tenure-agent-1 ", SECRET, id="seat"),
]  # fmt: skip
"""Folder, a state, file and content of the secret, mark of a generation, key of its seal."""


def drawn(count: int) -> bytes:
    return SECRET[:count]


class TestFiles:
    @pytest.mark.parametrize(("folder", "state", "file", "secret", "mark", "key"), FOLDERS)
    def test_a_state_lies_in_its_folder_in_the_form_that_every_version_reads(
        self, folder: Any, state: Any, file: str, secret: bytes, mark: bytes, key: bytes, tmp_path: Path
    ) -> None:
        folder(FolderOnDisk(tmp_path), drawn).save_state(state)
        body = msgspec.json.encode(state)
        seal = hmac.digest(key, b"1\n" + body, "sha256").hex().encode()
        assert (tmp_path / file).read_bytes() == secret
        assert (tmp_path / "state.1").read_bytes() == mark + b"1 " + seal + b"\n" + body
        assert folder(FolderOnDisk(tmp_path), drawn).load_state() == state

    @pytest.mark.parametrize(("folder", "state", "file", "secret", "mark", "key"), FOLDERS)
    def test_a_secret_that_is_gone_is_written_back_and_another_one_is_not_overwritten(
        self, folder: Any, state: Any, file: str, secret: bytes, mark: bytes, key: bytes, tmp_path: Path
    ) -> None:
        memory: GenerationFolder[Any] = folder(FolderOnDisk(tmp_path), drawn)
        (tmp_path / file).unlink()
        memory.load_state()
        assert memory.missing_files() == (file,)
        memory.save_state(state)
        assert ((tmp_path / file).read_bytes(), memory.missing_files()) == (secret, ())
        other = bytes(32)
        (tmp_path / file).write_bytes(base64.b64encode(other) if folder is FolderCache else other)
        with pytest.raises(IdentityReset, match=f"under a new {file}"):
            memory.save_state(state)


def root_and_clocks() -> tuple[TrustedRoot, Hands]:
    world = World()
    root = pin_root(world.vendor.roots[1])
    assert not isinstance(root, Refused)
    return root, world.hands


def lease_holder(folder: Path) -> StateHolder[Any, Any]:
    root, hands = root_and_clocks()
    reader = LeaseReader(product="editor", version="12.0", jwk={})
    return LeaseHolder(reader, root, FolderCache(FolderOnDisk(folder), drawn), Timekeeper(hands.clocks))


def seat_holder(folder: Path) -> StateHolder[Any, Any]:
    root, hands = root_and_clocks()
    who = DeviceIdentity(product="editor", version="12.0")
    memory = DeviceStateFolder(FolderOnDisk(folder), drawn)
    return SeatKeyHolder(who, root, memory, Timekeeper(hands.clocks), drawn)


HOLDERS = pytest.mark.parametrize("opened", [lease_holder, seat_holder])


class TestHolder:
    @HOLDERS
    def test_what_a_process_knows_goes_on_where_its_files_are_gone(
        self, opened: Callable[[Path], StateHolder[Any, Any]], tmp_path: Path
    ) -> None:
        holder = opened(tmp_path)
        assert holder.save_state(msgspec.structs.replace(holder.kept, token="t1")) is None
        for file in tmp_path.glob("state.*"):
            file.unlink()
        assert holder.reload_state() is None
        assert (holder.kept.token, holder.has_missing_files) == ("t1", True)
        assert [each.code for each in holder.current_faults] == [RefusalCode.FOLDER_INCOMPLETE]
        assert holder.save_state(holder.kept) is None
        assert not holder.current_faults

    @HOLDERS
    def test_what_cannot_be_saved_is_refused_and_not_gone_by(
        self, opened: Callable[[Path], StateHolder[Any, Any]], tmp_path: Path
    ) -> None:
        holder = opened(tmp_path)
        before = holder.kept
        for name in ("key", "seal"):
            (tmp_path / name).unlink(missing_ok=True)
            (tmp_path / name).write_bytes(base64.b64encode(bytes(32)))
        refused = holder.save_state(msgspec.structs.replace(before, token="t1"))
        assert refused is not None
        assert refused.code is RefusalCode.FOLDER_UNWRITABLE
        assert holder.kept.token == before.token
        assert refused in holder.current_faults


@pytest.mark.parametrize("kept", [ClientState(), DeviceState()], ids=["lease", "seat"])
class TestContacts:
    def test_a_failure_moves_the_next_attempt_and_nothing_else(self, kept: Any) -> None:
        after = after_failed_contact(kept, 1_000, RETRY_AFTER_MOST)
        assert (after.contacts.failed, after.contacts.failures) == (1_000, 1)
        assert after.contacts.retry_after == RETRY_AFTER_MOST
        assert msgspec.structs.replace(after, contacts=kept.contacts) == kept

    def test_no_answer_sends_a_client_away_for_longer_than_a_month(self, kept: Any) -> None:
        far = NextSync(not_before=10**9, not_after=2 * 10**9)
        after = after_answered_contact(kept, 1_000, far, settled=True)
        assert after.contacts.window == (1_000 + LONGEST_AWAY, 1_000 + LONGEST_AWAY)
        assert (after.contacts.answered, after.contacts.failures) == (1_000, 0)


def test_each_notice_counts_once_and_the_oldest_go() -> None:
    proven = SignedNotice(iss="tenure", jti="n1", iat=0, kind="amnesty", since=0, until=1)

    def read(token: bytes) -> SignedNotice | Refused:
        return Refused(RefusalCode.KEY_UNKNOWN) if token == b"forged" else proven

    many = tuple(b"%d" % number for number in range(NOTICES))
    assert add_notices(many, (b"forged",), read) == many
    assert add_notices(many, (b"0", b"new", b"new"), read) == (*many[2:], b"0", b"new")


def test_a_clock_that_is_wrong_in_any_way_fits_into_a_request() -> None:
    for wall, uptime in ((-5, -5), (10**15, 10**15)):
        head = request_head(drawn, ClockReading("boot", uptime, wall))
        assert 0 <= head.wall <= field_types.YEAR_9999
        assert 0 <= head.uptime <= 100 * field_types.YEAR


def public_functions(folder: Path) -> dict[str, str]:
    """Functions of the modules below a folder, with the module that has each."""
    found = {}
    for path in folder.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and node.name != "main":
                found[node.name] = path.name
    return found


def test_no_function_of_the_sdk_stands_a_second_time_in_the_agent() -> None:
    source = Path(tenure.__file__).parent
    sdk, agent = public_functions(source / "sdk"), public_functions(source / "agent")
    assert len(sdk) > 50
    assert sorted(sdk.keys() & agent.keys()) == []
