"""What of a site's newest lease tells how long nothing is new: kept in its row, so that the hot path reads no lease.

Made whenever a lease is signed. What `renew_at` means, and when nothing is new, is `core.answering.unchanged`'s.
"""

import msgspec

from tenure.core.answering.unchanged import renewal_at
from tenure.core.lease.claims import Lease
from tenure.core.lease.sync_schedule import Rhythm, next_attempt
from tenure.core.timeline import Instant, Timeline


class SyncHint(msgspec.Struct, frozen=True, array_like=True):
    """Fields are appended only, each with a default."""

    renew_at: Instant
    """As `renewal_at` said when the lease was signed."""
    spans: Timeline
    """Those of the lease, as far as they say when."""
    sync_interval: int
    after_end_sync_days: int
    reinstate_days: int
    kid: str = ""
    """The key that signed the lease; once it is revoked no client believes the lease, and a new one is due."""

    def next_window(self, now: Instant) -> tuple[Instant, Instant] | None:
        """The window for the contact after one answered at `now`; None: none."""
        rhythm = Rhythm(
            spans=self.spans,
            interval=self.sync_interval,
            after_end_days=self.after_end_sync_days,
            reinstate_days=self.reinstate_days,
        )
        return next_attempt(rhythm, now)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(SyncHint).decode


def pace_of(lease: Lease, kid: str, turns: Instant | None) -> bytes:
    """The pace that `lease`, signed by `kid`, sets, as the site's row keeps it.

    `turns`: when time alone changes what it says beside its spans (`Subscription.next_turn`).
    """
    figures = lease.figures
    pace = SyncHint(
        renew_at=renewal_at(lease, turns),
        spans=tuple(msgspec.structs.replace(span, features=(), limit=0, note="") for span in lease.spans),
        sync_interval=lease.contact_interval,
        after_end_sync_days=figures.after_end_sync_days,
        reinstate_days=figures.reinstate_days,
        kid=kid,
    )
    return _encode(pace)


def read_pace(kept: bytes) -> SyncHint | None:
    """The pace out of a site's row; None where there is none."""
    return _decode(kept) if kept else None
