"""What is done with a forwarding that is there: a test, going on after it was given up, a new secret, its log."""

import asyncio
from typing import Annotated

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import HOUR, Instant
from tenure.http.auth import Principal
from tenure.http.body_types import RequestBody
from tenure.http.operation_groups import operation_at
from tenure.http.outgoing import signing
from tenure.http.outgoing.send_outcome import SendOutcome
from tenure.http.paging import PageRequest, ResultPage
from tenure.http.responses import ApiResponse, json_response
from tenure.site.api.devices import Id
from tenure.site.api.forwarding_views import ForwardingDeliveryView, ForwardingView, TestView, WithSecret, delivery_view
from tenure.site.api.forwardings import find_forwarding, view_forwarding
from tenure.site.api.local import LOOKS, RULES, LocalApi, LocalOperations, LocalPost
from tenure.site.forwarding.config import ForwardingConfig, ForwardingSecrets, SecretVault, read_config
from tenure.site.forwarding.messages import test_event
from tenure.site.forwarding.remedies import advice_for
from tenure.site.forwarding.sending import OutgoingMessage, place_of, send_events
from tenure.site.forwarding.worker import delivery_row, origin_of
from tenure.site.store import events, forwardings
from tenure.site.store.forwardings import ForwardingDelivery, ForwardingRow
from tenure.site.store.writer import Connection

TESTS_AT_ONCE = 4


class ResumeBody(RequestBody, frozen=True, kw_only=True):
    """How it goes on."""

    skip: bool = False
    """Leave out what waited, and begin with what happens from now on."""


class RotateBody(RequestBody, frozen=True, kw_only=True):
    """What becomes of the secret before."""

    overlap_hours: Annotated[int, msgspec.Meta(ge=0, le=signing.OVERLAP_HOURS_MOST)] = 24
    """For so long it signs too."""


_KNOWN = [RefusalCode.NOT_FOUND, RefusalCode.NOTHING_TO_CHANGE]


class ForwardingActionOperations(LocalOperations):
    """The operations."""

    def __init__(self, local: LocalApi, vault: SecretVault) -> None:
        super().__init__(local)
        self._vault = vault
        self._wall = local.site.computer.clocks.wall
        self._turns = asyncio.Semaphore(TESTS_AT_ONCE)

    # It changes nothing, and a test that is asked for again is to be sent again.
    @operation_at(
        "POST",
        "/v1/forwardings/{forwarding}/test",
        RULES,
        exempt=["dry_run", "idempotency_key"],
        refusals=[RefusalCode.NOT_FOUND, RefusalCode.SERVER_BUSY],
    )
    async def test_forwarding(self, caller: Principal, forwarding: Id) -> TestView | Refused:
        """Sends one test message now and says what came of it; what waits is tried again at once if it was taken."""
        site = self._local.site
        row = await self._local.read_tx(lambda conn: find_forwarding(conn, forwarding))
        if self._turns.locked():
            return Refused(RefusalCode.SERVER_BUSY, "Other tests are under way; wait for them.")
        config = read_config(row.body)
        message = OutgoingMessage(
            id=f"evt_test_{self._vault.draw(12).hex()}",
            config=config,
            hidden=self._vault.open(row.id, row.sealed),
            events=[test_event(site.now())],
            recipients=config.mail.recipients if config.mail else (),
        )
        async with self._turns:
            outcome = await send_events(message, origin_of(site), self._wall())

        def note(conn: Connection, _: Instant) -> ApiResponse[None]:
            present = forwardings.find(conn, forwarding)
            if present is not None:
                forwardings.log_attempt(conn, forwarding, delivery_row(message, outcome, self._wall()))
                if outcome.was_accepted:
                    forwardings.save(conn, msgspec.structs.replace(present, next=0))
            return json_response(None)

        await self._local.write_tx(False, note)
        return _test_view(config, outcome)

    @operation_at("POST", "/v1/forwardings/{forwarding}/resume", RULES, refusals=_KNOWN)
    async def resume_forwarding(
        self, request: LocalPost, forwarding: Id, body: ResumeBody
    ) -> ApiResponse[ForwardingView]:
        """Goes on after it failed or was given up: with what waited, or without."""

        def work(conn: Connection, now: Instant) -> ApiResponse[ForwardingView] | Refused:
            row = find_forwarding(conn, forwarding)
            if not (row.stopped or row.tries or body.skip):
                return Refused(RefusalCode.NOTHING_TO_CHANGE, "It neither fails nor has it stopped.")
            row = msgspec.structs.replace(row, tries=0, next=0, failing_since=0, told=0, stopped=0, cause="", fault="")
            if body.skip:
                row = msgspec.structs.replace(row, cursor=events.latest_number(conn), upto=0, pending=b"[]")
            forwardings.save(conn, row)
            how = "; waiting events are left out" if body.skip else ""
            text = f"resumed the forwarding “{read_config(row.body).name}”{how}."
            self._add_event(conn, now, request.caller, row, text)
            return json_response(view_forwarding(conn, row, request.caller, self._vault))

        return await self._write(request, work)

    @operation_at("POST", "/v1/forwardings/{forwarding}/rotate-secret", RULES, refusals=_KNOWN)
    async def rotate_forwarding_secret(
        self, request: LocalPost, forwarding: Id, body: RotateBody
    ) -> ApiResponse[WithSecret]:
        """Makes a new secret of a webhook, shown this once; the one before signs too for a while."""

        def work(conn: Connection, now: Instant) -> ApiResponse[WithSecret] | Refused:
            row = find_forwarding(conn, forwarding)
            if read_config(row.body).webhook is None:
                return Refused(RefusalCode.NOTHING_TO_CHANGE, "Mails are not signed with a secret.")
            known, until = self._vault.open(row.id, row.sealed), self._wall() + body.overlap_hours * HOUR
            key = self._vault.draw(signing.SECRET_BYTES)
            rotated = signing.rotate_secrets(known.signing if known else (), key, until)
            fresh = ForwardingSecrets().with_signing(rotated)
            row = msgspec.structs.replace(row, sealed=self._vault.seal(row.id, fresh), next=0)
            forwardings.save(conn, row)
            text = f"made a new secret for the forwarding “{read_config(row.body).name}”."
            self._add_event(conn, now, request.caller, row, text, "forwarding_changed")
            secret = "" if request.dry_run else signing.shown_secret(fresh.key)
            view = view_forwarding(conn, row, request.caller, self._vault)
            return json_response(WithSecret(forwarding=view, secret=secret))

        return await self._write(request, work)

    @operation_at("GET", "/v1/forwardings/{forwarding}/deliveries", LOOKS, refusals=[RefusalCode.NOT_FOUND])
    async def list_forwarding_deliveries(
        self, forwarding: Id, paging: PageRequest
    ) -> ResultPage[ForwardingDeliveryView] | Refused:
        """Lists the last tries of a forwarding, latest first; 100 are kept."""

        def rows(conn: Connection, before: int | None, most: int) -> list[ForwardingDelivery]:
            return forwardings.logged_attempts(conn, find_forwarding(conn, forwarding).id, before or 0, most)

        return await self._local.read_page(paging, int, rows, lambda one: one.number, delivery_view)

    def _add_event(
        self,
        conn: Connection,
        now: Instant,
        caller: Principal,
        row: ForwardingRow,
        text: str,
        kind: str = "forwarding_resumed",
    ) -> None:
        who = caller.name or "The holder of the folder's token"
        events.add(conn, now, "warning", kind, f"{who} {text}", forwarding=row.id)


def _test_view(config: ForwardingConfig, outcome: SendOutcome) -> TestView:
    host, port = place_of(config)
    told = advice_for(outcome.cause, config, host, port, outcome.status or 0)
    return TestView(
        taken=outcome.was_accepted,
        what=told.what or _after_success(config),
        remedy=told.remedy,
        cause=outcome.cause,
        said=outcome.said,
        status=outcome.status or None,
        answer=outcome.answer,
        refused=tuple(f"{each.recipient}: {each.said}" for each in outcome.refused),
    )


def _after_success(config: ForwardingConfig) -> str:
    if config.mail is None:
        return "The receiver has taken the test message."
    return "The mail server has taken the test message; look whether it arrives, also among unwanted mail."
