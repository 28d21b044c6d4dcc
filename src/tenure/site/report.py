"""What a synchronisation tells the server of use: how many devices count, which, and how many want to (M18)."""

from tenure.sdk.exchange import Report
from tenure.site.store import devices, pools
from tenure.site.store.lite import Store
from tenure.site.store.writer import Connection
from tenure.wire.messages import Use


def report(store: Store, product: str) -> Report:
    """The use at this moment."""

    def work(conn: Connection) -> Report:
        counted = pools.pool(conn, product).counted
        use = Use(counted, {product: counted}, devices.digest(conn, product))
        return Report(use, counted + devices.waiting(conn, product))

    return store.read(work)
