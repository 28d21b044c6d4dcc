"""The real clock as it was read for one transaction, and every provider's now as it follows from it alone
[spec: sandbox].

A sandbox has a clock of its own, so that one provider's `now` means nothing to another's account. `settlement`, which
settles accounts, is handed this value, never an instant.
"""

import msgspec

from tenure.core.timeline import Instant
from tenure.store import tenants
from tenure.store.engine import Connection


class RealTime(msgspec.Struct, frozen=True):
    """One reading of the server's own clock; made where that clock is read, and nowhere else."""

    instant: Instant

    def now_of(self, provider: tenants.ProviderRow) -> Instant:
        """The provider's now: that of its sandbox, and the real one for every provider in production."""
        return self.instant if provider.clock is None else provider.clock.now_at(self.instant)

    def now_at(self, conn: Connection, provider: str) -> Instant:
        """The now of the provider of that id; of an unknown one, which has no accounts to load, the real one."""
        clock = tenants.clock_of(conn, provider)
        return self.instant if clock is None else clock.now_at(self.instant)
