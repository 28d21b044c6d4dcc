"""Whom to write to at a provider's own desk, as far as the provider has said so."""

import re

import msgspec

from tenure.server.values import Provider
from tenure.store import people
from tenure.store.engine import Connection

MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


def is_mailbox(text: str) -> bool:
    """Whether `text` is one plain address and nothing else."""
    return len(text) <= 254 and MAILBOX.fullmatch(text) is not None


def desk_addresses(conn: Connection, provider: str) -> tuple[str, ...]:
    """Where the provider's desk reads mail: the support contact of its brand, if that is an address."""
    found = people.provider(conn, provider)
    if found is None:
        return ()
    support = msgspec.json.decode(found.body, type=Provider).brand.support.strip()
    return (support,) if is_mailbox(support) else ()
