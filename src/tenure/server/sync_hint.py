"""What of a site's newest lease tells how long nothing is new: kept in its row, so that the hot path reads no lease.

Made whenever a lease is signed. What `renew_at` means, and when nothing is new, is `core.answering.unchanged`'s.
"""

import msgspec

from tenure.core.answering.unchanged import renewal_at
from tenure.core.lease.claims import Lease
from tenure.core.lease.sync_schedule import Rhythm, next_attempt
from tenure.core.timeline import Instant, Timeline

UNKEPT = -1


class PlainWord(msgspec.Struct, frozen=True):
    """That the acknowledgment of a lease gives nothing back; `wanted` as in `SyncHint`."""

    wanted: int = UNKEPT


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
    gives_nothing_back: bool = False
    """Whether the word that the site holds this lease changes nothing but that word: no money is owed, no device or
    place is set aside until then (rule *Giving back*). It stays so while the row's revision is the subscription's."""
    wanted: int = UNKEPT
    """The devices wanted that the site's part of the pool keeps; `UNKEPT` where it keeps none."""

    def takes_word(self, devices: int, wanted: int) -> bool:
        """Whether a site that protects and wants so many may just be noted to hold the lease."""
        return self.gives_nothing_back and self.wanted in (UNKEPT, max(devices, wanted))

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


def pace_of(lease: Lease, kid: str, turns: Instant | None, plain: PlainWord | None = None) -> bytes:
    """The pace that `lease`, signed by `kid`, sets, as the site's row keeps it.

    `turns`: when time alone changes what it says beside its spans (`Subscription.next_turn`). `plain`: what has to hold
    for the acknowledgment to give nothing back; None where it may.
    """
    figures = lease.figures
    pace = SyncHint(
        renew_at=renewal_at(lease, turns),
        spans=tuple(msgspec.structs.replace(span, features=(), limit=0, note="") for span in lease.spans),
        sync_interval=lease.contact_interval,
        after_end_sync_days=figures.after_end_sync_days,
        reinstate_days=figures.reinstate_days,
        kid=kid,
        gives_nothing_back=plain is not None,
        wanted=UNKEPT if plain is None else plain.wanted,
    )
    return _encode(pace)


def read_pace(kept: bytes) -> SyncHint | None:
    """The pace out of a site's row; None where there is none."""
    return _decode(kept) if kept else None
