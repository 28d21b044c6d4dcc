"""What users may do at this site, by their role: one table for the local API; who has which role is the store's."""

from enum import StrEnum
from typing import Final

LOOK: Final = "site:read"
WORK: Final = "site:write"
RULE: Final = "site:administer"


class SiteRole(StrEnum):
    """A user's role at this site."""

    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    AUDITOR = "auditor"


SCOPES: Final[dict[str, frozenset[str]]] = {
    SiteRole.ADMINISTRATOR: frozenset({LOOK, WORK, RULE}),
    SiteRole.OPERATOR: frozenset({LOOK, WORK}),
    SiteRole.AUDITOR: frozenset({LOOK}),
}
"""An administrator may do everything, an operator the daily work, an auditor only read."""


def scopes_of(role: str) -> frozenset[str]:
    """What a role permits; nothing for one that this program does not know."""
    return SCOPES.get(role, frozenset())
