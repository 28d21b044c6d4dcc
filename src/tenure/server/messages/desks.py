"""Whom to write to at a provider's own desk, as far as the provider has said so."""

import msgspec

from tenure.http.outgoing.mailing import is_mailbox
from tenure.server.values import Provider
from tenure.store import people, persons
from tenure.store.engine import Connection

MOST = 50
"""So many of a team are looked at."""


def desk_addresses(conn: Connection, provider: str) -> tuple[str, ...]:
    """Where the provider's desk reads mail: its owners; without any the support contact of its brand."""
    team = persons.team(conn, persons.Place(provider), "", MOST)
    owners = tuple(each.email for each in team if each.role == persons.OWNER and is_mailbox(each.email))
    if owners:
        return owners
    found = people.provider(conn, provider)
    support = "" if found is None else msgspec.json.decode(found.body, type=Provider).brand.support.strip()
    return (support,) if is_mailbox(support) else ()
