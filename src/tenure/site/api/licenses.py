"""Licenses: listing, activation codes, successors, synchronisation, explanation, connection [spec: console]."""

import asyncio
from typing import Annotated, Any, Literal

import msgspec

from tenure.core.explain import Explanation, explain
from tenure.core.outlook import carried_on
from tenure.core.refusals import Code, Refused
from tenure.core.standing import local_timeline
from tenure.core.timeline import Phase, Why, at
from tenure.http.answers import Answer, made, nothing
from tenure.http.auth import Principal
from tenure.http.fields import Body
from tenure.http.idempotency import Ticket
from tenure.http.instants import rfc3339
from tenure.http.operations import Operation, operation
from tenure.sdk.exchange import NO_WISH, Wish
from tenure.sdk.names.doctor import Check
from tenure.sdk.outcomes import Declined, Synchronized
from tenure.site.api.exchange_views import SyncView, declined, preview_view, sync_view, unasked_view
from tenure.site.api.local import LOOKS, RULES, WORKS, Local, Outcome
from tenure.site.api.views import LicenseView, SpanView, expected_spans, license_view, moment, spans
from tenure.site.doctor import Patient, doctor
from tenure.site.license import ProductLicense
from tenure.site.store import events
from tenure.site.store.writer import Connection

Product = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_.-]*$(?!\n)")]
Typed = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[ -~]+$(?!\n)")]


class CodeBody(Body, frozen=True, kw_only=True):
    """An activation code as typed."""

    code: Typed


class NoticeBody(Body, frozen=True, kw_only=True):
    """A signed notice of the vendor, such as an amnesty that came as a file (B15)."""

    notice: Annotated[str, msgspec.Meta(min_length=1, max_length=4_096, pattern=r"^[A-Za-z0-9_.-]+$(?!\n)")]


class ForkBody(Body, frozen=True, kw_only=True):
    """What the copies are: this is the same server restored, the copy is a second site, the copy is retired.

    The copy is the one whose state was overtaken by the other (`fork.you_are_the_copy`), whoever asks.
    """

    resolution: Literal["restored", "second_site", "retired"]


class LicenseList(msgspec.Struct, frozen=True):
    """Every product that is licensed through this site."""

    items: tuple[LicenseView, ...]


class RunView(msgspec.Struct, frozen=True, kw_only=True):
    """A synchronisation as far as it has come."""

    began: str
    running: bool
    steps: tuple[dict[str, Any], ...]


class ExplanationView(msgspec.Struct, frozen=True, kw_only=True):
    """How it is, why, until when, what follows, who can change it (B2)."""

    product: str
    sentence: str
    rule: str
    since: str | None
    until: str | None
    renewal: str
    """What is known of the next renewal, for people; empty where nothing renews itself."""
    follows: str
    remedies: tuple[dict[str, str], ...]
    timeline: tuple[SpanView, ...]
    """The contract's clock: what is paid, and what is expected."""
    silence: tuple[SpanView, ...]
    """The contact clock: what would hold if the licensing server never answered again."""


class ConnectionView(msgspec.Struct, frozen=True):
    """One line for each check."""

    checks: tuple[Check, ...]


class Licenses:
    """The operations on licenses."""

    def __init__(self, local: Local) -> None:
        self._local = local

    async def list_licenses(self) -> LicenseList:
        """Lists every product with its license."""
        return LicenseList(tuple([await self._view(each) for each in self._local.site.licenses.values()]))

    async def read_license(self, product: Product) -> LicenseView | Refused:
        """Reads one product's license."""
        license_ = self._local.license(product)
        return license_ if isinstance(license_, Refused) else await self._view(license_)

    async def activate(
        self,
        caller: Principal,
        ticket: Ticket,
        product: Product,
        body: CodeBody,
        dry_run: bool = False,
        ask: bool = True,
    ) -> Answer[SyncView] | Refused:
        """Applies an activation code; refused while a present subscription is in force (M10).

        A dry run asks the licensing server what the code would start, and nothing begins; without `ask` it tells only
        what can be told here, and sends nothing.
        """
        return await self._apply(ticket, product, body.code, "active", dry_run=dry_run, ask=ask)

    async def stage_successor(
        self,
        caller: Principal,
        ticket: Ticket,
        product: Product,
        body: CodeBody,
        dry_run: bool = False,
        ask: bool = True,
    ) -> Answer[SyncView] | Refused:
        """Stages a code that takes over at the end of what is paid, also without a server.

        A dry run asks when it would, and what follows then, and nothing is staged; `ask` as for `activate`.
        """
        return await self._apply(ticket, product, body.code, "successor", dry_run=dry_run, ask=ask)

    async def synchronize(self, caller: Principal, ticket: Ticket, product: Product) -> Answer[SyncView] | Refused:
        """Synchronises subscription settings with the licensing server, now (M17); once a minute."""
        license_ = self._local.license(product)
        if isinstance(license_, Refused):
            return license_
        return await self._local.aside(ticket, lambda: self._synchronized(license_))

    async def resolve_fork(
        self, caller: Principal, ticket: Ticket, product: Product, body: ForkBody
    ) -> Answer[SyncView] | Refused:
        """Says what the copies of this site are; the server decides, and counts how often `restored` is said (B9)."""
        license_ = self._local.license(product)
        if isinstance(license_, Refused):
            return license_
        wish = Wish(resolve=body.resolution)
        return await self._local.aside(ticket, lambda: self._synchronized(license_, wish))

    async def drop_successor(self, caller: Principal, ticket: Ticket, product: Product) -> Answer[SyncView] | Refused:
        """Drops the staged successor: nothing of it is consumed, its code can be staged or applied elsewhere."""
        license_ = self._local.license(product)
        if isinstance(license_, Refused):
            return license_
        staged = license_.staged()
        if not staged:
            return Refused(Code.NO_SUCCESSOR, field="product")
        wish = Wish(drop_successor=staged)
        return await self._local.aside(ticket, lambda: self._synchronized(license_, wish))

    async def read_synchronization(self, product: Product) -> RunView | Refused:
        """Reads the steps of the exchange that runs, or ran last, with the server."""
        license_ = self._local.license(product)
        run = license_ if isinstance(license_, Refused) else self._local.runs.last(product)
        if run is None or isinstance(run, Refused):
            return run or Refused(Code.NOT_FOUND, "Nothing was asked of the server since the site started.")
        steps = tuple(msgspec.to_builtins(step) for step in run.steps)
        return RunView(began=rfc3339(run.began), running=run.running, steps=steps)

    async def explain_license(self, product: Product) -> ExplanationView | Refused:
        """Explains what holds, by which rule, until when, what comes next and who can change it (B2)."""
        license_ = self._local.license(product)
        return license_ if isinstance(license_, Refused) else _explained(license_)

    async def remove_license(
        self, caller: Principal, product: Product, dry_run: bool = False
    ) -> Answer[None] | Refused:
        """Forgets a license that is not in force; refused with the reason and the date otherwise."""
        license_ = self._local.license(product)
        if isinstance(license_, Refused):
            return license_
        if dry_run:
            return license_.in_force() or nothing()
        refused = await asyncio.to_thread(license_.remove)
        if refused is not None:
            return refused

        def work(conn: Connection, now: int) -> Answer[None]:
            text = f"The license of {product} was removed."
            events.add(conn, now, "warning", "license_removed", text, product=product)
            return nothing()

        answer: Answer[None] | Refused = await self._local.write(False, work)
        return answer

    async def take_notice(
        self, caller: Principal, ticket: Ticket, product: Product, body: NoticeBody, dry_run: bool = False
    ) -> Answer[LicenseView] | Refused:
        """Takes a signed notice of the vendor that came as a file."""
        license_ = self._local.license(product)
        if isinstance(license_, Refused) or dry_run:
            return license_ if isinstance(license_, Refused) else made(await self._view(license_))

        def work() -> Answer[LicenseView] | Refused:
            taken = license_.take_notice(body.notice.encode("ascii"))
            return declined(taken) if isinstance(taken, Declined) else made(self._viewed(license_))

        return await self._local.aside(ticket, work)

    async def test_connection(self, caller: Principal) -> ConnectionView:
        """Tries every way to the licensing server: DNS, TCP, TLS, proxy, clock, root; one line each."""
        return ConnectionView(await asyncio.to_thread(lambda: tuple(doctor(self._patient()))))

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        each = "/v1/licenses/{product}"
        asks = [Code.UNREACHABLE, Code.CODE_MALFORMED, Code.CODE_UNKNOWN, Code.SUBSCRIPTION_IN_FORCE, Code.SITE_LIMIT]
        return (
            operation("GET", "/v1/licenses", LOOKS, self.list_licenses),
            operation("GET", each, LOOKS, self.read_license),
            operation(
                "DELETE", each, RULES, self.remove_license, status=204,
                refusals=[Code.SUBSCRIPTION_IN_FORCE, Code.NOT_ACTIVATED],
            ),
            operation("POST", f"{each}/activate", WORKS, self.activate, refusals=asks),
            operation("POST", f"{each}/successor", WORKS, self.stage_successor, refusals=asks),
            # Nothing to rehearse: it changes here what the server says.
            operation(
                "POST", f"{each}/synchronize", WORKS, self.synchronize, exempt=["dry_run"],
                refusals=[Code.UNREACHABLE, Code.NOT_ACTIVATED],
            ),
            operation(
                "POST", f"{each}/resolve-fork", RULES, self.resolve_fork, exempt=["dry_run"],
                refusals=[
                    Code.UNREACHABLE, Code.NOT_ACTIVATED, Code.NOTHING_TO_CHANGE, Code.RESTORED_TOO_OFTEN,
                    Code.COPY_SEPARATED, Code.COPY_RETIRED,
                ],
            ),
            operation(
                "POST", f"{each}/drop-successor", WORKS, self.drop_successor, exempt=["dry_run"],
                refusals=[Code.UNREACHABLE, Code.NO_SUCCESSOR],
            ),
            operation("GET", f"{each}/synchronization", LOOKS, self.read_synchronization),
            operation("GET", f"{each}/explain", LOOKS, self.explain_license),
            operation(
                "POST", f"{each}/notices", WORKS, self.take_notice,
                refusals=[Code.KEY_NOT_FOR_THIS, Code.MESSAGE_MALFORMED, Code.SIGNATURE_INVALID, Code.KEY_UNKNOWN],
            ),
            # It changes nothing, and is a POST only because it sends packets.
            operation(
                "POST", "/v1/test-connection", WORKS, self.test_connection,
                exempt=["dry_run", "idempotency_key"],
            ),
        )  # fmt: skip

    async def _view(self, license_: ProductLicense) -> LicenseView:
        return await asyncio.to_thread(self._viewed, license_)

    def _viewed(self, license_: ProductLicense) -> LicenseView:
        return viewed(self._local, license_)

    async def _apply(
        self, ticket: Ticket, product: str, code: str, role: str, *, dry_run: bool, ask: bool
    ) -> Outcome[SyncView]:
        license_ = self._local.license(product)
        if isinstance(license_, Refused):
            return license_
        if dry_run:
            return await asyncio.to_thread(self._looked, license_, code, role, ask=ask)
        return await self._local.aside(ticket, lambda: self._applied(license_, code, role))

    def _looked(self, license_: ProductLicense, code: str, role: str, *, ask: bool) -> Answer[SyncView] | Refused:
        if not ask:
            refused = license_.would_apply(code, role)
            return made(unasked_view(self._viewed(license_))) if refused is None else refused
        outcome = license_.look_at(code, role)
        if isinstance(outcome, Declined):
            return declined(outcome)
        return made(preview_view(outcome, self._viewed(license_)))

    def _applied(self, license_: ProductLicense, code: str, role: str) -> Answer[SyncView] | Refused:
        watch = self._local.runs.begin(license_.product, license_.look().now)
        try:
            outcome = license_.activate(code, role, watch)
        finally:
            self._local.runs.end(license_.product)
        self._local.watch.note(license_)
        return declined(outcome) if isinstance(outcome, Declined) else made(sync_view(outcome, self._viewed(license_)))

    def _synchronized(self, license_: ProductLicense, wish: Wish = NO_WISH) -> Answer[SyncView] | Refused:
        watch = self._local.runs.begin(license_.product, license_.look().now)
        try:
            outcome: Synchronized | Declined = license_.synchronize("manual", watch, wish)
        finally:
            self._local.runs.end(license_.product)
        self._local.watch.synchronized(license_, outcome)
        self._local.watch.note(license_)
        return declined(outcome) if isinstance(outcome, Declined) else made(sync_view(outcome, self._viewed(license_)))

    def _patient(self) -> Patient:
        site = self._local.site
        holder = next(iter(site.licenses.values())).keeper.holder
        lease = holder.lease()
        return Patient(
            settings=msgspec.structs.replace(site.settings, network=site.ways.applied(site.settings.network)),
            computer=site.computer,
            addresses=site.addresses,
            dns="" if lease is None else lease.figures.dns,
            root=holder.root,
            estimate=holder.now().estimate,
            pin=site.pin,
            named=None if lease is None else lease.device_port,
        )


def viewed(local: Local, license_: ProductLicense) -> LicenseView:
    """One product's license as it is shown; reads the store, so not in the loop."""
    look = license_.look()
    return local.site.store.read(lambda conn: license_view(conn, license_, look))


def _explained(license_: ProductLicense) -> ExplanationView:
    look, holder = license_.look(), license_.keeper.holder
    standing = holder.standing()
    if look.terms is None or look.kept.lost is not None:
        remedies = tuple(msgspec.to_builtins(each) for each in standing.remedies)
        return ExplanationView(
            product=license_.product, sentence=standing.message, rule="", since=None, until=None, renewal="",
            follows="", remedies=remedies, timeline=(), silence=(),
        )  # fmt: skip
    silence = local_timeline(look.terms, look.kept.contact, look.amnesties)
    outlook = look.terms.outlook_at(look.now)
    silent = at(silence, look.now).why is Why.SYNC_OVERDUE or standing.phase is Phase.PENDING
    # Contract and contact are two clocks, never in one label [spec: contact-clock]: silence is told where it has its
    # effect.
    told: Explanation = (
        explain(silence, look.now)
        if silent
        else explain(carried_on(look.terms.spans, outlook, look.terms.prepaid_until), look.now, outlook)
    )
    return ExplanationView(
        product=license_.product,
        sentence=told.sentence,
        rule=told.rule,
        since=moment(told.since),
        until=moment(told.until),
        renewal=told.renewal,
        follows=told.follows,
        remedies=tuple(msgspec.to_builtins(each) for each in told.remedies),
        timeline=expected_spans(look.terms, look.now),
        silence=spans(silence),
    )
