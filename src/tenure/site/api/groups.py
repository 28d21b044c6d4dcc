"""Groups of devices: which there are, what each distributes by itself, who belongs to it [spec: distribution]."""

from typing import Annotated

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.http.answers import Answer, made, nothing
from tenure.http.auth import Principal
from tenure.http.fields import Body
from tenure.http.idempotency import Ticket
from tenure.http.operations import Operation, operation
from tenure.http.paging import Page, Paging, cut_page
from tenure.site.api.devices import Id
from tenure.site.api.local import LOOKS, WORKS, Local
from tenure.site.store import devices, duplicates, groups
from tenure.site.store.groups import Group
from tenure.site.store.writer import Connection

# As it stands in a path: no slash, no percent sign, nothing that would have to be told apart from its escapes.
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_. -]*$(?!\n)")]
MOST = 1_000


class GroupPolicy(Body, frozen=True, kw_only=True):
    """What a group does by itself."""

    automatic: bool
    """Its devices get seats at once, as far as they are compatible and seats are free."""


class Members(Body, frozen=True, kw_only=True):
    """Devices that are put into a group."""

    devices: Annotated[tuple[Id, ...], msgspec.Meta(min_length=1, max_length=MOST)]


class Moved(msgspec.Struct, frozen=True):
    """How many devices were moved; unknown ones are passed over."""

    moved: int


class Tally(msgspec.Struct, frozen=True):
    """How many devices there are, by state, by group and by the reason why they have no seat."""

    by_state: dict[str, int]
    by_group: dict[str, int]
    by_reason: dict[str, int]
    duplicates: int
    """Pairs on the same hardware of which it is open whether they are one device."""


class Groups:
    """The operations."""

    def __init__(self, local: Local) -> None:
        self._local = local

    async def list_groups(self, paging: Paging) -> Page[Group] | Refused:
        """Lists groups by name, with how many devices each has, counts and keeps waiting."""
        after = paging.after(str)
        if isinstance(after, Refused):
            return after
        rows = await self._local.read(lambda conn: groups.page(conn, after or "", paging.limit + 1))
        return cut_page(rows, paging.limit, lambda group: group.name)

    async def read_unassigned(self) -> Group:
        """Counts the devices that belong to no group; they get no seat by themselves."""
        return await self._local.read(groups.unassigned)

    async def put_group(
        self, caller: Principal, group: Name, body: GroupPolicy, dry_run: bool = False
    ) -> Answer[Group] | Refused:
        """Makes a group, or says what it does by itself."""

        def work(conn: Connection, _: Instant) -> Answer[Group] | Refused:
            groups.put(conn, group, automatic=body.automatic)
            found = groups.group(conn, group)
            return Refused(Code.INTERNAL) if found is None else made(found)

        answer: Answer[Group] | Refused = await self._local.write(dry_run, work)
        return answer

    async def delete_group(self, caller: Principal, group: Name, dry_run: bool = False) -> Answer[None] | Refused:
        """Removes a group; its devices are unassigned and keep the seats they have."""

        def work(conn: Connection, _: Instant) -> Answer[None] | Refused:
            return nothing() if groups.delete(conn, group) else Refused(Code.NOT_FOUND, field="group")

        answer: Answer[None] | Refused = await self._local.write(dry_run, work)
        return answer

    async def fill_group(
        self, caller: Principal, ticket: Ticket, group: Name, body: Members, dry_run: bool = False
    ) -> Answer[Moved] | Refused:
        """Puts up to a thousand devices into a group."""

        def work(conn: Connection, _: Instant) -> Answer[Moved] | Refused:
            if groups.group(conn, group) is None:
                return Refused(Code.NOT_FOUND, field="group")
            found = [each for each in (devices.by_id(conn, name) for name in body.devices) if each is not None]
            for device in found:
                devices.save(conn, msgspec.structs.replace(device, group=group))
            return made(Moved(len(found)))

        answer: Answer[Moved] | Refused = await self._local.once(ticket, dry_run, work)
        return answer

    async def count_devices(self, product: str = "") -> Tally:
        """Counts devices by state, group (empty: unassigned) and reason (empty: none)."""

        def work(conn: Connection) -> Tally:
            by_state, by_group, by_reason = (devices.tally(conn, each, product) for each in ("state", "group", "note"))
            return Tally(by_state, by_group, by_reason, duplicates.count(conn))

        return await self._local.read(work)

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        each = "/v1/groups/{group}"
        return (
            operation("GET", "/v1/groups", LOOKS, self.list_groups),
            operation("GET", "/v1/unassigned-devices", LOOKS, self.read_unassigned),
            operation("GET", "/v1/device-counts", LOOKS, self.count_devices),
            operation("PUT", each, WORKS, self.put_group),
            operation("DELETE", each, WORKS, self.delete_group, status=204),
            operation("POST", f"{each}/devices", WORKS, self.fill_group, refusals=[Code.NOT_FOUND]),
        )
