"""Which step of a rotation is due: the year of a vendor's keys, walked day by day with the steps that are named."""

import base64
import hashlib

from tenure.core.refusals import Refused
from tenure.core.timeline import DAY
from tenure.wire import rotation
from tenure.wire.keys import Purpose, SeedSigner
from tenure.wire.root import OnlineKey, RootDocument, RootKey
from tenure.wire.rotation_due import NOTICE, KeyState, RotationStep, due_steps, state_of

DAYS = 730
LIFE = 30 * DAY


def _public(name: str) -> str:
    return base64.urlsafe_b64encode(SeedSigner(hashlib.sha256(name.encode()).digest()).public).rstrip(b"=").decode()


def _key(kid: str, since: int, until: int, purpose: Purpose = Purpose.LEASE) -> OnlineKey:
    return OnlineKey(kid=kid, x=_public(kid), purpose=purpose, nbf=since, naf=until, longest=LIFE)


def _document(*keys: OnlineKey, expires: int = 396 * DAY) -> RootDocument:
    made = rotation.first_document("vendor", (RootKey("root-1", _public("root-1")),), 1, keys, 0, expires)
    assert not isinstance(made, Refused), made
    return made


def _steps(document: RootDocument, now: int) -> list[tuple[RotationStep, str, bool]]:
    return [(step.step, step.kid, step.when <= now) for step in due_steps(document, now)]


def test_a_fresh_server_has_nothing_due_and_knows_what_comes_next() -> None:
    document = _document(_key("lease-1", 0, DAYS * DAY))
    first, second = due_steps(document, DAY)
    assert (first.step, first.when, first.ends) == (RotationStep.EXTEND, 396 * DAY - NOTICE, 396 * DAY)
    assert (second.step, second.when, second.ends) == (RotationStep.PUBLISH, DAYS * DAY - NOTICE, DAYS * DAY)


def test_a_rotation_is_named_step_by_step_until_nothing_is_left_of_the_old_key() -> None:
    document, now = _document(_key("lease-1", 0, DAYS * DAY), expires=3_000 * DAY), 650 * DAY
    assert (RotationStep.PUBLISH, "lease-1", True) in _steps(document, now)
    following = rotation.publish_key(document, _key("lease-2", now, now + DAYS * DAY), now, document.expires)
    assert not isinstance(following, Refused)
    assert state_of(following, following.keys[1], now) is KeyState.WAITING
    assert [step for step, _, is_due in _steps(following, now) if is_due] == [], "it waits until clients know it"
    later = now + rotation.REFRESH
    assert state_of(following, following.keys[0], later) is KeyState.SPARE
    assert (RotationStep.CLOSE, "lease-1", True) in _steps(following, later)
    closed = rotation.close_key(following, "lease-1", later, document.expires)
    assert not isinstance(closed, Refused)
    assert (RotationStep.RETIRE, "lease-1", False) in _steps(closed, later)
    end = later + 2 * LIFE + rotation.LONGEST_AMNESTY
    assert (RotationStep.RETIRE, "lease-1", True) in _steps(closed, end)
    retired = rotation.retire_key(closed, "lease-1", end, document.expires)
    assert not isinstance(retired, Refused)
    assert [step for step, _, is_due in _steps(retired, end) if is_due] == []


def test_a_purpose_whose_every_key_has_ended_is_due_at_once() -> None:
    document = _document(_key("lease-1", 0, 10 * DAY), _key("answer-1", 0, DAYS * DAY, Purpose.ANSWER))
    found = next(
        step for step in due_steps(document, 20 * DAY) if step.step is RotationStep.PUBLISH and step.purpose == "lease"
    )
    assert (found.kid, found.ends) == ("", 20 * DAY)
    assert found.when <= 20 * DAY
