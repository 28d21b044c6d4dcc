"""Sandbox and production never meet, nor do two sandboxes: a site's key belongs to one world ([spec: sandbox], ADR 18).

Each sandbox is a world of its own, because it has a clock of its own: dates of the one mean nothing in the other. What
mixes worlds is refused here before anything is settled or taken.
"""

from tenure.core.refusals import RefusalCode, Refused
from tenure.store import tenants
from tenure.store.engine import Connection
from tenure.store.sites import SiteRow
from tenure.wire.messages import World

PRODUCTION: World = "production"
SANDBOX: World = "sandbox"

WRONG_ROOT = {
    PRODUCTION: "The code is one of production, and what asks goes by the root document of a sandbox.",
    SANDBOX: "The code is one of a sandbox, and what asks goes by the root document of production.",
}
WRONG_KEY = {
    (PRODUCTION, SANDBOX): "This installation belongs to production, and the code to a sandbox.",
    (SANDBOX, PRODUCTION): "This installation belongs to a sandbox, and the code to production.",
    (SANDBOX, SANDBOX): "This installation belongs to another sandbox than the code.",
}


def world_of(provider: tenants.ProviderRow) -> World:
    """To which world a provider's codes belong, as a request names it."""
    return SANDBOX if provider.sandbox else PRODUCTION


def refuse_mixed(asked: World, home: tenants.ProviderRow | None, provider: tenants.ProviderRow) -> Refused | None:
    """Why a code of `provider` is not for what asks: it says that it is of the world `asked`, and its key is known as a
    site of `home` (None: not known). `environment_mismatch`; None when all are of one world."""
    if home is not None and not may_meet(home, provider):
        return Refused(RefusalCode.ENVIRONMENT_MISMATCH, WRONG_KEY[world_of(home), world_of(provider)], "code")
    if asked != world_of(provider):
        return Refused(RefusalCode.ENVIRONMENT_MISMATCH, WRONG_ROOT[world_of(provider)], "world")
    return None


def may_meet(one: tenants.ProviderRow, other: tenants.ProviderRow) -> bool:
    """Whether a site of the one may use what the other sells: both of production, or the same sandbox."""
    return one.id == other.id or not (one.sandbox or other.sandbox)


def environments_meet(conn: Connection, site: SiteRow, owner: str) -> bool:
    """Whether the site's provider and `owner` are of one world; False where one of them is unknown."""
    home, provider = tenants.get_provider(conn, site.provider), tenants.get_provider(conn, owner)
    return home is not None and provider is not None and may_meet(home, provider)
