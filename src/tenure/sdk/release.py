"""An application gives its license up: the lease is erased first, then the server is told until it has heard.

The receipt is signed by the application's own key, so that no other program can free its place. Asking is
`license_keeper`'s.
"""

import msgspec

from tenure.core.timeline import Instant
from tenure.sdk.client_state import ClientState, LeaseSlot
from tenure.wire.keys import Signer
from tenure.wire.seats import ErasureReceipt, seal_erased


def erase_leases(kept: ClientState, key: Signer, now: Instant) -> ClientState:
    """`kept` without its leases, and with the receipt that says so; to be saved before anything is sent.

    The numbers of the slots stay: they are what a replay is measured against. Where no lease is held, nothing changes
    but that it is given up.
    """
    receipt = kept.receipt
    if kept.present.token:
        held = kept.present
        said = ErasureReceipt(
            what="lease",
            jti=f"{held.site}.{held.epoch}.{held.serial}",
            sha256=held.digest,
            sub=held.site,
            iat=max(now, 0),
        )
        receipt = seal_erased(said, key)
    return msgspec.structs.replace(
        kept,
        present=_without_lease(kept.present),
        successor=_without_lease(kept.successor),
        receipt=receipt,
        given_up=True,
    )


def _without_lease(slot: LeaseSlot) -> LeaseSlot:
    return msgspec.structs.replace(slot, token=b"")
