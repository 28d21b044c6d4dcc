"""Seats as a whole: how they are distributed, who has been idle, duplicates, and the seat conflict
([spec: seat-conflict], B11)."""

from typing import Annotated

import msgspec

from tenure.core.plurals import format_count
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Instant
from tenure.http.body_types import RequestBody
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage
from tenure.http.responses import ApiResponse, json_response
from tenure.http.timestamps import format_rfc3339
from tenure.site import duplicates as merging
from tenure.site import seat_conflict
from tenure.site.api.device_views import DeviceView, device_view
from tenure.site.api.devices import Id
from tenure.site.api.licenses import Product
from tenure.site.api.local import LOOKS, WORKS, LocalOperations, LocalPost
from tenure.site.api.views import RefusalReason, optional_rfc3339, refusal_reason
from tenure.site.license import LicenseSnapshot
from tenure.site.seats import allowed_devices, no_new_seat
from tenure.site.store import conflicts, devices, duplicates, events, pools
from tenure.site.store.devices import DeviceDecision, DeviceRow
from tenure.site.store.writer import Connection

Days = Annotated[int, msgspec.Meta(ge=1, le=3_650)]
SHOWN = 1_000
"""Devices of a list that is shown whole; the counts beside it tell of the rest."""
AT_ONCE = 5_000


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """How seats are given out at the moment."""

    allowed: int
    in_use: int
    free: int
    waiting: int
    stopped: bool
    """At the limit; who waits gets the next free seat at its next contact, within an hour."""
    new_seats: RefusalReason | None
    """Why no new device is protected for the moment, apart from the limit."""
    waiting_for: dict[str, int]
    """How many wait by the reason."""


class IdleBody(RequestBody, frozen=True, kw_only=True):
    """Which devices are released: silent for so many days, those named, or both."""

    days: Days
    devices: Annotated[tuple[Id, ...], msgspec.Meta(max_length=SHOWN)] = ()
    """Only these, of those that are silent for so long; none named: all."""


class IdleList(msgspec.Struct, frozen=True, kw_only=True):
    """Devices that would be released, the longest silent first."""

    count: int
    free_at_once: int
    """Of them, those whose seat is over, so that their place is free at once."""
    devices: tuple[DeviceView, ...]


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """What a release has come to."""

    released: int
    free_at_once: int


class Duplicate(msgspec.Struct, frozen=True, kw_only=True):
    """Two devices on the same hardware."""

    older: DeviceView
    newer: DeviceView
    can_merge: bool
    why_not: RefusalReason | None


class ConflictView(msgspec.Struct, frozen=True, kw_only=True):
    """A lower limit, when it begins, and what is proposed; pin a device to take it off the list."""

    begins: str
    days_left: int
    allowed: int
    """Devices that may count from then on."""
    in_use: int
    release: int
    """How many have to go."""
    pinned: int
    """Of those in use, how many are kept off the list."""
    proposed: tuple[DeviceView, ...]
    """The longest silent first; at `begins` these are withdrawn by themselves."""


class NamedDevices(RequestBody, frozen=True, kw_only=True):
    """Devices to be released now; none named: those proposed."""

    devices: Annotated[tuple[Id, ...], msgspec.Meta(max_length=SHOWN)] = ()


_MISSING = [RefusalCode.NOT_FOUND]


class SeatOperations(LocalOperations):
    """The operations."""

    @operation_at("GET", "/v1/licenses/{product}/distribution", LOOKS)
    async def read_distribution(self, product: Product) -> Distribution | Refused:
        """Shows how seats are given out: how many are free, who waits and why."""
        look = self._local.find_license(product).take_snapshot()

        def work(conn: Connection) -> Distribution:
            pool, most = (
                pools.get_pool(conn, product),
                0 if look.lease_terms is None else allowed_devices(look.lease_terms),
            )
            waiting = devices.tally_devices(conn, "note", product)
            waiting.pop("", None)
            return Distribution(
                allowed=most,
                in_use=pool.counted,
                free=max(0, most - pool.counted),
                waiting=devices.count_waiting(conn, product),
                stopped=pool.stopped,
                new_seats=refusal_reason(no_new_seat(look, pool)),
                waiting_for=waiting,
            )

        return await self._local.read_tx(work)

    @operation_at("GET", "/v1/licenses/{product}/idle-devices", LOOKS)
    async def list_idle(self, product: Product, days: Days) -> IdleList | Refused:
        """Previews the release of devices that were silent for so many days; pinned ones are left out."""
        look = self._local.find_license(product).take_snapshot()

        def work(conn: Connection) -> IdleList:
            found = devices.most_idle(conn, product, AT_ONCE, look.now - days * DAY)
            over = sum(merging.seat_over(each, look) for each in found)
            return IdleList(count=len(found), free_at_once=over, devices=tuple(map(device_view, found[:SHOWN])))

        return await self._local.read_tx(work)

    @operation_at("POST", "/v1/licenses/{product}/release-idle", WORKS, refusals=_MISSING)
    async def release_idle(self, request: LocalPost, product: Product, body: IdleBody) -> ApiResponse[Released]:
        """Releases silent devices: free at once where the seat is over, else then; they claim again on return."""
        look = self._local.find_license(product).take_snapshot()

        def work(conn: Connection, now: Instant) -> ApiResponse[Released]:
            found = devices.most_idle(conn, product, AT_ONCE, now - body.days * DAY)
            chosen = [each for each in found if not body.devices or each.id in body.devices]
            over = sum(_release_idle(conn, each, look) for each in chosen)
            if chosen:
                released = format_count(len(chosen), "device was", "devices were")
                text = f"{released} released after {format_count(body.days, 'day')} or more of silence."
                events.add(conn, now, "info", "devices_released", text, product=product)
            return json_response(Released(released=len(chosen), free_at_once=over))

        return await self._write(request, work)

    @operation_at("GET", "/v1/duplicates", LOOKS)
    async def list_duplicates(self, paging: PageRequest) -> ResultPage[Duplicate] | Refused:
        """Lists devices that look like another on the same hardware, and whether they may be merged."""
        return await self._local.read_page(
            paging,
            int,
            lambda conn, after, most: duplicates.duplicate_page(conn, after or 0, most),
            lambda pair: pair[1].number,
            lambda pair: _duplicate_view(*pair),
        )

    @operation_at("GET", "/v1/licenses/{product}/seat-conflict", LOOKS)
    async def read_conflict(self, product: Product) -> ConflictView | Refused:
        """Shows the seat conflict that is open: the date, and whom it would hit; `not_found` when there is none."""
        look = self._local.find_license(product).take_snapshot()
        found = await self._local.read_tx(lambda conn: _conflict_view(conn, product, look.now))
        return Refused(RefusalCode.NOT_FOUND, "No seat conflict is open.", "product") if found is None else found

    @operation_at("POST", "/v1/licenses/{product}/seat-conflict/release", WORKS, refusals=_MISSING)
    async def settle_conflict(self, request: LocalPost, product: Product, body: NamedDevices) -> ApiResponse[Released]:
        """Releases devices before the date: those named, or those proposed."""
        look = self._local.find_license(product).take_snapshot()

        def work(conn: Connection, now: Instant) -> ApiResponse[Released] | Refused:
            known = conflicts.get_conflict(conn, product)
            if known is None:
                return Refused(RefusalCode.NOT_FOUND, "No seat conflict is open.", "product")
            if body.devices:
                named = (devices.by_id(conn, each) for each in body.devices)
                chosen = [each for each in named if each is not None and each.counted and each.product == product]
            else:
                chosen = seat_conflict.propose_devices(conn, product, known.most, AT_ONCE)
            over = sum(merging.seat_over(each, look) for each in chosen)
            return json_response(
                Released(released=seat_conflict.release_devices(conn, product, look, chosen), free_at_once=over)
            )

        return await self._write(request, work)


def _release_idle(conn: Connection, device: DeviceRow, look: LicenseSnapshot) -> bool:
    """Releases a silent device; whether its place is free at once."""
    if merging.seat_over(device, look):
        devices.stop_counting(conn, device, DeviceDecision.IDLE)
        return True
    until = merging.counting_until(device, DeviceDecision.IDLE, (merging.amnesty_of(device, look), 0))
    devices.save_device(conn, msgspec.structs.replace(device, state=DeviceDecision.IDLE, counts_until=until))
    return False


def _duplicate_view(old: DeviceRow, new: DeviceRow) -> Duplicate:
    spoken = old.last_seen >= new.created
    detail = "The older one has spoken since the newer one was enrolled: they are two computers."
    why_not = refusal_reason(Refused(RefusalCode.NOTHING_TO_CHANGE, detail)) if spoken else None
    return Duplicate(older=device_view(old), newer=device_view(new), can_merge=not spoken, why_not=why_not)


def _conflict_view(conn: Connection, product: str, now: Instant) -> ConflictView | None:
    known, pool = conflicts.get_conflict(conn, product), pools.get_pool(conn, product)
    if known is None:
        return None
    pinned = conn.execute(
        "select count(*) from devices where product = ? and counted = 1 and pinned = 1", (product,)
    ).fetchone()[0]
    return ConflictView(
        begins=optional_rfc3339(known.at) or format_rfc3339(now),
        days_left=max(0, -(-(known.at - now) // DAY)),
        allowed=known.most,
        in_use=pool.counted,
        release=max(0, pool.counted - known.most),
        pinned=pinned,
        proposed=tuple(map(device_view, seat_conflict.propose_devices(conn, product, known.most, SHOWN))),
    )
