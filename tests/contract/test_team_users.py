"""Users, their teams, what speaks for them and for how long, and what they did: kept alike on both databases."""

import msgspec
import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.store import audit_log, invitations, recovery_codes, sessions, throttle, users
from tenure.store.audit_log import AuditEvent
from tenure.store.engine import Connection, Database
from tenure.store.sessions import IDLE, LIFE, AccountSession, SecretPurpose
from tenure.store.users import TeamPlace
from tests.contract.seed import NOW, membership, must, two_providers, user

A, B = TeamPlace("prv_a"), TeamPlace("prv_b")


def code_of(outcome: object) -> RefusalCode | None:
    return outcome.code if isinstance(outcome, Refused) else None


def session(name: str = "s", **changed: object) -> AccountSession:
    known = AccountSession(
        name.encode(), f"ses_{name}", "usr_a", "mem_a", SecretPurpose.SESSION, NOW, NOW + LIFE, NOW, "192.0.2.1"
    )
    return msgspec.structs.replace(known, **changed)


@pytest.fixture
async def stocked(db: Database) -> Database:
    await db.write(two_providers)
    return db


# -- users and teams --


async def test_an_email_has_one_account(stocked: Database) -> None:
    again = msgspec.structs.replace(user("a"), id="usr_new")
    assert code_of(await stocked.write(users.add_user, again)) is RefusalCode.ALREADY_EXISTS
    assert await stocked.read(users.user_by_email, "a@x.test") == user("a")
    assert await stocked.read(users.get_user, "usr_a") == user("a")
    assert await stocked.read(users.user_by_email, "A@x.test") is None, "written in lower case by the caller"


async def test_a_user_is_in_several_teams_and_once_in_each(stocked: Database) -> None:
    also = membership("a", id="mem_also", provider="prv_b", customer="cus_b", kind="customer", role="owner")
    must(await stocked.write(users.join_team, also))
    twice = msgspec.structs.replace(also, id="mem_twice", role="auditor")
    assert code_of(await stocked.write(users.join_team, twice)) is RefusalCode.ALREADY_EXISTS
    assert [each.id for each in await stocked.read(users.memberships_of, "usr_a")] == ["mem_a", "mem_also"]
    await stocked.write(users.membership_used, "mem_also", NOW)
    assert [each.id for each in await stocked.read(users.memberships_of, "usr_a")] == ["mem_also", "mem_a"]
    assert await stocked.read(users.named_memberships, "usr_a") == [
        ("mem_a", "provider", "operator", "a"),
        ("mem_also", "customer", "owner", "b"),
    ]
    assert await stocked.read(users.get_teammate, TeamPlace("prv_b", "cus_b"), "usr_a") is not None
    assert [each.id for each in await stocked.read(users.team_page, B)] == ["usr_b"], "a customer's team is its own"


async def test_a_team_keeps_an_owner(stocked: Database) -> None:
    must(await stocked.write(users.set_role, A, "usr_a", "owner"))
    assert code_of(await stocked.write(users.set_role, A, "usr_a", "auditor")) is RefusalCode.LAST_OWNER
    assert code_of(await stocked.write(users.leave_team, A, "usr_a")) is RefusalCode.LAST_OWNER
    must(await stocked.write(users.set_role, A, "usr_a", "owner"))
    must(await stocked.write(users.join_team, membership("b", id="mem_second", provider="prv_a", role="owner")))
    must(await stocked.write(users.set_role, A, "usr_a", "auditor"))
    assert code_of(await stocked.write(users.leave_team, A, "usr_b")) is RefusalCode.LAST_OWNER
    must(await stocked.write(users.leave_team, A, "usr_a"))
    assert code_of(await stocked.write(users.set_role, A, "usr_a", "owner")) is RefusalCode.NOT_FOUND


async def test_whoever_leaves_the_last_team_leaves_nothing_behind(stocked: Database) -> None:
    also = membership("a", id="mem_also", provider="prv_b")
    must(await stocked.write(users.join_team, also))
    await stocked.write(sessions.open_session, session("here"))
    await stocked.write(sessions.open_session, session("there", membership="mem_also"))
    await stocked.write(recovery_codes.replace_codes, "usr_a", [b"1", b"2"])
    must(await stocked.write(users.leave_team, A, "usr_a"))
    assert await stocked.read(sessions.by_id, "ses_here", NOW) is None, "sessions in that team ended"
    assert await stocked.read(sessions.by_id, "ses_there", NOW) is not None
    must(await stocked.write(users.leave_team, B, "usr_a"))
    assert await stocked.read(sessions.by_id, "ses_there", NOW) is None
    assert await stocked.read(users.get_user, "usr_a") is None
    assert not await stocked.write(recovery_codes.use_code, "usr_a", b"1"), "codes went with the account"
    must(await stocked.write(users.add_user, user("a")))


async def test_a_step_of_the_second_factor_is_used_once(stocked: Database) -> None:
    await stocked.write(users.propose_factor, "usr_a", b"sealed")
    await stocked.write(users.set_factor, "usr_a", b"sealed", 7)
    known = await stocked.read(users.get_user, "usr_a")
    assert known is not None
    assert (known.factor, known.proposed, known.step) == (b"sealed", None, 7)
    assert [await stocked.write(users.use_step, "usr_a", step) for step in (7, 8, 8, 6, 9)] == [
        False, True, False, False, True,
    ]  # fmt: skip


async def test_a_recovery_code_is_used_once_and_is_its_users_alone(stocked: Database) -> None:
    await stocked.write(recovery_codes.replace_codes, "usr_a", [b"1", b"2", b"4"])
    assert not await stocked.write(recovery_codes.use_code, "usr_b", b"1")
    assert await stocked.write(recovery_codes.use_code, "usr_a", b"1")
    assert not await stocked.write(recovery_codes.use_code, "usr_a", b"1")
    assert await stocked.write(recovery_codes.use_code, "usr_a", b"4"), "the others are left"
    await stocked.write(recovery_codes.replace_codes, "usr_a", [b"3"])
    assert not await stocked.write(recovery_codes.use_code, "usr_a", b"2")


# -- sessions --


async def test_a_session_ends_idle_or_old_whichever_is_first(stocked: Database) -> None:
    await stocked.write(sessions.open_session, session())
    known = await stocked.read(sessions.signed_in, b"s", NOW + IDLE - 1)
    assert known is not None
    assert (known.session, known.role, known.email) == (session(), "operator", "a@x.test")
    assert await stocked.read(sessions.signed_in, b"s", NOW + IDLE) is None, "an end is the first instant without"
    for moment in range(NOW, NOW + LIFE, IDLE - 1):
        assert await stocked.read(sessions.signed_in, b"s", moment) is not None
        await stocked.write(sessions.note_use, b"s", moment)
    await stocked.write(sessions.note_use, b"s", NOW + LIFE - 1)
    assert await stocked.read(sessions.signed_in, b"s", NOW + LIFE - 1) is not None
    assert await stocked.read(sessions.signed_in, b"s", NOW + LIFE) is None, "however busy"
    assert await stocked.write(sessions.collect, NOW + LIFE - 1) == 0
    assert await stocked.write(sessions.collect, NOW + LIFE) == 1


async def test_what_was_given_out_for_one_thing_is_good_for_no_other(stocked: Database) -> None:
    for purpose in SecretPurpose:
        mine = session(purpose, purpose=purpose, membership="mem_a" if purpose is SecretPurpose.SESSION else None)
        await stocked.write(sessions.open_session, mine)
    for purpose in SecretPurpose:
        found = {
            wanted
            for wanted in SecretPurpose
            if await stocked.read(sessions.find_session, purpose.encode(), wanted, NOW) is not None
        }
        assert found == {purpose}
        seen = await stocked.read(sessions.signed_in, purpose.encode(), NOW)
        assert (seen is not None) == (purpose is SecretPurpose.SESSION)


async def test_a_role_counts_as_it_is_now(stocked: Database) -> None:
    await stocked.write(sessions.open_session, session())
    must(await stocked.write(users.set_role, A, "usr_a", "auditor"))
    known = await stocked.read(sessions.by_id, "ses_s", NOW)
    assert known is not None
    assert known.role == "auditor"


async def test_all_sessions_of_a_user_end_but_one(stocked: Database) -> None:
    for name in ("one", "two", "three"):
        await stocked.write(sessions.open_session, session(name))
    await stocked.write(sessions.open_session, session("other", user="usr_b", membership="mem_b"))
    assert await stocked.write(sessions.end_all, "usr_a", but="ses_two") == 2
    assert await stocked.read(sessions.by_id, "ses_two", NOW) is not None
    assert await stocked.read(sessions.by_id, "ses_other", NOW) is not None
    assert await stocked.write(sessions.end_session, "ses_two")
    assert not await stocked.write(sessions.end_session, "ses_two")


async def test_a_session_moves_for_its_own_user_alone(stocked: Database) -> None:
    await stocked.write(sessions.open_session, session())
    must(await stocked.write(users.join_team, membership("a", id="mem_also", provider="prv_b")))
    await stocked.write(sessions.move_session, "ses_s", "usr_b", "mem_b")
    known = await stocked.read(sessions.by_id, "ses_s", NOW)
    assert known is not None
    assert known.provider == "prv_a"
    await stocked.write(sessions.move_session, "ses_s", "usr_a", "mem_also")
    known = await stocked.read(sessions.by_id, "ses_s", NOW)
    assert known is not None
    assert known.provider == "prv_b"


# -- invitations --


async def test_an_invitation_is_good_once_until_its_time_is_over(stocked: Database) -> None:
    known = await stocked.read(invitations.invitation, b"a", NOW + 99)
    assert known is not None
    assert known.team_place == A
    assert await stocked.read(invitations.invitation, b"a", NOW + 100) is None
    assert await stocked.write(invitations.use_up, "inv_a")
    assert not await stocked.write(invitations.use_up, "inv_a")
    assert await stocked.read(invitations.invitation, b"a", NOW) is None
    assert await stocked.write(invitations.collect, NOW + 100) == 0
    assert await stocked.write(invitations.collect, NOW + 101) == 1


async def test_a_newer_invitation_takes_the_place_of_the_older(stocked: Database) -> None:
    known = await stocked.read(invitations.invitation, b"a", NOW)
    assert known is not None
    await stocked.write(invitations.invite, msgspec.structs.replace(known, id="inv_new", digest=b"new"))
    assert [each.id for each in await stocked.read(invitations.open_invitations, A)] == ["inv_new"]
    assert [each.id for each in await stocked.read(invitations.open_invitations, B)] == ["inv_b"]


# -- the audit --


ONE_TEAM = audit_log.AuditFilter(customer="cus_a")


async def test_the_audit_tells_the_newest_first_and_each_team_its_own(stocked: Database) -> None:
    def actions(conn: Connection) -> None:
        for number in range(5):
            audit_log.record_event(
                conn, TeamPlace("prv_a", "cus_a" if number % 2 else None), AuditEvent(f"deed {number}"), NOW
            )
        audit_log.record_event(conn, TeamPlace(), AuditEvent("the vendor's"), NOW + 1)

    await stocked.write(actions)
    assert [each.what for each in await stocked.read(audit_log.entries_before, None)] == ["the vendor's"]
    whole = await stocked.read(audit_log.entries_before, "prv_a")
    assert [each.what for each in whole] == ["deed 4", "deed 3", "deed 2", "deed 1", "deed 0", "invited"]
    assert [each.what for each in await stocked.read(audit_log.entries_before, "prv_a", ONE_TEAM)] == [
        "deed 3",
        "deed 1",
    ]
    assert await stocked.read(audit_log.entries_before, "prv_b", ONE_TEAM) == []
    cut = whole[2]
    assert [each.what for each in await stocked.read(audit_log.entries_before, "prv_a", audit_log.ALL, (cut.seq,
    cut.id), 2)] == [
        "deed 1", "deed 0",
    ]  # fmt: skip
    assert await stocked.write(audit_log.collect_old, NOW + 1) == 7
    assert [each.what for each in await stocked.read(audit_log.entries_before, None)] == ["the vendor's"]


# -- tries --


async def test_tries_are_counted_until_they_are_forgiven(stocked: Database) -> None:
    assert await stocked.write(throttle.count_tries, "ana", NOW + 5) == (0, 0)
    for moment in (NOW, NOW, NOW + 5):
        await stocked.write(throttle.add_try, "ana", moment)
    await stocked.write(throttle.add_try, "ben", NOW)
    assert await stocked.write(throttle.count_tries, "ana", NOW + 5 + throttle.PEACE - 1) == (3, NOW + 5)
    assert await stocked.write(throttle.count_tries, "ana", NOW + 5 + throttle.PEACE) == (0, 0), "after a day of peace"
    assert await stocked.write(throttle.count_tries, "ana", NOW + 5) == (3, NOW + 5)
    await stocked.write(throttle.take_back, "ana", NOW + 5)
    assert await stocked.write(throttle.count_tries, "ana", NOW + 5) == (2, NOW + 5)
    await stocked.write(throttle.take_back, "ben", NOW + 5)
    assert await stocked.write(throttle.count_tries, "ben", NOW + 5) == (0, 0)
    assert await stocked.write(throttle.collect_old, NOW + 5) == 0
    await stocked.write(throttle.reset_counter, "ana")
    assert await stocked.write(throttle.count_tries, "ana", NOW + 5) == (0, 0)
