"""What was withdrawn, removed or ended stands in no list of what is valid, on both databases."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tenure.core.refusals import Refused
from tenure.store import catalog, invitations, sessions, tokens, users, webhooks
from tenure.store.engine import Connection, Database
from tenure.store.provider_chain import VENDOR
from tenure.store.sessions import LIFE, AccountSession, SecretPurpose
from tenure.store.users import TeamPlace
from tests.contract.seed import NOW, STAMP, two_providers

A = TeamPlace("prv_a")


class Ending(NamedTuple):
    """A list, and what takes one row out of it."""

    listed: Callable[[Connection], Any]
    gone: Callable[[Connection], Any]


def open_session(conn: Connection) -> None:
    new = AccountSession(b"s", "ses_a", "usr_a", "mem_a", SecretPurpose.SESSION, NOW, NOW + LIFE, NOW, "192.0.2.1")
    sessions.open_session(conn, new)


ENDINGS = {
    "a token withdrawn": Ending(
        lambda conn: tokens.list_tokens(conn, "prv_a"), lambda conn: tokens.withdraw_token(conn, "prv_a", "tok_a", NOW)
    ),
    "an invitation withdrawn": Ending(
        lambda conn: invitations.open_invitations(conn, A), lambda conn: invitations.withdraw(conn, A, "inv_a")
    ),
    "invitations of a user who may not invite any more": Ending(
        lambda conn: invitations.open_invitations(conn, A), lambda conn: invitations.withdraw_all_by(conn, A, "a")
    ),
    "an invitation accepted": Ending(
        lambda conn: invitations.open_invitations(conn, A), lambda conn: invitations.use_up(conn, "inv_a")
    ),
    "a session ended": Ending(
        lambda conn: sessions.open_sessions(conn, "usr_a", NOW), lambda conn: sessions.end_session(conn, "ses_a")
    ),
    "sessions of a user who left": Ending(
        lambda conn: sessions.open_sessions(conn, "usr_a", NOW), lambda conn: users.leave_team(conn, A, "usr_a")
    ),
    "a user removed": Ending(lambda conn: users.team_page(conn, A), lambda conn: users.leave_team(conn, A, "usr_a")),
    "a webhook removed": Ending(
        lambda conn: webhooks.page(conn, "prv_a"), lambda conn: webhooks.delete(conn, "prv_a", "whk_a")
    ),
    "an offer withdrawn": Ending(
        lambda conn: catalog.OFFERS.page(conn, "prv_a", withdrawn=False),
        lambda conn: catalog.OFFERS.withdraw(conn, "prv_a", "off_a", 1, STAMP),
    ),
    "a plan withdrawn": Ending(
        lambda conn: catalog.PLANS.page(conn, VENDOR, withdrawn=False),
        lambda conn: catalog.PLANS.withdraw(conn, VENDOR, "pln", 1, STAMP),
    ),
    "a product withdrawn": Ending(
        lambda conn: catalog.PRODUCTS.page(conn, VENDOR, withdrawn=False),
        lambda conn: catalog.PRODUCTS.withdraw(conn, VENDOR, "prd", 1, STAMP),
    ),
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
async def test_what_has_ended_is_not_listed(db: Database, ending: Ending) -> None:
    await db.write(two_providers)
    await db.write(users.join_team, users.Membership("mem_own", "usr_b", "provider", "prv_a", None, "owner", NOW))
    await db.write(open_session)
    before = await db.read(ending.listed)
    done = await db.write(ending.gone)
    assert not isinstance(done, Refused), done
    assert len(await db.read(ending.listed)) == len(before) - 1


async def test_a_page_of_tokens_is_filled_with_those_that_are_not_withdrawn(db: Database) -> None:
    await db.write(two_providers)
    for each in ("tok_b1", "tok_c", "tok_d"):
        row = tokens.ApiToken(each.encode(), each, "prv_a", None, "provider", ("order",), each, NOW)
        await db.write(tokens.add_token, row)
    await db.write(tokens.withdraw_token, "prv_a", "tok_b1", NOW)
    assert [each.id for each in await db.read(tokens.list_tokens, "prv_a", "", 2)] == ["tok_a", "tok_c"]
    assert [each.id for each in await db.read(tokens.list_tokens, "prv_a", "tok_c", 2)] == ["tok_d"]
