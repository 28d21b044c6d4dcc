"""What a decision is: facts and postings that go together, or a refusal; and what all decisions share."""

from typing import Any

import msgspec

from tenure.core.business.commands import CommandHeader
from tenure.core.business.ledger import Posting
from tenure.core.subscription.facts import Fact
from tenure.core.timeline import Instant


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that becomes true together, or nothing of it."""

    facts: tuple[Fact, ...] = ()
    postings: tuple[Posting, ...] = ()
    others: tuple[tuple[str, Fact], ...] = ()
    """Facts that belong to other subscriptions, by their id (a site leaving the one it used before)."""


def fact_header(command: CommandHeader, now: Instant, why: str = "") -> dict[str, Any]:
    """The fields every fact has, for a fact that takes effect and is recorded at `now`."""
    return {"at": now, "recorded_at": now, "by": command.by, "why": why or command.why}
