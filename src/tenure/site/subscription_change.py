"""A site that goes by another subscription: at once no more devices are served under it than it allows (ADR 17).

A device beyond that keeps the seat that it has until the seat's end, and gets no new one before a place is free.
"""

from tenure.core.lease.claims import Lease
from tenure.core.plurals import format_count
from tenure.site.license import LicenseSnapshot
from tenure.site.seats import allowed_devices
from tenure.site.store import devices, events, pools
from tenure.site.store.devices import DeviceDecision
from tenure.site.store.pools import ProductPool
from tenure.site.store.writer import Connection


def notice_switch(conn: Connection, product: str, look: LicenseSnapshot) -> ProductPool:
    """Takes in which subscription rules: where it is another one, devices beyond what it allows are set aside.

    Answers the pool as it then is.

    The longest silent ones, pinned ones last. What a lower limit of the same subscription does is `seat_conflict`'s.
    """
    lease = look.lease_terms
    pool = pools.get_pool(conn, product)
    if lease is None or pool.subscription == lease.subscription:
        return pool
    pools.noticed_subscription(conn, product, lease.subscription)
    if pool.subscription:  # otherwise it is the first one, or the first that a newer program takes note of
        _set_aside(conn, product, look, lease)
    return pools.get_pool(conn, product)


def _set_aside(conn: Connection, product: str, look: LicenseSnapshot, lease: Lease) -> None:
    most = allowed_devices(lease)
    over = devices.displace_devices(conn, product, most)
    if over:
        text = (
            f"The subscription that rules now allows {format_count(most, 'device')} here."
            f" {format_count(over, 'device keeps its seat', 'devices keep their seats')} until it ends, without"
            " another before a place is free."
        )
        events.add(conn, look.now, "warning", "devices_displaced", text, product=product)


def taken_in(conn: Connection, product: str, look: LicenseSnapshot) -> DeviceDecision:
    """What becomes of a device that counts and is wanted again: set aside where more are served than may be."""
    active = pools.get_pool(conn, product).counted - devices.count_displaced(conn, product)
    return (
        DeviceDecision.PROTECTED
        if look.lease_terms is None or active <= allowed_devices(look.lease_terms)
        else DeviceDecision.DISPLACED
    )
