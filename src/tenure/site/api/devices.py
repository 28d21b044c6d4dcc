"""Devices and enrolment tokens: who is protected, who may enrol, and taking a seat back
[spec: enrollment, distribution]."""

from typing import Annotated

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import DAY, Instant
from tenure.http.answers import Answer, made, nothing
from tenure.http.auth import Principal
from tenure.http.fields import Body
from tenure.http.idempotency import Ticket
from tenure.http.instants import Moment, instant_of
from tenure.http.operations import Operation, operation
from tenure.http.paging import Page, Paging, cut_page
from tenure.site import merging, switching
from tenure.site.api.device_views import DeviceView, EnrolmentView, device_view, enrolment_view
from tenure.site.api.licenses import Product
from tenure.site.api.local import LOOKS, WORKS, Local
from tenure.site.enrolling import MOST, new_ticket, stored
from tenure.site.store import devices, enrolments, events, groups
from tenure.site.store.devices import Device, State, Wanted
from tenure.site.store.writer import Connection

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[a-z]{3}_[0-9a-z]{26}$(?!\n)")]
Group = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)")]

Search = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)")]
Silent = Annotated[int, msgspec.Meta(ge=0, le=3_650)]


class EnrolmentBody(Body, frozen=True, kw_only=True):
    """An enrolment token to be made: for one device by default, for a group by count and end."""

    product: Product
    group: Group = groups.DEFAULT
    """Empty: its devices are unassigned and get no seat by themselves."""
    uses: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = 1
    until: Moment | None = None


class GroupBody(Body, frozen=True, kw_only=True):
    """Where a device belongs."""

    group: Group


class PinBody(Body, frozen=True, kw_only=True):
    """Whether a device is kept, whoever is proposed for release."""

    pinned: bool


class MergeBody(Body, frozen=True, kw_only=True):
    """The device that the older one lives on in."""

    into: Id


class EnrolmentMade(msgspec.Struct, frozen=True):
    """A token, shown this once."""

    token: str
    enrolment: EnrolmentView


class Devices:
    """The operations on devices."""

    def __init__(self, local: Local) -> None:
        self._local = local

    async def list_devices(
        self,
        paging: Paging,
        product: str = "",
        state: State | None = None,
        group: str | None = None,
        q: Search = "",
        reason: str = "",
        counted: bool | None = None,
        silent_days: Silent | None = None,
        alike: bool = False,
    ) -> Page[DeviceView] | Refused:
        """Lists devices in the order in which they came; `group=` asks for those of none, `q` in names and ids.

        `reason` is a refusal's code, `silent_days` asks for those not heard of for so long, `alike` for likely
        duplicates.
        """
        after = paging.after(int)
        if isinstance(after, Refused):
            return after
        wanted = Wanted(
            product=product,
            state=state or "",
            group=group,
            text=q,
            note=reason,
            counted=counted,
            silent_since=None if silent_days is None else self._local.site.now() - silent_days * DAY,
            alike=alike,
        )
        rows = await self._local.read(lambda conn: devices.page(conn, wanted, after or 0, paging.limit + 1))
        page = cut_page(rows, paging.limit, lambda device: device.number)
        return Page(tuple(map(device_view, page.items)), page.next)

    async def read_device(self, device: Id) -> DeviceView | Refused:
        """Reads one device."""
        found = await self._local.read(lambda conn: devices.by_id(conn, device))
        return Refused(Code.NOT_FOUND, field="device") if found is None or _gone(found) else device_view(found)

    async def withdraw_device(
        self, caller: Principal, ticket: Ticket, device: Id, dry_run: bool = False
    ) -> Answer[DeviceView] | Refused:
        """Takes a device's seat back: at its next contact it erases it, which frees at once, else at the seat's end."""
        return await self._changed(ticket, device, State.WITHDRAWN, dry_run=dry_run)

    async def assign_device(
        self, caller: Principal, ticket: Ticket, device: Id, dry_run: bool = False
    ) -> Answer[DeviceView] | Refused:
        """Gives a device a seat by hand, from its next contact on, as far as one is free."""
        return await self._changed(ticket, device, State.WAITING, dry_run=dry_run)

    async def remove_device(self, caller: Principal, device: Id, dry_run: bool = False) -> Answer[None] | Refused:
        """Forgets a device: as withdrawing, and gone once it no longer counts."""

        def work(conn: Connection, now: Instant) -> Answer[None] | Refused:
            found = devices.by_id(conn, device)
            if found is None or _gone(found):
                return Refused(Code.NOT_FOUND, field="device")
            until = merging.counting_until(found, State.REMOVED, self._moved(found))
            devices.save(conn, msgspec.structs.replace(found, state=State.REMOVED, counts_until=until, twin=""))
            _event(conn, now, "device_removed", f"{found.name or found.id} was removed.", found)
            return nothing()

        answer: Answer[None] | Refused = await self._local.write(dry_run, work)
        return answer

    async def pin_device(
        self, caller: Principal, device: Id, body: PinBody, dry_run: bool = False
    ) -> Answer[DeviceView] | Refused:
        """Keeps a device off the lists of what is proposed for release, or puts it back on them."""

        def work(conn: Connection, _: Instant) -> Answer[DeviceView] | Refused:
            found = devices.by_id(conn, device)
            if found is None or _gone(found):
                return Refused(Code.NOT_FOUND, field="device")
            changed = msgspec.structs.replace(found, pinned=int(body.pinned))
            return made(device_view(devices.save(conn, changed)))

        answer: Answer[DeviceView] | Refused = await self._local.write(dry_run, work)
        return answer

    async def group_device(
        self, caller: Principal, device: Id, body: GroupBody, dry_run: bool = False
    ) -> Answer[DeviceView] | Refused:
        """Puts a device into a group; an empty one unassigns it."""

        def work(conn: Connection, _: Instant) -> Answer[DeviceView] | Refused:
            found = devices.by_id(conn, device)
            if found is None:
                return Refused(Code.NOT_FOUND, field="device")
            groups.ensure(conn, body.group)
            return made(device_view(devices.save(conn, msgspec.structs.replace(found, group=body.group))))

        answer: Answer[DeviceView] | Refused = await self._local.write(dry_run, work)
        return answer

    async def merge_device(
        self, caller: Principal, ticket: Ticket, device: Id, body: MergeBody, dry_run: bool = False
    ) -> Answer[DeviceView] | Refused:
        """Says that a device lives on in another on the same hardware, which takes its place in the count."""

        def work(conn: Connection, _: Instant) -> Answer[DeviceView] | Refused:
            old, new = devices.by_id(conn, device), devices.by_id(conn, body.into)
            if old is None or new is None:
                return Refused(Code.NOT_FOUND, field="device" if old is None else "into")
            license_ = self._local.license(new.product)
            if isinstance(license_, Refused):
                return license_
            merged = merging.merge_by_hand(conn, old, new, license_.look())
            return merged if isinstance(merged, Refused) else made(device_view(merged))

        answer: Answer[DeviceView] | Refused = await self._local.once(ticket, dry_run, work)
        return answer

    async def create_enrolment(
        self, caller: Principal, ticket: Ticket, body: EnrolmentBody, dry_run: bool = False
    ) -> Answer[EnrolmentMade] | Refused:
        """Makes an enrolment token; its word is shown this once."""
        until = None if body.until is None else instant_of(body.until)
        port = self._local.device_port()
        given = new_ticket(self._local.site, body.product, group=body.group, uses=body.uses, until=until, port=port)
        if isinstance(given, Refused):
            return given

        def work(conn: Connection, _: Instant) -> Answer[EnrolmentMade]:
            stored(conn, given)
            return made(EnrolmentMade(given.token, enrolment_view(given.enrolment)), 201)

        answer: Answer[EnrolmentMade] | Refused = await self._local.once(ticket, dry_run, work)
        return answer

    async def list_enrolments(self, paging: Paging) -> Page[EnrolmentView] | Refused:
        """Lists enrolment tokens, oldest first, without their words."""
        after = paging.after(str)
        if isinstance(after, Refused):
            return after
        rows = await self._local.read(lambda conn: enrolments.page(conn, after or "", paging.limit + 1))
        page = cut_page(rows, paging.limit, lambda enrolment: enrolment.id)
        return Page(tuple(map(enrolment_view, page.items)), page.next)

    async def withdraw_enrolment(
        self, caller: Principal, enrolment: Id, dry_run: bool = False
    ) -> Answer[None] | Refused:
        """Withdraws an enrolment token; devices that enrolled with it stay."""

        def work(conn: Connection, _: Instant) -> Answer[None] | Refused:
            return nothing() if enrolments.withdraw(conn, enrolment) else Refused(Code.NOT_FOUND, field="enrolment")

        answer: Answer[None] | Refused = await self._local.write(dry_run, work)
        return answer

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        each = "/v1/devices/{device}"
        return (
            operation("GET", "/v1/devices", LOOKS, self.list_devices),
            operation("GET", each, LOOKS, self.read_device),
            operation("DELETE", each, WORKS, self.remove_device, status=204),
            operation("PUT", f"{each}/group", WORKS, self.group_device),
            operation("PUT", f"{each}/pin", WORKS, self.pin_device),
            operation("POST", f"{each}/withdraw", WORKS, self.withdraw_device, refusals=[Code.NOTHING_TO_CHANGE]),
            operation("POST", f"{each}/assign", WORKS, self.assign_device, refusals=[Code.NOTHING_TO_CHANGE]),
            operation("POST", f"{each}/merge", WORKS, self.merge_device, refusals=[Code.NOTHING_TO_CHANGE]),
            operation("POST", "/v1/enrolments", WORKS, self.create_enrolment, status=201, refusals=[Code.NOT_FOUND]),
            operation("GET", "/v1/enrolments", LOOKS, self.list_enrolments),
            operation("DELETE", "/v1/enrolments/{enrolment}", WORKS, self.withdraw_enrolment, status=204),
        )

    async def _changed(self, ticket: Ticket, name: str, state: State, *, dry_run: bool) -> Answer[DeviceView] | Refused:
        def work(conn: Connection, now: Instant) -> Answer[DeviceView] | Refused:
            found = devices.by_id(conn, name)
            if found is None or _gone(found):
                return Refused(Code.NOT_FOUND, field="device")
            taken_back = found.state in (State.WITHDRAWN, State.REMOVED)
            by_hand = state is State.WAITING and not taken_back and not found.counted and not found.assigned
            if (state is State.WITHDRAWN) == taken_back and not by_hand:
                return Refused(Code.NOTHING_TO_CHANGE, f"The device is {found.state}.", "device")
            to = self._taken_in(conn, found) if state is State.WAITING and found.counted else state
            until = merging.counting_until(found, to, self._moved(found))
            changed = devices.save(
                conn,
                msgspec.structs.replace(
                    found, state=to, counts_until=until, note="", assigned=int(state is State.WAITING)
                ),
            )
            what = "withdrawn" if state is State.WITHDRAWN else "allowed a seat again"
            _event(conn, now, f"device_{'withdrawn' if state is State.WITHDRAWN else 'assigned'}",
                   f"{found.name or found.id} was {what}.", found)  # fmt: skip
            return made(device_view(changed))

        answer: Answer[DeviceView] | Refused = await self._local.once(ticket, dry_run, work)
        return answer

    def _taken_in(self, conn: Connection, device: Device) -> State:
        license_ = self._local.license(device.product)
        if isinstance(license_, Refused):
            return State.PROTECTED
        return switching.taken_in(conn, device.product, license_.look())

    def _moved(self, device: Device) -> tuple[int, int]:
        """Seconds of amnesty, and days of silence after which it no longer counts."""
        license_ = self._local.license(device.product)
        if isinstance(license_, Refused):
            return 0, 0
        look = license_.look()
        return merging.moved(device, look), 0 if look.terms is None else look.terms.figures.idle_release_days


def _gone(device: Device) -> bool:
    """Removed, and not counted any more: it is kept only so that it can be told."""
    return device.state == State.REMOVED and not device.counted


def _event(conn: Connection, now: Instant, kind: str, text: str, device: Device) -> None:
    events.add(conn, now, "info", kind, text, product=device.product, device=device.id)
