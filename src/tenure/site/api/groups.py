"""Groups of devices: which there are, what each distributes by itself, who belongs to it [spec: distribution]."""

from typing import Annotated

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.body_types import RequestBody
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage
from tenure.http.problems import require_found
from tenure.http.responses import ApiResponse, empty_response, json_response
from tenure.site.api.devices import Id
from tenure.site.api.local import LOOKS, WORKS, LocalChange, LocalOperations, LocalPost
from tenure.site.store import devices, duplicates, groups
from tenure.site.store.groups import DeviceGroup
from tenure.site.store.writer import Connection

# As it stands in a path: no slash, no percent sign, nothing that would have to be told apart from its escapes.
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_. -]*$(?!\n)")]
MOST = 1_000


class GroupPolicy(RequestBody, frozen=True, kw_only=True):
    """What a group does by itself."""

    automatic: bool
    """Its devices get seats at once, as far as they are compatible and seats are free."""


class GroupMembers(RequestBody, frozen=True, kw_only=True):
    """Devices that are put into a group."""

    devices: Annotated[tuple[Id, ...], msgspec.Meta(min_length=1, max_length=MOST)]


class MovedView(msgspec.Struct, frozen=True):
    """How many devices were moved; unknown ones are passed over."""

    moved: int


class DeviceTally(msgspec.Struct, frozen=True):
    """How many devices there are, by state, by group and by the reason why they have no seat."""

    by_state: dict[str, int]
    by_group: dict[str, int]
    by_reason: dict[str, int]
    duplicates: int
    """Pairs on the same hardware of which it is open whether they are one device."""


class GroupOperations(LocalOperations):
    """The operations."""

    @operation_at("GET", "/v1/groups", LOOKS)
    async def list_groups(self, paging: PageRequest) -> ResultPage[DeviceGroup] | Refused:
        """Lists groups by name, with how many devices each has, counts and keeps waiting."""
        return await self._local.read_page(
            paging,
            str,
            lambda conn, after, most: groups.page(conn, after or "", most),
            lambda group: group.name,
            lambda group: group,
        )

    @operation_at("GET", "/v1/unassigned-devices", LOOKS)
    async def read_unassigned(self) -> DeviceGroup:
        """Counts the devices that belong to no group; they get no seat by themselves."""
        return await self._local.read_tx(groups.count_unassigned)

    @operation_at("PUT", "/v1/groups/{group}", WORKS)
    async def put_group(self, request: LocalChange, group: Name, body: GroupPolicy) -> ApiResponse[DeviceGroup]:
        """Makes a group, or says what it does by itself."""

        def work(conn: Connection, _: Instant) -> ApiResponse[DeviceGroup] | Refused:
            groups.put(conn, group, automatic=body.automatic)
            found = groups.get_group(conn, group)
            return Refused(RefusalCode.INTERNAL) if found is None else json_response(found)

        return await self._write(request, work)

    @operation_at("DELETE", "/v1/groups/{group}", WORKS, status=204)
    async def delete_group(self, request: LocalChange, group: Name) -> ApiResponse[None]:
        """Removes a group; its devices are unassigned and keep the seats they have."""

        def work(conn: Connection, _: Instant) -> ApiResponse[None] | Refused:
            return empty_response() if groups.delete(conn, group) else Refused(RefusalCode.NOT_FOUND, field="group")

        return await self._write(request, work)

    @operation_at("POST", "/v1/groups/{group}/devices", WORKS, refusals=[RefusalCode.NOT_FOUND])
    async def fill_group(self, request: LocalPost, group: Name, body: GroupMembers) -> ApiResponse[MovedView]:
        """Puts up to a thousand devices into a group."""

        def work(conn: Connection, _: Instant) -> ApiResponse[MovedView] | Refused:
            require_found(groups.get_group(conn, group), "group")
            found = [each for each in (devices.by_id(conn, name) for name in body.devices) if each is not None]
            for device in found:
                devices.save_device(conn, msgspec.structs.replace(device, group=group))
            return json_response(MovedView(len(found)))

        return await self._write(request, work)

    @operation_at("GET", "/v1/device-counts", LOOKS)
    async def count_devices(self, product: str = "") -> DeviceTally:
        """Counts devices by state, group (empty: unassigned) and reason (empty: none)."""

        def work(conn: Connection) -> DeviceTally:
            by_state, by_group, by_reason = (
                devices.tally_devices(conn, each, product) for each in ("state", "group", "note")
            )
            return DeviceTally(by_state, by_group, by_reason, duplicates.count_duplicates(conn))

        return await self._local.read_tx(work)
