"""When an ephemeral application is forgotten, and what a key may say that it is."""

import pytest

from tenure.core.answering.forgetting import EPHEMERAL_MOST, is_forgettable
from tenure.core.answering.forks import CopyMemory, CopySighting
from tenure.core.installation import InstallationKind, refuse_other_kind
from tenure.core.timeline import DAY
from tests.core.world import day

ENDED = day("2026-03-01") + 12 * 3_600
AMNESTY = ENDED + 30 * DAY
COPY = ENDED + 90 * DAY
SERVER, ALONE, BRIEF = (
    InstallationKind("server"),
    InstallationKind("standalone"),
    InstallationKind("standalone", ephemeral=True),
)


@pytest.mark.parametrize(
    ("memory", "forked_at", "due"),
    [
        (CopyMemory(), None, AMNESTY),
        (CopyMemory(), ENDED - DAY, COPY),
        (CopyMemory(), ENDED + DAY, COPY + DAY),
        (CopyMemory(copies=(CopySighting(token="t", at=ENDED, serial=1, epoch=1),)), None, COPY),
        (CopyMemory(settled=(("t", "separated"),), settled_at=ENDED + 2 * DAY), None, COPY + 2 * DAY),
        (CopyMemory(fork_answered=ENDED - 3 * DAY), None, COPY),
    ],
)
def test_an_application_is_forgotten_when_no_rule_can_need_it(
    memory: CopyMemory, forked_at: int | None, due: int
) -> None:
    assert not is_forgettable(memory, ENDED, forked_at, None, due - 1)
    assert is_forgettable(memory, ENDED, forked_at, None, due)


def test_after_a_restore_it_is_kept_while_a_forgotten_lease_could_run() -> None:
    restored = AMNESTY - DAY
    until = restored + EPHEMERAL_MOST + 30 * DAY
    assert not is_forgettable(CopyMemory(), ENDED, None, restored, until - 1)
    assert is_forgettable(CopyMemory(), ENDED, None, restored, until)


@pytest.mark.parametrize(
    ("said", "known", "successor", "code", "field"),
    [
        (SERVER, None, True, "", ""),
        (BRIEF, None, True, "", ""),
        (InstallationKind("server", ephemeral=True), None, False, "field_invalid", "ephemeral"),
        (SERVER, ALONE, False, "installation_mismatch", "installation"),
        (ALONE, SERVER, False, "installation_mismatch", "installation"),
        (BRIEF, ALONE, False, "installation_mismatch", "ephemeral"),
        (ALONE, BRIEF, False, "installation_mismatch", "ephemeral"),
        (BRIEF, BRIEF, False, "", ""),
        (BRIEF, BRIEF, True, "no_successor", "role"),
        (ALONE, ALONE, True, "", ""),
    ],
)
def test_a_key_stays_what_it_was_at_its_first_activation(
    said: InstallationKind, known: InstallationKind | None, successor: bool, code: str, field: str
) -> None:
    refused = refuse_other_kind(said, known, successor=successor)
    assert (refused and (refused.code, refused.field)) == ((code, field) if code else None)
