"""A seat conflict as the provider and the customer see it: the list of applications on their own, and who goes (B11).

The list is edited by an action (`actions`); what makes it is `core.seat_conflict`'s.
"""

from typing import Any

import msgspec

from tenure.core.subscription.fold import SiteState, Subscription, evolve
from tenure.core.subscription.seat_conflict import (
    Application,
    SeatConflict,
    default_order,
    lower_limit,
    relist_applications,
)
from tenure.core.timeline import Instant
from tenure.http.auth import AccessRule
from tenure.http.operation_groups import operation_at
from tenure.http.views import copy_fields
from tenure.server import seat_conflicts, subscription_service
from tenure.server.api.fields import Id
from tenure.server.api.operations import ServerOperations, TenantQuery
from tenure.server.context import Tenant
from tenure.server.subscription_service import OpenedSubscription
from tenure.server.views import optional_rfc3339
from tenure.store.engine import Connection

READ = AccessRule("subscriptions:read")


class ApplicationView(msgspec.Struct, frozen=True, kw_only=True):
    """An application on its own, in the order in which they go."""

    site: str
    name: str
    since: str
    last_contact: str | None
    silent: bool
    """Nothing was heard of it for seven days."""
    goes: bool
    """It stops when the lower limit begins."""
    stays: bool
    """A user said that it stays."""


class SeatConflictView(msgspec.Struct, frozen=True, kw_only=True):
    """A lower limit to come and who uses the subscription; all empty where none is agreed."""

    at: str | None
    """When the lower limit begins; null where none is agreed. While a hold without an end stops the clock: the day that
    stood then, which moves with the contract's end."""
    limit: int
    """Devices ordered from then on."""
    most: int
    """Devices that may be protected then, the tolerance included."""
    servers: int
    """Of these, what administration servers have; what they give up is listed at their consoles."""
    ephemeral: int
    """Ephemeral applications now: they stand on no list and get what the others leave."""
    stay: int
    """Applications on their own that may stay."""
    go: int
    """Applications on their own that have to go: so many must be struck out."""
    applications: tuple[ApplicationView, ...]


NONE = SeatConflictView(at=None, limit=0, most=0, servers=0, ephemeral=0, stay=0, go=0, applications=())


class SeatConflictOperations(ServerOperations):
    """The operation on the list."""

    @operation_at("GET", "/v1/subscriptions/{subscription}/seat-conflict", READ)
    async def read_seat_conflict(self, request: TenantQuery, subscription: Id) -> SeatConflictView:
        """Reads who stops when fewer devices are ordered than are in use; all empty while no lower limit is agreed."""

        def work(conn: Connection, tenant: Tenant, writing: bool) -> Any:
            opened = subscription_service.look_up_subscription(conn, tenant, subscription, writing=writing)
            if not isinstance(opened, OpenedSubscription):
                return opened
            return _conflict_view(conn, opened.item.sub, tenant.now)

        shown: SeatConflictView = await self._read_settled(request, work)
        return shown


def _conflict_view(conn: Connection, sub: Subscription, now: Instant) -> SeatConflictView:
    """As it will be once the next request of a site or user has brought the list up to date."""
    fact = relist_applications(sub, seat_conflicts.coming_conflict(conn, sub, now), now)
    sub = sub if fact is None else evolve(sub, fact)
    conflict = seat_conflicts.coming_conflict(conn, sub, now)
    return NONE if conflict is None else _shown_conflict(sub, conflict, now)


def _shown_conflict(sub: Subscription, conflict: SeatConflict, now: Instant) -> SeatConflictView:
    known = {site.id: site for site in sub.sites}
    going = default_order((each for each in conflict.applications if each.until is not None), now)
    staying = default_order((each for each in conflict.applications if each.until is None), now)
    return copy_fields(
        SeatConflictView,
        conflict,
        at=optional_rfc3339((lower_limit(sub, now) or conflict.coming).at),
        limit=conflict.coming.limit,
        most=conflict.coming.most,
        applications=tuple(_application_view(known[each.site], each, now) for each in (*going, *staying)),
    )


def _application_view(site: SiteState, each: Application, now: Instant) -> ApplicationView:
    return copy_fields(
        ApplicationView,
        each,
        name=site.name,
        last_contact=optional_rfc3339(each.heard or None),
        silent=each.is_silent(now),
        goes=each.until is not None,
    )
