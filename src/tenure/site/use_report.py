"""What a synchronization tells the server of use: how many devices count, which, and how many want to (M18)."""

from tenure.sdk.requests import UseReport
from tenure.site.store import devices, pools
from tenure.site.store.sqlite import SiteStore
from tenure.site.store.writer import Connection
from tenure.wire.messages import DeviceUse


def make_report(store: SiteStore, product: str) -> UseReport:
    """The use at this moment."""

    def work(conn: Connection) -> UseReport:
        counted = pools.get_pool(conn, product).counted
        use = DeviceUse(counted, {product: counted}, devices.device_digest(conn, product))
        return UseReport(use, counted + devices.count_waiting(conn, product))

    return store.read(work)
