"""Devices and enrollment tokens: who is protected, who may enroll, and taking a seat back
[spec: enrollment, distribution]."""

from typing import Annotated

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Instant
from tenure.http.body_types import RequestBody
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage
from tenure.http.problems import accept, require_found
from tenure.http.responses import ApiResponse, empty_response, json_response
from tenure.http.timestamps import Moment, instant_of
from tenure.site import duplicates, subscription_change
from tenure.site.api.device_views import DeviceView, EnrollmentTokenView, device_view, enrollment_view
from tenure.site.api.licenses import Product
from tenure.site.api.local import LOOKS, WORKS, LocalChange, LocalOperations, LocalPost
from tenure.site.enrollment import MOST, new_ticket, store_enrollment
from tenure.site.store import devices, enrollments, events, groups
from tenure.site.store.devices import DeviceDecision, DeviceFilter, DeviceRow
from tenure.site.store.writer import Connection

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[a-z]{3}_[0-9a-z]{26}$(?!\n)")]
Group = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)")]

Search = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)")]
Silent = Annotated[int, msgspec.Meta(ge=0, le=3_650)]


class EnrollmentBody(RequestBody, frozen=True, kw_only=True):
    """An enrollment token to be made: for one device by default, for a group by count and end."""

    product: Product
    group: Group = groups.DEFAULT
    """Empty: its devices are unassigned and get no seat by themselves."""
    uses: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = 1
    until: Moment | None = None


class GroupBody(RequestBody, frozen=True, kw_only=True):
    """Where a device belongs."""

    group: Group


class PinBody(RequestBody, frozen=True, kw_only=True):
    """Whether a device is kept when devices are proposed for release."""

    pinned: bool


class MergeBody(RequestBody, frozen=True, kw_only=True):
    """The device that the older one lives on in."""

    into: Id


class EnrollmentMade(msgspec.Struct, frozen=True):
    """A token, shown this once."""

    token: str
    enrollment: EnrollmentTokenView


class DeviceOperations(LocalOperations):
    """The operations on devices."""

    @operation_at("GET", "/v1/devices", LOOKS)
    async def list_devices(
        self,
        paging: PageRequest,
        product: str = "",
        state: DeviceDecision | None = None,
        group: str | None = None,
        q: Search = "",
        reason: str = "",
        counted: bool | None = None,
        silent_days: Silent | None = None,
        alike: bool = False,
    ) -> ResultPage[DeviceView] | Refused:
        """Lists devices in the order in which they came; `group=` asks for those of none, `q` in names and ids.

        `reason` is a refusal's code, `silent_days` asks for those not heard of for so long, `alike` for likely
        duplicates.
        """
        wanted = DeviceFilter(
            product=product,
            state=state or "",
            group=group,
            text=q,
            note=reason,
            counted=counted,
            silent_since=None if silent_days is None else self._local.site.now() - silent_days * DAY,
            alike=alike,
        )
        return await self._local.read_page(
            paging,
            int,
            lambda conn, after, most: devices.device_page(conn, wanted, after or 0, most),
            lambda device: device.number,
            device_view,
        )

    @operation_at("GET", "/v1/devices/{device}", LOOKS)
    async def read_device(self, device: Id) -> DeviceView | Refused:
        """Reads one device."""
        return device_view(await self._local.read_tx(lambda conn: _find_device(conn, device)))

    @operation_at("POST", "/v1/devices/{device}/withdraw", WORKS, refusals=[RefusalCode.NOTHING_TO_CHANGE])
    async def withdraw_device(self, request: LocalPost, device: Id) -> ApiResponse[DeviceView]:
        """Takes a device's seat back: at its next contact it erases it, which frees at once, else at the seat's end."""
        return await self._change_state(request, device, DeviceDecision.WITHDRAWN)

    @operation_at("POST", "/v1/devices/{device}/assign", WORKS, refusals=[RefusalCode.NOTHING_TO_CHANGE])
    async def assign_device(self, request: LocalPost, device: Id) -> ApiResponse[DeviceView]:
        """Gives a device a seat by hand, from its next contact on, as far as one is free."""
        return await self._change_state(request, device, DeviceDecision.WAITING)

    @operation_at("DELETE", "/v1/devices/{device}", WORKS, status=204)
    async def remove_device(self, request: LocalChange, device: Id) -> ApiResponse[None]:
        """Forgets a device: as withdrawing, and gone once it no longer counts."""

        def work(conn: Connection, now: Instant) -> ApiResponse[None] | Refused:
            found = _find_device(conn, device)
            until = duplicates.counting_until(found, DeviceDecision.REMOVED, self._amnesty_of(found))
            devices.save_device(
                conn, msgspec.structs.replace(found, state=DeviceDecision.REMOVED, counts_until=until, twin="")
            )
            _add_event(conn, now, "device_removed", f"{found.name or found.id} was removed.", found)
            return empty_response()

        return await self._write(request, work)

    @operation_at("PUT", "/v1/devices/{device}/pin", WORKS)
    async def pin_device(self, request: LocalChange, device: Id, body: PinBody) -> ApiResponse[DeviceView]:
        """Keeps a device off the lists of what is proposed for release, or puts it back on them."""

        def work(conn: Connection, _: Instant) -> ApiResponse[DeviceView] | Refused:
            found = _find_device(conn, device)
            changed = msgspec.structs.replace(found, pinned=int(body.pinned))
            return json_response(device_view(devices.save_device(conn, changed)))

        return await self._write(request, work)

    @operation_at("PUT", "/v1/devices/{device}/group", WORKS)
    async def group_device(self, request: LocalChange, device: Id, body: GroupBody) -> ApiResponse[DeviceView]:
        """Puts a device into a group; an empty one unassigns it."""

        def work(conn: Connection, _: Instant) -> ApiResponse[DeviceView] | Refused:
            found = require_found(devices.by_id(conn, device), "device")
            groups.ensure_group(conn, body.group)
            return json_response(
                device_view(devices.save_device(conn, msgspec.structs.replace(found, group=body.group)))
            )

        return await self._write(request, work)

    @operation_at("POST", "/v1/devices/{device}/merge", WORKS, refusals=[RefusalCode.NOTHING_TO_CHANGE])
    async def merge_device(self, request: LocalPost, device: Id, body: MergeBody) -> ApiResponse[DeviceView]:
        """Says that a device lives on in another on the same hardware, which takes its place in the count."""

        def work(conn: Connection, _: Instant) -> ApiResponse[DeviceView] | Refused:
            old = require_found(devices.by_id(conn, device), "device")
            new = require_found(devices.by_id(conn, body.into), "into")
            look = self._local.find_license(new.product).take_snapshot()
            return json_response(device_view(accept(duplicates.merge_by_hand(conn, old, new, look))))

        return await self._write(request, work)

    @operation_at("POST", "/v1/enrollments", WORKS, status=201, refusals=[RefusalCode.NOT_FOUND])
    async def create_enrollment(self, request: LocalPost, body: EnrollmentBody) -> ApiResponse[EnrollmentMade]:
        """Makes an enrollment token; its word is shown this once."""
        until = None if body.until is None else instant_of(body.until)
        port = self._local.device_port()
        given = accept(
            new_ticket(self._local.site, body.product, group=body.group, uses=body.uses, until=until, port=port)
        )

        def work(conn: Connection, _: Instant) -> ApiResponse[EnrollmentMade]:
            store_enrollment(conn, given)
            return json_response(EnrollmentMade(given.token, enrollment_view(given.enrollment)), 201)

        return await self._write(request, work)

    @operation_at("GET", "/v1/enrollments", LOOKS)
    async def list_enrollments(self, paging: PageRequest) -> ResultPage[EnrollmentTokenView] | Refused:
        """Lists enrollment tokens, oldest first, without their words."""
        return await self._local.read_page(
            paging,
            str,
            lambda conn, after, most: enrollments.page(conn, after or "", most),
            lambda enrollment: enrollment.id,
            enrollment_view,
        )

    @operation_at("DELETE", "/v1/enrollments/{enrollment}", WORKS, status=204)
    async def withdraw_enrollment(self, request: LocalChange, enrollment: Id) -> ApiResponse[None]:
        """Withdraws an enrollment token; devices that enrolled with it stay."""

        def work(conn: Connection, _: Instant) -> ApiResponse[None] | Refused:
            return (
                empty_response()
                if enrollments.withdraw(conn, enrollment)
                else Refused(RefusalCode.NOT_FOUND, field="enrollment")
            )

        return await self._write(request, work)

    async def _change_state(self, request: LocalPost, name: str, state: DeviceDecision) -> ApiResponse[DeviceView]:
        def work(conn: Connection, now: Instant) -> ApiResponse[DeviceView] | Refused:
            found = _find_device(conn, name)
            taken_back = found.state in (DeviceDecision.WITHDRAWN, DeviceDecision.REMOVED)
            by_hand = state is DeviceDecision.WAITING and not taken_back and not found.counted and not found.assigned
            if (state is DeviceDecision.WITHDRAWN) == taken_back and not by_hand:
                return Refused(RefusalCode.NOTHING_TO_CHANGE, f"The device is {found.state}.", "device")
            to = self._taken_in(conn, found) if state is DeviceDecision.WAITING and found.counted else state
            until = duplicates.counting_until(found, to, self._amnesty_of(found))
            changed = devices.save_device(
                conn,
                msgspec.structs.replace(
                    found, state=to, counts_until=until, note="", assigned=int(state is DeviceDecision.WAITING)
                ),
            )
            what = "withdrawn" if state is DeviceDecision.WITHDRAWN else "allowed a seat again"
            _add_event(conn, now, f"device_{'withdrawn' if state is DeviceDecision.WITHDRAWN else 'assigned'}",
                   f"{found.name or found.id} was {what}.", found)  # fmt: skip
            return json_response(device_view(changed))

        return await self._write(request, work)

    def _taken_in(self, conn: Connection, device: DeviceRow) -> DeviceDecision:
        license_ = self._local.site.licenses.get(device.product)
        if license_ is None:
            return DeviceDecision.PROTECTED
        return subscription_change.taken_in(conn, device.product, license_.take_snapshot())

    def _amnesty_of(self, device: DeviceRow) -> tuple[int, int]:
        """Seconds of amnesty, and days of silence after which it no longer counts."""
        license_ = self._local.site.licenses.get(device.product)
        if license_ is None:
            return 0, 0
        look = license_.take_snapshot()
        return duplicates.amnesty_of(
            device, look
        ), 0 if look.lease_terms is None else look.lease_terms.figures.idle_release_days


def _find_device(conn: Connection, name: str) -> DeviceRow:
    """Raises `not_found`, also for one removed and not counted any more: it is kept only so that it can be told."""
    found = require_found(devices.by_id(conn, name), "device")
    gone = found.state == DeviceDecision.REMOVED and not found.counted
    return require_found(None if gone else found, "device")


def _add_event(conn: Connection, now: Instant, kind: str, text: str, device: DeviceRow) -> None:
    events.add(conn, now, "info", kind, text, product=device.product, device=device.id)
