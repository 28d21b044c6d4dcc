"""The addresses of a provider's own staff, as far as the provider has named them."""

import msgspec

from tenure.http.outgoing.smtp import is_mailbox
from tenure.server.values import ProviderValue
from tenure.store import tenants, users
from tenure.store.engine import Connection

MOST = 50
"""So many of a team are looked at."""


def staff_addresses(conn: Connection, provider: str) -> tuple[str, ...]:
    """Where the provider's staff reads mail: its owners; without any the support contact of its brand."""
    team = users.team_page(conn, users.TeamPlace(provider), "", MOST)
    owners = tuple(each.email for each in team if each.role == users.OWNER and is_mailbox(each.email))
    if owners:
        return owners
    found = tenants.get_provider(conn, provider)
    support = "" if found is None else msgspec.json.decode(found.body, type=ProviderValue).brand.support.strip()
    return (support,) if is_mailbox(support) else ()
