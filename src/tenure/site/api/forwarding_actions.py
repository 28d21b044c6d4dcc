"""What is done with a forwarding that is there: a test, going on after it was given up, a new secret, its log."""

import asyncio
from typing import Annotated

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import HOUR, Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal
from tenure.http.fields import Body
from tenure.http.idempotency import Ticket
from tenure.http.operations import Operation, operation
from tenure.http.outgoing.signing import SECRET_BYTES, shown_secret
from tenure.http.paging import Page, Paging, cut_page
from tenure.site.api.devices import Id
from tenure.site.api.forwarding_views import DeliveryView, ForwardingView, TestView, WithSecret, delivery_view
from tenure.site.api.forwardings import view
from tenure.site.api.local import LOOKS, RULES, Local
from tenure.site.forwarding.config import OVERLAP_HOURS_MOST, Config, Hidden, Vault, read_config
from tenure.site.forwarding.courier import delivery, origin_of
from tenure.site.forwarding.remedies import advice
from tenure.site.forwarding.sending import Outcome, place_of
from tenure.site.forwarding.testing import send_test
from tenure.site.store import events, forwardings
from tenure.site.store.forwardings import Row
from tenure.site.store.writer import Connection

TESTS_AT_ONCE = 4
UNKNOWN = Refused(Code.NOT_FOUND, field="forwarding")


class ResumeBody(Body, frozen=True, kw_only=True):
    """How it goes on."""

    skip: bool = False
    """Leave out what waited, and begin with what happens from now on."""


class RotateBody(Body, frozen=True, kw_only=True):
    """What becomes of the secret before."""

    overlap_hours: Annotated[int, msgspec.Meta(ge=0, le=OVERLAP_HOURS_MOST)] = 24
    """For so long it signs too."""


class ForwardingActions:
    """The operations."""

    def __init__(self, local: Local, vault: Vault) -> None:
        self._local, self._vault = local, vault
        self._wall = local.site.computer.clocks.wall
        self._turns = asyncio.Semaphore(TESTS_AT_ONCE)

    async def test_forwarding(self, caller: Principal, forwarding: Id) -> TestView | Refused:
        """Sends one test message now and says what came of it; what waits is tried again at once if it was taken."""
        site = self._local.site
        row = await self._local.read(lambda conn: forwardings.find(conn, forwarding))
        if row is None:
            return UNKNOWN
        if self._turns.locked():
            return Refused(Code.SERVER_BUSY, "Other tests are under way; wait for them.")
        config, at = read_config(row.body), (self._wall(), site.now())
        async with self._turns:
            hidden = self._vault.open(row.id, row.sealed)
            message, event, outcome = await send_test(config, hidden, origin_of(site), self._vault.draw, at)

        def note(conn: Connection, _: Instant) -> Answer[None]:
            present = forwardings.find(conn, forwarding)
            if present is not None:
                forwardings.log(conn, forwarding, delivery(message, [event], outcome, self._wall()))
                if outcome.taken:
                    forwardings.save(conn, msgspec.structs.replace(present, next=0))
            return made(None)

        await self._local.write(False, note)
        return _test(config, outcome)

    async def resume_forwarding(
        self, caller: Principal, ticket: Ticket, forwarding: Id, body: ResumeBody, dry_run: bool = False
    ) -> Answer[ForwardingView] | Refused:
        """Goes on after it failed or was given up: with what waited, or without."""

        def work(conn: Connection, now: Instant) -> Answer[ForwardingView] | Refused:
            row = forwardings.find(conn, forwarding)
            if row is None:
                return UNKNOWN
            if not (row.stopped or row.tries or body.skip):
                return Refused(Code.NOTHING_TO_CHANGE, "It neither fails nor has it stopped.")
            row = msgspec.structs.replace(row, tries=0, next=0, failing_since=0, told=0, stopped=0, cause="", fault="")
            if body.skip:
                row = msgspec.structs.replace(row, cursor=events.latest(conn), upto=0, pending=b"[]")
            forwardings.save(conn, row)
            how = "; what waited is left out" if body.skip else ""
            self._note(conn, now, caller, row, f"resumed the forwarding “{read_config(row.body).name}”{how}.")
            return made(view(conn, row, caller, self._vault))

        return await self._local.once(ticket, dry_run, work)

    async def rotate_forwarding_secret(
        self, caller: Principal, ticket: Ticket, forwarding: Id, body: RotateBody, dry_run: bool = False
    ) -> Answer[WithSecret] | Refused:
        """Makes a new secret of a webhook, shown this once; the one before signs too for a while."""

        def work(conn: Connection, now: Instant) -> Answer[WithSecret] | Refused:
            row = forwardings.find(conn, forwarding)
            if row is None:
                return UNKNOWN
            if read_config(row.body).webhook is None:
                return Refused(Code.NOTHING_TO_CHANGE, "Mails are not signed with a secret.")
            former = self._vault.open(row.id, row.sealed)
            until = self._wall() + body.overlap_hours * HOUR
            fresh = Hidden(key=self._vault.draw(SECRET_BYTES), former=former.key if former else b"", former_until=until)
            row = msgspec.structs.replace(row, sealed=self._vault.seal(row.id, fresh), next=0)
            forwardings.save(conn, row)
            text = f"made a new secret for the forwarding “{read_config(row.body).name}”."
            self._note(conn, now, caller, row, text, "forwarding_changed")
            secret = "" if dry_run else shown_secret(fresh.key)
            return made(WithSecret(forwarding=view(conn, row, caller, self._vault), secret=secret))

        return await self._local.once(ticket, dry_run, work)

    async def list_forwarding_deliveries(self, forwarding: Id, paging: Paging) -> Page[DeliveryView] | Refused:
        """Lists the last tries of a forwarding, latest first; 100 are kept."""
        before = paging.after(int)
        if isinstance(before, Refused):
            return before

        def work(conn: Connection) -> Page[DeliveryView] | Refused:
            if forwardings.find(conn, forwarding) is None:
                return UNKNOWN
            rows = forwardings.logged(conn, forwarding, before or 0, paging.limit + 1)
            page = cut_page(rows, paging.limit, lambda one: one.number)
            return Page(tuple(map(delivery_view, page.items)), page.next)

        return await self._local.read(work)

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        each = "/v1/forwardings/{forwarding}"
        known = [Code.NOT_FOUND, Code.NOTHING_TO_CHANGE]
        return (
            operation("GET", f"{each}/deliveries", LOOKS, self.list_forwarding_deliveries, refusals=[Code.NOT_FOUND]),
            # It changes nothing, and a test that is asked for again is to be sent again.
            operation(
                "POST", f"{each}/test", RULES, self.test_forwarding, exempt=["dry_run", "idempotency_key"],
                refusals=[Code.NOT_FOUND, Code.SERVER_BUSY],
            ),
            operation("POST", f"{each}/resume", RULES, self.resume_forwarding, refusals=known),
            operation("POST", f"{each}/rotate-secret", RULES, self.rotate_forwarding_secret, refusals=known),
        )  # fmt: skip

    def _note(
        self, conn: Connection, now: Instant, caller: Principal, row: Row, text: str, kind: str = "forwarding_resumed"
    ) -> None:
        who = caller.name or "Whoever holds the token of the folder"
        events.add(conn, now, "warning", kind, f"{who} {text}", forwarding=row.id)


def _test(config: Config, outcome: Outcome) -> TestView:
    host, port = place_of(config)
    told = advice(outcome.cause, config, host, port, outcome.status)
    return TestView(
        taken=outcome.taken,
        what=told.what or _well(config),
        remedy=told.remedy,
        cause=outcome.cause,
        said=outcome.fault,
        status=outcome.status or None,
        answer=outcome.answer,
        refused=tuple(f"{each.recipient}: {each.said}" for each in outcome.refused),
    )


def _well(config: Config) -> str:
    if config.mail is None:
        return "The receiver has taken the test message."
    return "The mail server has taken the test message; look whether it arrives, also among unwanted mail."
